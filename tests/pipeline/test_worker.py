"""A crew of workers: what it leaves behind when it is told to go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from models.settings import BrokerSettings, DeliverySettings, Settings
from models.step import Step
from pipeline.breaker import OPENS_AFTER
from pipeline.hints import Hints
from pipeline.ledger.database import reading
from pipeline.ledger.schema import steps
from pipeline.nursery import Nursery
from pipeline.wiring import Books
from pipeline.worker import Crew, PoolWorker
from tests.support import stuck_work
from tests.support.memory_blobs import MemoryBlobs
from tests.support.toy_flow import TOY, toy_document
from tests.support.waiting import wait_until

POOL = "arrive"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A drain that does not wait long."""
    return Settings(state=tmp_path, delivery=DeliverySettings(drain_s=0.2))


@pytest.fixture
def books(settings: Settings) -> Iterator[Books]:
    """A ledger with one admitted document."""
    opened = Books(settings, TOY)
    opened.ledger.admit(toy_document(), "b" * 64, frozenset())
    yield opened
    opened.close()


def test_a_drained_worker_gives_its_claim_back_at_once(settings: Settings, books: Books) -> None:
    """Past the deadline the step is owed again, its slots are gone from the register, and nothing was counted."""
    hints = Hints(BrokerSettings(), (POOL,))
    crew = Crew((POOL,), settings, TOY, books, hints, MemoryBlobs(), stuck_work.SERVE)
    crew.start()
    taken = books.dispatch.take((POOL,))
    assert taken == {POOL: [Step("doc", 1, "arrive", 0)]}
    hints.publish(POOL, taken[POOL][0])
    wait_until(lambda: _row(books)[0] == "claimed", "the claim")
    crew.stop()
    assert _row(books) == ("owed", 0, 0, 0, 0.0)
    assert books.dispatch.slots() == {}
    hints.close()


def test_a_hint_is_held_while_the_ledger_is_away(settings: Settings, books: Books) -> None:
    """Dropped, its step would be missed until the hint expires; when the ledger is back it is done at once."""
    delivery = DeliverySettings(drain_s=0.2, retry_first_s=3600.0, retry_most_s=3600.0, heartbeat_s=3600.0)
    hints = Hints(BrokerSettings(), (POOL,))
    chosen = settings.model_copy(update={"delivery": delivery})
    nursery = Nursery(("tests.support.stuck_work",))
    worker = PoolWorker(POOL, chosen, TOY, books, hints, MemoryBlobs(), nursery, stuck_work.SERVE)
    books.dispatch.beat(worker.name, POOL, 1)
    for _ in range(OPENS_AFTER):
        worker.breakers.away("ledger")
    worker.start()
    hints.publish(POOL, books.dispatch.take((POOL,))[POOL][0])
    queue = hints.broker(POOL).queues[hints.queue(POOL)]
    wait_until(queue.empty, "a worker that has the hint")
    assert (worker.beat().slots, _row(books)[0], hints.acknowledged.drain()) == (0, "sent", 0)
    worker.breakers.answered(["ledger"])
    wait_until(lambda: _row(books)[0] == "claimed", "the claim")
    worker.stop()
    nursery.close()
    hints.close()


def _row(books: Books) -> tuple[object, ...]:
    """State of the one step, and all that may be counted against it."""
    counted = (steps.c.state, steps.c.defects, steps.c.kills, steps.c.retries, steps.c.not_before)
    with reading(books.engine) as tx:
        return tuple(tx.execute(select(*counted)).one())
