"""Leaders of dots and rules to write on: they tie a label to what comes next, and part it from the answer above them. Pure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stages.ocr.turbo.lines import Lines, Segment, fitted
from stages.ocr.turbo.marks import Ints, Marks

_OFF_X, _GAP_X = 0.35, 3.0
"""How far off the baseline a leader may lie, and its widest gap, in x-heights."""
_LABEL_X, _ON_X = 3.0, 3.0
"""A label is so long at least; a leader goes so far beyond the answer, where the rule under print ends with it."""
_LEAST_LETTERS = 2


def leader_end(marks: Marks, foot: float, right: float) -> float:
    """Where the leader ends that begins close by ``right``, at the end of a line with this baseline; ``right`` for none."""
    begin = max(0, round(right))
    at = _drawn(marks, foot, begin)
    if not at.size or at[0] > _GAP_X * marks.x_height:
        return right
    return float(begin + at[_until(at, marks.x_height)])


def parted(marks: Marks, lines: Lines) -> Lines:
    """The lines cut where a leader begins under them that goes on beyond their end: what is above it is an answer."""
    segments, owner = list(lines.segments), lines.owner.copy()
    middle = marks.parts.left + marks.parts.width / 2
    for index, line in enumerate(lines.segments):
        cut = _begin(marks, line)
        if cut is None:
            continue
        mine = np.flatnonzero(owner == index)
        answer = mine[middle[mine] > cut]
        label = mine[middle[mine] <= cut]
        if min(label.size, answer.size) < _LEAST_LETTERS:
            continue
        segments[index] = fitted(marks, label, line.region)
        owner[answer] = len(segments)
        segments.append(_after(segments[index], marks, answer))
    return Lines(tuple(segments), owner)


def _after(label: Segment, marks: Marks, answer: Ints) -> Segment:
    """The answer as a line on its label's baseline and of its size, which shows whether it is print."""
    parts = marks.parts
    left, top = float(parts.left[answer].min()), float(parts.top[answer].min())
    right, bottom = float(parts.right[answer].max()), float(parts.bottom[answer].max())
    offset, slope = label.baseline(left), label.slope + 2 * label.bow * (left - label.left)
    return replace(
        label, left=left, right=right, top=top, bottom=bottom, offset=offset, slope=slope, letters=int(answer.size)
    )


def _begin(marks: Marks, line: Segment) -> float | None:
    """Where the leader begins above which an answer stands, None without any."""
    x = marks.x_height
    begin = max(0, round(line.left))
    at = _drawn(marks, line.baseline((line.left + line.right) / 2), begin)
    if not at.size or at[0] < _LABEL_X * x or begin + at[0] > line.right - x:
        return None
    return float(begin + at[0]) if begin + at[_until(at, x)] > line.right + _ON_X * x else None


def _drawn(marks: Marks, foot: float, begin: int) -> Ints:
    """Columns from ``begin`` on, counted from there, in which a rule lies on the baseline."""
    off = _OFF_X * marks.x_height
    rows = slice(max(0, round(foot - off)), max(0, round(foot + off)))
    return np.flatnonzero(marks.rules.across[rows, begin:].any(axis=0))


def _until(at: Ints, x_height: float) -> int:
    """Which of these columns is the last before a wide gap."""
    breaks = np.flatnonzero(np.diff(at) > _GAP_X * x_height)
    return int(breaks[0]) if breaks.size else -1
