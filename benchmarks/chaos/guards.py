"""What a process of a campaign is made of besides the product: a guard taken out, and a clock that can be wrong.

Only the campaign's own processes call :func:`compose`, once, before they start anything; the product has no switch
for any of this. A guard is taken out by a subclass in the composition root's place for the class that has it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from models.errors import OperatorError
from models.flow import Flow, Segment
from models.settings import ArchiveSettings
from models.step import Step
from pipeline import wiring
from pipeline.adapters import s3_archive
from pipeline.adapters.s3_archive import S3Archive
from pipeline.ledger import statements as sql
from pipeline.ledger.dispatch import Dispatch
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.prepared import Asked
from pipeline.ledger.rows import Claim, at, of
from pipeline.ledger.schema import documents, steps
from stages import put, seal
from stages.flow import FLOW

GUARD_FILE, CLOCK_FILE = "guard-taken-out", "clock-shift-s"
"""In a host's state folder."""


DONE_BY_ANYBODY = (
    update(steps)
    .where(*(steps.c[name] == bindparam(short) for name, short in zip(Step._fields, "drsp", strict=True)))
    .values(state="done")
    .returning(steps.c.attempt)
)
"""The end of a step, whoever holds its claim."""


class UnfencedLedger(Ledger):
    """Lets anybody commit to a step, whoever holds its claim now."""

    def _change(self, tx: Connection, claim: Claim, **values: Any) -> bool:
        return tx.execute(update(steps).where(at(claim.step)).values(**values)).rowcount == 1

    def _ended(self, claim: Claim) -> Asked:
        return Asked(DONE_BY_ANYBODY, [sql.key(claim.step)])


class UnlockedLedger(Ledger):
    """Reads a document's row without locking it."""

    def _lock(self, tx: Connection, document: str, revision: int | None = None) -> Any:
        if revision is None:
            newest = select(documents).where(documents.c.document == document).order_by(documents.c.revision.desc())
            return tx.execute(newest.limit(1)).one()
        return tx.execute(select(documents).where(of(documents, document, revision))).one()


class UnconditionalArchive(S3Archive):
    """Writes over what stands under the key."""

    def __init__(self, settings: ArchiveSettings) -> None:
        super().__init__(settings)
        self._s3.meta.events.register("before-parameter-build.s3.PutObject", _unconditional)


def _unconditional(params: dict[str, Any], **_: object) -> None:
    params.pop("IfNoneMatch", None)


class UnsweptDispatch(Dispatch):
    """Never looks for revisions that run and owe nothing."""

    def sweep(self, ledger: Ledger) -> int:  # noqa: ARG002 - the product's signature
        return 0


def unsealed(flow: Flow) -> Flow:
    """The line without a commit between sealing a copy and putting it: the bytes of each try are its own."""
    kept = tuple(s for s in flow.segments if not {seal.STAGE, put.STAGE} & set(s.stages))
    return Flow((*kept, Segment("archive", "archive", (seal.STAGE, put.STAGE))))


def _set(place: object, name: str, value: object) -> Callable[[], None]:
    return lambda: setattr(place, name, value)


GUARDS: dict[str, Callable[[], None]] = {
    "fencing": _set(wiring, "Ledger", UnfencedLedger),
    "document_lock": _set(wiring, "Ledger", UnlockedLedger),
    "conditional_put": _set(s3_archive, "S3Archive", UnconditionalArchive),
    "seal": lambda: None,
    "sweeper": _set(wiring, "Dispatch", UnsweptDispatch),
}
"""By name: how it is taken out of the process that calls."""


def compose(state: Path) -> Flow:
    """Make this process what the files of its host's state folder say; the flow that it runs."""
    file = state / GUARD_FILE
    guard = file.read_text("ascii") if file.exists() else ""
    if guard and guard not in GUARDS:
        raise OperatorError("unknown_guard", f"no guard {guard!r}: choose from {', '.join(GUARDS)}")
    if guard:
        GUARDS[guard]()

    class HostClock:
        """The host's clock: the system's, and as wrong as a file says."""

        def now(self) -> datetime:
            return datetime.now(UTC) + timedelta(seconds=shift_s(state))

    _set(wiring, "SystemClock", HostClock)()
    return unsealed(FLOW) if guard == "seal" else FLOW


def shift_s(state: Path) -> float:
    """How wrong a host's clock is; 0 unless a fault says otherwise."""
    try:
        return float((state / CLOCK_FILE).read_text("ascii"))
    except (OSError, ValueError):
        return 0.0
