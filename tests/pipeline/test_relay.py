"""The relay of one process: commits wake it, so that it need not poll."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import dramatiq
import pytest

from models.document import Status
from models.errors import Retryable
from models.settings import BrokerSettings, DeliverySettings, Settings
from models.step import Step
from pipeline.hints import Hints
from pipeline.ledger.dispatch import Dispatch
from pipeline.ledger.rows import NewFact
from pipeline.relay import Relay
from pipeline.wiring import Books
from tests.support.toy_flow import TOY, fact_for, toy_document
from tests.support.waiting import wait_until

SIDES = 23
NEVER_S = 3600.0


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """An empty ledger whose relay would poll once an hour."""
    opened = Books(Settings(state=tmp_path, delivery=DeliverySettings(poll_s=NEVER_S, leader_s=NEVER_S)), TOY)
    yield opened
    opened.close()


@pytest.mark.parametrize("slots", [1, 2, 5])
def test_commits_alone_bring_a_document_to_its_end(books: Books, slots: int) -> None:
    """With every number of slots the next hints go out while others are in flight: nothing ever stalls."""
    hints = Hints(BrokerSettings(), TOY.pools)

    def handle(step: Step) -> None:
        claim = books.ledger.claim(step, "w")
        if claim is not None:
            books.ledger.commit(claim, [NewFact(fact_for(step.segment, SIDES), step.page, step.segment, 1)])

    workers = []
    for pool in TOY.pools:
        books.dispatch.beat(f"w-{pool}", pool, slots)
        hints.listen(pool, handle)
        workers.append(dramatiq.Worker(hints.broker(pool), worker_threads=slots, worker_timeout=50))
    relay = Relay("r", books.ledger, books.dispatch, hints, books.dispatch.delivery)
    books.ledger.wake = relay.tell
    thread = threading.Thread(target=relay.run)
    thread.start()
    for worker in workers:
        worker.start()
    try:
        books.ledger.admit(toy_document(), "b" * 64, frozenset())
        wait_until(lambda: books.views.counts().get(Status.ARCHIVED) == 1, "the end of the document")
    finally:
        relay.stop()
        thread.join()
        for worker in workers:
            worker.stop()
        hints.close()


class Broken(Hints):
    """A broker that takes one hint and then none."""

    taken = 0
    then: Callable[[], None]

    def publish(self, pool: str, step: Step) -> None:
        if self.taken:
            self.then()
            raise Retryable("broker_away", "RabbitMQ does not take messages", "broker")
        self.taken += 1
        super().publish(pool, step)


def test_what_was_not_published_is_owed_again(books: Books) -> None:
    """Of every pool: what stays sent keeps its pool's credit until it expires."""
    hints = Broken(BrokerSettings(), TOY.pools)
    for name in ("a", "b"):
        books.ledger.admit(toy_document(name), "b" * 64, frozenset())
        arrive = NewFact(fact_for("arrive", 2), 0, "arrive", 1)
        books.ledger.admit(toy_document(f"{name}-counted"), "b" * 64, frozenset(), [arrive])
    for pool in TOY.pools:
        books.dispatch.beat(f"w-{pool}", pool, 4)
    relay = Relay("r", books.ledger, books.dispatch, hints, books.dispatch.delivery)
    hints.then = relay.stop
    relay.run()
    owed = {pool: len(steps) for pool, steps in books.dispatch.take(TOY.pools).items()}
    assert owed == {"arrive": 1, "page": 4}
    assert books.dispatch.counted() == {"published": 1}
    hints.close()


class StumblingDispatch(Dispatch):
    """Breaks once, in a way that nobody foresaw."""

    stumbled = False

    def take(self, pools: tuple[str, ...]) -> dict[str, list[Step]]:
        if not self.stumbled:
            self.stumbled = True
            raise ZeroDivisionError
        return super().take(pools)


def test_a_turn_that_breaks_does_not_end_the_relay(books: Books) -> None:
    """It would look alive, and nobody would publish any more."""
    hints = Hints(BrokerSettings(), TOY.pools)
    dispatch = StumblingDispatch(books.engine, books.dispatch.delivery)
    dispatch.beat("w", "arrive", 1)
    books.ledger.admit(toy_document(), "b" * 64, frozenset())
    relay = Relay("r", books.ledger, dispatch, hints, DeliverySettings())
    thread = threading.Thread(target=relay.run)
    thread.start()
    try:
        wait_until(lambda: books.dispatch.counted().get("published") == 1, "the hint")
    finally:
        relay.stop()
        thread.join()
        hints.close()
