"""Gives lines back the letters that hang together with a seal or a signature: too big a mark for a letter. Pure.

Where a pen runs through the end of a line or through a word, its letters are one mark with the stroke, and the line
ends before them or falls apart. What stands on the line's baseline in its own weight, beside it, is its print.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stages.ocr.turbo.lines import Lines, Segment
from stages.ocr.turbo.marks import Bools, Ints, Marks, Mask
from stages.ocr.turbo.tables import SHRINK

_LARGE_X = 3.4
"""Higher marks are no letters."""
_LEAST_LETTERS = 3
"""Fewer letters say too little about what the line's print looks like."""
_NEAR_X, _REACH_X = 4.0, 14.0
"""How far from the end of a line a large mark begins, and letters are looked for."""
_BLANK_X, _SPACE_X = 1.2, 0.3
"""Narrowest blank that ends a line, and narrowest between words."""
_ON_X = 0.12
"""Print stands on its baseline to this share of its height; letters by hand do not."""
_LEVEL_SHARE = 0.7
"""So many of a printed line's letters do: others have descenders, or dots that touch them."""
_LARGEST = 1.7
"""Lines with an x-height this many times the page's are mostly by hand; capitals have 1.5 times that of letters."""
_LEAST_X = 1.2
"""What is narrower, and not within a word, is a stroke."""
_CROSSED_X = 2.0
"""What a stroke hides of a line in one place is narrower: a letter."""
_RISE_X, _FALL_X = 1.7, 0.6
"""How far above and below the baseline ink is looked at: accents of capitals, descenders."""
_BRIDGE_X, _FILLED, _BRIDGE_WEIGHT = 8.0, 0.6, 0.5
"""Between two parts of a line letters are taken for print that fill so much of a gap up to so wide, and are so black."""
_FOOT_X = 0.3
"""Height of the strips above and below the baseline in which feet are told from strokes that run on."""
_LAX, _STRICT = (0.7, 0.5), (0.85, 0.35)
"""Print is at least this share as black as the line's own; below its feet is at most this share of their ink.

Strict with what begins after a blank and has no letter that stands on the baseline: mostly an answer by hand.
"""
_LEVEL_X, _LIKE = 0.35, 0.75
"""Parts of one line differ less in baseline, and their x-heights have at least this ratio."""
_FEW, _LIKE_FEW = 4, 0.6
"""So few letters, crossed by strokes, look larger than they are."""


@dataclass(frozen=True)
class _Beside:
    """Pixels beside the end of a line, outwards from it. ``loose``: ink of no line; ``stop``: columns that end the line."""

    loose: Bools
    stop: Bools
    large: Bools
    level: Bools
    """Columns of letters that stand on the line's baseline."""
    base: int
    """Row of the baseline."""
    continued: bool
    """Whether what stops the line is more of it."""


def bridged(marks: Marks, lines: Lines, walls: Mask | None) -> Lines:
    """The lines with what large marks hide of them; parts of one line that this brings together are joined.

    ``walls``: see :class:`stages.ocr.turbo.tables.Tables`.
    """
    large = _large(marks, lines.owner)
    if not large.any():
        return lines
    owner, segments = lines.owner.copy(), list(lines.segments)
    for index, side in _ends(marks, lines.segments, large):
        line = segments[index]
        if not _level(marks, lines, index):
            continue
        weight = _weight(marks, lines, index)
        reach = _print_reach(_beside(marks, owner, walls, segments, index, large, side), line.x_height, weight)
        if reach:
            segments[index] = _wider(line, reach, side, marks.parts.labels.shape[1])
            _take(marks, owner, line, index, reach, side)
    return _rejoined(Lines(tuple(segments), owner), lines)


def _large(marks: Marks, owner: Ints) -> Bools:
    """Marks too high for letters, but for coloured ink, pictures and what is as large as the page."""
    parts = marks.parts
    height, width = parts.labels.shape
    large = (owner < 0) & (parts.height > _LARGE_X * marks.x_height) & ~marks.penned & ~marks.picture
    large &= (parts.height < height / 2) & (parts.width < width / 2)
    large[0] = False
    return np.asarray(large, dtype=bool)


def _ends(marks: Marks, segments: tuple[Segment, ...], large: Bools) -> Iterator[tuple[int, int]]:
    """Lines with a large mark close by their left (−1) or right (1) end."""
    parts, at = marks.parts, np.flatnonzero(large)
    left, top, right, bottom = (side[at] for side in (parts.left, parts.top, parts.right, parts.bottom))
    for index, line in enumerate(segments):
        x = line.x_height
        if line.letters < _LEAST_LETTERS or x > _LARGEST * marks.x_height:
            continue
        for side, end in ((-1, line.left), (1, line.right)):
            base = line.baseline(end)
            reach = _NEAR_X * x
            near = (left < end + (reach if side > 0 else x)) & (right > end - (reach if side < 0 else x))
            if (near & (top < base - 0.3 * x) & (bottom > base - 0.7 * x)).any():
                yield index, side


def _level(marks: Marks, lines: Lines, index: int) -> bool:
    """Whether the line's letters stand on its baseline, as a hand's do not."""
    parts, line, mine = marks.parts, lines.segments[index], np.flatnonzero(lines.owner == index)
    along = parts.left[mine] + parts.width[mine] / 2 - line.left
    off = np.abs(parts.bottom[mine] - (line.offset + (line.slope + line.bow * along) * along))
    return bool((off <= max(1.0, _ON_X * line.x_height)).mean() >= _LEVEL_SHARE)


def _weight(marks: Marks, lines: Lines, index: int) -> float:
    """How black the line's own letters are, see :func:`_blackness`."""
    line = lines.segments[index]
    base = line.baseline((line.left + line.right) / 2)
    rows = slice(max(0, round(base - line.x_height)), max(1, round(base)))
    return _blackness((lines.owner == index)[marks.parts.labels[rows, int(line.left) : int(line.right)]])


def _blackness(band: Bools) -> float:
    """Share of an x-band that is ink, where it has any: blanks between words count for nothing."""
    filled = int(band.any(axis=0).sum())
    return float(band.sum() / max(1, filled * len(band)))


def _beside(
    marks: Marks, owner: Ints, walls: Mask | None, segments: list[Segment], index: int, large: Bools, side: int
) -> _Beside:
    """What stands beyond one end of a line."""
    line = segments[index]
    x = line.x_height
    end = line.left if side < 0 else line.right
    base = max(1, round(line.baseline(end)))
    top, bottom = max(0, round(base - _RISE_X * x)), round(base + _FALL_X * x)
    reach = round(_REACH_X * x)
    columns = slice(max(0, int(end) - reach), int(end)) if side < 0 else slice(int(end), int(end) + reach)
    labels = marks.parts.labels[top:bottom, columns][:, ::side]
    band = slice(max(0, round(base - x) - top), base - top)
    whose = owner[labels]
    free = (whose < 0) & (labels > 0) & ~(marks.penned | marks.picture)[labels]
    here = np.unique(labels[free])
    tall = (marks.parts.height[here] > 0.8 * x) & (marks.parts.height[here] < 1.6 * x) & marks.letter[here]
    stands = here[tall & (np.abs(marks.parts.bottom[here] - base) <= max(1.0, _ON_X * x))]
    level = np.asarray((np.isin(labels, stands) & free).any(axis=0), dtype=bool)
    others = np.where(whose[band] == index, -1, whose[band]).max(axis=0)
    stop = others >= 0
    first = int(stop.argmax()) if stop.any() else -1
    continued = first >= 0 and _alike(line, segments[others[first]])
    if walls is not None:
        at = np.arange(columns.start, columns.start + labels.shape[1])[::side]
        wall = walls[min(int(base - x / 2) // SHRINK, walls.shape[0] - 1)] > 0
        stop |= wall[np.minimum(at // SHRINK, wall.size - 1)]
        continued &= int(stop.argmax()) == first
    return _Beside(free, stop, large[labels], level, base - top, continued)


def _print_reach(beside: _Beside, x: float, weight: float) -> int:
    """How many columns beside the line are its print: words like its own, of which a large mark is a part."""
    band = slice(max(0, round(beside.base - x)), beside.base)
    ink = np.asarray(beside.loose[band].any(axis=0), dtype=bool)
    if beside.stop.any():
        stop = int(beside.stop.argmax())
        ink[stop:] = False
        if beside.continued and _bridges(beside.loose[band, :stop], beside.large[band, :stop], x, weight):
            return stop
    within = bool(ink[: max(1, round(_SPACE_X * x))].any())
    reach = last = 0
    for begin, end in _words(ink, x):
        sure = within or bool(beside.level[:end].any())
        narrow = begin - last > _SPACE_X * x and end - begin < _LEAST_X * x
        if begin - last > _BLANK_X * x:
            break
        if not narrow and _is_print(beside, begin, end, x, weight, *(_LAX if sure else _STRICT)):
            if reach < last and not beside.level[begin:end].any():
                break
            reach = last = end
        elif reach == last and end - last < _CROSSED_X * x:
            last = end  # a letter that a stroke spoils, if print goes on behind it
        else:
            break
    return reach if beside.large[band, :reach].any() else 0


def _bridges(loose: Bools, large: Bools, x: float, weight: float) -> bool:
    """Whether the ink between two parts of a line joins them: what is print on both sides need not look so in full."""
    filled = np.concatenate(([True], loose.any(axis=0), [True]))
    blank = int(np.diff(np.flatnonzero(filled)).max()) - 1
    if loose.shape[1] > _BRIDGE_X * x or blank > _BLANK_X * x or not large.any():
        return False
    return bool(filled[1:-1].mean() >= _FILLED and _blackness(loose) >= _BRIDGE_WEIGHT * weight)


def _words(ink: Bools, x: float) -> Iterator[tuple[int, int]]:
    """Begin and end of the stretches of ink between blanks as wide as a space."""
    at = np.flatnonzero(ink)
    if at.size:
        cuts = np.flatnonzero(np.diff(at) > _SPACE_X * x)
        for first, last in zip(np.append(0, cuts + 1), np.append(cuts, at.size - 1), strict=True):
            yield int(at[first]), int(at[last]) + 1


def _is_print(
    beside: _Beside, begin: int, end: int, x: float, weight: float, least_share: float, most_below: float
) -> bool:
    """Whether a stretch is as black as the line's print and stands on its baseline."""
    ink = beside.loose[:, begin:end]
    base, foot = beside.base, max(1, round(_FOOT_X * x))
    black = _blackness(ink[max(0, round(base - x)) : base])
    feet = int(ink[base - foot : base].sum())
    below = int(ink[base + foot // 2 : base + foot // 2 + foot].sum())
    return black >= least_share * weight and below <= most_below * feet


def _wider(line: Segment, reach: int, side: int, width_px: int) -> Segment:
    """The line with this many columns more at one end, and room for the accents there."""
    top = min(line.top, line.baseline((line.left + line.right) / 2) - _RISE_X * line.x_height)
    if side > 0:
        return replace(line, right=min(float(width_px), line.right + reach), top=top)
    return _from(replace(line, top=top), max(0.0, line.left - reach))


def _from(line: Segment, left: float) -> Segment:
    """The same line with another beginning."""
    shift = left - line.left
    return replace(line, left=left, offset=line.baseline(left), slope=line.slope + 2 * line.bow * shift)


def _take(marks: Marks, owner: Ints, line: Segment, index: int, reach: int, side: int) -> None:
    """Give the line the letters in the columns that it got; ``owner`` is changed."""
    parts, x = marks.parts, line.x_height
    begin, end = (line.left - reach, line.left) if side < 0 else (line.right, line.right + reach)
    middle, base = parts.left + parts.width / 2, line.baseline((begin + end) / 2)
    inside = (owner == -1) & marks.letter & (middle >= begin) & (middle <= end)
    owner[inside & (parts.bottom > base - _RISE_X * x) & (parts.top < base) & (parts.bottom < base + _FALL_X * x)] = (
        index
    )


def _rejoined(found: Lines, before: Lines) -> Lines:
    """Lines that grew up to another on their baseline, joined with it."""
    segments, target = list(found.segments), np.arange(len(found.segments))
    grown = [i for i, (a, b) in enumerate(zip(found.segments, before.segments, strict=True)) if a != b]
    for index in grown:
        line = segments[index]
        for other, near in enumerate(segments):
            if other != index and target[other] == other and target[index] == index and _one_line(line, near):
                first, second = sorted((line, near), key=lambda part: part.left)
                most = max(line, near, key=lambda part: part.letters)
                joined = replace(
                    _from(most, first.left),
                    right=max(first.right, second.right), top=min(first.top, second.top),
                    bottom=max(first.bottom, second.bottom), letters=first.letters + second.letters,
                )  # fmt: skip
                line = segments[index] = joined
                target[target == other] = index
    keep = target == np.arange(target.size)
    if keep.all():
        return found
    owner = found.owner.copy()
    mine = owner >= 0
    owner[mine] = (np.cumsum(keep) - 1)[target[owner[mine]]]
    return Lines(tuple(line for line, kept in zip(segments, keep, strict=True) if kept), owner)


def _one_line(line: Segment, near: Segment) -> bool:
    """Whether two parts of a line follow each other closely, or have grown over the same letters."""
    gap = max(line.left, near.left) - min(line.right, near.right)
    x = min(line.x_height, near.x_height)
    return -_REACH_X * x < gap < _BLANK_X * x and _alike(line, near)


def _alike(line: Segment, near: Segment) -> bool:
    """Whether two lines stand on one baseline, in one cell and one size; of a few letters the size is not certain."""
    first, second = sorted((line, near), key=lambda part: part.left)
    x, larger = sorted((line.x_height, near.x_height))
    like = _LIKE if min(line.letters, near.letters) > _FEW else _LIKE_FEW
    off = abs(first.baseline(first.right) - second.baseline(second.left))
    return line.region == near.region and x >= like * larger and off < _LEVEL_X * x
