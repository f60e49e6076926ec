"""What operators and reports read from the ledger. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Engine, Row, func, select

from models.document import Status
from models.step import Step
from pipeline.ledger import statements as sql
from pipeline.ledger.database import now, reading
from pipeline.ledger.prepared import ask
from pipeline.ledger.rows import LIVE, StoredFact, of, stored
from pipeline.ledger.schema import documents, facts, steps, workers


@dataclass(frozen=True)
class DocumentView:
    """One revision as it stands. ``sides``: declared, else found, else 0. Times: UTC seconds."""

    document: str
    revision: int
    status: Status
    code: str
    message: str
    counter: str
    service_class: str
    body: str
    archive_key: str
    sides: int
    declared_sides: int | None
    flags: frozenset[str]
    received_at: float
    updated_at: float


@dataclass(frozen=True)
class PoolView:
    """One pool's queue. ``oldest_owed_s``: age of its oldest owed step, None when nothing is owed."""

    pool: str
    owed: int
    flying: int
    oldest_owed_s: float | None


class Views:
    """Read-only questions to the ledger."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def document(self, document: str, revision: int | None = None) -> DocumentView | None:
        """One revision (default: the latest), or None."""
        query = select(documents).where(documents.c.document == document).order_by(documents.c.revision.desc()).limit(1)
        if revision is not None:
            query = query.where(documents.c.revision == revision)
        with reading(self.engine) as tx:
            row = tx.execute(query).one_or_none()
        return _view(row) if row is not None else None

    def all_documents(self, status: Status | None = None) -> list[DocumentView]:
        """Every revision, by id."""
        query = select(documents).order_by(documents.c.document, documents.c.revision)
        if status is not None:
            query = query.where(documents.c.status == status.value)
        with reading(self.engine) as tx:
            return [_view(row) for row in tx.execute(query)]

    def counts(self) -> dict[Status, int]:
        """Revisions by status."""
        query = select(documents.c.status, func.count()).group_by(documents.c.status)
        with reading(self.engine) as tx:
            return {Status(status): count for status, count in tx.execute(query)}

    def facts(self, document: str, revision: int) -> tuple[StoredFact, ...]:
        """Every fact of a revision, by side and time."""
        query = select(facts).where(of(facts, document, revision)).order_by(facts.c.page, facts.c.at, facts.c.kind)
        with reading(self.engine) as tx:
            return tuple(stored(row) for row in tx.execute(query))

    def pools(self) -> list[PoolView]:
        """Every pool with work."""
        query = select(steps.c.pool, func.count(), now() - func.min(steps.c.owed_at)).group_by(steps.c.pool)
        with reading(self.engine) as tx:
            owed = {pool: (count, float(age)) for pool, count, age in tx.execute(query.where(sql.OWED))}
            flying = {pool: count for pool, count, _ in tx.execute(query.where(sql.FLYING))}
        return [
            PoolView(pool, owed=count, flying=flying.get(pool, 0), oldest_owed_s=age)
            for pool in sorted(owed.keys() | flying.keys())
            for count, age in [owed.get(pool, (0, None))]
        ]

    def live_steps(self) -> int:
        """Steps that are owed, sent or claimed."""
        return sum(pool.owed + pool.flying for pool in self.pools())

    def owed_by(self, document: str) -> list[Step]:
        """Steps that a document owes now, all its revisions."""
        query = select(steps).where(steps.c.document == document, steps.c.state.in_(LIVE))
        with reading(self.engine) as tx:
            return sorted(Step(r.document, r.revision, r.segment, r.page) for r in tx.execute(query))

    def counter_waits_s(self) -> float:
        """Age of the oldest step owed to a counter; 0 when none is. Cheap enough to ask before each batch."""
        with reading(self.engine) as tx:
            return float(ask(tx, sql.OLDEST_WAITS, {})[0][0] or 0.0)

    def oldest_live_s(self) -> float:
        """How long the oldest step that is owed, sent or claimed has been there; 0 when there is none."""
        with reading(self.engine) as tx:
            query = select(now() - func.min(steps.c.owed_at))
            ages = [tx.execute(query.where(state)).scalar_one() for state in (sql.OWED, sql.FLYING)]
        return max(float(age or 0.0) for age in ages)

    def idle_s(self) -> float | None:
        """Seconds since a running revision learned anything or another one ended; None when neither ever was."""
        with reading(self.engine) as tx:
            ages = [row[0] for row in ask(tx, sql.IDLE, {}) if row[0] is not None]
        return min(map(float, ages), default=None)

    def running(self, of_these: Collection[tuple[str, int]]) -> int:
        """How many of these revisions have neither ended nor wait for a person."""
        with reading(self.engine) as tx:
            return sum(tuple(row) in of_these for row in ask(tx, sql.RUNNING, {}))

    def facts_of_kind(self, kind: str) -> dict[tuple[str, int], str]:
        """Body of one document-scope fact, by revision."""
        query = select(facts.c.document, facts.c.revision, facts.c.body).where(facts.c.kind == kind, facts.c.page == 0)
        with reading(self.engine) as tx:
            return {(row.document, row.revision): row.body for row in tx.execute(query)}

    def obstacle(self) -> tuple[str, str] | None:
        """Code and message of what an operator must mend before the workers can go on, or None."""
        with reading(self.engine) as tx:
            found = ask(tx, sql.OBSTACLE, {})
        return (found[0].code.partition(":")[2], found[0].message) if found else None

    def held(self, document: str, revision: int) -> list[tuple[Step, str, str]]:
        """Quarantined steps with code and detail."""
        query = select(steps).where(of(steps, document, revision), steps.c.state == "held").order_by(steps.c.page)
        with reading(self.engine) as tx:
            return [(Step(r.document, r.revision, r.segment, r.page), r.code, r.message) for r in tx.execute(query)]

    def workers(self) -> list[tuple[str, str, int, float]]:
        """Name, pool, slots and seconds since the last heartbeat of every registered worker."""
        query = select(workers.c.worker, workers.c.pool, workers.c.slots, now() - workers.c.seen_at)
        with reading(self.engine) as tx:
            return [(name, pool, slots, float(age)) for name, pool, slots, age in tx.execute(query)]


def _view(row: Row[tuple[object, ...]]) -> DocumentView:
    return DocumentView(
        document=row.document,
        revision=row.revision,
        status=Status(row.status),
        code=row.code,
        message=row.message,
        counter=row.counter,
        service_class=row.service_class,
        body=row.body,
        archive_key=row.archive_key,
        sides=row.declared_sides or row.side_count or 0,
        declared_sides=row.declared_sides,
        flags=frozenset(f for f in row.flags.split(",") if f),
        received_at=row.received_at,
        updated_at=row.updated_at,
    )
