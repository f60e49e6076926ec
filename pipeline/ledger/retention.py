"""Whose blobs may be deleted, and the lock under which they are: intake may bring them back at any moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, exists, func, select, text

from models.document import Status
from models.errors import Retryable
from models.settings import RetentionSettings
from pipeline.ledger.database import clock, now, reading, transaction
from pipeline.ledger.planning import add_event
from pipeline.ledger.schema import documents, events

DAY_S = 86_400.0
SWEPT = "swept"
"""The event that says when a document's blobs were deleted."""


class Retention:
    """The ledger's word on blobs that nobody needs any more."""

    def __init__(self, engine: Engine, settings: RetentionSettings) -> None:
        self._engine = engine
        self._days = dict.fromkeys(Status, settings.rejected_days) | {Status.ARCHIVED: settings.archived_days}

    def clock(self) -> float:
        """The ledger's own time, UTC seconds."""
        return clock(self._engine)

    def over(self, names: Sequence[str]) -> dict[str, bool]:
        """Whether all revisions of each document ended long enough ago; a document that is not known is left out."""
        with reading(self._engine) as tx:
            return self._over(tx, names)

    @contextmanager
    def deleting(self, document: str, seen: float) -> Iterator[bool]:
        """Whether its blobs may be deleted in this block: the document is over or not known.

        Nobody can admit it meanwhile. False where others deleted blobs since they were ``seen``, by :meth:`clock`.
        """
        broken: Retryable | None = None
        with transaction(self._engine) as tx:
            hold(tx, document)
            if tx.dialect.name == "postgresql":  # a slow bucket: an idle transaction that is given up lets intake in
                tx.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            may = self._over(tx, [document]).get(document, True) and not swept_since(tx, document, seen)
            try:
                yield may
            except Retryable as error:
                broken = error  # some are gone: intake must hear of it all the same
            if may:
                add_event(tx, document, 0, SWEPT, "blobs deleted")
        if broken is not None:
            raise broken

    def _over(self, tx: Connection, names: Sequence[str]) -> dict[str, bool]:
        query = select(documents.c.document, documents.c.status, now() - documents.c.ended_at)
        over: dict[str, bool] = {}
        for document, status, age_s in tx.execute(query.where(documents.c.document.in_(names))):
            ended = age_s is not None and age_s > self._days[Status(status)] * DAY_S
            over[document] = over.get(document, True) and ended
        return over


def hold(tx: Connection, document: str) -> None:
    """Keep others from admitting or deleting a document, known or not, until the transaction ends."""
    if tx.dialect.name == "postgresql":  # SQLite has one writer at a time
        tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(document, 0))))


def swept_since(tx: Connection, document: str, since: float) -> bool:
    """Whether blobs of a document were deleted at that moment (UTC seconds, the ledger's clock) or later."""
    found = exists().where(events.c.document == document, events.c.what == SWEPT, events.c.at >= since)
    return bool(tx.execute(select(found)).scalar_one())
