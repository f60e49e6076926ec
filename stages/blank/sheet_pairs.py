"""Doubtful sides of sheets that were scanned on both, resolved by their other side."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stages.blank import show_through
from stages.blank_side import BlankMeasured, Verdict


def resolved(measured: Mapping[int, BlankMeasured], blob: Callable[[str], bytes]) -> dict[int, Verdict]:
    """What becomes of the ``unsure`` sides, by number; a side that stays in doubt is not in it.

    ``measured``: the pages in their order, front and back in turn. ``blob``: bytes by hash. ``blank`` only where every
    pale mark is explained by what stands mirrored on the other side; ``ink`` where some of them are plainly not. Only
    pale marks can be explained: no other doubt, and never a verdict.
    """
    numbers = list(measured)
    found: dict[int, Verdict] = {}
    for place, number in enumerate(numbers):
        pair = place ^ 1
        if pair >= len(numbers):
            continue
        side, other = measured[number], measured[numbers[pair]]
        if side.verdict != "unsure" or side.doubts != ("pale",) or side.marks is None or other.marks is None:
            continue
        finding = show_through.compared(blob(side.marks), blob(other.marks)).finding
        if finding != "unclear":
            found[number] = "blank" if finding == "shown_through" else "ink"
    return found
