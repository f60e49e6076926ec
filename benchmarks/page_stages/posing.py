"""Deskew and orientation against truth: every kind of page, leaning up to ±5°, lying all four ways.

Each page is printed, scanned, and encoded as JPEG; the stage sees it as the line would, and nothing in the file
declares a turn. Misses carry kind and number: ``lying.lying(kind, number)`` makes the page anew.
"""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.corpus.scan import Scan
from benchmarks.page_stages.lying import HAND, MOST_DEG, QUIET, TEXT, UNMEASURED, Lying, lying, turned
from benchmarks.page_stages.part import Part
from models.side import Side
from stages import deskew
from stages.deskew import Pose
from stages.raster import open_raster

PAGES, QUICK_KINDS = 12, ("prose", "table", "form", "header", "capitals", "cards", "folded_a3", "small_sheet")
"""Pages of each kind in a full run; a quick run takes one page of each of these, at 150 dpi, lying one way."""
QUICK_DPI = (150,)
TURNS = (0, 90, 180, 270)
MISSED_DEG = 0.1
BY_HAND_DEG = 1.0
"""A page of six lines by hand leans no less surely than this."""
LOW_CONFIDENCE = 0.3
"""A page without lines must be no surer of its angle than this."""


@dataclass(frozen=True)
class Found:
    """What the stage said about one page lying one way."""

    page: Lying
    turn_deg: int
    pose: Pose

    @property
    def turned_right(self) -> bool:
        return self.pose.orientation_deg == self.turn_deg

    @property
    def error_deg(self) -> float | None:
        """None where lines were taken to run the other way (a miss of orientation), or have no one angle."""
        if self.page.kind in UNMEASURED or self.pose.orientation_deg % 180 != self.turn_deg % 180:
            return None
        return abs(self.pose.skew_deg - self.page.angle_deg)

    @property
    def straight(self) -> bool:
        """Whether a page written by hand stands upright, as straight as a hand writes."""
        return self.turned_right and (self.error_deg or 0.0) <= BY_HAND_DEG

    @property
    def kept(self) -> bool:
        """Whether a page without lines was left as the file declares it; what is right anyway is right too."""
        quiet = self.pose.orientation_deg == 0 and self.pose.skew_deg == 0
        right = self.turned_right and (self.error_deg or 0.0) <= MISSED_DEG
        return (quiet and self.pose.skew_confidence <= LOW_CONFIDENCE) or right

    def sentence(self) -> str:
        found = self.pose
        return (
            f"{self.page.name}, lying at {self.turn_deg}: found {found.orientation_deg}"
            f" ({found.orientation_confidence:.2f}) and {found.skew_deg:+.3f}° ({found.skew_confidence:.2f})"
        )


def measure(quick: bool) -> Part:
    """``quick``: one page of a few kinds, one turn each; else ``PAGES`` of every kind, all four turns."""
    text = list(_seen(QUICK_KINDS if quick else tuple(TEXT), quick))
    hand = list(_seen(("petition",) if quick else tuple(HAND), quick))
    quiet = list(_seen(("blank", "number") if quick else tuple(QUIET), quick))
    errors = [found.error_deg for found in text if found.error_deg is not None]
    headline = {
        "deskew_err_median_deg": round(statistics.median(errors), 4),
        "deskew_err_max_deg": round(max(errors), 4),
        "orientation_accuracy": round(sum(found.turned_right for found in text) / len(text), 4),
        "handwriting_orientation_accuracy": round(sum(found.turned_right for found in hand) / len(hand), 4),
        "quiet_pages_kept": round(sum(found.kept for found in quiet) / len(quiet), 4),
    }
    kinds = {kind: _of_kind([found for found in (*text, *hand) if found.page.kind == kind]) for kind in TEXT | HAND}
    details = {
        "pages": len({found.page.name for found in text}),
        "cases": len(text),
        "angles_deg": [-MOST_DEG, MOST_DEG],
        "kinds": {kind: row for kind, row in kinds.items() if row},
        "turned_wrong": [found.sentence() for found in text if not found.turned_right],
        "angle_wrong": [found.sentence() for found in text if (found.error_deg or 0.0) > MISSED_DEG],
        "handwriting_cases": len(hand),
        "handwriting_wrong": [found.sentence() for found in hand if not found.straight],
        "quiet_cases": len(quiet),
        "quiet_wrong": [found.sentence() for found in quiet if not found.kept],
    }
    return Part(headline, details, _table(headline, details))


def _seen(kinds: Sequence[str], quick: bool) -> Iterator[Found]:
    for kind_number, kind in enumerate(kinds):
        for number in range(1 if quick else PAGES):
            page = lying(kind, number, QUICK_DPI) if quick else lying(kind, number)
            for turn in TURNS[kind_number % 4 :][:1] if quick else TURNS:
                yield Found(page, turn, seen(turned(page.scan, turn)))


def seen(scan: Scan) -> Pose:
    """What the stage says about the scan's JPEG file, which declares no turn."""
    data = scan.jpeg()
    side = Side(
        number=1,
        sha256=hashlib.sha256(data).hexdigest(),
        media="image/jpeg",
        width_px=scan.pixels.shape[1],
        height_px=scan.pixels.shape[0],
        channels=3,
        dpi=scan.dpi,
        dpi_source="declared",
        source="scan",
    )
    return deskew.pose_of(side, open_raster(side, data))


def _of_kind(found: Sequence[Found]) -> dict[str, object]:
    """One row of the table; empty where no page of the kind was seen."""
    if not found:
        return {}
    errors = [each.error_deg for each in found if each.error_deg is not None]
    row: dict[str, object] = {
        "cases": len(found),
        "turned_right": sum(each.turned_right for each in found),
    }
    if errors:
        row |= {"err_median_deg": round(statistics.median(errors), 4), "err_max_deg": round(max(errors), 4)}
    return row


def _table(headline: Mapping[str, object], details: Mapping[str, Any]) -> str:
    lines = ["kind               cases  turned right  err median  err max"]
    for kind, row in details["kinds"].items():
        error = f"{row['err_median_deg']:10.3f}°  {row['err_max_deg']:6.3f}°" if "err_max_deg" in row else ""
        lines.append(f"{kind:17} {row['cases']:6} {row['turned_right']:13} {error}")
    for key in ("turned_wrong", "angle_wrong", "handwriting_wrong", "quiet_wrong"):
        lines += [f"{key}: {sentence}" for sentence in details[key]]
    lines += [f"{key}: {value}" for key, value in headline.items()]
    return "\n".join(lines) + "\n"
