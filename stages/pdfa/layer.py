"""The hidden text of a page: every word over its print, invisible, straight or leaning. Pure geometry.

*Text space* is the scan turned so that the engine's boxes are upright rectangles; a word's box on
the scan is the hull of that rectangle. The page may be turned a little otherwise (not straightened).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median

from models.geometry import Affine, Box
from models.text import Line, PageText, Word
from stages.pdfa.font import ADVANCE, ASCENT, DESCENT, UNITS_PER_EM, Codes
from stages.pdfa.writer import number

FONT = b"/F"
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


def hidden_text(text: PageText, to_page: Affine, points_per_px: float, height_px: float, codes: Codes) -> bytes:
    """The text operators of one page.

    ``to_page``: from the scan to the page, both in pixels, y downwards; ``height_px``: of the page.
    Words lie over their boxes; all words of a line share baseline and size, so that viewers
    see one line; a space follows every word but the last.
    """
    lines = b"".join(_line(line, text.rotation_deg, to_page, points_per_px, height_px, codes) for line in text.lines())
    return b"BT\n3 Tr\n" + lines + b"ET\n" if lines else b""


def _line(line: Line, turn_deg: float, to_page: Affine, points_per_px: float, height_px: float, codes: Codes) -> bytes:
    words = [word for word in line.words if printable(word.text)]
    if not words:
        return b""
    to_text = Affine.rotation(turn_deg, (0.0, 0.0), (0.0, 0.0))
    placed = [_upright(word.box, to_text, turn_deg) for word in words]
    # A baseline through the words' own bottoms follows a line that still leans a little; one size
    # for all keeps the line together.
    top, bottom = _level([box.top for box in placed]), _level([box.bottom for box in placed])
    size_px = max(bottom - top, _LEAST_SIZE_PX) / _LINE_SHARE
    baseline = bottom - _BELOW_BASELINE * size_px
    from_text = to_text.inverse().then(to_page)
    unit = math.hypot(from_text.a, from_text.d)
    a, b, c, d = _direction(from_text, unit)
    out = [b"%s %s Tf\n" % (FONT, number(size_px * unit * points_per_px))]
    direction = b" ".join(number(v) for v in (a, b, c, d))
    for word, box, last in _with_last(words, placed):
        shown = printable(word.text)
        width_px = max(box.width, _LEAST_SIZE_PX)
        stretch = 100.0 * width_px / (len(shown) * size_px * ADVANCE / UNITS_PER_EM)
        x, y = from_text.point(box.centre[0], baseline)
        x, y = x - a * width_px * unit / 2, y + b * width_px * unit / 2
        place = number(x * points_per_px) + b" " + number((height_px - y) * points_per_px)
        string = codes.encode(shown if last else shown + _SPACE)
        out.append(b"%s %s Tm %s Tz <%s> Tj\n" % (direction, place, number(stretch), string))
    return b"".join(out)


def _direction(from_text: Affine, unit: float) -> tuple[float, float, float, float]:
    """Where text runs on the page, for ``Tm``: text space's axes, the page's y axis pointing up.

    On a page that leans and was not straightened words stand level, each at its own height: viewers
    find lines by level baselines and would tear leaning words apart.
    """
    a, b, c, d = from_text.a / unit, -from_text.d / unit, -from_text.b / unit, from_text.e / unit
    if abs(b) <= _LEVEL_WITHIN and a > 0:
        return 1.0, 0.0, 0.0, math.copysign(1.0, d)
    return a, b, c, d


def _upright(box: Box, to_text: Affine, turn_deg: float) -> Box:
    """The word's rectangle in text space."""
    x, y = to_text.point(*box.centre)
    size = unhull(box, turn_deg)
    return Box(x + size.left, y + size.top, x + size.right, y + size.bottom)


def _level(edges: list[float]) -> float:
    """Where most words of the line have their edge."""
    return median(edges)


def _with_last(words: list[Word], boxes: list[Box]) -> Iterator[tuple[Word, Box, bool]]:
    for at, (word, box) in enumerate(zip(words, boxes, strict=True)):
        yield word, box, at == len(words) - 1


def printable(text: str) -> str:
    """The text without control and other invisible characters, which no font may map (ISO 19005-2, 6.2.11.7)."""
    return "".join(char for char in text if char.isprintable() and not char.isspace())
