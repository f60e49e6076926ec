"""The campaign's report: what was found without a guard is on it, and a guard that was not shown says why."""

from __future__ import annotations

from typing import Any

from benchmarks.chaos import report
from benchmarks.chaos.checker import Fault, Verdict, Violation
from benchmarks.chaos.directed import Shown, plainly

MACHINE = {"cores": 2, "cpu": "a processor", "load_1min": 0.5}
LOST = Verdict((Violation(Fault.LOST, "c1-00001-healthy", "2 page(s) missing"),), 1, {})
NOTHING = Verdict((), 1, {})


def test_a_guard_is_needed_where_only_its_absence_loses() -> None:
    """Nothing with it, something without it, and both schedules could be played."""
    assert Shown("seal", "a schedule", NOTHING, LOST).needed
    assert not Shown("seal", "a schedule", LOST, LOST).needed
    assert not Shown("seal", "a schedule", NOTHING, NOTHING).needed
    assert not Shown("seal", "a schedule", NOTHING, LOST, ("with it: the stage could not be set",)).needed


def test_a_play_that_was_given_up_stands_in_the_table() -> None:
    """Not only that the guard was not shown, but why."""
    given_up = Shown("seal", "a schedule", NOTHING, LOST, ("without it: <no worker>",))
    page = report.html(_outcome({"guards": [given_up.plain()]}))
    assert "NO; without it: &lt;no worker&gt;" in page
    assert "1 × lost (c1-00001-healthy: 2 page(s) missing)" in page


def test_the_runs_without_a_guard_have_a_page_of_their_own() -> None:
    """By chance, by the schedule, or not at all."""
    run = {"receipts": 3, "faults": 9, "drained_s": 1.0}
    runs = [
        run | {"without": "none", "by_chance": [], "aimed": []},
        run | {"without": "fencing", "by_chance": plainly(LOST), "aimed": []},
        run | {"without": "sweeper", "by_chance": [], "aimed": plainly(LOST)},
    ]
    page = report.html(_outcome({"runs": runs}))
    assert [page.count(f"<td>{what}</td>") for what in ("none", "fencing", "sweeper", "yes", "no")] == [1, 1, 1, 2, 1]


def _outcome(more: dict[str, Any]) -> dict[str, Any]:
    details: dict[str, Any] = {
        "quick": False, "seed": 1, "faults_s": 60.0, "drained_s": 1.0, "samples": [], "faults": [], "documents": {},
        "batches": 0, "ends": {}, "violations": [], "notes": [], "guards": [],
    }  # fmt: skip
    return {"headline": {}, "machine": MACHINE, "details": details | more}
