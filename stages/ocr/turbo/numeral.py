"""A lone ``I`` that numbers a row, told from ``1`` by its head: the digit's flag hangs on one side only. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stages.ocr.turbo.line_image import LineImage
from stages.ocr.turbo.words import ReadLine

_LIKE = frozenset("1l|")
"""What a lone ``I`` is read as."""
_LEAN = 0.0065
"""How far the middle of an upright ``I``'s head or foot lies off its stem, in shares of its height: those of ``1`` in
Times-like, Arial-like and other faces are at -0.01 to -0.09."""
_ENDS, _STEM = 0.3, (0.4, 0.7)
"""Shares of the height that are head, foot and stem."""
_INK, _EDGE, _LEAST_PX, _WIDEST = 0.5, 0.25, 10, 0.7


def as_numeral(line: LineImage, read: ReadLine) -> ReadLine:
    """The reading, with ``I`` where a lone ``1`` has no flag."""
    if len(read.words) != 1 or read.words[0].text not in _LIKE or not _is_even(line):
        return read
    return read._replace(words=(read.words[0]._replace(text="I"),))


def _is_even(line: LineImage) -> bool:
    """Whether the one letter of a line is as wide left of its stem as right of it, above and below."""
    grey = line.pixels.astype(np.float64)
    ink = (grey.max() - grey) / max(1.0, grey.max() - grey.min())
    rows, columns = np.flatnonzero(ink.max(axis=1) > _INK), np.flatnonzero(ink.max(axis=0) > _INK)
    height = int(rows[-1] - rows[0]) + 1 if rows.size else 0
    if height < _LEAST_PX or columns[-1] - columns[0] > _WIDEST * height:
        return False
    ink = np.where(ink > _EDGE, ink, 0.0)[rows[0] : rows[-1] + 1]
    end, (begin, until) = round(_ENDS * height), (round(share * height) for share in _STEM)
    stem = _middle(ink[begin:until])
    return all(abs(_middle(part) - stem) < _LEAN * height for part in (ink[:end], ink[-end:]))


def _middle(ink: NDArray[np.float64]) -> float:
    return float((ink.sum(axis=0) * np.arange(ink.shape[1])).sum() / max(ink.sum(), 1e-9))
