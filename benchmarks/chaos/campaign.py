"""One campaign: hosts, people and a schedule of faults; then heal, drain, gather the evidence, and judge."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from benchmarks.chaos.checker import Verdict, check
from benchmarks.chaos.cluster import Cluster
from benchmarks.chaos.evidence import answers, gather, queues
from benchmarks.chaos.faults import Fault, Skipped
from benchmarks.chaos.faults_around import CATALOGUE, mount, unmount
from benchmarks.chaos.papers import Kind, papers
from benchmarks.chaos.producers import Counters, Officer
from benchmarks.chaos.proxy import Switchboard
from benchmarks.chaos.schedule import FaultKind, Strike, draw
from benchmarks.chaos.servers import Servers
from models.document import Status
from models.errors import SohoaError
from pipeline.ledger.database import reading
from pipeline.ledger.schema import facts

SAMPLE_S = 1.0
MOST_SAMPLES = 400
"""About as many as a plot has pixels for."""
SAY_S = 30.0
TRY_S = 4.0
LATE = "the faults' time was over: the machine was too busy for as many"
MUST_STRIKE = ("worker", "child", "relay", "intake", "broker", "ledger", "store")
"""Groups of which the shortest campaign strikes one."""
WARM_S = 120.0
BREATH_FACTS, BREATH_S = 10, 60.0
"""What the line must have learned since the last fault of a subject was healed before the next one strikes, and the
longest that this is waited for: on a busy machine a worker would else be killed before it is up, again and again."""
LOOK_S = 0.25
FIRST = (Kind.HEALTHY, Kind.SEGFAULT, Kind.HEALTHY, Kind.DOUBLED, Kind.ALTERED, Kind.MISSING, Kind.ENDLESS,
         Kind.WAITING, Kind.HEALTHY, Kind.TRUNCATED, Kind.PHOTOCOPY, Kind.HOG)  # fmt: skip
"""What a campaign begins with, so that the shortest has every kind."""


@dataclass(frozen=True)
class Plan:
    """``faults_s``: how long faults strike; ``every_s``: between two documents, while no more than ``open`` have not ended.

    ``stuck_s``: afterwards, how long nothing may move before what is left counts as lost.
    """

    seed: int
    faults_s: float
    every_s: float
    stuck_s: float = 60.0
    open: int = 25
    lanes: int = 2
    workers: int = 2
    kinds: tuple[str, ...] = tuple(CATALOGUE)
    must_strike: tuple[str, ...] = MUST_STRIKE


@dataclass(frozen=True)
class Struck:
    """A fault as it was: seconds since the campaign began; ``skipped``: why it was not."""

    name: str
    group: str
    at_s: float
    until_s: float
    what: str
    skipped: str = ""


@dataclass
class Outcome:
    """All that a campaign found. ``samples``: seconds and documents by state; ``stops``: exit status of services."""

    verdict: Verdict
    struck: list[Struck]
    samples: list[dict[str, float]]
    drained_s: float
    kinds: dict[str, int]
    batches: int
    stops: dict[str, int]
    starts: dict[str, int]
    notes: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "ends": self.verdict.ends,
            "violations": [[v.fault.value, v.document, v.what] for v in self.verdict.violations],
            "faults": [vars(struck) for struck in self.struck],
            "samples": self.samples,
            "drained_s": round(self.drained_s, 1),
            "documents": self.kinds,
            "batches": self.batches,
            "stops": self.stops,
            "starts": self.starts,
            "notes": self.notes,
        }


def run(plan: Plan, folder: Path, servers: Servers, board: Switchboard, without: str | None = None) -> Outcome:
    """Two counters with a relay each, ``workers`` hosts that work; faults for ``faults_s``, then peace.

    ``without``: a guard that is taken out of every process, to see what the faults do then.
    """
    incoming = [folder / name / "in" for name in ("counter-1", "counter-2")]
    notes = []
    try:
        mounted = [mount(place) for place in incoming]
        if not all(mounted):
            notes.append("no small disks: mounting is not allowed here, so no disk was full or read-only")
        with Cluster(folder / f"hosts-{folder.name}", servers, board, without) as cluster:
            for number, place in enumerate(incoming, start=1):
                cluster.host(f"counter-{number}", ("intake", "relay"), place)
            for number in range(1, plan.workers + 1):
                cluster.host(f"pool-{number}", ("worker",))
            return _Campaign(plan, cluster, notes).run()
    finally:
        for place in incoming:
            unmount(place)


class _Campaign:
    def __init__(self, plan: Plan, cluster: Cluster, notes: list[str]) -> None:
        self._plan = plan
        self._cluster = cluster
        self._notes = notes
        counters = [host for host in cluster.hosts if host.incoming is not None]
        self._counters = Counters(counters, papers(plan.seed, FIRST), plan.every_s, plan.seed, self._has_room)
        self._officer = Officer(counters[0], self._counters)
        self._struck: list[Struck] = []
        self._samples: list[dict[str, float]] = []
        self._began = time.monotonic()
        self._done = threading.Event()
        self._knew: dict[str, int] = {}
        """Facts there were when a subject was last healed."""

    def run(self) -> Outcome:
        """Faults, peace, judgement."""
        people = [threading.Thread(target=work) for work in (self._counters.run, self._officer.run, self._sample)]
        for person in people:
            person.start()
        try:
            wait_until(lambda: bool(self._cluster.books.dispatch.slots()), WARM_S)
            kinds = [CATALOGUE[name].kind for name in self._plan.kinds]
            self._strike(draw(self._plan.seed, kinds, self._plan.faults_s, self._plan.lanes))
            self._make_up(kinds)
            self._cluster.heal()
            self._counters.stopping.set()
            people[0].join()
            healed = time.monotonic()
            settle(self._at_rest, lambda: progress(self._cluster), self._plan.stuck_s)
            drained_s = time.monotonic() - healed
        finally:
            self._counters.stopping.set()
            self._officer.stopping.set()
            self._done.set()
            for person in people:
                person.join()
        starts = {service.name: service.starts for service in self._cluster.services}
        stops = self._cluster.stop()
        verdict = check(self._counters.handed_in, gather(self._cluster))
        documents = {kind.value: sum(e.kind is kind for e in self._counters.documents) for kind in Kind}
        return Outcome(verdict, sorted(self._struck, key=lambda s: s.at_s), self._samples, drained_s, documents,
                       len(self._counters.handed_in), stops, starts, self._notes)  # fmt: skip

    def _strike(self, schedule: Sequence[Strike]) -> None:
        """Each lane in a thread; a subject that is still being healed makes the next one wait."""
        locks = {strike.kind.subject: threading.Lock() for strike in schedule}
        began = time.monotonic()
        threads = [threading.Thread(target=self._one, args=(strike, began, locks)) for strike in schedule]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _one(self, strike: Strike, began: float, locks: dict[str, threading.Lock]) -> None:
        subject = strike.kind.subject
        time.sleep(max(0.0, began + strike.at_s - time.monotonic()))
        with locks[subject]:
            enough = self._knew.get(subject, -BREATH_FACTS) + BREATH_FACTS
            wait_until(lambda: self._late(began) or learned(self._cluster) >= enough, BREATH_S)
            if self._late(began):
                at_s = self._now_s()
                self._struck.append(Struck(strike.kind.name, strike.kind.group, at_s, at_s, "", LATE))
                return
            self._struck.append(self._struck_by(self._fault(strike), strike))
            with suppress(SohoaError):
                self._knew[subject] = learned(self._cluster)

    def _late(self, began: float) -> bool:
        return time.monotonic() - began > self._plan.faults_s

    def _make_up(self, kinds: Sequence[FaultKind]) -> None:
        """Strike once more where every fault of a group was skipped by chance."""
        rng = random.Random(self._plan.seed)  # noqa: S311 - a campaign, not a secret
        for group in self._plan.must_strike:
            of_group = [kind for kind in kinds if kind.group == group] * 2
            for kind in rng.sample(of_group, len(of_group))[:2]:
                if all(s.skipped for s in self._struck if s.group == group):
                    strike = Strike(kind, 0.0, kind.least_s, rng.randrange(2**31))
                    self._struck.append(self._struck_by(self._fault(strike), strike))

    def _fault(self, strike: Strike) -> Fault:
        return CATALOGUE[strike.kind.name](self._cluster, strike.chance, strike.lasts_s)

    def _struck_by(self, fault: Fault, strike: Strike) -> Struck:
        """What cannot be struck at this moment is tried again for a while."""
        deadline = time.monotonic() + TRY_S
        while True:
            at_s = self._now_s()
            try:
                what = fault.start()
            except Skipped as why:
                if why.passing and time.monotonic() < deadline:
                    time.sleep(LOOK_S)
                    continue
                return Struck(strike.kind.name, strike.kind.group, at_s, self._now_s(), "", why.message)
            break
        time.sleep(fault.rest_s)
        fault.heal()
        return Struck(strike.kind.name, strike.kind.group, at_s, self._now_s(), what)

    def _now_s(self) -> float:
        return round(time.monotonic() - self._began, 2)

    def _at_rest(self) -> bool:
        return self._officer.finished and at_rest(self._cluster, len(self._counters.handed_in))

    def _has_room(self) -> bool:
        """Whether the counters may hand in more: a slow machine gets fewer documents, not a longer queue."""
        try:
            ended = sum(n for status, n in self._cluster.books.views.counts().items() if status is not Status.RUNNING)
        except SohoaError:
            return False
        return len(self._counters.documents) - ended < self._plan.open

    def _sample(self) -> None:
        say_at_s = SAY_S
        while not self._done.wait(max(SAMPLE_S, self._plan.faults_s / MOST_SAMPLES)):
            try:
                counts = self._cluster.books.views.counts()
            except SohoaError:
                continue
            told = {status.value: counts.get(status, 0) for status in Status}
            if self._now_s() >= say_at_s:
                say_at_s += SAY_S
                sys.stderr.write(f"{self._now_s():.0f} s: {len(self._struck)} faults, {told}\n")
            self._samples.append({"at_s": self._now_s(), "handed_in": len(self._counters.documents), **told})


def at_rest(cluster: Cluster, batches: int) -> bool:
    """Every batch answered, nothing running or owed, no message left."""
    views = cluster.books.views
    return (
        _answered(cluster) >= batches
        and not views.counts().get(Status.RUNNING)
        and not views.live_steps()
        and not any(queues(cluster).values())
    )


def learned(cluster: Cluster) -> int:
    """How many facts there are. Raises ``Retryable`` while the ledger is away."""
    with reading(cluster.books.engine) as tx:
        return tx.execute(select(func.count()).select_from(facts)).scalar_one()


def progress(cluster: Cluster) -> object:
    """Changes whenever the line gets anywhere."""
    return learned(cluster), cluster.books.views.counts(), _answered(cluster)


def _answered(cluster: Cluster) -> int:
    receipts, refusals = answers(host.incoming for host in cluster.hosts if host.incoming is not None)
    return len(receipts) + len(refusals)


def settle(at_rest: Callable[[], bool], state: Callable[[], object], stuck_s: float) -> bool:
    """Wait until all is at rest; False when nothing has changed for ``stuck_s`` before that."""
    last: object = None
    moved = time.monotonic()
    while time.monotonic() - moved < stuck_s:
        with suppress(SohoaError, OSError):
            if at_rest():
                return True
            now = state()
            if now != last:
                last, moved = now, time.monotonic()
        time.sleep(LOOK_S)
    return False


def wait_until(probe: Callable[[], bool], within_s: float, look_s: float = LOOK_S) -> bool:
    """Poll until true; False where it did not become so in time. A dependency that is away is not true."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        with suppress(SohoaError, OSError):
            if probe():
                return True
        time.sleep(look_s)
    return False
