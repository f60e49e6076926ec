"""``python -m benchmarks chaos``: does a cluster lose anything, whatever breaks? Checked the way Jepsen does.

Real servers, real processes on simulated hosts, a scripted OCR engine; faults from a seeded schedule; then peace, and
a checker that reads only receipts, ledger, archive and queues. After that every guard is shown necessary: a schedule
of faults directed at it is survived with it, and not without it. ``--quick``: a short campaign and one guard.

``--guards``: the run repeats once for each guard, with the guard taken out of every process: the same seed's faults,
then the schedule directed at it. Each of them has to fail.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.chaos import campaign, directed, report
from benchmarks.chaos.campaign import Outcome, Plan
from benchmarks.chaos.checker import Fault, Verdict
from benchmarks.chaos.directed import SCHEDULES, Shown, plainly
from benchmarks.chaos.faults_around import CATALOGUE
from benchmarks.chaos.proxy import Switchboard
from benchmarks.chaos.servers import Servers
from stages.flow import FLOW

SEED = 1
MINUTES = 30.0
QUICK_S = 60.0
REST_S = 7 * 60.0
"""What judgement and the guards' schedules take of a full run's minutes."""
QUICK_GUARD = "conditional_put"
LONG = ("broker_killed_twice", *(f"boundary_{segment.name}" for segment in FLOW.segments))
"""Faults that a quick run has no time for."""


def main(quick: bool, extra: list[str]) -> dict[str, Any]:
    """Run the campaign. ``extra``: ``--seed``, ``--minutes``, ``--report``."""
    options = _parser().parse_args(extra)
    guards = (QUICK_GUARD,) if quick else tuple(SCHEDULES)
    faults_s = QUICK_S if quick else max(QUICK_S, options.minutes * 60 - REST_S)
    if options.guards:
        faults_s = QUICK_S if quick else max(QUICK_S, options.minutes * 60 / len(guards) - REST_S / 2)
    kinds = tuple(name for name in CATALOGUE if not (quick and name in LONG))
    plan = Plan(options.seed, faults_s, every_s=1.0 if quick else 0.7, kinds=kinds)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # servers end and disks are unmounted on the way out
    with tempfile.TemporaryDirectory(prefix="sohoa-chaos-") as place:
        folder = Path(place)
        with Servers(folder) as servers, Switchboard() as board:
            if options.guards:
                found = _repeats(quick, plan, guards, folder, servers, board)
            else:
                found = _run(quick, plan, guards, folder, servers, board, options.report)
    if options.report is not None:
        report.write_report(options.report, found)
    return found


def _run(
    quick: bool,
    plan: Plan,
    guards: tuple[str, ...],
    folder: Path,
    servers: Servers,
    board: Switchboard,
    to: Path | None,
) -> dict[str, Any]:
    """``to``: for a first report when the faults are over; one with the guards follows."""
    outcome = campaign.run(plan, folder / "campaign", servers, board)
    shown: list[Shown] = []
    told = partial(_told, quick, plan, outcome, shown)
    if to is not None:
        report.write_report(to, told())
    for guard in guards:
        shown.append(directed.show(guard, folder / "guards", servers, board))
        sys.stderr.write(f"{guard}: {'needed' if shown[-1].needed else 'NOT SHOWN'}\n")
    return told()


def _told(quick: bool, plan: Plan, outcome: Outcome, shown: list[Shown]) -> dict[str, Any]:
    details = {"quick": quick, "seed": plan.seed, "faults_s": plan.faults_s, **outcome.plain(),
               "guards": [each.plain() for each in shown]}  # fmt: skip
    return measure.result("chaos", headline(outcome, shown), details, None)


def _repeats(
    quick: bool, plan: Plan, guards: tuple[str, ...], folder: Path, servers: Servers, board: Switchboard
) -> dict[str, Any]:
    """The run without one guard after the other, and with all of them first."""
    runs = []
    for out in (None, *guards):
        name = out or "none"
        outcome = campaign.run(plan, folder / f"without-{name}", servers, board, out)
        aimed = directed.play(out, folder / "guards", servers, board) if out else Verdict((), 0, {})
        runs.append({"without": name, "receipts": outcome.verdict.receipts, "drained_s": round(outcome.drained_s, 1),
                     "faults": sum(not struck.skipped for struck in outcome.struck),
                     "by_chance": plainly(outcome.verdict), "aimed": plainly(aimed)})  # fmt: skip
    failed = {run["without"] for run in runs if run["by_chance"] or run["aimed"]}
    head = {
        "guards_needed_shown": len(failed & set(guards)),
        "fails_with_all_of_them": "none" in failed,
        "by_chance": sum(bool(run["by_chance"]) for run in runs[1:]),
    }
    details = {"quick": quick, "seed": plan.seed, "faults_s": plan.faults_s, "runs": runs}
    return measure.result("chaos", head, details, None)


def headline(outcome: Outcome, shown: list[Shown]) -> dict[str, object]:
    """The keys that issue G names."""
    verdict = outcome.verdict
    struck = Counter(strike.name for strike in outcome.struck if not strike.skipped)
    return {
        "receipts": verdict.receipts,
        "lost": verdict.count(Fault.LOST) + verdict.count(Fault.UNANSWERED),
        "duplicated": verdict.count(Fault.DUPLICATED),
        "out_of_order": verdict.count(Fault.OUT_OF_ORDER),
        "wrong_outcome": verdict.count(Fault.WRONG_OUTCOME),
        "healthy_quarantined": verdict.count(Fault.QUARANTINED),
        "other_violations": sum(verdict.count(f) for f in (Fault.UNVERIFIED, Fault.STRANGER, Fault.OWED)),
        "faults_injected": struck.total(),
        "faults": dict(sorted(struck.items())),
        "guards_needed_shown": sum(each.needed for each in shown),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks chaos")
    parser.add_argument("--seed", type=int, default=SEED, help="of documents and faults (default 1)")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of a full run (default 30)")
    parser.add_argument("--guards", action="store_true", help="repeat the run with each guard taken out")
    parser.add_argument("--report", type=Path, help="file for the report as one HTML page")
    return parser
