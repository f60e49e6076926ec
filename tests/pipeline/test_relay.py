"""The relay of one process: commits wake it, so that it need not poll."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import dramatiq
import pytest

from models.document import Status
from models.settings import BrokerSettings, DeliverySettings, Settings
from models.step import Step
from pipeline.hints import Hints
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
