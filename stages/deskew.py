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
from stages import ink, lean
from stages.decode import Decoded
from stages.raster import side_of
from stages.upright import upright, worth_straightening

Turn = Literal[0, 90, 180, 270]

SHORT_PX = 800
"""Measured on a copy whose shorter side has this many pixels: A4 at about 100 dpi."""
_CLEAR_AXIS = 1.7
"""Lines run the way whose sharpness is this many times the other's; real pages give 2.5 to 6, noise 1.2."""
_SHARP = (1.8, 4.5)
"""Sharpness of a page without lines, and of one with a few clear ones."""
_CLEAR_UP = 3.5
"""Standard errors from which the letters outweigh what the file declares."""
_UNSURE = 0.3


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


def pose(grey: Pixels, dpi: float, declared_deg: Turn = 0) -> Pose:
    """Orientation and skew of a grey picture, any scale; ``declared_deg`` decides where the text does not.

    Skew is the angle at which the profile of the ink across the lines is sharpest; its error on
    rendered pages is below 0.03°. Whether lines run across or down is the same measure on the
    picture and on the picture turned; which way up is :func:`stages.lean.up`.
    """
    small = ink.reduced(grey, SHORT_PX)
    small_dpi = dpi * small.shape[1] / grey.shape[1]
    contrast = ink.contrast(small, ink.paper(small))
    marks = ink.components(contrast >= lean.FAINTEST)
    dirt = ink.edge_dirt(marks, small_dpi)
    keep = lean.text_marks(marks, dirt)
    text = np.asarray(cv2.bitwise_and(contrast, marks.painted(np.where(keep, 255, 0).astype(np.uint8))), dtype=np.uint8)

    rough = ink.reduced(text, SHORT_PX // 2)
    leans = {axis: lean.coarse(lean.cells(_sideways(rough, axis))) for axis in (0, 90)}
    ratio = leans[90].sharpness / leans[0].sharpness
    clear = max(ratio, 1 / ratio) >= _CLEAR_AXIS
    axis = (90 if ratio > 1 else 0) if clear else declared_deg % 180
    skew_deg, skew_confidence = 0.0, _between(leans[axis].sharpness, *_SHARP)
    if skew_confidence > 0:
        skew_deg = lean.refine(lean.cells(_sideways(text, axis)), leans[axis])
    if abs(skew_deg) > lean.RANGE_DEG + 0.1:
        skew_deg = skew_confidence = 0.0
    skew_deg = min(lean.RANGE_DEG, max(-lean.RANGE_DEG, skew_deg))

    turn, confidence = declared_deg, 0.0
    if clear or skew_confidence > _UNSURE:
        turn, confidence = _decided(axis, lean.up(text, marks, keep, axis, skew_deg), declared_deg)
    clips = worth_straightening(skew_deg) and _clips(marks, dirt, turn, skew_deg)
    return Pose(turn, confidence, round(skew_deg, 3) + 0.0, skew_confidence, clips)


def _sideways(picture: Pixels, axis_deg: int) -> Pixels:
    """The picture turned clockwise by 0 or 90."""
    return cast("Pixels", np.ascontiguousarray(np.rot90(picture, k=-1))) if axis_deg else picture


def _decided(axis: int, found: lean.Up, declared_deg: Turn) -> tuple[Turn, float]:
    """Which of the two turns of an axis, and how sure: clear text first, then what the file declares."""
    says = cast("Turn", axis if found.vote >= 0 else axis + 180)
    if abs(found.significance) >= _CLEAR_UP:
        return says, 1.0 - math.exp(-abs(found.significance) / 3)
    return (declared_deg if declared_deg % 180 == axis else says), _UNSURE


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


def flipped(grey: Pixels, side: Side) -> Pixels:
    """The picture as it is before any turn: flipped back left to right when the file says so."""
    return cast("Pixels", np.ascontiguousarray(grey[:, ::-1])) if side.mirrored else grey


def pose_of(side: Side, raster: Raster) -> Pose:
    """Orientation and skew of a side; where its text is not clear, what the file declares."""
    grey = flipped(raster.grey(), side)
    return pose(grey, raster.dpi * grey.shape[1] / raster.width_px, side.turn_deg)


def run(inputs: Inputs, ports: Ports) -> Deskewed:
    return Deskewed(**pose_of(side_of(inputs, ports), inputs.pixels())._asdict())


STAGE = Stage("deskew", 1, Scope.PAGE, (Decoded,), Deskewed, run)
