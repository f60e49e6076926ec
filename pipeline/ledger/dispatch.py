"""The relay's side of the ledger: who leads, who works, what is published next, what has expired."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, delete, select, update

from models.errors import Defect
from models.manifest import ServiceClass
from models.settings import DeliverySettings
from models.step import Step
from pipeline.ledger import statements as sql
from pipeline.ledger.database import now, reading, transaction
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.prepared import ask, change, change_all
from pipeline.ledger.schema import counters, leases, steps, workers

log = logging.getLogger("sohoa.relay")

ROUNDING = 1e-9
DEAD_AFTER_BEATS = 5
"""A worker that misses this many heartbeats has no slots."""
FORGOTTEN_AFTER_S = 86_400.0
"""A worker that was killed stays in the register for so long, for operators to see."""


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


class Beat(NamedTuple):
    """A worker that lives, its pool, and how many steps it can take at a time."""

    worker: str
    pool: str
    slots: int


class Dispatch:
    """What only the leading relay does, and the register of workers that it counts credit by."""

    def __init__(self, engine: Engine, delivery: DeliverySettings) -> None:
        self.engine = engine
        self.delivery = delivery
        self._shares: dict[str, Share] = {}
        self._swept_to = 0.0
        self.patience = math.inf
        """Steps that must get through before :meth:`take` can give more, unless others become owed."""

    # -- leadership and slots ----------------------------------------------------------------------

    def lead(self, holder: str) -> bool:
        """Become or stay the leading relay for ``leader_s`` seconds; False while another one leads."""
        with transaction(self.engine) as tx:
            mine = {"by": holder, "leader_s": self.delivery.leader_s}
            if change(tx, sql.LEAD, mine):
                return True
            change(tx, sql.insert_once(tx.dialect.name, leases), {"name": "relay", "holder": "", "until": 0.0})
            return change(tx, sql.LEAD, mine) == 1

    def step_down(self, holder: str) -> None:
        """Let another relay lead at once."""
        with transaction(self.engine) as tx:
            tx.execute(delete(leases).where(leases.c.name == "relay", leases.c.holder == holder))

    def beat(self, worker: str, pool: str, slots: int) -> None:
        """Register a worker's live slots; repeated every ``heartbeat_s``."""
        self.beat_all([Beat(worker, pool, slots)])

    def beat_all(self, beats: Sequence[Beat], acked: int = 0) -> None:
        """The same for every worker of a process, and the hints that it has acknowledged since."""
        with transaction(self.engine) as tx:
            told = [{"by": beat.worker, "pool_": beat.pool, "live": beat.slots} for beat in beats]
            if change_all(tx, sql.BEAT, told) < len(beats):
                change_all(tx, sql.insert_once(tx.dialect.name, workers, "seen_at"), [b._asdict() for b in beats])
            if acked:
                self._add(tx, "acked", acked)

    def leave(self, names: Sequence[str]) -> None:
        """Take the slots of workers out of the register."""
        with transaction(self.engine) as tx:
            tx.execute(delete(workers).where(workers.c.worker.in_(names)))

    def slots(self) -> dict[str, int]:
        """Live slots by pool."""
        with reading(self.engine) as tx:
            return self._loads(tx)[1]

    def _loads(self, tx: Connection) -> tuple[dict[str, int], dict[str, int]]:
        """By pool: steps in flight, and live slots."""
        found: dict[str, dict[str, int]] = {"flying": {}, "slots": {}}
        alive = {"dead_after_s": DEAD_AFTER_BEATS * self.delivery.heartbeat_s}
        for what, pool, count in ask(tx, sql.LOADS, alive):
            found[what][pool] = int(count)
        return found["flying"], found["slots"]

    # -- publishing --------------------------------------------------------------------------------

    def take(self, pools: tuple[str, ...]) -> dict[str, list[Step]]:
        """Mark the next steps of each pool as sent, up to its credit (k × live slots − in flight)."""
        with transaction(self.engine) as tx:
            # The one question of an idle relay, many times a second: is anything owed?
            (asked,) = ask(tx, sql.which_owe(pools), {})
            owing = [pool for pool, any_owed in zip(pools, asked, strict=True) if any_owed]
            if not owing:
                self.patience = math.inf
                return {}
            flying, live = self._loads(tx)
            most = {pool: self.delivery.credit * live.get(pool, 0) for pool in owing}
            credit = {pool: most[pool] - flying.get(pool, 0) for pool in owing}
            # While more than half of it is in flight nobody is idle: several steps a turn cost little more than one.
            payable = [pool for pool in owing if credit[pool] > 0 and 2 * credit[pool] >= most[pool]]
            taken = {pool: self._take(tx, pool, credit[pool], live[pool]) for pool in payable}
        limited = [pool for pool in owing if pool not in taken or len(taken[pool]) == credit[pool]]
        back = (math.ceil(most[pool] / 2) - credit[pool] + len(taken.get(pool, ())) for pool in limited)
        self.patience = min(back, default=math.inf)
        return {pool: some for pool, some in taken.items() if some}

    def unsend(self, unsent: list[Step]) -> None:
        """Owe steps again whose message could not be published."""
        with transaction(self.engine) as tx:
            change_all(tx, sql.UNSEND, [sql.key(step) for step in unsent])

    def _take(self, tx: Connection, pool: str, most: int, slots: int) -> list[Step]:
        rows = self._fair(tx, pool, most)
        kept = self._without_long(tx, pool, slots, rows)
        if len(kept) < len(rows):  # many long ones stand in front: look behind them
            kept = [row for row in kept if self._is_long(row)]
            kept += self._fair(tx, pool, most - len(kept), self.delivery.long_sides)
        picked = [Step(row.document, row.revision, row.segment, row.page) for row in kept]
        expires = {"expires_s": self.delivery.sent_expires_s}
        change_all(tx, sql.SEND, [sql.key(step) | expires for step in picked])
        return picked

    def _without_long(self, tx: Connection, pool: str, slots: int, rows: list[Any]) -> list[Any]:
        """Without those long steps that would leave no slot to the short ones. A pool of one slot has none to spare."""
        if slots < 2 or not any(map(self._is_long, rows)):
            return rows
        ((flying,),) = ask(tx, sql.LONG_FLYING, {"pool_": pool, "sides": self.delivery.long_sides})
        room, kept = slots - 1 - flying, []
        for row in rows:
            room -= self._is_long(row)
            if room >= 0 or not self._is_long(row):
                kept.append(row)
        return kept

    def _is_long(self, row: Any) -> bool:
        return bool(row.page == 0 and row.sides > self.delivery.long_sides)

    def _fair(self, tx: Connection, pool: str, most: int, longest: int = sql.ANY_LENGTH) -> list[Any]:
        """The next steps of both classes; on whole documents only of so many sides."""
        wanted = {"pool_": pool, "most": most, "longest": longest}
        rows = {cls: ask(tx, sql.HEAD, wanted | {"cls": cls.value}) for cls in ServiceClass}
        share = self._shares.setdefault(pool, Share(self.delivery.bulk_share))
        return share.merge(rows[ServiceClass.COUNTER], rows[ServiceClass.BULK], most)

    def count(self, name: str, by: int) -> None:
        """Add to a counter that outlives its process (``published``, ``acked``)."""
        with transaction(self.engine) as tx:
            self._add(tx, name, by)

    def _add(self, tx: Connection, name: str, by: int) -> None:
        more = {"counter_": name, "more": by}
        if not change(tx, sql.ADD, more):
            change(tx, sql.insert_once(tx.dialect.name, counters), {"name": name, "value": 0})
            change(tx, sql.ADD, more)

    def counted(self) -> dict[str, int]:
        """Every counter."""
        with reading(self.engine) as tx:
            return dict(list(tx.execute(select(counters.c.name, counters.c.value))))

    # -- repair ------------------------------------------------------------------------------------

    def expire(self) -> int:
        """Take back sent messages that nobody claimed and claims that nobody renewed; returns how many."""
        with transaction(self.engine) as tx:
            return change(tx, sql.EXPIRE, {})

    def take_back_all(self) -> int:
        """Owe everything in flight again. Only for who owns the ledger alone and knows that no worker lives."""
        with transaction(self.engine) as tx:
            tx.execute(delete(workers))
            tx.execute(delete(leases))
            again = {"state": "owed", "worker": "", "not_before": 0.0}
            return tx.execute(update(steps).where(sql.FLYING).values(again)).rowcount

    def sweep(self, ledger: Ledger) -> int:
        """Replan revisions that run, owe nothing and have been silent; returns how many. Forgets dead workers.

        Looks at some of the silent ones each time, so that the relay never stands still over a long backlog.
        """
        with transaction(self.engine) as tx:
            tx.execute(delete(workers).where(workers.c.seen_at < now() - FORGOTTEN_AFTER_S))
        with reading(self.engine) as tx:
            seen = ask(tx, sql.SILENT, {"silent_s": self.delivery.sweep_s, "after": self._swept_to})
        repaired = 0
        stuck = [(row.document, row.revision) for row in seen if row.stuck]
        for document, revision in stuck:
            try:
                ledger.replan(document, revision)
                repaired += 1
            except Defect as error:  # it must not hide those behind it
                told = {"document": document, "revision": revision, "code": error.code, "reason": error.message}
                log.warning("cannot be planned", extra=told)
        # Those of the same moment as the last are looked at again, unless all of them are of one moment.
        last = seen[-1].updated_at if len(seen) == sql.SWEPT_AT_ONCE else 0.0
        self._swept_to = last if last != self._swept_to else math.nextafter(last, math.inf)
        return repaired
