"""Turning facts into owed steps and a status, inside a transaction that holds the document's lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, select, update

from models.document import Status
from models.facts import FactKey, Failed, Refused
from models.flow import DocumentState, Flow, Plan, plan, plan_side
from models.step import Step
from pipeline.ledger import statements as sql
from pipeline.ledger.prepared import Asked, ask, at_once, change, change_all
from pipeline.ledger.rows import LIVE, of
from pipeline.ledger.schema import facts, steps

QUARANTINED = "quarantined"
"""Code of a document that waits because of a side that ended its process twice."""


def add_event(tx: Connection, document: str, revision: int, what: str, detail: str) -> None:
    """One more line of a document's history."""
    change(tx, sql.EVENT, {"document": document, "revision": revision, "what": what, "detail": detail})


class ClaimLost(Exception):
    """Somebody else holds the step now, or has ended it: whatever came with the claim is undone."""


class Planned(NamedTuple):
    """Where a revision stands, and whether it owes steps that it did not owe before."""

    status: Status
    owes: bool


class Planning:
    """Runs the pure planner on a locked document and writes what it says."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow

    def replan(
        self,
        tx: Connection,
        row: Any,
        sides: Sequence[int] = (),
        first: Sequence[Asked] = (),
        ended: Asked | None = None,
    ) -> Planned:
        """Owe what the facts call for and set the status.

        ``sides``: only these have changed. ``first``: what was learned, to be written before, on the same way to the
        server; ``ended``: the end of the claim that it was learned under, answered with a row. Raises ``ClaimLost``.
        """
        state = DocumentState(
            row.document, row.revision, row.side_count, frozenset(f for f in row.flags.split(",") if f)
        )
        mine = {"d": row.document, "r": row.revision}
        before = [*([ended] if ended else ()), *first]
        if sides:
            each = [mine | {"p": side} for side in sides]
            near = [Asked(statement, [here]) for here in each for statement in (sql.KEYS_NEAR, sql.STATES_OF_SIDE)]
            answers = at_once(tx, *before, Asked(sql.ANY_LIVE, [mine]), *near)
            _check(ended, answers)
            ((live,),), *of_sides = answers[len(before) :]
            if live:
                owes = False
                for side, found, states in zip(sides, of_sides[::2], of_sides[1::2], strict=True):
                    owed = plan_side(self.flow, state, _keys(found), side)
                    owes |= bool(owed) and self._owe(tx, row, owed, _known(row, states))
                return Planned(Status.RUNNING, owes)
            before, ended = [], None
        answers = at_once(tx, *before, Asked(sql.KEYS, [mine]), Asked(sql.STATES, [mine]))
        _check(ended, answers)
        found, states = answers[len(before) :]
        known, keys = _known(row, states), _keys(found)
        planned = plan(self.flow, state, keys)
        owes = not planned.status.terminal and self._owe(tx, row, planned.owed, known)
        return Planned(self._settle(tx, row, planned, known), owes)

    def _owe(self, tx: Connection, row: Any, owed: frozenset[Step], known: dict[Step, str]) -> bool:
        """Write what is owed and has no row yet, or is to be done once more; whether there was any.

        Done and owed all the same: its segment gained a stage since, with a new version of this program.
        """
        again = sorted(step for step in owed if known.get(step) == "done")
        change_all(tx, sql.AGAIN, [sql.key(step) for step in again])
        known.update(dict.fromkeys(again, "owed"))
        by_pool: dict[str, list[Step]] = {}
        for step in sorted(owed - known.keys()):
            by_pool.setdefault(self.flow.segment(step.segment).pool, []).append(step)
        for pool, new in by_pool.items():
            first = self._virtual_finish(tx, pool, row.service_class, row.counter)
            rows = [
                step._asdict()
                | {
                    "pool": pool,
                    "service_class": row.service_class,
                    "counter": row.counter,
                    "state": "owed",
                    "finish": first + place,
                }
                for place, step in enumerate(new)
            ]
            change_all(tx, sql.insert_once(tx.dialect.name, steps, "owed_at"), rows)
            known.update(dict.fromkeys(new, "owed"))
        return bool(by_pool or again)

    def _virtual_finish(self, tx: Connection, pool: str, service_class: str, counter: str) -> float:
        """Start-time fair queueing over counters, out of the backlog itself.

        A counter with work queued goes behind its own last step; any other starts beside the head.
        Source: Goyal, Vin and Cheng, "Start-time Fair Queuing" (1996), with cost 1 a step.
        """
        queue = {"pool_": pool, "cls": service_class, "counter_": counter}
        ((first, last),) = ask(tx, sql.QUEUE_ENDS, queue)
        return float(max((first or 1.0) - 1.0, last or 0.0)) + 1.0

    def _settle(self, tx: Connection, row: Any, planned: Plan, known: dict[Step, str]) -> Status:
        status, code, message = planned.status, "", ""
        if status.terminal:
            code, message = self._verdict(tx, row, status)
            tx.execute(
                update(steps).where(of(steps, row.document, row.revision), steps.c.state != "done").values(state="void")
            )
        elif any(s in LIVE for s in known.values()):
            status = Status.RUNNING
        elif "held" in known.values():
            status, code = Status.WAITING, QUARANTINED
            pages = sorted({step.page for step, state in known.items() if state == "held"})
            message = f"sides {pages} ended their process twice; look at them, then `sohoa retry {row.document}`"
        elif status is Status.WAITING:
            code, message = "gate", f"waits for {', '.join(planned.waiting)}"
        if status.terminal:
            add_event(tx, row.document, row.revision, status.value, code)
        told = {"new_status": status.value, "new_code": code, "new_message": message}
        change(tx, sql.ENDS if status.terminal else sql.STANDS, told | {"d": row.document, "r": row.revision})
        return status

    def _verdict(self, tx: Connection, row: Any, status: Status) -> tuple[str, str]:
        """Code and message of an ended revision, all bad pages named at once."""
        kind = {Status.REJECTED: Refused.kind(), Status.FAILED: Failed.kind()}.get(status)
        if kind is None:
            return "", ""
        query = (
            select(facts.c.body)
            .where(of(facts, row.document, row.revision), facts.c.kind == kind)
            .order_by(facts.c.page)
        )
        found = [orjson.loads(body) for body in tx.execute(query).scalars()]
        return found[0]["code"], " ".join(dict.fromkeys(f["message"] for f in found))


def _check(ended: Asked | None, answers: Sequence[list[Any]]) -> None:
    if ended is not None and not answers[0]:
        raise ClaimLost


def _keys(found: Iterable[Any]) -> frozenset[FactKey]:
    return frozenset(FactKey(kind, page) for kind, page in found)


def _known(row: Any, found: Iterable[Any]) -> dict[Step, str]:
    """Steps that have a row, and its state."""
    return {Step(row.document, row.revision, segment, page): state for segment, page, state in found}
