"""Reading order: columns, the two-column header of Decree 30, signature blocks, paragraphs. Pure geometry.

Two things side by side show a gutter. It is followed down the page as long as nothing crosses it; what stands left
of it is read before what stands right of it, where both sides have several rows. One row alone is one line with gaps.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from stages.ocr.turbo.items import LOW_X, MOST, Group, Item, by_rows, row_of
from stages.ocr.turbo.rows import rows_below

_GUTTER_X = 1.2
"""Narrowest gutter, in x-heights, once all rows of a zone have been seen."""
_FAR_X = 9.0
"""A zone ends where this many x-heights are empty on both sides: the space for a signature is about as high."""
_APART_X = 1.5
"""Lines of one list are nearer to each other than this; their pitch is about 2.6 x-heights, of which 0.8 are empty."""
_HEADER_SHARE = 0.33
"""Header blocks begin in this upper part of the page."""
_FILLED = 0.7
"""Lines of newspaper columns fill this share of their column; those of a header or a form do not."""

_MARGIN_X = 2.5
"""Rows that keep to a margin differ by less, in x-heights."""
_FEW_ROWS = 4
_NARROW = 0.25
"""A right side of less than this share of the left one's width is a column of numbers."""
_ON_LINE = 0.9
"""Share of the right side's fields on a common line; the title above a long table may stand on its own."""


@dataclass(frozen=True)
class _Zone:
    """``form_until``: lowest baseline of fields on common lines, where the two sides are that and no columns."""

    left: tuple[Item, ...]
    right: tuple[Item, ...]
    form_until: float = -1.0


def reading_order(items: Sequence[Item], x_height: float, page_height_px: float) -> tuple[Group, ...]:
    """Groups in reading order. ``items``: any order, of one page or one column."""
    rest = sorted(items, key=lambda item: (item.foot, item.box.left))
    if not rest:
        return ()
    centre = (min(i.box.left for i in rest) + max(i.box.right for i in rest)) / 2
    groups: list[Group] = []
    flow: list[Item] = []
    form_until = -1.0
    while rest:
        rows = rows_below(rest, x_height)
        if rows is not None:
            groups += _paragraphs(flow, x_height)
            flow = []
            groups += [Group("text", row) for row in rows]
            rest = _without(rest, [item for row in rows for item in row])
            continue
        row = row_of(rest, x_height)
        if len(row) == 1 < len(rest) and rows_below(rest[1 : MOST + 1], x_height) is not None:
            flow.append(rest.pop(0))  # a title above a table
            continue
        zone = _zone(rest, x_height, centre) if rest[0].foot > form_until else None
        if zone is not None and zone.form_until >= rest[0].foot:
            form_until, zone = zone.form_until, None
        if zone is None:
            flow.extend(row)
            rest = _without(rest, row)
            continue
        groups += _paragraphs(flow, x_height)
        flow = []
        groups += _columns(zone, x_height, page_height_px, first=len(groups) < 2)
        rest = _without(rest, (*zone.left, *zone.right))
    groups += _paragraphs(flow, x_height)
    return tuple(groups)


def _without(rest: Sequence[Item], used: Sequence[Item]) -> list[Item]:
    """What is left; the used items are among the first."""
    numbers = {item.index for item in used}
    last = max(place for place, item in enumerate(rest[: MOST + len(used)]) if item.index in numbers) + 1
    return [item for item in rest[:last] if item.index not in numbers] + list(rest[last:])


def _zone(rest: Sequence[Item], x_height: float, centre: float) -> _Zone | None:
    """The columns that begin with the first row, if it shows a gutter that more rows keep."""
    row = row_of(rest, x_height)
    pairs = list(itertools.pairwise(row))
    if len(row) == 1:
        # The signer's title may stand a line or two above "Nơi nhận" beside it.
        near = itertools.takewhile(lambda item: item.foot - row[0].foot < LOW_X * x_height, rest[1:MOST])
        pairs += [(item, row[0]) for item in near if item.box.right < row[0].box.left]
    best: _Zone | None = None
    for first, second in pairs:
        zone = _followed(rest, (first.box.right, second.box.left), x_height, centre)
        if zone is not None and (best is None or _size(zone) > _size(best)):
            best = zone
    return best


def _size(zone: _Zone) -> tuple[bool, int]:
    """Columns come before fields, then what is larger."""
    return zone.form_until < 0, len(zone.left) + len(zone.right)


def _followed(rest: Sequence[Item], gutter: tuple[float, float], x_height: float, centre: float) -> _Zone | None:
    """Everything down to the first thing that crosses the gutter."""
    low, high = gutter
    left: list[Item] = []
    right: list[Item] = []
    bottom = rest[0].box.bottom
    for item in rest[:MOST]:
        if item.box.top - bottom > _FAR_X * x_height:
            break
        before = item.box.centre[0] < (low + high) / 2
        new = (max(low, item.box.right), high) if before else (low, min(high, item.box.left))
        if new[1] - new[0] < _GUTTER_X * x_height:
            break
        (left if before else right).append(item)
        low, high = new
        bottom = max(bottom, item.box.bottom)
    right = _without_title(left, right, centre, x_height)
    left = _without_next(left, right, x_height)
    if len(by_rows(left, x_height)) < 2 or len(by_rows(right, x_height)) < 2:
        return None
    form = _is_form(left, right, x_height)
    return _Zone(tuple(left), tuple(right), _form_until(left, right, x_height) if form else -1.0)


def _form_until(left: Sequence[Item], right: Sequence[Item], x_height: float) -> float:
    """Baseline of the last of the fields that follow each other on common lines."""
    feet = [item.foot for item in left]
    paired = itertools.takewhile(lambda item: _on_line(item, feet, x_height), right)
    return max((item.foot for item in paired), default=-1.0)


def _on_line(item: Item, feet: Sequence[float], x_height: float) -> bool:
    return min(abs(item.foot - foot) for foot in feet) < 0.35 * x_height


def _without_title(left: Sequence[Item], right: list[Item], centre: float, x_height: float) -> list[Item]:
    """The right column without a last line that is centred on the page and not in the column: the document's title."""
    while len(right) > 2:
        middles = [item.box.centre[0] for item in right[:-1]]
        last = right[-1].box.centre[0]
        below = right[-1].box.top > max((item.foot for item in left), default=0.0)
        if below and abs(last - centre) < 3 * x_height and abs(last - median(middles)) > 3 * x_height:
            right = right[:-1]
        else:
            break
    return right


def _without_next(left: list[Item], right: Sequence[Item], x_height: float) -> list[Item]:
    """The left column without a last line that stands apart below both: "Kính gửi" under the header of a letter."""
    while len(left) > 2:
        bottom = max(item.box.bottom for item in (*left[:-1], *right))
        if left[-1].box.top - bottom < _APART_X * x_height:
            break
        left = left[:-1]
    return left


def _is_form(left: Sequence[Item], right: Sequence[Item], x_height: float) -> bool:
    """Whether the two sides are fields on common lines: the right ones stand on left ones' baselines,
    both sides begin or end at a margin of their own, and lines do not fill their column.

    So are lines with a wide blank, whose second parts keep to no margin at all (``Ông: …  Chức vụ: …``), and page
    numbers or sums beside what they belong to.
    """
    feet = [item.foot for item in left]
    on_line = [_on_line(item, feet, x_height) for item in right]
    if sum(on_line) < _ON_LINE * len(on_line):
        return False
    (begins, ends, middles), (begins_right, ends_right, middles_right) = (
        _spread(side, x_height) for side in (left, right)
    )
    most = _MARGIN_X * x_height
    if min(begins_right, ends_right, middles_right) > most or min(begins, ends, middles) > most:
        return True  # what keeps to no margin is no column
    if begins <= most and _typed(left, right, x_height):
        return True
    if min(begins, ends) > most or min(begins_right, ends_right) > most:
        return False
    narrow = max(item.box.right for item in right) - min(item.box.left for item in right)
    if begins <= most and narrow < _NARROW * (
        max(item.box.right for item in left) - min(item.box.left for item in left)
    ):
        return True
    return _filled(left, min(item.box.left for item in right)) < _FILLED


def _typed(left: Sequence[Item], right: Sequence[Item], x_height: float) -> bool:
    """Whether the right parts follow the left ones at one distance, wherever these end: blanks of a typist.

    The lines of newspaper columns all end at one margin, but they are more than a few.
    """
    ends, gaps = [], []
    for item in right:
        before = min(left, key=lambda other: (abs(other.foot - item.foot) > 0.35 * x_height, -other.box.right))
        ends.append(before.box.right)
        gaps.append(item.box.left - before.box.right)
    ragged = max(ends) - min(ends) > x_height or len(right) <= _FEW_ROWS
    return max(gaps) - min(gaps) < 0.6 * x_height and ragged


def _spread(side: Sequence[Item], x_height: float) -> tuple[float, float, float]:
    """How far the rows of a side differ in where they begin, end and have their middle."""
    rows = by_rows(side, x_height)
    begins = [min(item.box.left for item in row) for row in rows]
    ends = [max(item.box.right for item in row) for row in rows]
    middles = [(begin + end) / 2 for begin, end in zip(begins, ends, strict=True)]
    return max(begins) - min(begins), max(ends) - min(ends), max(middles) - min(middles)


def _filled(items: Sequence[Item], until: float) -> float:
    """How much of their column, which ends at ``until``, most lines fill."""
    width = until - min(item.box.left for item in items)
    return median(item.box.width for item in items) / width if width > 0 else 1.0


def _columns(zone: _Zone, x_height: float, page_height_px: float, *, first: bool) -> list[Group]:
    """Both columns' groups, left before right."""
    top = min(item.box.top for item in (*zone.left, *zone.right))
    if first and top < _HEADER_SHARE * page_height_px:
        kind = "header"
    elif _filled(zone.left, min(item.box.left for item in zone.right)) >= _FILLED:
        kind = "text"
    else:
        kind = "signature"
    groups: list[Group] = []
    for side, items in (("left", zone.left), ("right", zone.right)):
        name = kind if kind == "text" else f"{kind}_{side}"
        groups += [
            Group(name if group.kind == "text" else group.kind, group.items)
            for group in reading_order(items, x_height, page_height_px)
        ]
    return groups


def _paragraphs(flow: Sequence[Item], x_height: float) -> list[Group]:
    """Cut a flow of lines where the distance grows, a line is indented, or a table stands between."""
    groups: list[list[Item]] = []
    steps = [b.foot - a.foot for a, b in itertools.pairwise(flow) if b.foot - a.foot > x_height]
    usual = median(steps) if steps else 0.0
    margin = min((item.box.left for item in flow), default=0.0)
    line: Item | None = None
    for item in flow:
        if line is None:
            groups.append([item])
        elif item.foot - line.foot <= 0.8 * x_height and item.box.left > line.box.left:
            groups[-1].append(item)
            continue
        else:
            indented = item.box.left > margin + 1.5 * x_height and line.box.left < margin + 1.5 * x_height
            far = item.foot - line.foot > 1.3 * usual or item.foot < line.foot
            sized = not 0.6 < item.box.height / max(1.0, line.box.height) < 1.7
            if indented or far or (sized and 99 in (item.letters, line.letters)):
                groups.append([item])
            else:
                groups[-1].append(item)
        line = item
    return [Group("text", tuple(items)) for items in groups]
