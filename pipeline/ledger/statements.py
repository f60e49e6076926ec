"""What every step asks of the ledger, each statement built once.

SQLAlchemy needs longer to build a statement than SQLite to run it. Parameters: ``d`` document, ``r`` revision,
``s`` segment, ``p`` side (0: the document), ``a`` attempt; others are named where they stand. States that never
vary are written into the SQL: only then do the partial indexes of :mod:`pipeline.ledger.schema` serve.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    Table,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from models.document import Status
from models.step import Step
from pipeline.ledger.database import now
from pipeline.ledger.schema import counters, documents, events, facts, leases, steps, workers


def key(step: Step) -> dict[str, Any]:
    """The parameters ``d``, ``r``, ``s``, ``p`` of one step."""
    return {"d": step.document, "r": step.revision, "s": step.segment, "p": step.page}


def in_state(*names: str) -> ColumnElement[bool]:
    """Steps in one of these states, as the schema's partial indexes say it."""
    return steps.c.state.in_([literal_column(f"'{name}'") for name in names])


def _now_in(*names: str) -> ColumnElement[bool]:
    """The same of one step found by its key.

    In words that no partial index has: PostgreSQL takes one that was empty at the last ANALYZE for cheaper than
    the key, and then reads the whole queue for each step.
    """
    state = steps.c.state.concat(literal_column("''"))
    return state.in_([literal_column(f"'{name}'") for name in names])


def _of(table: Table) -> ColumnElement[bool]:
    return and_(table.c.document == bindparam("d"), table.c.revision == bindparam("r"))


OWED = steps.c.state == literal_column("'owed'")
FLYING = in_state("sent", "claimed")
LIVE = in_state("owed", "sent", "claimed")
_AT = and_(_of(steps), steps.c.segment == bindparam("s"), steps.c.page == bindparam("p"))
_BY_QUEUE = (steps.c.pool, steps.c.service_class, steps.c.finish)
"""The order of ``steps_head``. Asking for it, where any row would do, keeps PostgreSQL on that index: min, max and
exists were answered by reading a whole queue while its statistics were old.
"""
_HELD = and_(_AT, _now_in("claimed"), steps.c.attempt == bindparam("a"))
_NEAR = facts.c.page.in_([literal_column("0"), bindparam("p")])

# -- documents -------------------------------------------------------------------------------------

LOCK = select(documents).where(_of(documents)).with_for_update()
LOCK_LATEST = (
    select(documents)
    .where(documents.c.document == bindparam("d"))
    .order_by(documents.c.revision.desc())
    .limit(1)
    .with_for_update()
)
COUNTED = update(documents).where(_of(documents)).values(side_count=bindparam("sides"))
_told: dict[str, ColumnElement[Any]] = {name: bindparam(f"new_{name}") for name in ("status", "code", "message")} | {
    "updated_at": now()
}
STANDS = update(documents).where(_of(documents)).values(_told)
"""Parameters ``new_status``, ``new_code``, ``new_message``."""
ENDS = update(documents).where(_of(documents)).values(_told | {"ended_at": now()})
EVENT = insert(events).values(at=now())
HISTORY = select(events).where(_of(events)).order_by(events.c.id)

# -- claims ----------------------------------------------------------------------------------------

_MINE = and_(_now_in("claimed"), steps.c.worker == bindparam("by"))
CLAIM = (
    update(steps)
    .where(_AT, or_(and_(_now_in("owed", "sent"), steps.c.not_before <= now()), _MINE))
    .values(
        state="claimed",
        attempt=steps.c.attempt + case((_MINE, literal_column("0")), else_=literal_column("1")),
        worker=bindparam("by"),
        until=now() + bindparam("lease_s"),
    )
    .returning(
        steps.c.attempt,
        select(documents.c.body).where(_of(documents)).scalar_subquery(),
        select(documents.c.side_count).where(_of(documents)).scalar_subquery(),
    )
)
"""Answers with the attempt, and the document's body and number of sides. Again by the same: the same answer."""
RENEW = update(steps).where(_HELD).values(until=now() + bindparam("lease_s"))
AGAIN = update(steps).where(_AT, _now_in("done")).values(state="owed", owed_at=now(), worker="", not_before=0.0)
DONE = update(steps).where(_HELD).values(state="done").returning(steps.c.attempt)
FACTS = select(facts).where(_of(facts)).order_by(facts.c.page, facts.c.at)
FACTS_NEAR = FACTS.where(_NEAR)

# -- planning --------------------------------------------------------------------------------------

ANY_LIVE = select(exists().where(_of(steps), LIVE))
KEYS = select(facts.c.kind, facts.c.page).where(_of(facts))
KEYS_NEAR = KEYS.where(_NEAR)
STATES = select(steps.c.segment, steps.c.page, steps.c.state).where(_of(steps))
STATES_OF_SIDE = STATES.where(steps.c.page == bindparam("p"))
_QUEUE = and_(steps.c.pool == bindparam("pool_"), steps.c.service_class == bindparam("cls"), OWED)
_FINISH = select(steps.c.finish).limit(1)
QUEUE_ENDS = select(
    _FINISH.where(_QUEUE).order_by(steps.c.finish).scalar_subquery(),
    _FINISH.where(_QUEUE, steps.c.counter == bindparam("counter_")).order_by(steps.c.finish.desc()).scalar_subquery(),
)
"""First finish of a pool's queue and last one of a counter in it. Parameters ``pool_``, ``cls``, ``counter_``."""

# -- publishing ------------------------------------------------------------------------------------

_SIDES = (
    select(func.coalesce(documents.c.side_count, documents.c.declared_sides, 0))
    .where(documents.c.document == steps.c.document, documents.c.revision == steps.c.revision)
    .scalar_subquery()
)
ANY_LENGTH = 1_000_000
HEAD = (
    select(steps.c.document, steps.c.revision, steps.c.segment, steps.c.page, _SIDES.label("sides"))
    .where(_QUEUE, steps.c.not_before <= now())
    .where((steps.c.page > literal_column("0")) | (bindparam("longest") >= _SIDES))
    .order_by(steps.c.finish)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
LONG_FLYING = (
    select(func.count())
    .select_from(steps)
    .where(FLYING, steps.c.pool == bindparam("pool_"), steps.c.page == literal_column("0"), bindparam("sides") < _SIDES)
)
"""How many steps in flight work on a whole document of more than ``sides``."""
SEND = update(steps).where(_AT, _now_in("owed")).values(state="sent", until=now() + bindparam("expires_s"))
UNSEND = update(steps).where(_AT, _now_in("sent")).values(state="owed", until=0.0)
EXPIRE = update(steps).where(FLYING, steps.c.until < now()).values(state="owed", worker="")
LOADS = union_all(
    select(literal("flying"), steps.c.pool, func.count()).where(FLYING).group_by(steps.c.pool),
    select(literal("slots"), workers.c.pool, func.sum(workers.c.slots))
    .where(workers.c.seen_at > now() - bindparam("dead_after_s"))
    .group_by(workers.c.pool),
)
"""Rows ``flying``/``slots``, pool, how many."""
LEAD = (
    update(leases)
    .where(leases.c.name == "relay", (leases.c.holder == bindparam("by")) | (leases.c.until < now()))
    .values(holder=bindparam("by"), until=now() + bindparam("leader_s"))
)
BEAT = (
    update(workers)
    .where(workers.c.worker == bindparam("by"))
    .values(pool=bindparam("pool_"), slots=bindparam("live"), seen_at=now())
)
ADD = (
    update(counters).where(counters.c.name == bindparam("counter_")).values(value=counters.c.value + bindparam("more"))
)

SWEPT_AT_ONCE = 2000
_SILENT = (
    select(documents.c.document, documents.c.revision, documents.c.updated_at)
    .where(
        documents.c.status == literal_column("'RUNNING'"),
        documents.c.updated_at < now() - bindparam("silent_s"),
        documents.c.updated_at >= bindparam("after"),
    )
    .order_by(documents.c.updated_at)
    .limit(literal_column(str(SWEPT_AT_ONCE)))
    .subquery("silent")
)
_ANY_STEP = (
    select(literal(1))
    .where(steps.c.document == _SILENT.c.document, steps.c.revision == _SILENT.c.revision, LIVE)
    .limit(1)
    .scalar_subquery()
)
# One look by key for each, whatever the statistics say: NOT EXISTS may become a join.
SILENT = select(_SILENT, _ANY_STEP.is_(None).label("stuck")).order_by(_SILENT.c.updated_at)
"""The next running revisions that were silent for a while, and whether nothing will move them. Parameter ``after``."""

# -- intake and operators -------------------------------------------------------------------------------------

_RUNS = documents.c.status == literal_column("'RUNNING'")
IDLE = union_all(
    select(now() - func.max(facts.c.at)).where(
        facts.c.document == documents.c.document, facts.c.revision == documents.c.revision, _RUNS
    ),
    # The last of each status, one by one: the end of an index instead of a look at every document.
    *(
        select(now() - func.max(documents.c.updated_at)).where(documents.c.status == literal_column(f"'{status}'"))
        for status in Status
        if status is not Status.RUNNING
    ),
)
"""Ages of the last progress, by where it was; some may be None. History is not read."""

OLDEST_WAITS = select(
    now()
    - select(steps.c.owed_at)
    .where(OWED, func.lower(steps.c.service_class) == literal_column("'counter'"))  # as steps_age says it
    .order_by(steps.c.owed_at)
    .limit(1)
    .scalar_subquery()
)
"""Age of the oldest step owed to a counter, or None."""

# -- waiting for a run to end ------------------------------------------------------------------------

RUNNING = select(documents.c.document, documents.c.revision).where(documents.c.status == "RUNNING")
OBSTACLE = (
    select(steps.c.code, steps.c.message)
    .where(OWED, steps.c.code.startswith("worker:") | steps.c.code.startswith("ocr:"), steps.c.retries > 1)
    .order_by(*_BY_QUEUE)
    .limit(1)
)


@lru_cache
def which_owe(pools: tuple[str, ...]) -> Select[*tuple[bool, ...]]:
    """One row: whether each pool has a step to publish."""
    ready = select(literal(1)).where(OWED, steps.c.not_before <= now()).order_by(*_BY_QUEUE).limit(1)
    return select(
        *(
            ready.where(steps.c.pool == pool).scalar_subquery().is_not(None).label(f"pool_{n}")
            for n, pool in enumerate(pools)
        )
    )


@lru_cache
def insert_once(dialect: str, table: Table, stamp: str | None = None) -> Insert:
    """An INSERT that leaves a row alone that is there already; column ``stamp`` gets the time."""
    fresh = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    once = fresh.on_conflict_do_nothing()
    return once.values({stamp: now()}) if stamp else once
