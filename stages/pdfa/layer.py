"""The hidden text of a page: every word over its print, invisible, straight or leaning. Pure geometry.

*Text space* is the scan turned so that the engine's boxes are upright rectangles; a word's box on
the scan is the hull of that rectangle. The page may be turned a little otherwise (not straightened).
"""

from __future__ import annotations

import math
from statistics import median
from typing import NamedTuple

from models.geometry import Affine, Box
from models.text import Line, PageText
from stages.pdfa.font import ADVANCE, ASCENT, DESCENT, UNITS_PER_EM, Codes

FONT = "/F"
_LINE_SHARE = (ASCENT - DESCENT) / UNITS_PER_EM
_BELOW_BASELINE = -DESCENT / UNITS_PER_EM
_LEAST_SIZE_PX = 1.0
_SPACE = " "
_LEVEL_WITHIN = math.sin(math.radians(10.0))


def unhull(box: Box, turn_deg: float) -> Box:
    """The rectangle whose hull is ``box`` after turning, about its centre, by ``-turn_deg``.

    Returned upright in text space, about the origin: only its size matters to the caller. A box that
    is no such hull (cut at the page's edge) keeps the size of the box itself.
    """
    quarter = round(turn_deg / 90.0)
    lean = math.radians(abs(turn_deg - 90.0 * quarter))
    width, height = (box.height, box.width) if quarter % 2 else (box.width, box.height)
    sin, cos, det = math.sin(lean), math.cos(lean), math.cos(2.0 * lean)
    if det > 0.5:
        w, h = (width * cos - height * sin) / det, (height * cos - width * sin) / det
        if w > 0.25 * width and h > 0.25 * height:
            width, height = w, h
    return Box(-width / 2, -height / 2, width / 2, height / 2)


class _Space(NamedTuple):
    """Text space of one page: ``from_scan`` leads into it, ``to_page`` out of it (pixels, y downwards)."""

    turn_deg: float
    from_scan: Affine
    to_page: Affine
    points_per_px: float
    height_px: float


def hidden_text(
    text: PageText, to_page: Affine, points_per_px: float, height_px: float, codes: Codes, *, mirrored: bool = False
) -> bytes:
    """The text operators of one page.

    ``to_page``: from the scan to the page, both in pixels, y downwards; ``height_px``: of the page;
    ``mirrored``: the scan is flipped left to right before it is turned. Words lie over their boxes;
    all words of a line share baseline and size, so that viewers see one line; a space follows every
    word but the last.
    """
    flip = Affine(-1.0 if mirrored else 1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    from_scan = flip.then(Affine.rotation(text.rotation_deg, (0.0, 0.0), (0.0, 0.0)))
    space = _Space(text.rotation_deg, from_scan, from_scan.inverse().then(to_page), points_per_px, height_px)
    lines = "".join(_line(line, space, codes) for line in text.lines())
    return f"BT\n3 Tr\n{lines}ET\n".encode() if lines else b""


def _line(line: Line, space: _Space, codes: Codes) -> str:
    words = [(shown, word.box) for word in line.words if (shown := printable(word.text))]
    if not words:
        return ""
    placed = [_upright(box, space) for _, box in words]
    # One baseline and one size for all words keep the line together in viewers.
    top, bottom = median(box.top for box in placed), median(box.bottom for box in placed)
    size_px = max(bottom - top, _LEAST_SIZE_PX) / _LINE_SHARE
    baseline = bottom - _BELOW_BASELINE * size_px
    unit, k = math.hypot(space.to_page.a, space.to_page.d), space.points_per_px
    a, b, c, d = _direction(space.to_page, unit)
    direction = " ".join(f"{v:.5g}" for v in (a, b, c, d))
    out = [f"{FONT} {size_px * unit * k:.3f} Tf\n"]
    for at, ((shown, _), box) in enumerate(zip(words, placed, strict=True), start=1):
        width_px = max(box.width, _LEAST_SIZE_PX)
        stretch = 100.0 * width_px / (len(shown) * size_px * ADVANCE / UNITS_PER_EM)
        x, y = space.to_page.point(box.centre[0], baseline)
        x, y = x - a * width_px * unit / 2, y + b * width_px * unit / 2
        string = codes.encode(shown if at == len(words) else shown + _SPACE)
        down = space.height_px - y
        out.append(f"{direction} {x * k:.3f} {down * k:.3f} Tm {stretch:.2f} Tz <{string}> Tj\n")
    return "".join(out)


def _direction(to_page: Affine, unit: float) -> tuple[float, float, float, float]:
    """Where text runs on the page, for ``Tm``: text space's axes, the page's y axis pointing up.

    On a page that leans and was not straightened words stand level, each at its own height: viewers
    find lines by level baselines and would tear leaning words apart.
    """
    a, b, c, d = to_page.a / unit, -to_page.d / unit, -to_page.b / unit, to_page.e / unit
    if abs(b) <= _LEVEL_WITHIN and a > 0:
        return 1.0, 0.0, 0.0, 1.0
    return a, b, c, d


def _upright(box: Box, space: _Space) -> Box:
    """The word's rectangle in text space."""
    x, y = space.from_scan.point(*box.centre)
    size = unhull(box, space.turn_deg)
    return Box(x + size.left, y + size.top, x + size.right, y + size.bottom)


def printable(text: str) -> str:
    """The text without control and other invisible characters, which no font may map (ISO 19005-2, 6.2.11.7)."""
    if text.isprintable() and _SPACE not in text:
        return text
    return "".join(char for char in text if char.isprintable() and not char.isspace())
