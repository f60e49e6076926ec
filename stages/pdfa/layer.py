"""The hidden text of a page: every word over its print, invisible, straight or leaning. Pure geometry.

*Text space* is the scan turned so that the engine's boxes are upright rectangles; a word's box on
the scan is the hull of that rectangle. The page may be turned a little otherwise (not straightened).
"""

from __future__ import annotations

import math
from statistics import median

from models.errors import Defect
from models.geometry import Affine
from stages.page_text import Line, Text
from stages.pdfa.font import ADVANCE, ASCENT, DESCENT, UNITS_PER_EM, Codes
from stages.pdfa.writer import number

FONT = "/F"
_LINE_SHARE = (ASCENT - DESCENT) / UNITS_PER_EM
_BELOW_BASELINE = -DESCENT / UNITS_PER_EM
_LEAST_SIZE_PX = 1.0
_SPACE = " "
_LEVEL_WITHIN = math.sin(math.radians(10.0))
_MOST_CHARS = 8000
"""Of a word: a PDF string has at most 32767 bytes (ISO 19005-2, 6.1.13)."""


class Hull:
    """Boxes around rectangles that were turned, about their centres, by ``-turn_deg``."""

    def __init__(self, turn_deg: float) -> None:
        quarter = round(turn_deg / 90.0)
        lean = math.radians(abs(turn_deg - 90.0 * quarter))
        self._on_its_side = quarter % 2 == 1
        self._sin, self._cos, self._det = math.sin(lean), math.cos(lean), math.cos(2.0 * lean)

    def rectangle(self, width: float, height: float) -> tuple[float, float]:
        """Width and height of the rectangle whose box is ``width`` by ``height``.

        A box that is no such hull (cut at the page's edge) keeps the size of the box itself.
        """
        if self._on_its_side:
            width, height = height, width
        if self._sin and self._det > 0.5:
            w = (width * self._cos - height * self._sin) / self._det
            h = (height * self._cos - width * self._sin) / self._det
            if w > 0.25 * width and h > 0.25 * height:
                return w, h
        return width, height


class _Space:
    """Text space of one page: the way into it from the scan, and out of it to the page.

    ``from_scan`` and ``to_page`` are in pixels, y downwards.
    """

    def __init__(
        self, turn_deg: float, to_page: Affine, points_per_px: float, height_px: float, *, mirrored: bool
    ) -> None:
        flip = Affine(-1.0 if mirrored else 1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
        self.hull = Hull(turn_deg)
        self.from_scan = flip.then(Affine.rotation(turn_deg, (0.0, 0.0), (0.0, 0.0)))
        self.to_page = self.from_scan.inverse().then(to_page)
        self.points_per_px, self.height_px = points_per_px, height_px
        self.unit = math.hypot(self.to_page.a, self.to_page.d)
        self.along, self.direction = _direction(self.to_page, self.unit)


def hidden_text(
    text: Text, to_page: Affine, points_per_px: float, height_px: float, codes: Codes, *, mirrored: bool = False
) -> bytes:
    """The text operators of one page.

    ``to_page``: from the scan to the page, both in pixels, y downwards; ``height_px``: of the page;
    ``mirrored``: the scan is flipped left to right before it is turned. Words lie over their boxes;
    all words of a line share baseline and size, so that viewers see one line; a space follows every
    word but the last. Raises ``Defect("not_pdfa")`` for a word that no PDF can hold.
    """
    space = _Space(text.rotation_deg, to_page, points_per_px, height_px, mirrored=mirrored)
    lines = "".join([_line(line, space, codes) for line in text.lines])
    if "n" in lines:  # no operator here has one, but ``nan`` and ``inf`` have
        raise Defect("not_pdfa", "a word of the hidden text has no place on the page")
    return f"BT\n3 Tr\n{lines}ET\n".encode() if lines else b""


def _line(line: Line, space: _Space, codes: Codes) -> str:
    a, b, c, d, e, f = space.from_scan
    words: list[tuple[str, float, float]] = []
    tops: list[float] = []
    bottoms: list[float] = []
    for word in line.words:
        shown = printable(word.text)
        if not shown:
            continue
        if len(shown) > _MOST_CHARS:
            raise Defect("not_pdfa", f"a word of the hidden text has {len(shown)} characters")
        left, top, right, bottom = word.box
        wide, high = space.hull.rectangle(right - left, bottom - top)
        x, y = (left + right) / 2, (top + bottom) / 2
        words.append((shown, a * x + b * y + c, max(wide, _LEAST_SIZE_PX)))
        middle = d * x + e * y + f
        tops.append(middle - high / 2)
        bottoms.append(middle + high / 2)
    if not words:
        return ""
    # One baseline and one size for all words keep the line together in viewers.
    level = median(bottoms)
    size_px = max(level - median(tops), _LEAST_SIZE_PX) / _LINE_SHARE
    baseline = level - _BELOW_BASELINE * size_px
    a, b, c, d, e, f = space.to_page
    c, f = c + b * baseline, f + e * baseline
    k, high_px, direction = space.points_per_px, space.height_px, space.direction
    along_x, along_y = (v * space.unit / 2 for v in space.along)
    stretch = 100.0 / (size_px * ADVANCE / UNITS_PER_EM)
    last = len(words) - 1
    out = [f"{FONT} {size_px * space.unit * k:.3f} Tf\n"]
    for at, (shown, middle, width_px) in enumerate(words):
        x = (a * middle + c - along_x * width_px) * k
        y = (high_px - d * middle - f - along_y * width_px) * k
        string = codes.encode(shown if at == last else shown + _SPACE)
        out.append(f"{direction} {x:.3f} {y:.3f} Tm {stretch * width_px / len(shown):.2f} Tz <{string}> Tj\n")
    return "".join(out)


def _direction(to_page: Affine, unit: float) -> tuple[tuple[float, float], str]:
    """Where text runs on the page, y upwards, and the first four numbers of ``Tm`` that say so.

    On a page that leans and was not straightened words stand level, each at its own height: viewers
    find lines by level baselines and would tear leaning words apart.
    """
    a, b, c, d = to_page.a / unit, -to_page.d / unit, -to_page.b / unit, to_page.e / unit
    if abs(b) <= _LEVEL_WITHIN and a > 0:
        a, b, c, d = 1.0, 0.0, 0.0, 1.0
    return (a, b), " ".join(number(v).decode() for v in (a, b, c, d))


def printable(text: str) -> str:
    """The text without control and other invisible characters, which no font may map (ISO 19005-2, 6.2.11.7)."""
    if text.isprintable() and _SPACE not in text:
        return text
    return "".join(char for char in text if char.isprintable() and not char.isspace())
