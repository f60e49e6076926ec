"""What is brown on a side: rust beside staples, mould, and stains of damp. Pure; works on the marks of :mod:`litter`."""

from __future__ import annotations

import cv2
import numpy as np

from models.ports import Pixels
from stages import ink
from stages.blank import litter
from stages.ink import Bools, Components, Floats

_ALL, _CORE = 1.0, 0.33
"""Of the pixels of a mark: the share, darkest first, whose colour is looked at."""
_STROKE_MM, _BLOT_PEAK, _WHITE = 1.05, 60, 252
"""Brown lines that are broader on average and paler are rims of stains; a pen that writes in brown leaves half of that."""


def rust(marks: Components, image: Pixels, paper: Pixels, dpi: float) -> Bools:
    """Small brown marks near a side, where staples rust: blue is missing most, then green, then red, as in no ink.

    At their core too: on brown paper the rim of a thin black digit looks brown.
    """
    width = marks.labels.shape[1]
    mm = dpi / ink.MM_PER_INCH
    reach = np.minimum.reduce([marks.left, width - marks.right, marks.top])
    side = np.maximum(marks.width, marks.height)
    found = np.zeros(len(marks.area), np.bool_)
    near = (reach <= 24 * mm) & (side <= 17 * mm) & (side >= litter.SPECK_MM * mm) & (marks.area <= 60 * mm * mm)
    numbers = np.flatnonzero(near)
    for number in numbers[numbers > 0][:30]:
        found[number] = all(
            0.5 * blue <= green <= 0.9 * blue and 0.15 * blue <= red <= 0.85 * green
            for blue, green, red in (missing(marks, int(number), image, paper, of=of) for of in (_ALL, _CORE))
        )
    return found


def is_brown(missing: Floats, slack: float = 0.0) -> bool:
    """Whether blue, green and red are missing as in stains of damp and mould: blue most, then green, then red."""
    blue, green, red = missing
    most = min((0.6 + slack) * blue, (0.85 + slack) * green)
    return bool(0.35 * blue <= green <= 0.88 * blue and 0.15 * blue <= red <= most)


def is_red(there: Pixels, image: Pixels, paper: Pixels) -> bool:
    """Whether marks are red on average, as a pale seal is and no stain: blue and green are missing alike, and hardly any red.

    ``there``: 255 where they are.
    """
    if not is_told(image, paper):
        return False
    blue, green, red = np.array(cv2.mean(1 - image / np.maximum(paper, np.float32(1)), there)[:3]) - np.median(
        1 - image[::8, ::8] / np.maximum(paper[::8, ::8], 1.0), axis=(0, 1)
    )
    return bool(green >= 0.7 * blue > 0 and red <= 0.4 * min(blue, green))


def is_told(image: Pixels, paper: Pixels) -> bool:
    """False where the scanner's white hides what is missing in red, or nothing has a colour: there a grey mark looks brown."""
    return image.ndim == 3 and float(np.median(paper[::4, ::4, 2])) <= _WHITE


def stains(marks: Components, level: Pixels, image: Pixels, paper: Pixels, mm: float) -> Bools:
    """Pale brown blots, mould, and the broad brown rims that damp leaves; writing in brown is thinner and not all round."""
    found = np.zeros(len(marks.area), np.bool_)
    if not is_told(image, paper):
        return found
    side, other = np.maximum(marks.width, marks.height), np.minimum(marks.width, marks.height)
    blots = litter.spots(marks, mm) & (other >= 0.65 * side)
    # Blots that run into one another are broad as well.
    candidates = litter.of_marks(blots | (marks.area >= _STROKE_MM * mm * side))
    candidates &= ~litter.reach(marks, level, _BLOT_PEAK)
    numbers = np.flatnonzero(candidates)
    # The paper is a little darker than what closes over its grain, most so in the colour that it has least of.
    grain = np.median(1 - image[::8, ::8] / np.maximum(paper[::8, ::8], 1.0), axis=(0, 1))
    for number in numbers[np.argsort(-marks.area[numbers], kind="stable")][:120]:
        broad = blots[number] or _stroke_px(marks, int(number)) >= _STROKE_MM * mm
        found[number] = broad and is_brown(missing(marks, int(number), image, paper) - grain)
    return found


def missing(marks: Components, number: int, image: Pixels, paper: Pixels, *, of: float = _ALL) -> Floats:
    """The share of the paper's light that a mark and the pixels at its rim take, blue, green and red.

    Without its rim a pale mark would be the dark grains of what is there, and grain is grey. ``of``: the darkest share
    of these pixels alone.
    """
    top, left = max(0, int(marks.top[number]) - 1), max(0, int(marks.left[number]) - 1)
    window = (slice(top, int(marks.bottom[number]) + 1), slice(left, int(marks.right[number]) + 1))
    inside = cv2.dilate((marks.labels[window] == number).astype(np.uint8), np.ones((3, 3), np.uint8))
    if of < _ALL:
        dark = image[window].reshape(*inside.shape, -1).max(axis=2)
        inside = inside & (dark <= np.quantile(dark[inside > 0], of)).astype(np.uint8)
    light, under = (np.array(cv2.mean(plane[window], inside)[:3]) for plane in (image, paper))
    return np.asarray(1 - light / np.maximum(under, 1))


def _stroke_px(marks: Components, number: int) -> float:
    """How broad a mark is where it is a line: its area by half the length of its outlines."""
    window = (slice(marks.top[number], marks.bottom[number]), slice(marks.left[number], marks.right[number]))
    inside = np.pad((marks.labels[window] == number).astype(np.uint8), 1)
    lines, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return 2 * int(marks.area[number]) / max(1.0, sum(cv2.arcLength(line, True) for line in lines))
