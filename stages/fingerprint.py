"""fingerprint (page): a coarse picture of the ink on the upright side, to find a side that was captured twice.

Two captures of one side differ by a few millimetres, a lean, light, dust and JPEG; two forms of one kind by
what was filled in. So the grid is taken from the straightened side, shares of ink in cells of 2.5 mm (A4), and
:func:`likeness` lays one grid over the other to a fraction of a cell before it looks at each place by itself.
"""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from models.errors import Defect
from models.facts import Fact
from models.ports import Pixels
from models.stage import Inputs, Ports, Scope, Stage
from stages import ink
from stages.deskew import Deskewed
from stages.raster import side_of
from stages.survey import Survey, survey
from stages.upright import upright

_CELLS = 10_000
"""About so many cells a side, whatever its size: deflated, a page of text takes 2 KB."""
_CELL_MM = 2.5
"""A4; other sizes have cells that are larger or smaller by whole steps of √2."""
_FINE = 4
"""Places a cell is averaged from, along each axis."""
_FAINT, _FULL = 30, 90
"""Contrast (of 255) that counts as no ink, and as all ink."""
_RIM_MM = 8.0
"""Not looked at: edges of the sheet, and the scanner's bed beside them."""
_LEVELS = 7
_MOST_TEXT = 3600
"""Characters of a fact of at most 4 KB that the cells may take; a side of noise loses its finest levels."""
_FULL_CELL = 0.5
"""Share of ink from which a cell is full: print reaches 0.3."""
_REACH = 4
"""Cells by which a second capture may lie elsewhere: 1 cm on A4."""
_SMOOTH = np.array([1, 2, 1], np.float32) / 4
_PLACE = (9, 3)
"""Cells (across, down) of a place that is compared by itself: three or four words of a line."""
_EDGE = 7
"""Cells at the edges whose places are not compared: what stands there is cut off in one capture or the other."""
_USUAL = 0.9
"""Share of the places that fit better than ``Likeness.usual`` says."""
_LEAST_INK = 0.04
"""Ink of a place, in full cells, below which nothing stands there."""

_BITS = np.array([[2], [1], [0]], np.uint8)

Grid = NDArray[np.float32]


class Fingerprinted(Fact):
    """``cells``: base85 of the deflated levels (0–7, three planes of bits, row by row) of ``rows`` × ``columns``.

    ``cell_mm``: length of a cell. ``ink``: share of all cells' room that is ink, 0–1.
    """

    columns: Annotated[int, Field(ge=0)]
    rows: Annotated[int, Field(ge=0)]
    cell_mm: float
    ink: float
    cells: Annotated[str, Field(max_length=_MOST_TEXT)]


class Likeness(NamedTuple):
    """``whole``: share of the ink of both sides that does not fit, 0–1.

    ``worst``: the same of the worst place; ``usual``: what nine places of ten stay below. The ink of a second capture
    fits about equally well everywhere; where something else was written, one place stands out.
    """

    whole: float
    worst: float
    usual: float


NOTHING_ALIKE = Likeness(1.0, 1.0, 1.0)


def grid(seen: Survey, pose: Deskewed, *, mirrored: bool = False) -> tuple[Grid, float]:
    """Shares of ink (0–1) of the cells of the upright side, ``(rows, columns)``, and their length in mm.

    The lattice is anchored at the ink's centre, which moves with the sheet.
    """
    mm = seen.dpi / ink.MM_PER_INCH
    strength = cv2.LUT(seen.contrast, _strengths())
    rim = min(round(_RIM_MM * mm), *(side // 8 for side in strength.shape))
    height, width = strength.shape
    inner = strength[rim : height - rim, rim : width - rim]
    cell_mm = cell_of(width / mm * height / mm)
    cell_px = cell_mm * mm
    page = upright(width, height, pose.orientation_deg, pose.skew_deg, mirrored=mirrored)
    moments = cv2.moments(np.ascontiguousarray(inner[::2, ::2]))
    total = moments["m00"] or 1.0
    centre = page.affine.point(*(2 * moments[axis] / total + rim + 0.5 for axis in ("m10", "m01")))
    off_x, off_y = (at - math.floor(at / cell_px + 0.5) * cell_px for at in centre)
    columns, rows = (max(1, round(length / cell_px)) for length in (page.width_px, page.height_px))
    a, b, c, d, e, f = page.affine
    scale = _FINE / cell_px
    matrix = scale * np.array([[a, b, c - off_x], [d, e, f - off_y]])
    # The map is for corners of pixels, OpenCV's for their middles; what the rim cut off is added.
    matrix[:, 2] += (matrix[:, 0] + matrix[:, 1] - 1) / 2 + (matrix[:, 0] + matrix[:, 1]) * rim
    fine = cv2.warpAffine(cv2.blur(inner, (3, 3)), matrix, (columns * _FINE, rows * _FINE))
    cells = cv2.resize(fine, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(cells / 255.0, dtype=np.float32), cell_mm


def cell_of(area_mm2: float) -> float:
    """The length of a cell for a sheet of this area: about 5000 cells, in steps that a cropped scan does not leave."""
    steps = round(2 * math.log2(math.sqrt(max(area_mm2, 1.0) / _CELLS) / _CELL_MM))
    return round(_CELL_MM * 2 ** (steps / 2), 3)


@lru_cache(maxsize=1)
def _strengths() -> Pixels:
    level = (np.arange(256) - _FAINT) * (255 / (_FULL - _FAINT))
    return np.asarray(np.clip(level, 0, 255), dtype=np.uint8)


def pack(cells: Grid, cell_mm: float) -> Fingerprinted:
    """The fact of a grid. Levels follow the square root: thin writing counts beside print."""
    levels = np.round(np.sqrt(np.minimum(cells / _FULL_CELL, 1.0)) * _LEVELS).astype(np.uint8)
    rows, columns = levels.shape
    text = next(text for kept in (7, 6, 4) if len(text := _packed(levels & kept)) <= _MOST_TEXT or kept == 4)
    share = float(cells.mean()) if cells.size else 0.0
    return Fingerprinted(columns=columns, rows=rows, cell_mm=cell_mm, ink=round(share, 6), cells=text)


def _packed(levels: Pixels) -> str:
    planes = np.packbits((levels.reshape(1, -1) >> _BITS) & 1)
    return base64.b85encode(zlib.compress(planes.tobytes(), 6)).decode("ascii")


def unpack(print_: Fingerprinted) -> Grid:
    """The shares of ink again. Raises ``Defect("fingerprint_damaged")``."""
    count = print_.rows * print_.columns
    try:
        packed = np.frombuffer(zlib.decompress(base64.b85decode(print_.cells)), np.uint8)
        bits = np.unpackbits(packed, count=3 * count).reshape(3, count)
    except (ValueError, zlib.error, binascii.Error) as error:
        raise Defect("fingerprint_damaged", f"a fingerprint of {print_.rows} rows does not unpack: {error}") from error
    levels = np.sum(bits << _BITS, axis=0)
    shares = (levels.reshape(print_.rows, print_.columns) / _LEVELS) ** 2
    return np.asarray(shares, dtype=np.float32)


def likeness(one: Fingerprinted, other: Fingerprinted) -> Likeness:
    """How well two sides fit, laid over each other where they fit best. Sides of other sizes do not."""
    a, b = (max(one.ink, 1e-6), max(other.ink, 1e-6))
    sizes = abs(one.rows - other.rows) <= _REACH and abs(one.columns - other.columns) <= _REACH
    if one.cell_mm != other.cell_mm or not sizes or min(a, b) < 0.6 * max(a, b):
        return NOTHING_ALIKE
    rows, columns = min(one.rows, other.rows), min(one.columns, other.columns)
    first, second = (_smooth(unpack(found)[:rows, :columns]) for found in (one, other))
    whole, x, y = min(_misfits(first, second, _steps(0.0, 0.0, 1.0, _REACH)))
    for step in (0.5, 0.25, 0.125):
        whole, x, y = min([(whole, x, y), *_misfits(first, second, _steps(x, y, step, 1))])
    edge = min(_EDGE, rows // 4, columns // 4)
    inside = (slice(edge, rows - edge), slice(edge, columns - edge))
    moved, still = _moved(first, x, y)[inside], second[inside]
    apart, both = cv2.blur(cv2.absdiff(moved, still), _PLACE), cv2.blur(cv2.add(moved, still), _PLACE)
    filled = both > _LEAST_INK
    if not filled.any():
        return Likeness(whole, 0.0, 0.0)
    misfit = apart[filled] / (both[filled] + _LEAST_INK)
    return Likeness(whole, float(misfit.max()), float(np.quantile(misfit, _USUAL)))


def _smooth(cells: Grid) -> Grid:
    return np.asarray(cv2.sepFilter2D(cells, -1, _SMOOTH, _SMOOTH, borderType=cv2.BORDER_CONSTANT), dtype=np.float32)


def _steps(x: float, y: float, step: float, reach: int) -> list[tuple[float, float]]:
    way = range(-reach, reach + 1)
    return [(x + step * across, y + step * down) for down in way for across in way]


def _moved(cells: Grid, x: float, y: float) -> Any:
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
    return cv2.warpAffine(cells, matrix, (cells.shape[1], cells.shape[0]))


def _misfits(first: Grid, second: Grid, ways: Iterable[tuple[float, float]]) -> list[tuple[float, float, float]]:
    """For each way to move the first grid: the share of ink that does not fit, and the way."""
    total = float(first.sum() + second.sum()) or 1.0
    return [(float(cv2.norm(_moved(first, x, y), second, cv2.NORM_L1)) / total, x, y) for x, y in ways]


def run(inputs: Inputs, ports: Ports) -> Fingerprinted:
    seen = inputs.pixels().once(survey)
    return pack(*grid(seen, inputs.fact(Deskewed), mirrored=side_of(inputs, ports).mirrored))


STAGE = Stage("fingerprint", 1, Scope.PAGE, (Deskewed,), Fingerprinted, run)
