"""Finds the printed lines of a page in what an engine read, wherever and in whatever order it read them.

Blocks are cut differently by every engine, so blocks cannot be compared with blocks. Each printed
line takes the stretch of the text that fits it best, long lines first, and a stretch is taken once
(the flexible character accuracy of Clausner, Pletschacher and Antonacopoulos, 2020). A line without
a stretch is missing, text that no line took is invented.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy import normalise

WILD = "□"
"""In a truth: something that is not scored stands here (handwriting, a hole); it fits any text at no cost."""
MATCH_MOST = 0.5
"""A stretch with more errors than this share of the line's length is not that line."""
_EXACT_BELOW = 4
"""Shorter lines (``1``, ``-``) have to be there exactly, between spaces; else they would fit everywhere."""
_SURE_FROM = 12
"""Lines from this length on stand where their characters stand: it is no chance."""
_TAKEN = "\0"

Table = NDArray[np.int32]


@dataclass(frozen=True)
class Match:
    """The stretch ``found`` of the text from character ``place`` on, which a truth line took."""

    place: int
    found: str


@dataclass(frozen=True)
class Alignment:
    """``matches``: one for each truth line, None where it is missing. ``invented``: pieces that nothing took."""

    matches: tuple[Match | None, ...]
    invented: tuple[str, ...]


def align(truth: Sequence[str], found: str) -> Alignment:
    """Match lines (normalised) with the text (lines apart by a line feed)."""
    rows = [row for row in map(normalise, found.splitlines()) if row]
    text = list(" ".join(rows))
    starts = itertools.accumulate((len(row) + 1 for row in rows), initial=0)
    matches: list[Match | None] = [None] * len(truth)
    # What is certain comes first, because what a line takes no other can take: lines that were read
    # whole and right; then right, but run together with others; then with errors.
    places: dict[str, list[int]] = {}
    for start, row in zip(starts, rows, strict=False):
        places.setdefault(row, []).append(start)
    for number, line in enumerate(truth):
        if places.get(line):
            expected = _expected(matches, number)
            place = min(places[line], key=lambda start: abs(start - expected))
            places[line].remove(place)
            matches[number] = _take(text, place, place + len(line))
    left = sorted((at for at in range(len(truth)) if matches[at] is None), key=lambda at: -len(truth[at]))
    # Few words stand in many a longer line, so they wait until the longer lines have theirs.
    for number, faulty in itertools.chain(
        ((at, False) for at in left if len(truth[at]) >= _SURE_FROM), ((at, True) for at in left)
    ):
        if matches[number] is None:
            expected = _expected(matches, number)
            span = _find(truth[number], "".join(text), expected)
            if span is None and faulty and len(truth[number]) >= _EXACT_BELOW:
                span = _search(truth[number], "".join(text), expected)
            matches[number] = span and _take(text, *span)
    pieces = (piece.strip() for piece in "".join(text).split(_TAKEN))
    return Alignment(tuple(matches), tuple(piece for piece in pieces if piece))


def _expected(matches: Sequence[Match | None], number: int) -> int:
    """Where a line would stand if it followed the nearest line before it that has a match."""
    for match in reversed(matches[:number]):
        if match is not None:
            return match.place + len(match.found) + 1
    return 0


def _take(text: list[str], start: int, end: int) -> Match:
    """Mark a stretch as taken; what was taken before lies over it only where little was."""
    found = "".join(text[start:end]).replace(_TAKEN, "")
    text[start:end] = [_TAKEN] * (end - start)
    return Match(start, found)


def _find(line: str, text: str, expected: int) -> tuple[int, int] | None:
    """The stretch nearest to the expected place where the text holds the line, as whole words."""
    best: int | None = None
    place = text.find(line) if line and WILD not in line else -1
    while place >= 0:
        end = place + len(line)
        whole = (place == 0 or text[place - 1] in " " + _TAKEN) and (end == len(text) or text[end] in " " + _TAKEN)
        if whole and (best is None or abs(place - expected) < abs(best - expected)):
            best = place
        place = text.find(line, place + 1)
    return None if best is None else (best, best + len(line))


def _search(line: str, text: str, expected: int) -> tuple[int, int] | None:
    """The stretch with the fewest errors, if few enough; of equals the one nearest to the expected place."""
    if not text:
        return None
    table = _table(line, text, anywhere=True)
    least = int(table[-1].min())
    if least > len(line) * MATCH_MOST:
        return None
    ends = np.flatnonzero(table[-1] == least)
    end = int(ends[np.argmin(np.abs(ends - len(line) - expected))])
    start = next((at for _, at in _steps(table, line, text, end)), end)
    while start < end and text[start] in " " + _TAKEN:
        start += 1
    while end > start and text[end - 1] in " " + _TAKEN:
        end -= 1
    return (start, end) if start < end else None


def edits(line: str, found: str) -> Iterator[tuple[str, str]]:
    """Character by character, what was printed and what was read; ``""`` on the side that has nothing."""
    head = 0
    while head < min(len(line), len(found)) and line[head] == found[head] != WILD:
        yield line[head], found[head]
        head += 1
    line, found = line[head:], found[head:]
    steps = [*_steps(_table(line, found, anywhere=False), line, found, len(found)), (len(line), len(found))]
    for a, b in itertools.pairwise(steps):
        if line[a[0] : b[0]] != WILD and (a[0] == 0 or line[a[0] - 1] != WILD or b[0] > a[0]):
            yield line[a[0] : b[0]], found[a[1] : b[1]]


def distance(line: str, found: str) -> int:
    """Errors of a stretch read for a line."""
    return 0 if line == found else int(_table(line, found, anywhere=False)[-1, -1])


def _table(line: str, text: str, *, anywhere: bool) -> Table:
    """Edit distances of each start of the line (rows) to the text up to each character (columns).

    ``anywhere``: the match may begin at any character of the text.
    """
    letters = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    ramp = np.arange(len(text) + 1, dtype=np.int32)
    table = np.empty((len(line) + 1, len(text) + 1), np.int32)
    table[0] = 0 if anywhere else ramp
    for number, letter in enumerate(line):
        above, row = table[number], table[number + 1]
        if letter == WILD:
            np.minimum.accumulate(above, out=row)
            continue
        row[0] = above[0] + 1
        np.minimum(above[:-1] + (letters != ord(letter)), above[1:] + 1, out=row[1:])
        # A character too many costs one more than its left neighbour: a running minimum along the row.
        np.minimum.accumulate(row - ramp, out=row)
        row += ramp
    return table


def _steps(table: Table, line: str, text: str, end: int) -> Iterator[tuple[int, int]]:
    """Corners (characters of the line, of the text) that the best path ending at ``end`` comes from, in order."""
    path: list[tuple[int, int]] = []
    down, right = len(line), end
    while down > 0 or (right > 0 and table[0, right] > 0):
        cost = int(table[down, right])
        wild = down > 0 and line[down - 1] == WILD
        if wild:
            step = (0, 1) if right > 0 and cost == table[down, right - 1] and cost < table[down - 1, right] else (1, 0)
        elif down > 0 and right > 0 and cost == table[down - 1, right - 1] + (line[down - 1] != text[right - 1]):
            step = (1, 1)
        elif down > 0 and cost == table[down - 1, right] + 1:
            step = (1, 0)
        else:
            step = (0, 1)
        down, right = down - step[0], right - step[1]
        path.append((down, right))
    yield from reversed(path)
