"""What a worker tells its slot child, and what the child answers: JSON over the slot's pipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from models.errors import Defect, Finding, Rejected, Retryable, SohoaError
from models.flow import Flow
from models.stage import Event
from models.step import Step
from pipeline.ledger.rows import Claim, NewFact, StoredFact


@dataclass(frozen=True)
class Result:
    """What one segment learned, or the error that ended it.

    ``fresh``: blobs of stages that do not repeat; they go if the commit is lost. ``asked``: dependencies that answered.
    """

    facts: tuple[NewFact, ...] = ()
    fresh: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    error: SohoaError | None = None


def encode_task(claim: Claim) -> bytes:
    """The child's whole view of a claim."""
    return orjson.dumps(
        {
            "step": claim.step,
            "body": claim.body,
            "side_count": claim.side_count,
            "facts": [[f.kind, f.page, f.stage, f.version, f.body, f.at] for f in claim.facts],
            "history": claim.history,
        },
        default=list,
    )


def decode_task(data: bytes) -> Claim:
    """The claim again, without its fencing token: a child commits nothing."""
    task = orjson.loads(data)
    return Claim(
        step=Step(*task["step"]),
        attempt=0,
        body=task["body"],
        side_count=task["side_count"],
        facts=tuple(StoredFact(*row) for row in task["facts"]),
        history=tuple(Event(**row) for row in task["history"]),
    )


def encode_facts(facts: Sequence[NewFact], fresh: Sequence[str], asked: Iterable[str] = ()) -> bytes:
    """A result that succeeded."""
    rows = [[n.fact.kind(), n.page, n.stage, n.version, n.fact.model_dump(mode="json")] for n in facts]
    return orjson.dumps({"facts": rows, "fresh": list(fresh), "asked": list(asked)})


def encode_error(error: SohoaError) -> bytes:
    """A result that failed."""
    answer: dict[str, Any] = {"error": type(error).__name__, "code": error.code, "message": error.message}
    if isinstance(error, Rejected):
        answer["findings"] = [[f.code, f.message, f.page] for f in error.findings]
    if isinstance(error, Retryable):
        answer["dependency"] = error.dependency
    return orjson.dumps(answer)


def decode_result(data: bytes, flow: Flow) -> Result:
    """The child's answer as values. Raises ``Defect("bad_result")``."""
    try:
        answer = orjson.loads(data)
        if "error" in answer:
            return Result(error=_error(answer))
        kinds = flow.fact_types()
        facts = tuple(
            NewFact(kinds[kind].model_validate(body), page, stage, version)
            for kind, page, stage, version, body in answer["facts"]
        )
        return Result(facts=facts, fresh=tuple(answer["fresh"]), asked=tuple(answer["asked"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Defect("bad_result", f"a slot child answered nonsense: {type(error).__name__}") from error


def _error(answer: dict[str, Any]) -> SohoaError:
    code, message = answer["code"], answer["message"]
    if answer["error"] == Rejected.__name__:
        return Rejected.of([Finding(*row) for row in answer["findings"]])
    if answer["error"] == Retryable.__name__:
        return Retryable(code, message, answer["dependency"])
    return Defect(code, message)
