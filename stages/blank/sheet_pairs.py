"""Doubtful sides of sheets that were scanned on both, resolved by their other side."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stages.blank import show_through
from stages.blank.clear import Doubt
from stages.blank_side import BlankMeasured, Verdict

EXPLAINED: frozenset[Doubt] = frozenset({"pale", "faint", "staple"})


def resolved(measured: Mapping[int, BlankMeasured], blob: Callable[[str], bytes]) -> dict[int, Verdict]:
    """What becomes of the ``unsure`` sides, by number; a side that stays in doubt is not in it.

    ``measured``: the pages in their order, front and back in turn. ``blob``: bytes by hash. ``blank`` only where every
    pale or faint mark is explained by what stands mirrored on the other side, and every staple by its rest there; ``ink`` where
    some pale marks are plainly not. No other doubt can be explained, and never a verdict.
    """
    numbers = list(measured)
    found: dict[int, Verdict] = {}
    for place, number in enumerate(numbers):
        pair = place ^ 1
        if pair >= len(numbers):
            continue
        side, other = measured[number], measured[numbers[pair]]
        if side.verdict != "unsure" or not side.doubts or not EXPLAINED.issuperset(side.doubts):
            continue
        if side.marks is None or other.marks is None:
            continue
        here, there = blob(side.marks), blob(other.marks)
        finding = (
            show_through.compared(here, there).finding if {"pale", "faint"} & set(side.doubts) else "shown_through"
        )
        if finding == "written":
            found[number] = "ink"
        elif finding == "shown_through" and (
            "staple" not in side.doubts or show_through.stapled(side.wires, here, there, side.marks_dpi)
        ):
            found[number] = "blank"
    return found
