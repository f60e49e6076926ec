"""deskew (page): how the scan has to be turned to stand upright and straight."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, cast

import cv2
import numpy as np

from models.base import Confidence
from models.facts import Fact
from models.ports import Pixels, Raster
from models.side import Side
from models.stage import Inputs, Ports, Scope, Stage
from stages import ink, survey
from stages.decode import Decoded
from stages.pose import lean, letters, sight
from stages.raster import side_of
from stages.upright import upright, worth_straightening

Turn = Literal[0, 90, 180, 270]
TURNS: tuple[Turn, ...] = (0, 90, 180, 270)

_ROUGH_PX = 400
"""Lines show, and which way they run, on a copy with so many pixels on its shorter side."""
_SHARP = (1.8, 4.5)
"""Sharpness of a page without lines, and of one with a few clear ones."""
_LETTERS = (0.15, 0.6)
"""Clearness of marks that are none, as on a photograph, in a pen's stroke or along a lid, and of pale letters."""
_CLEAR_UP = 5.0
"""From this likelihood (natural logarithm) the letters outweigh what the file declares."""
_CLEAR_FAR = 8.0
"""No closer look overrules letters that are as clear as this."""
_UNSURE = 0.3
_CLEAR_ALONG = 1.0
"""The same for the way the lines run: along which they are measured, no more."""
_FAINT_LINES = 0.15
"""Fainter lines than these, without clear letters, are none, as on most photographs."""
_BEYOND_DOUBT = 20.0
"""From this likelihood the letters alone say which way the lines run, and a page is turned onto its side for it."""
_LINES_WEIGH = 3.0
"""Sharper lines along one way than along the other speak for it: the logarithm of how much, so many times."""
_CLEAR_LINES, _FEW_CELLS = 0.6, 4000
"""With fainter lines, or less ink (two paragraphs), a closer look finds a better angle."""
PIECES_PX = 4.5
"""Letters lower than this are pieces of pale ones, or very small print."""
_TIED = 1.1
"""Where letters hold so many times more of the dark ink without the fainter, the fainter ties them together."""
_ENLARGED, _LETTER_PX = 1.5, 14.0
"""How much closer: this many times, or so that letters are this high."""


class Deskewed(Fact):
    """Flip the scan if ``Side.mirrored``, turn it clockwise by ``orientation_deg``, then by ``-skew_deg``.

    ``orientation_deg`` is the *whole* turn from the scanned pixels to upright: it takes the place of
    ``Side.turn_deg`` (what the file declares), which it repeats unless the page's text clearly says
    otherwise. ``skew_deg``: clockwise lean of the text lines after that turn, −5 to 5; 0 with low
    confidence on pages that show no lines. ``clips_ink``: straightening would cut ink at a corner.
    The map itself is :func:`stages.upright.upright`.
    """

    orientation_deg: Turn
    orientation_confidence: Confidence
    skew_deg: float
    skew_confidence: Confidence
    clips_ink: bool = False


class Pose(NamedTuple):
    """What pixels alone say; see :class:`Deskewed`."""

    orientation_deg: Turn
    orientation_confidence: float
    skew_deg: float
    skew_confidence: float
    clips_ink: bool


class _Reading(NamedTuple):
    """What one view says. ``turn`` is the likeliest, ``margin`` by how much (natural logarithm); ``along``: the same of
    the way the lines run."""

    turn: Turn
    margin: float
    along: float
    skew_deg: float
    skew_confidence: float
    cells: int
    height_px: float


def pose(image: Pixels, dpi: float, declared_deg: Turn = 0) -> Pose:
    """Orientation and skew of a grey or BGR picture; ``declared_deg`` decides where the text does not."""
    colour = image if image.ndim == 3 else np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    found = survey.of(colour, dpi)
    seen = sight.view(found.contrast, found.dpi)
    return _posed(seen, _read(seen, declared_deg), declared_deg)


def pose_of(side: Side, raster: Raster) -> Pose:
    """Orientation and skew of a side; where its text is not clear, what the file declares."""
    found = raster.once(survey.survey)
    contrast = np.ascontiguousarray(found.contrast[:, ::-1]) if side.mirrored else found.contrast
    seen = sight.view(contrast, found.dpi)
    read = _read(seen, side.turn_deg)
    pale = False
    if 0 < read.height_px < PIECES_PX:
        mended = sight.view(contrast, found.dpi, pale=True)
        again = _read(mended, side.turn_deg)
        # A table's dots run together to marks that stand no way up; mended, they are rules, and the letters are clear.
        beyond = again.margin > read.margin + _BEYOND_DOUBT and again.skew_confidence >= _CLEAR_LINES
        if beyond or again.skew_confidence > read.skew_confidence:
            seen, read, pale = mended, _after(read, again), True
    if read.margin < _CLEAR_UP or read.skew_confidence < _CLEAR_LINES or read.cells < _FEW_CELLS:
        dark = sight.firm(contrast)
        firm = sight.view(contrast, found.dpi, faintest=dark)
        tied = np.count_nonzero(firm.text) > _TIED * np.count_nonzero(seen.text >= dark)
        read = _closer(raster, side, seen, read, pale=pale)
        if tied or read.margin < _CLEAR_FAR or read.skew_confidence < _CLEAR_LINES:
            read = _closer(raster, side, firm, read, faintest=dark)
    return _posed(seen, read, side.turn_deg)


def _closer(
    raster: Raster,
    side: Side,
    seen: sight.View,
    read: _Reading,
    *,
    pale: bool = False,
    faintest: int = lean.FAINTEST,
) -> _Reading:
    """What a closer look at a view says, where it is as clear as what was ``read`` before; else that.

    Closer, fine lines of a card may tie its letters into one mark that is none: what was clear stays.
    """
    height_px = letters.height_px(seen.marks, seen.keep, seen.dpi)
    times = max(_ENLARGED, _LETTER_PX / height_px) if height_px else _ENLARGED
    near = sight.closer(raster, seen, times, mirrored=side.mirrored, pale=pale, faintest=faintest)
    if near is None:
        return read
    again = _read(near, side.turn_deg)
    lines = again.skew_confidence >= min(read.skew_confidence, 0.5)
    clear = lines and again.margin >= min(read.margin, _CLEAR_FAR)
    # Print on squared paper: the squares show lines that are none, and no letters.
    clear |= read.margin < _CLEAR_UP and again.margin >= _CLEAR_FAR and again.skew_confidence > 0
    return _after(read, again) if clear else read


def _after(before: _Reading, again: _Reading) -> _Reading:
    """What another look says. Where the letters stand another way than in the one before, it is as much less sure."""
    if again.turn == before.turn or before.skew_confidence == 0:
        return again
    return again._replace(margin=max(0.0, again.margin - before.margin))


def _read(seen: sight.View, declared_deg: Turn) -> _Reading:
    """Which way up the letters stand, and how their lines lean: where the ink's profile across them is sharpest."""
    up = letters.look(seen.text, seen.marks, seen.keep, seen.dpi)
    rough = ink.reduced(seen.text, _ROUGH_PX)
    # Where the letters leave no doubt which way the lines run, only that way is looked at.
    axes = (0, 90) if abs(up.along) < _BEYOND_DOUBT else (0 if up.along > 0 else 90,)
    points = {axis: lean.cells(_sideways(rough, axis)) for axis in axes}
    leans = {axis: lean.coarse(points[axis]) for axis in axes}
    sharp = {axis: _LINES_WEIGH * math.log(leans[axis].sharpness) if axis in leans else 0.0 for axis in (0, 90)}
    odds = [odd + sharp[turn % 180] for turn, odd in zip(TURNS, up.odds, strict=True)]
    order = sorted(TURNS, key=lambda turn: -odds[turn // 90])
    turn = order[0]
    other = next(each for each in order if each % 180 != turn % 180)
    along = odds[turn // 90] - odds[other // 90]
    axis = turn % 180 if along >= _CLEAR_ALONG else declared_deg % 180
    fine = lean.cells(_sideways(seen.text, axis))
    skew_deg, confidence = 0.0, _between(leans[axis].sharpness, *_SHARP) * _between(up.clearness, *_LETTERS)
    if confidence > 0:
        skew_deg = lean.by_columns(points[axis], fine, lean.refine(points[axis], fine, leans[axis]))
    if abs(skew_deg) > lean.RANGE_DEG + 0.1:
        skew_deg = confidence = 0.0
    skew_deg = min(lean.RANGE_DEG, max(-lean.RANGE_DEG, skew_deg))
    return _Reading(
        turn, odds[turn // 90] - odds[order[1] // 90], along, skew_deg, confidence, len(fine.x), up.height_px
    )


def _posed(seen: sight.View, read: _Reading, declared_deg: Turn) -> Pose:
    """Clear text first, then what the file declares; without clear letters or lines the page is left as it lies."""
    turn, confidence = declared_deg, 0.0
    if max(read.margin / _CLEAR_UP, read.along / _BEYOND_DOUBT, read.skew_confidence / _FAINT_LINES) < 1:
        read = read._replace(skew_deg=0.0)
    elif read.skew_confidence > 0:
        turn, confidence = read.turn, letters.sure(read.margin)
        if read.margin < _CLEAR_UP:
            confidence = _UNSURE
            if read.along < _BEYOND_DOUBT or declared_deg % 180 == read.turn % 180:
                turn = declared_deg
    clips = worth_straightening(read.skew_deg) and _clips(seen.marks, seen.dirt, turn, read.skew_deg)
    return Pose(turn, confidence, round(read.skew_deg, 3) + 0.0, read.skew_confidence, clips)


def _sideways(picture: Pixels, axis_deg: int) -> Pixels:
    """The picture turned clockwise by 0 or 90."""
    return cast("Pixels", np.ascontiguousarray(np.rot90(picture, k=-1))) if axis_deg else picture


def _clips(marks: ink.Components, dirt: ink.Bools, turn_deg: int, skew_deg: float) -> bool:
    """Whether a mark that is not dirt at the edges leaves the page when it is straightened in its own size.

    Judged by the corners of the marks' boxes, which errs on the side of leaving a page as it is.
    """
    keep = ~dirt & (marks.area >= 3)
    keep[0] = False
    height, width = marks.labels.shape
    page = upright(width, height, turn_deg, skew_deg)
    for across in (marks.left, marks.right):
        for down in (marks.top, marks.bottom):
            x, y = page.points(across[keep].astype(np.float64), down[keep].astype(np.float64))
            if bool(((x < -1) | (y < -1) | (x > page.width_px + 1) | (y > page.height_px + 1)).any()):
                return True
    return False


def _between(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low)))


def run(inputs: Inputs, ports: Ports) -> Deskewed:
    return Deskewed(**pose_of(side_of(inputs, ports), inputs.pixels())._asdict())


STAGE = Stage("deskew", 5, Scope.PAGE, (Decoded,), Deskewed, run)
