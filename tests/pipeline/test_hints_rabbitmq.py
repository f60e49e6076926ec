"""RabbitMQ as it behaves on a bad day: queues that vanish, a broker that takes nothing, workers that come back at once."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

import dramatiq
import pika
import pytest
from pydantic import SecretStr

from benchmarks.chaos.servers import Broker
from models.errors import Retryable
from models.settings import BrokerSettings
from models.step import Step
from pipeline.hints import RECONNECT_SPREAD_S, Hints, QuorumRabbitmqBroker, broker_queues
from pipeline.private_rabbitmq import PrivateRabbitMq
from tests.support.waiting import wait_until

WAIT_S = 60.0


def opened(broker: PrivateRabbitMq, **settings: float) -> Hints:
    """One pool with a queue that no other test uses."""
    prefix = f"t{uuid.uuid4().hex[:12]}"
    chosen = BrokerSettings(kind="rabbitmq", url=SecretStr(broker.url), prefix=prefix)
    return Hints(chosen.model_copy(update=settings), ("page",))


@contextmanager
def listening(hints: Hints) -> Iterator[SimpleQueue[Step]]:
    """A worker; what it gets comes out here."""
    got: SimpleQueue[Step] = SimpleQueue()
    hints.listen("page", got.put)
    worker = dramatiq.Worker(hints.broker("page"), queues={hints.queue("page")}, worker_threads=1, worker_timeout=50)
    worker.start()
    yield got
    worker.stop()


def delete_queues(broker: PrivateRabbitMq, hints: Hints) -> None:
    """As somebody with the management page might."""
    with pika.BlockingConnection(pika.URLParameters(broker.url)) as connection:
        channel = connection.channel()
        for name in broker_queues(hints, "page"):
            channel.queue_delete(name)


def test_a_queue_that_vanished_is_made_again_by_who_publishes(rabbitmq: PrivateRabbitMq) -> None:
    """The broker's word is waited for: a hint into a queue that is gone does not fall into nothing."""
    hints = opened(rabbitmq)
    hints.publish("page", Step("d", 1, "page", 1))
    delete_queues(rabbitmq, hints)
    hints.publish("page", Step("d", 1, "page", 2))
    with listening(hints) as got:
        assert got.get(timeout=WAIT_S).page == 2
    hints.close()


def test_a_queue_that_vanished_is_made_again_by_who_listens(rabbitmq: PrivateRabbitMq) -> None:
    """A worker whose queue was deleted goes on with a new one, though nobody publishes meanwhile."""
    hints = opened(rabbitmq)
    with listening(hints) as got:
        hints.publish("page", Step("d", 1, "page", 1))
        assert got.get(timeout=WAIT_S).page == 1
        delete_queues(rabbitmq, hints)
        wait_until(lambda: _is_there(rabbitmq, hints.queue("page")), "the worker's new queue")
        hints.publish("page", Step("d", 1, "page", 2))
        assert got.get(timeout=WAIT_S).page == 2
    hints.close()


def test_a_broker_that_takes_nothing_is_told_from_one_that_is_slow(rabbitmq: Broker) -> None:
    """Under a memory alarm publishing gives up after its time-out, once, and works again when the alarm is over."""
    hints = opened(rabbitmq, blocked_timeout_s=1.0)
    hints.publish("page", Step("d", 1, "page", 1))
    rabbitmq.control("set_vm_memory_high_watermark", "0")
    tried: SimpleQueue[object] = SimpleQueue()
    threading.Thread(target=lambda: tried.put(_refusal(hints)), daemon=True).start()
    try:
        assert tried.get(timeout=WAIT_S / 2) == "broker"
    finally:
        rabbitmq.control("set_vm_memory_high_watermark", "0.4")
    hints.publish("page", Step("d", 1, "page", 3))
    with listening(hints) as got:
        assert {got.get(timeout=WAIT_S).page, got.get(timeout=WAIT_S).page} >= {1}
    hints.close()


def test_workers_come_back_one_after_another(rabbitmq: PrivateRabbitMq) -> None:
    """The first connection is made at once; each later one waits for a time of its own."""
    rests: list[float] = []
    broker = QuorumRabbitmqBroker(quorum=True, rest=rests.append, url=rabbitmq.url)
    name = f"t{uuid.uuid4().hex[:12]}"
    for _ in range(4):
        broker.consume(name).close()
    broker.close()
    assert len(set(rests)) == 3
    assert all(0.0 <= rest <= RECONNECT_SPREAD_S for rest in rests)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("amqp://u:p@h/", {"heartbeat=20", "blocked_connection_timeout=10.0"}),
        ("amqp://u:p@h/?heartbeat=5", {"heartbeat=5", "blocked_connection_timeout=10.0"}),
    ],
)
def test_every_connection_has_its_time_outs(written: str, expected: set[str]) -> None:
    """Without them pika waits for ever; what the operator wrote into the address stands."""
    hints = Hints(BrokerSettings(kind="rabbitmq", url=SecretStr(written)), ())
    assert set(hints.careful(written).partition("?")[2].split("&")) == expected


def _is_there(broker: PrivateRabbitMq, name: str) -> bool:
    with pika.BlockingConnection(pika.URLParameters(broker.url)) as connection:
        try:
            connection.channel().queue_declare(name, passive=True)
        except pika.exceptions.ChannelClosedByBroker:
            return False
    return True


def _refusal(hints: Hints) -> str | None:
    """What stands in the way of one more hint."""
    try:
        hints.publish("page", Step("d", 1, "page", 2))
    except Retryable as error:
        return error.dependency
    return None
