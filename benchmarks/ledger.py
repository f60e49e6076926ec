"""``python -m benchmarks ledger``: what 50 workers get out of the ledger on PostgreSQL, and what each step costs.

A private PostgreSQL with durable settings; documents of ten sides in the real flow. A relay takes owed steps and
hands them out, 50 workers (threads) claim a step, hold it for ``STEP_S`` as a slot child would, and commit facts of
the usual number and size. Counted are the whole client process and all of the server's processes.

The client's threads stay on one core, the server may use all of them: where threads of one Python process hand its
lock from core to core, they take up to a third more CPU, and the slowest commits wait twice as long.

How long they waited for a core is told beside it: on a busy machine most of a commit's time is that.

The full run does this beside 10,000 and beside 1,000,000 archived pages, compares the plans of all hot statements at
both sizes, and measures the peak: the same without holding.
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, cast

import psycopg

from benchmarks import ledger_history, measure
from benchmarks.private_postgres import DURABLE, PrivatePostgres
from benchmarks.processes import cpu_s, waited_s
from benchmarks.simulated import document, learned
from models.errors import Defect
from models.manifest import ServiceClass
from models.settings import DeliverySettings
from models.step import Step
from pipeline.allocator import keep_objects
from pipeline.hints import Hints
from pipeline.ledger.database import open_database
from pipeline.ledger.dispatch import Beat, Dispatch
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.migrate import migrate
from pipeline.relay import Relay
from stages.flow import FLOW

SIDES = 10
STEP_S = 0.12
"""How long a worker holds a step, half more or less: 50 workers then ask for no more than 400 steps a second."""
CREWS = {"arrive": 3, "page": 33, "document": 7, "sign": 4, "archive": 3}
"""The 50 workers by pool, about as a document's steps are shared out."""
WARM_S = 4.0
COUNTERS = 20
TARGETS = {"steps_per_s": 250, "cpu_ms_per_step": 6, "commit_p99_ms": 50}


def main(quick: bool, extra: list[str]) -> dict[str, Any]:
    """``quick``: one short run beside 10,000 pages. ``extra``: none are known."""
    if extra:
        raise Defect("unknown_arguments", f"ledger takes no {' '.join(extra)}")
    server = PrivatePostgres(DURABLE)
    try:
        address = server.fresh_database(_migrated)
        plain = address.replace("+psycopg", "")
        few, many = 10_000 // ledger_history.PAGES, 1_000_000 // ledger_history.PAGES
        ledger_history.load(plain, 0, few)
        runs = {"10000": run(server, address, 12.0 if quick else 30.0, STEP_S)}
        ledger_history.settle(plain)
        before = ledger_history.plans(plain)
        details: dict[str, Any] = {"durable": _shown(plain), "targets": TARGETS, "step_s": STEP_S, "workers": CREWS,
                                   "client_cores": 1}  # fmt: skip
        if not quick:
            ledger_history.load(plain, few, many - few)
            after = ledger_history.plans(plain)
            runs["1000000"] = run(server, address, 30.0, STEP_S)
            runs["1000000, peak"] = run(server, address, 15.0, 0.0)
            details["plans_changed"] = {
                name: {"10000": shape, "1000000": after[name]} for name, shape in before.items() if after[name] != shape
            }
        details |= {"runs_by_history_pages": runs, "plans": before}
    finally:
        server.stop()
    last = runs["10000" if quick else "1000000"]
    headline = {name: last[name] for name in (*TARGETS, "waited_for_a_core_ms_per_step")}
    headline["durable"] = details["durable"]
    if not quick:
        headline["plans_changed"] = len(details["plans_changed"])
    return measure.result("ledger", headline, details, None)


def _migrated(url: str) -> None:
    engine = open_database(url)
    migrate(engine)
    engine.dispose()


def _shown(address: str) -> dict[str, str]:
    """What the server says about its durability."""
    with psycopg.connect(address) as connection:
        names = [option.partition("=")[0] for option in DURABLE]
        return {name: str(connection.execute(f"SHOW {name}").fetchall()[0][0]) for name in names}


class Queues:
    """Stands for the broker: one queue a pool, in memory."""

    pools = FLOW.pools

    def __init__(self) -> None:
        self.of: dict[str, SimpleQueue[Step]] = {pool: SimpleQueue() for pool in self.pools}

    def publish(self, pool: str, step: Step) -> None:
        self.of[pool].put(step)

    def tend(self) -> None:
        """Nothing to tend."""


@dataclass
class Tally:
    """When each commit ended, and how long claims and commits took; one per worker."""

    ended: list[float] = field(default_factory=list)
    claim_s: list[float] = field(default_factory=list)
    commit_s: list[float] = field(default_factory=list)


def run(server: PrivatePostgres, address: str, seconds: float, step_s: float, warm_s: float = WARM_S) -> dict[str, Any]:
    """Numbers of one run with a backlog of its own; they are taken after ``warm_s``."""
    engine = open_database(address)
    delivery = DeliverySettings()
    ledger, dispatch, queues = Ledger(engine, FLOW, delivery), Dispatch(engine, delivery), Queues()
    admit_s = _admit(ledger, int((seconds + 2 * warm_s) * (400 if step_s else 700) / (SIDES + 5)))
    relay = Relay("benchmark", ledger, dispatch, cast(Hints, queues), delivery)
    stop = threading.Event()
    tallies = [Tally() for _ in range(sum(CREWS.values()))]
    pools = [pool for pool, count in CREWS.items() for _ in range(count)]
    threads = [
        threading.Thread(target=_work, args=(ledger, queues.of[pool], step_s, stop, tally))
        for pool, tally in zip(pools, tallies, strict=True)
    ]
    threads.append(threading.Thread(target=_beat, args=(dispatch, delivery, stop)))
    threads.append(threading.Thread(target=relay.run))
    keep_objects()  # as a worker does
    with _one_core():
        for thread in threads:
            thread.start()
        time.sleep(warm_s)
        with _window(server) as window:
            time.sleep(seconds)
        stop.set()
        relay.stop()
        for thread in threads:
            thread.join()
    dispatch.take_back_all()  # what was handed out and not begun would use up the next run's credit
    engine.dispose()
    return _told(tallies, window) | {"admit_ms": round(admit_s * 1000, 2)}


@contextlib.contextmanager
def _one_core() -> Iterator[None]:
    """Threads that are started meanwhile stay on one core; the server was started before."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


@dataclass
class Window:
    """The measured time: when it began and ended, and the CPU seconds of client and server in it.

    ``waited_s``: how long their threads together were ready and had no core.
    """

    began: float
    ended: float = 0.0
    client_s: float = 0.0
    server_s: float = 0.0
    waited_s: float = 0.0


@contextlib.contextmanager
def _window(server: PrivatePostgres) -> Iterator[Window]:
    client, served, waited = time.process_time(), cpu_s(server.pid), waited_s(os.getpid())
    window = Window(time.perf_counter())
    yield window
    window.ended = time.perf_counter()
    window.client_s, window.server_s = time.process_time() - client, cpu_s(server.pid) - served
    window.waited_s = waited_s(os.getpid()) - waited  # the server is a child of this process


def _told(tallies: list[Tally], window: Window) -> dict[str, Any]:
    commits, claims = [], []
    for tally in tallies:
        for ended, claim_s, commit_s in zip(tally.ended, tally.claim_s, tally.commit_s, strict=True):
            if window.began <= ended < window.ended:
                claims.append(claim_s)
                commits.append(commit_s)
    if not commits:
        raise Defect("no_steps", "no step was committed in the measured time")
    count, wall_s = len(commits), window.ended - window.began
    return {
        "steps": count,
        "steps_per_s": round(count / wall_s, 1),
        "cpu_ms_per_step": round((window.client_s + window.server_s) * 1000 / count, 2),
        "client_cpu_ms_per_step": round(window.client_s * 1000 / count, 2),
        "server_cpu_ms_per_step": round(window.server_s * 1000 / count, 2),
        "waited_for_a_core_ms_per_step": round(window.waited_s * 1000 / count, 2),
        "commit_p50_ms": _percentile_ms(commits, 50),
        "commit_p99_ms": _percentile_ms(commits, 99),
        "claim_p50_ms": _percentile_ms(claims, 50),
        "claim_p99_ms": _percentile_ms(claims, 99),
    }


def _percentile_ms(values: list[float], percent: int) -> float:
    """Nearest rank."""
    return round(sorted(values)[-(-len(values) * percent // 100) - 1] * 1000, 1)


def _admit(ledger: Ledger, count: int) -> float:
    """A backlog of fresh documents; returns the seconds that one took."""
    batch, began = time.time_ns(), time.perf_counter()
    for number in range(count):
        service_class = ServiceClass.BULK if number % 5 == 0 else ServiceClass.COUNTER
        name = f"live-{batch}-{number:06d}-{SIDES}"
        ledger.admit(document(name, f"counter-{number % COUNTERS:02d}", service_class), "b" * 64, frozenset())
    return (time.perf_counter() - began) / count


def _work(ledger: Ledger, queue: SimpleQueue[Step], step_s: float, stop: threading.Event, tally: Tally) -> None:
    """One worker: claim, hold, commit."""
    name = f"benchmark:{threading.get_ident()}"
    chance = random.Random(threading.get_ident())  # noqa: S311 - no secret
    while not stop.is_set():
        try:
            step = queue.get(timeout=0.1)
        except Empty:
            continue
        began = time.perf_counter()
        claim = ledger.claim(step, name)
        claimed = time.perf_counter()
        if claim is None:
            continue
        if step_s:
            time.sleep(chance.uniform(0.5, 1.5) * step_s)
        facts = learned(step, SIDES)
        committing = time.perf_counter()
        if not ledger.commit(claim, facts):
            raise Defect("claim_lost", f"{step}: nobody else may have it")
        ended = time.perf_counter()
        tally.ended.append(ended)
        tally.claim_s.append(claimed - began)
        tally.commit_s.append(ended - committing)


def _beat(dispatch: Dispatch, delivery: DeliverySettings, stop: threading.Event) -> None:
    beats = [Beat(f"benchmark:{pool}", pool, slots) for pool, slots in CREWS.items()]
    while True:
        dispatch.beat_all(beats)
        if stop.wait(delivery.heartbeat_s):
            return
