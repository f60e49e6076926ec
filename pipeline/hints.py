"""Hints: messages that tell a worker which step to look at. dramatiq carries them, in memory or on RabbitMQ.

dramatiq's retries, results, delays and groups are not used: a lost or doubled hint costs latency, never work.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from queue import Queue
from typing import Any

import dramatiq
import orjson
import pika.exceptions
from dramatiq.broker import Broker, Consumer, MessageProxy
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.stub import StubBroker
from dramatiq.common import dq_name, q_name, xq_name
from dramatiq.encoder import Encoder, MessageData
from dramatiq.errors import BrokerError, ConnectionClosed, DecodeError
from dramatiq.middleware import Middleware

from models.errors import Retryable
from models.settings import BrokerSettings
from models.step import SCHEMA, Step

ACTOR = "step"
RECONNECT_SPREAD_S = 2.0
"""Added by chance to dramatiq's three seconds before a worker connects again."""
HEARTBEAT_S = 20
"""A connection that has said nothing for twice as long is dead, though nobody has closed it."""
Handler = Callable[[Step], None]


class OrjsonEncoder(Encoder):
    """Messages as JSON; what cannot be read is dead-lettered by dramatiq."""

    def encode(self, data: MessageData) -> bytes:
        return orjson.dumps(data)

    def decode(self, data: bytes) -> MessageData:
        try:
            decoded: MessageData = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise DecodeError("not JSON", data, error) from None  # type: ignore[no-untyped-call]
        return decoded


class Acknowledged(Middleware):
    """Counts acknowledged hints."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    def after_ack(self, broker: Broker, message: MessageProxy) -> None:  # noqa: ARG002
        with self._lock:
            self._count += 1

    def drain(self) -> int:
        """How many since the last call."""
        with self._lock:
            count, self._count = self._count, 0
        return count


class MemoryBroker(StubBroker):
    """dramatiq's broker of one process, without its queues for delayed messages and the threads that watch them."""

    def declare_queue(self, queue_name: str) -> None:
        """Make a queue, unless it is there."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = Queue()
            self.emit_after("declare_queue", queue_name)


class QuorumRabbitmqBroker(RabbitmqBroker):
    """dramatiq's RabbitMQ broker on replicated queues; its private declarations are pinned by version.

    ``rest`` waits: workers that lost the broker together must not all come back in the same moment.
    """

    def __init__(self, *, quorum: bool, rest: Callable[[float], None] = time.sleep, **options: Any) -> None:
        super().__init__(confirm_delivery=True, **options)
        self._type = {"x-queue-type": "quorum" if quorum else "classic"}
        self._rest = rest
        self._consumed: set[str] = set()

    def enqueue(self, message: dramatiq.Message[Any], *, delay: int | None = None) -> dramatiq.Message[Any]:  # noqa: ARG002
        """Publish and wait for the broker's word that it has the message. Raises ``ConnectionClosed``.

        dramatiq tries six times, each as long as a blocked broker may take; who publishes here comes again by itself.
        So this tries once, and once more where a new connection or a new queue may help.
        """
        for again in (True, False):
            try:
                self.declare_queue(message.queue_name, ensure=True)
                persistent = pika.BasicProperties(delivery_mode=2)
                self.channel.basic_publish("", message.queue_name, message.encode(), persistent, mandatory=True)
            except (pika.exceptions.AMQPConnectionError, pika.exceptions.AMQPChannelError) as error:
                del self.connection
                if isinstance(error, pika.exceptions.UnroutableError):
                    self.queues_pending.add(message.queue_name)  # somebody has deleted it
                if not again or isinstance(error, pika.exceptions.ConnectionBlockedTimeout):
                    raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
            else:
                break
        return message

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        """A consumer; after the first one of a queue it comes a little later, and makes the queue if it is gone."""
        if queue_name in self._consumed:
            self._rest(random.uniform(0.0, RECONNECT_SPREAD_S))  # noqa: S311 - jitter, not a secret
        self._consumed.add(queue_name)
        self.queues_pending.add(q_name(queue_name))
        try:
            return super().consume(queue_name, prefetch, timeout)
        finally:
            del self.connection  # made to declare the queue; nobody would answer for it from now on

    def tend(self) -> None:
        """Let this thread's connection answer the server, if it has one."""
        connection = getattr(self.state, "connection", None)
        if connection is None:
            return
        try:
            connection.process_data_events(time_limit=0)
        except (pika.exceptions.AMQPError, OSError):
            del self.connection  # the next publish opens a new one

    def _build_queue_arguments(self, queue_name: str) -> dict[str, Any]:
        dead_letters = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": xq_name(queue_name)}
        return dead_letters | self._type

    def _declare_xq_queue(self, queue_name: str) -> Any:
        return self.channel.queue_declare(queue=xq_name(queue_name), durable=True, arguments=self._type)


class Hints:
    """One dramatiq broker per pool, in memory or on RabbitMQ. Publishing belongs to one thread."""

    def __init__(self, settings: BrokerSettings, pools: tuple[str, ...]) -> None:
        dramatiq.set_encoder(OrjsonEncoder())
        self.kind = settings.kind
        self.acknowledged = Acknowledged()
        self._settings = settings
        self._brokers = {pool: self._open(pool) for pool in pools}

    def queue(self, pool: str) -> str:
        """Name of the pool's queue."""
        return f"{self._settings.prefix}.{pool}"

    @property
    def pools(self) -> tuple[str, ...]:
        """Pools that have a queue here."""
        return tuple(self._brokers)

    def broker(self, pool: str) -> Broker:
        """The pool's dramatiq broker."""
        return self._brokers[pool]

    def listen(self, pool: str, handle: Handler) -> None:
        """Declare the pool's actor. ``handle`` must not raise."""

        def step(schema: int, document: str, revision: int, segment: str, page: int) -> None:
            if schema == SCHEMA:  # a newer program's hint: its step stays owed and is published again
                handle(Step(document, revision, segment, page))

        dramatiq.Actor(
            step,
            broker=self._brokers[pool],
            actor_name=ACTOR,
            queue_name=self.queue(pool),
            priority=0,
            options={},
        )

    def publish(self, pool: str, step: Step) -> None:
        """Publish one hint and wait until the broker has it.

        Raises ``Retryable("broker_away", dependency="broker")``.
        """
        message: dramatiq.Message[None] = dramatiq.Message(
            queue_name=self.queue(pool),
            actor_name=ACTOR,
            args=(),
            kwargs={"schema": SCHEMA, **step._asdict()},
            options={},
        )
        try:
            self._brokers[pool].enqueue(message)
        except (BrokerError, pika.exceptions.AMQPError, OSError) as error:
            raise Retryable("broker_away", f"RabbitMQ does not take messages: {error!r}", "broker") from error

    def tend(self) -> None:
        """Answer heartbeats of the publishing connections while there is nothing to publish."""
        for broker in self._brokers.values():
            if isinstance(broker, QuorumRabbitmqBroker):
                broker.tend()

    def close(self) -> None:
        """Close every connection."""
        for broker in self._brokers.values():
            broker.close()

    def careful(self, url: str) -> str:
        """The address with the time-outs that pika leaves out; what the operator wrote stands."""
        limits = {"heartbeat": HEARTBEAT_S, "blocked_connection_timeout": self._settings.blocked_timeout_s}
        for name, seconds in limits.items():
            if f"{name}=" not in url:
                url += f"{'&' if '?' in url else '?'}{name}={seconds}"
        return url

    def _open(self, pool: str) -> Broker:
        if self._settings.kind == "memory":
            broker: Broker = MemoryBroker(middleware=[self.acknowledged])
        else:
            assert self._settings.url is not None
            broker = QuorumRabbitmqBroker(
                quorum=self._settings.quorum,
                url=[self.careful(url) for url in self._settings.url.get_secret_value().split(";")],
                middleware=[self.acknowledged],
            )
        broker.declare_queue(self.queue(pool))
        return broker


def broker_queues(hints: Hints, pool: str) -> tuple[str, str, str]:
    """The three queues that dramatiq keeps for a pool: work, delayed (unused), dead letters."""
    name = hints.queue(pool)
    return name, dq_name(name), xq_name(name)
