"""Pages of training on which a pen has written in the place of some print, to learn to tell one from the other."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

from benchmarks.corpus import names, penmanship
from benchmarks.corpus.page import Mark
from benchmarks.corpus.strokes import DIGIT_WIDTH, PENS, Points, draw_strokes, smooth
from benchmarks.recogniser.sheet import PrintedWord, Sheet
from models.geometry import Box

Skeleton = tuple[tuple[tuple[float, float], ...], ...]

# Other ways to write a digit than those of benchmarks.corpus.strokes, in the same box.
_OTHERS: dict[str, tuple[Skeleton, ...]] = {
    "0": ((((0.25, 0.0), (0.06, 0.3), (0.08, 0.8), (0.24, 1.0), (0.42, 0.7), (0.4, 0.2), (0.22, 0.02)),),),
    "1": (
        (((0.24, 0.0), (0.23, 0.5), (0.22, 1.0)),),
        (((0.02, 0.5), (0.2, 0.2), (0.34, 0.0), (0.3, 0.5), (0.26, 1.02)),),
        (((0.1, 0.25), (0.26, 0.0), (0.25, 0.5), (0.25, 1.0)), ((0.08, 1.0), (0.42, 0.98))),
    ),
    "2": (
        (((0.08, 0.2), (0.25, 0.0), (0.4, 0.2), (0.3, 0.55), (0.1, 0.9), (0.04, 0.98), (0.08, 0.8), (0.22, 0.9), (0.5, 0.96)),),
        (((0.06, 0.12), (0.3, 0.0), (0.42, 0.25), (0.05, 1.0), (0.5, 1.0)),),
    ),
    "3": ((((0.06, 0.04), (0.42, 0.02), (0.2, 0.42), (0.42, 0.62), (0.36, 0.95), (0.04, 0.94)),),),
    "4": (
        (((0.12, 0.0), (0.1, 0.3), (0.04, 0.55), (0.25, 0.55), (0.5, 0.5)), ((0.42, 0.1), (0.38, 0.6), (0.36, 1.05))),
        (((0.36, 1.02), (0.38, 0.5), (0.38, 0.0), (0.2, 0.4), (0.02, 0.7), (0.3, 0.7), (0.5, 0.68)),),
    ),
    "5": ((((0.44, 0.0), (0.14, 0.03), (0.1, 0.42), (0.34, 0.42), (0.42, 0.75), (0.22, 1.0), (0.02, 0.9)),),),
    "6": ((((0.3, 0.0), (0.1, 0.4), (0.06, 0.8), (0.22, 1.0), (0.38, 0.8), (0.24, 0.6), (0.08, 0.75)),),),
    "7": (
        (((0.04, 0.05), (0.48, 0.03), (0.3, 0.5), (0.2, 1.04)),),
        (((0.04, 0.15), (0.06, 0.04), (0.46, 0.04), (0.26, 1.0)), ((0.14, 0.5), (0.46, 0.46))),
    ),
    "8": (
        (((0.26, 0.48), (0.08, 0.25), (0.24, 0.0), (0.4, 0.22), (0.26, 0.48), (0.06, 0.78), (0.24, 1.0), (0.44, 0.76), (0.26, 0.48)),),
    ),
    "9": (
        (((0.38, 0.12), (0.2, 0.0), (0.06, 0.2), (0.18, 0.46), (0.38, 0.2), (0.4, 0.1), (0.38, 0.6), (0.36, 1.02)),),
        (((0.4, 0.2), (0.2, 0.05), (0.08, 0.3), (0.2, 0.48), (0.4, 0.2), (0.42, 0.8), (0.26, 1.05), (0.05, 0.9)),),
    ),
}  # fmt: skip
_SHARES = (0.0, 0.06, 0.15, 0.3)
"""Of a page's words that are written; digits three times as often."""
_OF_FACES = 0.45
_INITIALS = "abcdeghiklmnoprstuvxyVTHNLAQ"
_ABOVE, _BELOW = 0.95, 0.28
"""What a word takes above and below its baseline, by type size."""
_BLANK = 90
"""Less ink in a column lies between a digit and a slash."""
_SCALE = 4


def pen_in(
    sheet: Sheet, rng: np.random.Generator, faces: Sequence[Path] = (), pens: Sequence[tuple[int, int, int]] = ()
) -> None:
    """Write over some of what is printed. ``faces``: handwriting fonts, beside the drawn hands. ``pens``: BGR, one of which
    writes; without any, mostly black ones and some blue.

    What is written goes from ``sheet.words`` to ``sheet.unknown``.
    """
    share = float(rng.choice(_SHARES))
    if not share:
        return
    writer = Writer(rng, faces, pens)
    printed = list(sheet.words)
    sheet.words.clear()
    done = 0
    for at, word in enumerate(printed):
        if at < done:
            continue
        if rng.random() >= share * (3 if word.text[0].isdigit() else 1):
            sheet.words.append(word)
            continue
        number = re.match(r"(\d{1,4})(/.+)", word.text)
        cut = _gap(sheet, word, len(number[1])) if number and rng.random() < 0.7 else None
        if number and cut is not None:
            writer.replace(sheet, word, word.left, cut)
            sheet.words.append(word._replace(text=number[2], left=cut))
            continue
        done = at + 1
        if rng.random() < 0.08:  # and the rest of its line
            while done < len(printed) and _follows(printed[done - 1], printed[done]):
                done += 1
        writer.replace(sheet, word, word.left, printed[done - 1].right)


def _follows(word: PrintedWord, after: PrintedWord) -> bool:
    return abs(after.baseline - word.baseline) < 1 and after.left >= word.left


def _gap(sheet: Sheet, word: PrintedWord, digits: int) -> float | None:
    """The x between so many digits and what follows them; None where the ink of both touches."""
    size = word.size_px
    rows = slice(max(0, int(word.baseline - 0.7 * size)), int(word.baseline + 0.05 * size))
    ink = 255 - np.asarray(sheet.image)[rows, int(word.left) : int(word.right) + 1]
    low, high = (max(1, int((digits * 0.5 + off) * size)) for off in (-0.2, 0.2))
    if not ink.size or high >= ink.shape[1]:
        return None
    darkest = ink.max(axis=0)[low:high]
    at = int(darkest.argmin())
    return word.left + low + at if darkest[at] < _BLANK else None


class Writer:
    """One hand on one page, with shapes of its own for each letter."""

    def __init__(
        self, rng: np.random.Generator, faces: Sequence[Path], pens: Sequence[tuple[int, int, int]] = ()
    ) -> None:
        self._rng = rng
        self._face = faces[int(rng.integers(len(faces)))] if faces and rng.random() < _OF_FACES else None
        self._hand = penmanship.some_hand(rng)
        self._width_mm = float(rng.uniform(0.2, 0.5))
        level = int(rng.uniform(15, 140))
        blues = (*PENS[:3], *penmanship.PENS[:2])
        self._pen = (level,) * 3 if rng.random() < 0.7 else blues[int(rng.integers(len(blues)))]
        if pens:
            self._pen = pens[int(rng.integers(len(pens)))]
        self._rise = float(rng.normal(0, 0.02))
        self._size = float(rng.uniform(0.55, 1.0))
        self._waver = float(rng.uniform(0.01, 0.07))
        self._shapes: dict[str, tuple[float, list[Points]]] = {}

    def replace(self, sheet: Sheet, word: PrintedWord, left: float, right: float) -> None:
        """Blank a stretch of a line, and write there."""
        rng, size = self._rng, word.size_px
        edges = (left - 1, word.baseline - _ABOVE * size, right + 1, word.baseline + _BELOW * size)
        sheet.draw.rectangle(edges, fill=255)
        height = size * self._size * float(rng.uniform(0.9, 1.1))
        text = self.text(max(1, round((right - left) / (0.45 * height * self._hand.spread))))
        start = left + float(rng.uniform(-0.05, 0.15)) * height
        base = word.baseline + float(rng.normal(0, 0.05)) * height
        draw = self._drawn if self._face is None else self._set
        found = draw(text, (start, base), (right - left) * 0.92, height, max(1.0, sheet.px(self._width_mm)))
        if found is not None:
            sheet.marks.append(found[0])
            sheet.unknown.append(found[1])

    def text(self, letters: int) -> str:
        """Numbers, days, initials, names; about so many letters."""
        rng = self._rng
        roll = float(rng.random())
        if letters > 4 and roll < 0.17:
            return f"{rng.integers(1, 31)}/{rng.integers(1, 13)}/20{rng.integers(10, 27)}"[: letters + 2]
        if roll < (0.35 if letters > 4 else 0.75):
            return "".join(str(rng.integers(10)) for _ in range(min(letters, int(rng.integers(1, 5)))))
        if letters <= 4:
            return "".join(_INITIALS[int(rng.integers(len(_INITIALS)))] for _ in range(letters))
        name = names.person(rng).name
        return (name if rng.random() < 0.5 else name.lower())[:letters].strip()

    def _drawn(
        self, text: str, start: tuple[float, float], width: float, height: float, pen_px: float
    ) -> tuple[Mark, Box]:
        """Strokes of a pen."""
        rng, hand = self._rng, self._hand
        strokes: list[Points] = []
        trail: list[Points] = []
        x = 0.0
        for letter in text:
            if letter == " " or (trail and (letter.isdigit() or rng.random() >= hand.join)):
                strokes += [smooth(np.vstack(trail))] if trail else []
                trail = []
            if letter == " ":
                x += float(rng.uniform(0.3, 0.5))
                continue
            wide, shape = self._letter(letter)
            shift = np.array([x, self._rise * x + float(rng.normal(0, hand.waver))])
            body, *rest = [piece + rng.normal(0, 0.015, piece.shape) + shift for piece in shape]
            trail.append(body)
            strokes += [smooth(piece) for piece in rest]
            x += wide
        strokes += [smooth(np.vstack(trail))] if trail else []
        every = np.vstack(strokes)
        low, high = float(every[:, 0].min()), float(every[:, 0].max())
        across = height * float(np.clip(width / max(1.0, (high - low) * height), 0.75, 1.3))
        placed = [(stroke - (low, 1.0)) * (across, height) + start for stroke in strokes]
        return draw_strokes(placed, pen_px, rng, self._pen)

    def _letter(self, letter: str) -> tuple[float, list[Points]]:
        """Advance and strokes, always the same."""
        if letter not in self._shapes:
            rng, hand = self._rng, self._hand
            ways = (None, *_OTHERS.get(letter, ()))
            way = ways[int(rng.integers(len(ways)))]
            if way is None:
                wide, shape = penmanship.shape_of(letter, hand, rng)
            else:
                wide, shape = 0.9 * DIGIT_WIDTH * hand.spread, []
                for points in map(np.array, way):
                    points[:, 0] = points[:, 0] * hand.spread + hand.slant * (1 - points[:, 1])
                    shape.append(points)
            self._shapes[letter] = wide, [piece + rng.normal(0, self._waver, piece.shape) for piece in shape]
        return self._shapes[letter]

    def _set(
        self, text: str, start: tuple[float, float], width: float, height: float, pen_px: float
    ) -> tuple[Mark, Box] | None:
        """A handwriting font, leaning, with uneven feet, thin or thick; None where it has no such letters."""
        assert self._face is not None
        rng = self._rng
        known = _known(self._face)
        text = "".join(one for one in (_plain(letter, known) for letter in text) if one)
        unit = height * _SCALE
        font = ImageFont.truetype(str(self._face), 1.35 * unit, layout_engine=ImageFont.Layout.BASIC)
        canvas = Image.new("L", (int(font.getlength(text) + 4 * unit), int(4 * unit)), 0)
        draw, x, base = ImageDraw.Draw(canvas), unit, 2.5 * unit
        for letter in text:
            draw.text((x, base + float(rng.normal(0, 0.03)) * unit), letter, font=font, fill=255, anchor="ls")
            x += font.getlength(letter)
        ink = np.asarray(canvas)
        columns = np.flatnonzero(ink.any(axis=0))
        if not columns.size:
            return None
        across = float(np.clip(width * _SCALE / max(1, columns[-1] - columns[0]), 0.75, 1.3))
        lean = across * float(rng.uniform(-0.1, 0.2))
        matrix = np.array([[across, -lean, unit + lean * base - across * columns[0]], [self._rise, 1.0, 0.0]])
        size = (int((columns[-1] - columns[0]) * across + 3 * unit), ink.shape[0])
        ink = np.asarray(cv2.warpAffine(ink, matrix, size))
        thick = 2 * int(rng.uniform(0, 0.25) * pen_px * _SCALE) + 1
        ink = np.asarray(cv2.dilate(ink, np.ones((thick, thick), np.uint8)))
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        alpha = np.asarray(cv2.resize(ink, (size[0] // _SCALE, size[1] // _SCALE), interpolation=cv2.INTER_AREA))
        left, top = round(start[0] - columns[0] / _SCALE), round(start[1] - base / _SCALE)
        box = Box(
            left + columns[0] / _SCALE, top + rows[0] / _SCALE, left + columns[-1] / _SCALE, top + rows[-1] / _SCALE
        )
        return Mark(alpha.astype(np.uint8), left, top, self._pen), box


@cache
def _known(face: Path) -> frozenset[int]:
    with TTFont(face, lazy=True) as font:
        return frozenset(font.getBestCmap())


def _plain(letter: str, known: frozenset[int]) -> str:
    """The letter, or what the font has of it."""
    if ord(letter) in known:
        return letter
    base = unicodedata.normalize("NFD", letter)[0].replace("đ", "d").replace("Đ", "D")
    return base if ord(base) in known else ""
