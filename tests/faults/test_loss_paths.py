"""Three ways in which dramatiq on RabbitMQ loses work or runs ahead of it: so with the stock set-up, not with ours.

1. A retry is a new message. Where it cannot be published, the old one is acknowledged all the same.
2. After a reconnect the number of an old delivery is the number of another message: that one is acknowledged, and
   gone when the worker dies before its turn.
3. A group counts ends of messages. One that is delivered twice ends twice, and the callback comes early.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import dramatiq
import pika
import pytest
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.common import dq_name
from dramatiq.middleware import GroupCallbacks
from dramatiq.rate_limits.backends.stub import StubBackend

from benchmarks.chaos.servers import Broker
from models.document import Status
from models.errors import Retryable
from models.settings import Settings
from models.step import Step
from pipeline.hints import Hints, broker_queues
from pipeline.ledger.rows import Claim, NewFact
from pipeline.relay import Relay
from pipeline.wiring import Books
from tests.faults.hint_worker import POOL, settings
from tests.support.toy_flow import TOY, fact_for, toy_document
from tests.support.waiting import wait_until

SIDES = 2
NAMES = ("X", "A", "B", "C")

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def queue() -> str:
    """A name that no other test uses."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
def stock(rabbitmq: Broker) -> Iterator[RabbitmqBroker]:
    """dramatiq's broker as its manual says, with group callbacks."""
    broker = RabbitmqBroker(url=rabbitmq.url)
    broker.add_middleware(GroupCallbacks(StubBackend()))  # type: ignore[no-untyped-call]
    yield broker
    broker.close()


class Line:
    """Ledger, relay and workers of ours for the toy flow; ``before`` is called with each claim, and may raise."""

    def __init__(self, chosen: Settings, before: Callable[[Claim], None], pools: tuple[str, ...] = TOY.pools) -> None:
        self.books = Books(chosen, TOY)
        self.hints = Hints(chosen.broker, TOY.pools)
        self.done: list[Step] = []
        self._before = before
        self._relay = Relay("r", self.books.ledger, self.books.dispatch, self.hints, chosen.delivery)
        self._thread = threading.Thread(target=self._relay.run)
        self._workers = [self._worker(pool) for pool in pools]

    def _worker(self, pool: str) -> dramatiq.Worker:
        self.hints.listen(pool, self._attend)
        self.books.dispatch.beat(pool, pool, 2)
        broker = self.hints.broker(pool)
        return dramatiq.Worker(broker, queues={self.hints.queue(pool)}, worker_threads=2, worker_timeout=50)

    def _attend(self, step: Step) -> None:
        claim = self.books.ledger.claim(step, "w")
        if claim is None:
            return
        try:
            self._before(claim)
        except Retryable as error:
            self.books.ledger.retry_later(claim, error)
            return
        if self.books.ledger.commit(claim, [NewFact(fact_for(step.segment, SIDES), step.page, step.segment, 1)]):
            self.done.append(step)

    def archived(self, *names: str) -> bool:
        return all((view := self.books.views.document(n)) and view.status is Status.ARCHIVED for n in names)

    @contextmanager
    def running(self) -> Iterator[None]:
        self._thread.start()
        for worker in self._workers:
            worker.start()
        try:
            yield
        finally:
            self._relay.stop()
            self._thread.join()
            for worker in self._workers:
                worker.stop()
            self.hints.close()
            self.books.close()


# -- 1: a retry that cannot be published --------------------------------------------------------------


def test_stock_loses_a_retry_that_cannot_be_published(rabbitmq: Broker, stock: RabbitmqBroker, queue: str) -> None:
    """The queue for retries is gone: nobody hears of it, and the message is acknowledged as if it were done."""
    attempts: list[int] = []
    may_fail = threading.Event()

    def work() -> None:
        attempts.append(1)
        may_fail.wait()
        raise OSError("the disk is away for a moment")

    actor = dramatiq.actor(broker=stock, queue_name=queue, min_backoff=10)(work)
    with _working(stock):
        actor.send()
        wait_until(lambda: attempts, "the first attempt")
        _delete(rabbitmq, dq_name(queue))
        may_fail.set()
        wait_until(lambda: _unsettled(rabbitmq, queue) == 0, "the end of the message")
    assert len(attempts) == 1
    assert stock.get_queue_message_counts(queue) == (0, 0, 0)


def test_ours_keeps_it(rabbitmq: Broker, queue: str, tmp_path: Path) -> None:
    """Every queue is gone while the step fails: it is owed, and comes again."""
    failures: list[Step] = []

    def fail_once(claim: Claim) -> None:
        if not failures:
            failures.append(claim.step)
            _delete(rabbitmq, *broker_queues(line.hints, POOL))
            raise Retryable("store_away", "the disk is away for a moment", "store")

    line = Line(settings(rabbitmq.url, queue, tmp_path), fail_once)
    line.books.ledger.admit(toy_document(), "b" * 64, frozenset())
    with line.running():
        wait_until(lambda: line.archived("doc"), "the end of the document")
    assert line.done.count(failures[0]) == 1


# -- 2: an old delivery's number after a reconnect ----------------------------------------------------


@contextmanager
def _process(kind: str, rabbitmq: Broker, queue: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process, killed at the end if the test has not done that."""
    command = [sys.executable, "-m", "tests.faults.hint_worker", kind, rabbitmq.url, queue, str(folder)]
    with (folder / "worker.log").open("ab") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield process
        finally:
            process.kill()


def test_stock_loses_what_an_old_number_acknowledges(rabbitmq: Broker, queue: str, tmp_path: Path) -> None:
    """A ends after a reconnect and acknowledges B, which waits; the worker dies: nobody ever does B."""
    stock = RabbitmqBroker(url=rabbitmq.url)

    def work(name: str) -> None:
        raise AssertionError(name)

    actor = dramatiq.actor(broker=stock, queue_name=queue)(work)
    for name in NAMES:
        actor.send(name)
    _let_go(tmp_path, "X")
    with _process("stock", rabbitmq, queue, tmp_path) as worker:
        _wait_for(tmp_path, "began-A")
        wait_until(lambda: _ready(rabbitmq, queue) == 1, "B at hand beside A, C in the queue")
        with _closing_connections(rabbitmq):
            wait_until(lambda: _ready(rabbitmq, queue) == 3, "the end of the connection")
        wait_until(lambda: _ready(rabbitmq, queue) == 1, "A and B delivered again")
        _let_go(tmp_path, "A")
        _wait_for(tmp_path, "began-B")
        wait_until(lambda: _ready(rabbitmq, queue) == 0, "C in the place of what was acknowledged")
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    _let_go(tmp_path, "B", "C")
    with _process("stock", rabbitmq, queue, tmp_path):
        _wait_for(tmp_path, "ended-C")
        wait_until(lambda: _unsettled(rabbitmq, queue) == 0, "the end of all messages")
    assert not (tmp_path / "ended-B").exists()
    stock.close()


def test_ours_does_it_all_the_same(rabbitmq: Broker, queue: str, tmp_path: Path) -> None:
    """The same disaster: a hint is gone, its step is not."""
    line = Line(settings(rabbitmq.url, queue, tmp_path), lambda _: None, tuple(p for p in TOY.pools if p != POOL))
    for name in NAMES:
        line.books.ledger.admit(toy_document(name), "b" * 64, frozenset())
    _let_go(tmp_path, "X")
    with line.running():
        with _process("ours", rabbitmq, queue, tmp_path) as worker:
            _wait_for(tmp_path, "ended-X")
            held = wait_until(lambda: _begun(tmp_path), "a step in work")
            with _closing_connections(rabbitmq):
                pass
            _let_go(tmp_path, held)
            wait_until(lambda: _begun(tmp_path) not in ("", held), "the next step in work")
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        _let_go(tmp_path, *NAMES)
        with _process("ours", rabbitmq, queue, tmp_path):
            wait_until(lambda: line.archived(*NAMES), "the end of all documents")


# -- 3: a group whose message is delivered twice ------------------------------------------------------


def test_stock_calls_back_before_the_group_is_done(rabbitmq: Broker, stock: RabbitmqBroker, queue: str) -> None:
    """A is delivered twice and ends twice: the group of two counts as done while B is still in work."""
    begun: list[str] = []
    may_end = {"A": threading.Event(), "B": threading.Event()}
    called_back = threading.Event()
    ended: list[str] = []

    def work(name: str) -> None:
        begun.append(name)
        may_end[name].wait()
        ended.append(name)

    def join() -> None:
        called_back.set()

    worker = dramatiq.actor(broker=stock, queue_name=queue)(work)
    callback = dramatiq.actor(broker=stock, queue_name=queue)(join)
    with _working(stock, threads=4):  # what is delivered again runs beside what was delivered before
        group = dramatiq.group([worker.message("A"), worker.message("B")], broker=stock)  # type: ignore[no-untyped-call]
        group.add_completion_callback(callback.message())  # type: ignore[no-untyped-call]
        group.run()  # type: ignore[no-untyped-call]
        wait_until(lambda: sorted(begun) == ["A", "B"], "both in work")
        with _closing_connections(rabbitmq):
            wait_until(lambda: _ready(rabbitmq, queue) == 2, "both waiting once more")
        wait_until(lambda: _ready(rabbitmq, queue) == 0, "both delivered again")
        may_end["A"].set()
        try:
            assert called_back.wait(60)
            assert "B" not in ended
        finally:
            may_end["B"].set()


def test_ours_joins_when_all_is_done(rabbitmq: Broker, queue: str, tmp_path: Path) -> None:
    """Ten hints of one side are one side; what joins the sides is not even owed before the last one is read."""
    last = Step("doc", 1, "read", SIDES)
    in_work, may_end = threading.Event(), threading.Event()

    def hold_last(claim: Claim) -> None:
        if claim.step == last:
            in_work.set()
            may_end.wait()

    line = Line(settings(rabbitmq.url, queue, tmp_path), hold_last)
    line.books.ledger.admit(toy_document(), "b" * 64, frozenset())
    more = Hints(settings(rabbitmq.url, queue, tmp_path).broker, TOY.pools)
    with line.running():
        try:
            assert in_work.wait(60)
            for _ in range(10):
                more.publish("page", Step("doc", 1, "read", 1))
            with _closing_connections(rabbitmq):
                pass
            wait_until(lambda: Step("doc", 1, "read", 1) in line.done, "the other side")
            assert not any(step.segment == "join" for step in line.done)
            assert all(step.segment != "join" for step in line.books.views.owed_by("doc"))
        finally:
            may_end.set()
        wait_until(lambda: line.archived("doc"), "the end of the document")
    assert len(line.done) == len(set(line.done))
    more.close()


# -- what the tests look at ---------------------------------------------------------------------------


@contextmanager
def _working(broker: RabbitmqBroker, threads: int = 1) -> Iterator[None]:
    worker = dramatiq.Worker(broker, worker_threads=threads, worker_timeout=50)
    worker.start()
    yield
    worker.stop()


@contextmanager
def _closing_connections(rabbitmq: Broker) -> Iterator[None]:
    """The broker ends every connection while the block watches; its program takes longer than workers to come back."""
    with ThreadPoolExecutor(1) as pool:
        closed = pool.submit(rabbitmq.control, "close_all_connections", "test")
        yield
        closed.result()


def _let_go(folder: Path, *names: str) -> None:
    for name in names:
        (folder / f"go-{name}").touch()


def _wait_for(folder: Path, file: str) -> None:
    wait_until((folder / file).exists, file)


def _begun(folder: Path) -> str:
    """What is in work now, or nothing."""
    begun = {path.name.removeprefix("began-") for path in folder.glob("began-*")}
    return next(iter(begun - {path.name.removeprefix("ended-") for path in folder.glob("ended-*")}), "")


def _delete(rabbitmq: Broker, *queues: str) -> None:
    with pika.BlockingConnection(pika.URLParameters(rabbitmq.url)) as connection:
        for name in queues:
            connection.channel().queue_delete(name)


def _ready(rabbitmq: Broker, queue: str) -> int:
    """Messages that wait in a queue for a worker; -1 when this connection was closed with all others."""
    try:
        with pika.BlockingConnection(pika.URLParameters(rabbitmq.url)) as connection:
            told = connection.channel().queue_declare(queue, passive=True)
            return int(told.method.message_count)
    except pika.exceptions.AMQPError:
        return -1


def _unsettled(rabbitmq: Broker, queue: str) -> int:
    """Messages that nobody has acknowledged, waiting or in work."""
    listed = rabbitmq.control("list_queues", "name", "messages", "--silent")
    found = dict(line.split("\t") for line in listed.splitlines())
    return int(found.get(queue, 0))
