"""The broker port's contract, in memory and on a real RabbitMQ."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from queue import Empty, SimpleQueue

import dramatiq
import pytest
from pydantic import SecretStr

from models.errors import Retryable
from models.settings import BrokerSettings
from models.step import Step
from pipeline.hints import Hints
from pipeline.private_rabbitmq import PrivateRabbitMq
from tests.support.waiting import wait_until

WAIT_S = 60.0


def rabbit_settings(broker: PrivateRabbitMq, *, quorum: bool = True) -> BrokerSettings:
    """Settings with queue names that no other test uses."""
    return BrokerSettings(kind="rabbitmq", url=SecretStr(broker.url), prefix=f"t{uuid.uuid4().hex[:12]}", quorum=quorum)


@pytest.fixture(params=["memory", "rabbitmq-quorum", "rabbitmq-classic"])
def settings(request: pytest.FixtureRequest) -> BrokerSettings:
    """Each broker."""
    if request.param == "memory":
        return BrokerSettings()
    return rabbit_settings(request.getfixturevalue("rabbitmq"), quorum=request.param.endswith("quorum"))


class Listener:
    """A dramatiq worker that remembers what it got; ``hold`` lets it wait in the middle of a hint."""

    def __init__(self, hints: Hints, pool: str, threads: int = 1) -> None:
        self.got: SimpleQueue[Step] = SimpleQueue()
        self.hold = threading.Event()
        self.hold.set()
        hints.listen(pool, self._handle)
        self._worker = dramatiq.Worker(
            hints.broker(pool), queues={hints.queue(pool)}, worker_threads=threads, worker_timeout=50
        )
        self._worker.start()

    def _handle(self, step: Step) -> None:
        self.got.put(step)
        self.hold.wait(WAIT_S)

    def stop(self) -> None:
        self.hold.set()
        self._worker.stop()


@pytest.fixture
def hints(settings: BrokerSettings) -> Iterator[Hints]:
    """Two pools on one broker."""
    opened = Hints(settings, ("page", "sign"))
    yield opened
    opened.close()


def test_a_hint_reaches_its_own_pool_only(hints: Hints) -> None:
    """Published ids arrive unchanged, in the pool that they were published to, and are acknowledged."""
    page, sign = Listener(hints, "page"), Listener(hints, "sign")
    step = Step("ho-so-1", 2, "look", 7)
    hints.publish("page", step)
    assert page.got.get(timeout=WAIT_S) == step
    wait_until(lambda: hints.acknowledged.drain() == 1, "the acknowledgement")
    page.stop()
    sign.stop()
    with pytest.raises(Empty):
        sign.got.get_nowait()


def test_hints_wait_for_a_worker(hints: Hints) -> None:
    """What is published while nobody listens is delivered when somebody does, in order."""
    steps = [Step("d", 1, "look", page) for page in range(1, 6)]
    for step in steps:
        hints.publish("page", step)
    listener = Listener(hints, "page")
    assert [listener.got.get(timeout=WAIT_S) for _ in steps] == steps
    listener.stop()


def test_a_hint_of_a_newer_schema_is_dropped(hints: Hints) -> None:
    """A message that this program does not understand is acknowledged; its step stays owed in the ledger."""
    listener = Listener(hints, "page")
    strange: dramatiq.Message[None] = dramatiq.Message(
        queue_name=hints.queue("page"),
        actor_name="step",
        args=(),
        kwargs={"schema": 99, "document": "d", "revision": 1, "segment": "look", "page": 1},
        options={},
    )
    hints.broker("page").enqueue(strange)
    hints.publish("page", Step("d", 1, "look", 2))
    assert listener.got.get(timeout=WAIT_S).page == 2
    listener.stop()


def test_hints_survive_a_killed_broker(rabbitmq: PrivateRabbitMq) -> None:
    """Confirmed messages are there after kill -9 and restart, and publisher and worker reconnect."""
    hints = Hints(rabbit_settings(rabbitmq), ("page",))
    hints.publish("page", Step("d", 1, "look", 1))
    rabbitmq.kill()
    with pytest.raises(Retryable) as caught:
        hints.publish("page", Step("d", 1, "look", 2))
    assert caught.value.dependency == "broker"
    rabbitmq.restart()
    listener = Listener(hints, "page")
    assert listener.got.get(timeout=WAIT_S).page == 1
    hints.publish("page", Step("d", 1, "look", 3))
    assert listener.got.get(timeout=WAIT_S).page == 3
    listener.stop()
    hints.close()
