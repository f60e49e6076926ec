"""``python -m benchmarks overload``: ten times more than the cluster can do, and nobody at a counter notices.

A real PostgreSQL, RabbitMQ, relay and worker; the worker's slot children burn a few milliseconds for a step and hold
their slot for a fifth of a second, as another host's core would. In turn:

1. *idle*: documents of 1 and of 10 pages from a counter, one at a time. How long each step stands owed.
2. *peak*: always enough to do and no more. The pages a second that the slots give.
3. *behind bulk*: a million bulk pages are owed and a document of 500 is in work; the same documents from a counter.
4. *overload*: on top of the million ten times the peak arrives, from counters and as bulk, for ten minutes. Intake
   turns away what it cannot store in time; memory and queues stay as they are.

A wait is counted in pages of other documents that each slot finished before it began with the step; in an idle
cluster that is none.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import ledger_history, measure
from benchmarks.overload.cluster import MEAN_SIDES, SLOTS, Cluster, arrivals, running
from benchmarks.overload.report import write_report
from benchmarks.overload.waits import Done, Wait, p99, pages_per_s, read_notes, waits
from benchmarks.overload.watch import Sample, Watch, watching
from benchmarks.simulated import HOLD_S, STEPS
from models.document import Status
from models.errors import Defect
from models.manifest import ServiceClass
from models.settings import DeliverySettings

SEED = 10
TIMES = 10
"""The overload: so many times the peak."""
PROBE_SIDES = (1, 10)
LONG_SIDES = 500
SETTLE_S = 5.0
"""Of each phase, not measured: queues fill."""
TARGETS = {"overload_over_peak": 0.95, "counter_wait_pages": DeliverySettings().credit + 1.0, "bulk_share": 0.1}
_DONE_S = 120.0


@dataclass(frozen=True)
class Plan:
    """How long each phase is. ``max_age_s``: of a counter's step, from which on intake takes no more."""

    probes: int
    peak_s: float
    overload_s: float
    max_age_s: float
    look_s: float
    depth_every: int
    owed: int


FULL = Plan(probes=50, peak_s=60.0, overload_s=600.0, max_age_s=15.0, look_s=1.0, depth_every=5, owed=1_000_000)
QUICK = Plan(probes=8, peak_s=15.0, overload_s=50.0, max_age_s=5.0, look_s=0.5, depth_every=6, owed=100_000)


def main(quick: bool, extra: list[str]) -> dict[str, Any]:
    """``quick``: a minute of overload, behind a tenth of the million. ``extra``: its own arguments."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks overload")
    parser.add_argument("--report", type=Path, help="HTML file with the pictures")
    options = parser.parse_args(extra)
    plan = QUICK if quick else FULL
    with tempfile.TemporaryDirectory(prefix="sohoa-overload-") as folder, running(Path(folder), plan.max_age_s) as it:
        outcome = _told(quick, plan, _Run(it, plan).all())
    if options.report is not None:
        write_report(options.report, outcome)
    return outcome


@dataclass(frozen=True)
class Phase:
    """A stretch of time. ``offered``, ``turned_away``: documents."""

    began_s: float
    ended_s: float
    offered: int = 0
    turned_away: int = 0


@dataclass(frozen=True)
class Found:
    """What the phases left: ``waits`` of the steps of counters' documents by phase and number of sides."""

    phases: dict[str, Phase]
    done: list[Done]
    bulk: frozenset[str]
    waits: dict[str, dict[int, list[Wait]]]
    samples: list[Sample]
    load_s: float


class _Run:
    """One run of all phases on a cluster."""

    def __init__(self, cluster: Cluster, plan: Plan) -> None:
        self._cluster = cluster
        self._plan = plan
        self._chance = random.Random(SEED)  # noqa: S311 - no secret
        self._phases: dict[str, Phase] = {}

    def all(self) -> Found:
        """The phases in turn."""
        cluster, plan = self._cluster, self._plan
        self._probe("warm", 2)
        self._probe("idle", plan.probes)
        self._peak()
        began = time.perf_counter()
        ledger_history.owe(cluster.address, plan.owed)
        load_s = time.perf_counter() - began
        cluster.admit(f"long-{LONG_SIDES}", "bulk-long", ServiceClass.BULK)
        self._wait_until(lambda: self._owed("page") > plan.owed, "the long document is counted")
        self._probe("behind bulk", plan.probes)
        peak = self._phases["peak"]
        rate = pages_per_s(read_notes(self._notes), peak.began_s, peak.ended_s)
        with watching(cluster, plan.look_s, plan.depth_every) as watch:
            self._overload(watch, TIMES * rate / MEAN_SIDES)
        watch.check()
        return self._found(watch, load_s)

    @property
    def _notes(self) -> Path:
        return self._cluster.settings.state / STEPS

    def _probe(self, phase: str, times: int) -> None:
        """One document from a counter at a time, at moments that have nothing to do with the cluster's."""
        began_s = time.time()
        for number in range(times):
            for sides in PROBE_SIDES:
                name = f"{phase.replace(' ', '-')}-{number:06d}-{sides}"
                self._cluster.admit(name, "counter-probe", ServiceClass.COUNTER)
                self._wait_until(partial(self._archived, name), f"the end of {name}")
                time.sleep(self._chance.uniform(0.0, 2 * HOLD_S["page"]))
        self._phases[phase] = Phase(began_s, time.time())

    def _peak(self) -> None:
        """Keep two seconds' work owed, then let it run dry."""
        coming = arrivals("peak", self._chance)
        enough = int(2 * SLOTS["page"] / HOLD_S["page"])
        began_s = time.time()
        ends_s = began_s + SETTLE_S + self._plan.peak_s
        while time.time() < ends_s:
            if self._owed("page") + MEAN_SIDES * self._owed("arrive") < enough:
                self._cluster.admit(*next(coming))
            else:
                time.sleep(0.05)
        self._phases["peak"] = Phase(began_s + SETTLE_S, ends_s)
        self._wait_until(lambda: self._cluster.books.views.live_steps() == 0, "the end of the peak")

    def _overload(self, watch: Watch, documents_per_s: float) -> None:
        """Documents at a steady rate; what comes while intake is above its mark goes away again."""
        coming = arrivals("overload", self._chance)
        began_s = time.time()
        offered = 0
        while (passed_s := time.time() - began_s) < SETTLE_S + self._plan.overload_s:
            if offered >= passed_s * documents_per_s:
                time.sleep(0.005)
                continue
            offered += 1
            if self._cluster.watermark.reason() is None:
                self._cluster.admit(*next(coming))
            else:
                watch.turned_away += 1
        self._phases["overload"] = Phase(began_s + SETTLE_S, time.time(), offered, watch.turned_away)

    def _found(self, watch: Watch, load_s: float) -> Found:
        done = read_notes(self._notes)
        probed: dict[str, dict[int, list[Wait]]] = {}
        with psycopg.connect(self._cluster.address) as ledger:
            asked = "SELECT document, segment, page, owed_at FROM steps WHERE counter = 'counter-probe'"
            owed_at = {(document, segment, page): at_s for document, segment, page, at_s in ledger.execute(asked)}
            bulk = {name for (name,) in ledger.execute("SELECT document FROM documents WHERE class = 'bulk'")}
        for wait in waits(done, owed_at):
            phase, _, sides = wait.document.rsplit("-", 2)
            probed.setdefault(phase.replace("-", " "), {}).setdefault(int(sides), []).append(wait)
        return Found(self._phases, done, frozenset(bulk), probed, watch.samples, load_s)

    def _owed(self, pool: str) -> int:
        with psycopg.connect(self._cluster.address, autocommit=True) as ledger:
            asked = "SELECT count(*) FROM steps WHERE state = 'owed' AND pool = %s"
            return int(ledger.execute(asked, [pool]).fetchall()[0][0])

    def _archived(self, name: str) -> bool:
        view = self._cluster.books.views.document(name)
        return view is not None and view.status is Status.ARCHIVED

    def _wait_until(self, there: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _DONE_S
        while not there():
            if time.monotonic() > deadline:
                raise Defect("overload_stuck", f"{what} does not come in {_DONE_S:g} s")
            time.sleep(0.05)


def _told(quick: bool, plan: Plan, found: Found) -> dict[str, Any]:
    peak, over = found.phases["peak"], found.phases["overload"]
    peak_rate = pages_per_s(found.done, peak.began_s, peak.ended_s)
    over_rate = pages_per_s(found.done, over.began_s, over.ended_s)
    bulk_rate = pages_per_s((d for d in found.done if d.document in found.bulk), over.began_s, over.ended_s)
    samples = [sample for sample in found.samples if sample.at_s >= over.began_s]
    growth = _growth_mb(samples)
    ours = [grown for name, grown in growth.items() if name != "PostgreSQL" and grown > 0]  # it fills its cache
    probed = {
        phase: {str(sides): _waited(by_sides[sides]) for sides in sorted(by_sides)}
        for phase, by_sides in found.waits.items() if phase != "warm"
    }  # fmt: skip
    behind = max(told["pages_p99"] for told in probed["behind bulk"].values())
    headline = {
        "overload_over_peak": round(over_rate / peak_rate, 3),
        "counter_wait_pages": round(behind - max(told["pages_p99"] for told in probed["idle"].values()), 2),
        "bulk_share": round(bulk_rate / over_rate, 3),
        "memory_growth_mb": round(sum(ours), 1),
    }
    details = {
        "quick": quick,
        "targets": TARGETS,
        "credit_k": DeliverySettings().credit,
        "slots": SLOTS,
        "step_s": HOLD_S,
        "owed_bulk_pages": plan.owed,
        "loading_them_s": round(found.load_s, 1),
        "times_the_peak": TIMES,
        "pages_per_s": {"peak": round(peak_rate, 2), "overload": round(over_rate, 2)},
        "documents": {"offered": over.offered, "turned_away": over.turned_away},
        "counter_may_wait_s": plan.max_age_s,
        "waits": probed,
        "memory_growth_mb": growth,
        "most_hints_in_rabbitmq": max(sample.hints for sample in samples),
        "most_steps_in_flight": max(sample.flying for sample in samples),
        "credit_of_all_slots": DeliverySettings().credit * sum(SLOTS.values()),
        "oldest_counter_step_s": round(max(sample.counter_waits_s for sample in samples), 1),
        "began_s": over.began_s,
        "samples": [sample._asdict() for sample in found.samples],
        "pages_each_s": _each_s(found.done, found.bulk, over),
    }
    return measure.result("overload", headline, details, None)


def _waited(of: Sequence[Wait]) -> dict[str, float]:
    pages, seconds = [wait.pages for wait in of], [wait.seconds for wait in of]
    return {
        "steps": len(of),
        "pages_p50": round(statistics.median(pages), 2),
        "pages_p99": round(p99(pages), 2),
        "pages_most": round(max(pages), 2),
        "seconds_p50": round(statistics.median(seconds), 3),
        "seconds_p99": round(p99(seconds), 3),
    }


def _growth_mb(samples: Sequence[Sample]) -> dict[str, float]:
    """By part: the median of the last quarter less that of the first."""
    quarter = len(samples) // 4
    if not quarter:
        raise Defect("too_short", "the overload was too short to look at it four times")
    return {
        name: round(
            statistics.median(sample.memory_mb[name] for sample in samples[-quarter:])
            - statistics.median(sample.memory_mb[name] for sample in samples[:quarter]),
            1,
        )
        for name in samples[0].memory_mb
    }


def _each_s(done: Sequence[Done], bulk: frozenset[str], over: Phase) -> dict[str, list[int]]:
    """Pages that were finished in each second of the overload, by class."""
    whole_s = int(over.ended_s - over.began_s)
    counted = {"counter": [0] * whole_s, "bulk": [0] * whole_s}
    for step in done:
        passed_s = step.ended_s - over.began_s
        if step.pool == "page" and 0.0 <= passed_s < whole_s:
            counted["bulk" if step.document in bulk else "counter"][int(passed_s)] += 1
    return counted
