"""How well the fingerprint tells a second capture of a side from another side: the picture alone, without its text.

Printed papers are scanned twice, the second time moved and leaning and with a poorer JPEG; against them stand other
papers of the same kind, and the same form in which one name is written by the same hand.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from benchmarks.corpus import names, penmanship
from benchmarks.corpus.batch import KINDS
from benchmarks.corpus.damage import Level, Scanner, scanner
from benchmarks.corpus.fonts import SERIF
from benchmarks.corpus.office import Order
from benchmarks.corpus.page import Page
from benchmarks.corpus.scan import Colour, scan_side
from stages import deskew, fingerprint
from stages.deskew import Deskewed
from stages.fingerprint import Fingerprinted, Likeness, likeness
from stages.order.twins import same_picture
from stages.survey import of

DPI = 200
SEEDS = 6
"""Papers of each kind."""
_LEVELS: tuple[Level, ...] = ("clean", "normal", "hard")
_FIELD_MM = (62.0, 243.0)


class Prints(NamedTuple):
    """Likeness of pairs: the same side again, another paper, the same form filled in otherwise."""

    again: list[Likeness]
    other_paper: list[Likeness]
    other_hand: list[Likeness]

    def details(self) -> dict[str, object]:
        """Counts of right and wrong, and how near the two came to each other."""
        return {
            "captured_again": len(self.again),
            "captured_again_missed": sum(not same_picture(found) for found in self.again),
            "captured_again_worst_place": _quantiles(self.again),
            "other_papers": len(self.other_paper),
            "other_papers_taken_for_it": sum(map(same_picture, self.other_paper)),
            "other_papers_worst_place": _quantiles(self.other_paper),
            "other_hands": len(self.other_hand),
            "other_hands_taken_for_it": sum(map(same_picture, self.other_hand)),
            "other_hands_worst_place": _quantiles(self.other_hand),
        }


def measured() -> Prints:
    """Three kinds of paper, three levels of damage."""
    found = Prints([], [], [])
    for kind in ("decision", "declaration", "birth"):
        for seed in range(SEEDS):
            rng = np.random.default_rng([seed, 5])
            device = scanner(rng, _LEVELS[seed % len(_LEVELS)])
            first = _print(_paper(kind, seed, "a"), device, rng)
            again = _print(_paper(kind, seed, "a"), device, rng, moved=True)
            found.again.append(likeness(first, again))
            found.other_paper.append(likeness(first, _print(_paper(kind, seed + 100, "a"), device, rng)))
            found.other_hand.append(likeness(first, _print(_paper(kind, seed, "b"), device, rng)))
    return found


def _paper(kind: str, seed: int, who: str) -> Page:
    """A paper's first page, on which someone wrote a name; ``who``: which name."""
    order = Order(rng=np.random.default_rng([seed, 2]), dpi=DPI, family=SERIF[seed % len(SERIF)])
    page = KINDS[kind](order).pages[0]
    page.rng = np.random.default_rng([seed, *who.encode()])
    hand = penmanship.some_hand(np.random.default_rng(seed))
    penmanship.write(page, hand, names.person(page.rng).name, *_FIELD_MM, 4.0)
    return page


def _print(page: Page, device: Scanner, rng: np.random.Generator, *, moved: bool = False) -> Fingerprinted:
    """The fingerprint of a scan; ``moved``: up to 4 mm, 1.5° and a JPEG of quality 60 more."""
    pixels: Colour = scan_side(page, None, device, rng).pixels
    if moved:
        height, width = pixels.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(-1.5, 1.5)), 1)
        matrix = np.asarray(turn, dtype=np.float64)
        matrix[:, 2] += rng.uniform(-32, 32, 2)
        pixels = np.asarray(cv2.warpAffine(pixels, matrix, (width, height), borderValue=(250,) * 3), np.uint8)
        pixels = np.asarray(cv2.imdecode(cv2.imencode(".jpg", pixels, [1, 60])[1], cv2.IMREAD_COLOR), np.uint8)
    half = np.asarray(cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    found = deskew.pose(np.asarray(cv2.cvtColor(half, cv2.COLOR_BGR2GRAY), np.uint8), DPI / 2)
    pose = Deskewed(
        orientation_deg=found.orientation_deg,
        orientation_confidence=found.orientation_confidence,
        skew_deg=found.skew_deg,
        skew_confidence=found.skew_confidence,
    )
    return fingerprint.pack(*fingerprint.grid(of(half, DPI / 2), pose))


def _quantiles(found: list[Likeness]) -> list[float]:
    """Least, median and most misfit of the worst place."""
    return [round(float(np.quantile([one.worst for one in found], share)), 3) for share in (0.0, 0.5, 1.0)]
