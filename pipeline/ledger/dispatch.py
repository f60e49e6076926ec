"""The relay's side of the ledger: who leads, who works, what is published next, what has expired."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, Select, bindparam, delete, exists, func, select, update

from models.document import Status
from models.manifest import ServiceClass
from models.settings import DeliverySettings
from models.step import Step
from pipeline.ledger.database import insert_once, inserted, now, reading, transaction
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.rows import LIVE
from pipeline.ledger.schema import counters, documents, leases, steps, workers

ROUNDING = 1e-9
DEAD_AFTER_BEATS = 5
"""A worker that misses this many heartbeats has no slots."""


@dataclass
class Share:
    """Splits picks between the two classes: bulk keeps ``bulk`` of them while both have work."""

    bulk: float
    _credit: float = field(default=0.0)

    def merge(self, counter: list[Any], bulk: list[Any], most: int) -> list[Any]:
        """The next ``most`` rows, both lists in order."""
        picked: list[Any] = []
        urgent, patient = iter(counter), iter(bulk)
        first, second = next(urgent, None), next(patient, None)
        while len(picked) < most and (first is not None or second is not None):
            if first is not None and second is not None:
                self._credit += self.bulk
            if first is None or (second is not None and self._credit > 1.0 - ROUNDING):
                self._credit = max(0.0, self._credit - 1.0) if first is not None else self._credit
                picked.append(second)
                second = next(patient, None)
            else:
                picked.append(first)
                first = next(urgent, None)
        return picked


class Dispatch:
    """What only the leading relay does, and the register of workers that it counts credit by."""

    def __init__(self, engine: Engine, delivery: DeliverySettings) -> None:
        self.engine = engine
        self.delivery = delivery
        self._shares: dict[str, Share] = {}

    # -- leadership and slots ----------------------------------------------------------------------

    def lead(self, holder: str) -> bool:
        """Become or stay the leading relay for ``leader_s`` seconds; False while another one leads."""
        with transaction(self.engine) as tx:
            values = {"holder": holder, "until": now() + self.delivery.leader_s}
            mine = (leases.c.holder == holder) | (leases.c.until < now())
            if tx.execute(update(leases).where(leases.c.name == "relay", mine).values(values)).rowcount:
                return True
            return inserted(tx, leases, values | {"name": "relay"})

    def step_down(self, holder: str) -> None:
        """Let another relay lead at once."""
        with transaction(self.engine) as tx:
            tx.execute(delete(leases).where(leases.c.name == "relay", leases.c.holder == holder))

    def beat(self, worker: str, pool: str, slots: int) -> None:
        """Register a worker's live slots; repeated every ``heartbeat_s``."""
        with transaction(self.engine) as tx:
            values = {"pool": pool, "slots": slots, "seen_at": now()}
            if not tx.execute(update(workers).where(workers.c.worker == worker).values(values)).rowcount:
                tx.execute(insert_once(tx, workers).values(values | {"worker": worker}))

    def leave(self, worker: str) -> None:
        """Take a worker's slots out of the register."""
        with transaction(self.engine) as tx:
            tx.execute(delete(workers).where(workers.c.worker == worker))

    def slots(self) -> dict[str, int]:
        """Live slots by pool."""
        with reading(self.engine) as tx:
            return self._slots(tx)

    def _slots(self, tx: Connection) -> dict[str, int]:
        alive = workers.c.seen_at > now() - DEAD_AFTER_BEATS * self.delivery.heartbeat_s
        query = select(workers.c.pool, func.sum(workers.c.slots)).where(alive).group_by(workers.c.pool)
        return {pool: int(count) for pool, count in tx.execute(query)}

    # -- publishing --------------------------------------------------------------------------------

    def take(self, pools: tuple[str, ...]) -> dict[str, list[Step]]:
        """Mark the next steps of each pool as sent, up to its credit (k × live slots − in flight)."""
        with reading(self.engine) as tx:
            # The one question of an idle relay, many times a second: is anything owed?
            asked = tx.execute(_which_owe(pools)).one()
            owing = [pool for pool, any_owed in zip(pools, asked, strict=True) if any_owed]
            if not owing:
                return {}
            flying_now = steps.c.state.in_(("sent", "claimed"))
            query = select(steps.c.pool, func.count()).where(flying_now).group_by(steps.c.pool)
            flying: dict[str, int] = dict(list(tx.execute(query)))
            live = self._slots(tx)
        most = {pool: self.delivery.credit * live.get(pool, 0) for pool in owing}
        credit = {pool: most[pool] - flying.get(pool, 0) for pool in owing}
        # While more than half of it is in flight nobody is idle: several steps a turn cost little more than one.
        payable = [pool for pool in owing if credit[pool] > 0 and 2 * credit[pool] >= most[pool]]
        if not payable:
            return {}
        with transaction(self.engine) as tx:
            return {pool: self._take(tx, pool, credit[pool]) for pool in payable}

    def unsend(self, unsent: list[Step]) -> None:
        """Owe steps again whose message could not be published."""
        with transaction(self.engine) as tx:
            self._set(tx, unsent, was="sent", state="owed", until=0.0)

    def _take(self, tx: Connection, pool: str, most: int) -> list[Step]:
        rows = {cls: self._head(tx, pool, cls, most) for cls in ServiceClass}
        share = self._shares.setdefault(pool, Share(self.delivery.bulk_share))
        merged = share.merge(rows[ServiceClass.COUNTER], rows[ServiceClass.BULK], most)
        picked = [Step(row.document, row.revision, row.segment, row.page) for row in merged]
        self._set(tx, picked, was="owed", state="sent", until=now() + self.delivery.sent_expires_s)
        return picked

    def _head(self, tx: Connection, pool: str, cls: ServiceClass, most: int) -> list[Any]:
        query = (
            select(steps.c.document, steps.c.revision, steps.c.segment, steps.c.page)
            .where(
                steps.c.pool == pool,
                steps.c.service_class == cls.value,
                steps.c.state == "owed",
                steps.c.not_before <= now(),
            )
            .order_by(steps.c.finish)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        return list(tx.execute(query).all())

    def _set(self, tx: Connection, which: list[Step], was: str, **values: Any) -> None:
        if not which:
            return
        one = update(steps).where(
            steps.c.document == bindparam("d"),
            steps.c.revision == bindparam("r"),
            steps.c.segment == bindparam("s"),
            steps.c.page == bindparam("p"),
            steps.c.state == was,
        )
        keys = [{"d": s.document, "r": s.revision, "s": s.segment, "p": s.page} for s in which]
        tx.execute(one.values(**values), keys)

    def count(self, name: str, by: int) -> None:
        """Add to a counter that outlives its process (``published``, ``acked``)."""
        with transaction(self.engine) as tx:
            tx.execute(insert_once(tx, counters).values(name=name, value=0))
            tx.execute(update(counters).where(counters.c.name == name).values(value=counters.c.value + by))

    def counted(self) -> dict[str, int]:
        """Every counter."""
        with reading(self.engine) as tx:
            return dict(list(tx.execute(select(counters.c.name, counters.c.value))))

    # -- repair ------------------------------------------------------------------------------------

    def expire(self) -> int:
        """Take back sent messages that nobody claimed and claims that nobody renewed; returns how many."""
        with transaction(self.engine) as tx:
            over = steps.c.state.in_(("sent", "claimed")) & (steps.c.until < now())
            return tx.execute(update(steps).where(over).values(state="owed", worker="")).rowcount

    def take_back_all(self) -> int:
        """Owe everything in flight again. Only for who owns the ledger alone and knows that no worker lives."""
        with transaction(self.engine) as tx:
            tx.execute(delete(workers))
            tx.execute(delete(leases))
            flying = steps.c.state.in_(("sent", "claimed"))
            return tx.execute(update(steps).where(flying).values(state="owed", worker="", not_before=0.0)).rowcount

    def sweep(self, ledger: Ledger) -> int:
        """Replan every revision that runs, owes nothing and has been silent; returns how many."""
        live = exists().where(
            steps.c.document == documents.c.document, steps.c.revision == documents.c.revision, steps.c.state.in_(LIVE)
        )
        silent = documents.c.updated_at < now() - self.delivery.sweep_s
        query = (
            select(documents.c.document, documents.c.revision)
            .where(documents.c.status == Status.RUNNING.value, silent, ~live)
            .limit(1000)
        )
        with reading(self.engine) as tx:
            stuck = list(tx.execute(query))
        for document, revision in stuck:
            ledger.replan(document, revision)
        return len(stuck)


@lru_cache
def _which_owe(pools: tuple[str, ...]) -> Select[*tuple[bool, ...]]:
    """One row: whether each pool has a step to publish."""
    ready = (steps.c.state == "owed") & (steps.c.not_before <= now())
    return select(*(exists().where(steps.c.pool == pool, ready).label(f"pool_{n}") for n, pool in enumerate(pools)))
