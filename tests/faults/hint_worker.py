"""A worker process for tests that kill it: ``python -m tests.faults.hint_worker stock|ours URL QUEUE FOLDER``.

It holds each piece of work until the test lets it go: ``began-A`` appears in the folder, ``go-A`` is waited for,
``ended-A`` appears. *stock* is dramatiq as its manual says; *ours* claims and commits steps of the toy flow.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from pydantic import SecretStr

from models.settings import BrokerSettings, DeliverySettings, Settings
from models.step import Step
from pipeline.hints import Hints
from pipeline.ledger.rows import NewFact
from pipeline.wiring import Books
from tests.support.toy_flow import TOY, fact_for

POOL = "arrive"
FAST = DeliverySettings(lease_s=2.0, sent_expires_s=2.0, heartbeat_s=60.0, credit=4)
"""Work of a dead worker comes back soon; its slots stay in the register as long as a test lasts."""


def settings(url: str, queue: str, folder: Path) -> Settings:
    """Of test and worker: one ledger in the folder, queues of their own."""
    broker = BrokerSettings(kind="rabbitmq", url=SecretStr(url), prefix=queue)
    return Settings(state=folder / "state", broker=broker, delivery=FAST)


def hold(folder: Path, name: str) -> None:
    """One piece of work."""
    (folder / f"began-{name}").touch()
    while not (folder / f"go-{name}").exists():
        time.sleep(0.01)
    (folder / f"ended-{name}").touch()


def stock(url: str, queue: str, folder: Path) -> None:
    """dramatiq's own way."""
    broker = RabbitmqBroker(url=url)

    def work(name: str) -> None:
        hold(folder, name)

    dramatiq.actor(broker=broker, queue_name=queue)(work)
    dramatiq.Worker(broker, worker_threads=1).start()


def ours(url: str, queue: str, folder: Path) -> None:
    """Hints, and a ledger that knows better; as many hints at hand as dramatiq would have."""
    chosen = settings(url, queue, folder)
    books = Books(chosen, TOY)
    hints = Hints(chosen.broker, (POOL,))

    def attend(step: Step) -> None:
        claim = books.ledger.claim(step, "w")
        if claim is not None:
            hold(folder, step.document)
            books.ledger.commit(claim, [NewFact(fact_for(step.segment, 1), 0, step.segment, 1)])

    hints.listen(POOL, attend)
    worker = dramatiq.Worker(hints.broker(POOL), queues={hints.queue(POOL)}, worker_threads=1)
    worker.start()
    books.dispatch.beat("w", POOL, 1)


if __name__ == "__main__":
    (stock if sys.argv[1] == "stock" else ours)(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    threading.Event().wait()
