"""sequence (document): are the pages in order? Rejects only when two sources agree."""

from __future__ import annotations

import difflib
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from models.document import Source
from models.errors import Finding, Rejected
from models.facts import Fact
from models.side import Side, SideIndex
from models.stage import Inputs, Ports, Scope, Stage
from stages.count import RULE, Counted
from stages.ocr.stage import TextRead
from stages.page_text import text_of
from stages.printed import Reading, Trouble, printed_number, troubles
from stages.unpack import Unpacked

_MOST_FLAGS = 80
"""A fact has at most 4 KB."""
_SAME_TEXT = 0.96
_LEAST_WORDS = 20
"""Neighbours that read almost the same; forms with a few words are too alike by nature."""


class Sequenced(Fact):
    """``flags``: stable codes with ``:side``, one source's doubts that people look at.

    ``sequence_gap``, ``sequence_twice``, ``sequence_order`` (the files are listed in another order
    than scanned), ``printed_gap``, ``printed_order``, ``double_capture``.
    """

    flags: tuple[str, ...] = ()


def run(inputs: Inputs, ports: Ports) -> Sequenced:
    """Compare the scanner's numbers with the printed ones.

    Raises ``Rejected``: ``pages_swapped`` or ``page_missing``, when both say so. A false reject is
    worse than a flag, so everything else is a flag. Extras with a note are not part of the order.
    """
    index = SideIndex.model_validate_json(ports.blobs.get(inputs.fact(Unpacked).index))
    sides = [side for side in index.sides if side.note_of is None]
    extras = {side.sequence for side in index.sides if side.note_of is not None}
    flags = [*sequence_flags(sides, extras), *_listing_flags(sides, inputs.document.sources)]
    readings: list[Reading] = []
    words: list[str] = []
    for side in sides:
        text = text_of(inputs, ports, side.number)
        before, words = words, [word.text for word in text.words()]
        readings.append(Reading(side.number, printed_number(text), bool(words)))
        if alike(before, words):
            flags.append(f"double_capture:{side.number}")
    found = troubles(readings)
    if troubles(readings, one_start=True):
        _reject_where_agreed(sides, extras, readings, found, inputs.document.sources)
    flags += [f"printed_{trouble.kind}:{trouble.side}" for trouble in found]
    return Sequenced(flags=limited(flags))


def sequence_flags(sides: Sequence[Side], extras: set[int | None]) -> list[str]:
    """Gaps and repeats in the scanner's numbers; an extra's number is not missing."""
    flags: list[str] = []
    last = 0
    for side in sides:
        if side.sequence is None:
            continue
        if side.sequence == last:
            flags.append(f"sequence_twice:{side.number}")
        elif any(number not in extras for number in range(last + 1, side.sequence)):
            flags.append(f"sequence_gap:{side.number}")
        last = side.sequence
    return flags


def _listing_flags(sides: Sequence[Side], sources: Iterable[Source]) -> list[str]:
    """Sides whose file is listed before the file that was scanned before it."""
    listed = {source.name: at for at, source in enumerate(sources)}
    pairs = itertools.pairwise(sides)
    return [f"sequence_order:{b.number}" for a, b in pairs if listed[b.source] < listed[a.source]]


def _reject_where_agreed(
    sides: Sequence[Side],
    extras: set[int | None],
    readings: Sequence[Reading],
    found: Sequence[Trouble],
    sources: Sequence[Source],
) -> None:
    """Raise where a second source says what the printed numbers say.

    *Swapped*: in another order that the batch carries (the manifest's list of files, or their
    names) all printed numbers are right, or the scanner gave a number twice at the very place.
    *Missing*: the scanner's numbers have a gap at the very place.
    """
    by_side = {side.number: side for side in sides}
    numbers = {reading.side: reading.number for reading in readings}
    doubled = {_side_of(flag) for flag in sequence_flags(sides, extras) if flag.startswith("sequence_twice")}
    gaps = {_side_of(flag) for flag in sequence_flags(sides, extras) if flag.startswith("sequence_gap")}
    findings: list[Finding] = []
    for other in _other_orders(sides, sources):
        if not troubles(sorted(readings, key=lambda reading: other[reading.side]), one_start=True):
            moved = [side.number for at, side in enumerate(sides) if other[side.number] != at]
            findings = [_swapped(side, numbers[side], by_side[side]) for side in moved]
            raise Rejected.of(findings)
    for trouble in found:
        between = range(trouble.before + 1, trouble.side + 1)
        if trouble.kind == "order" and doubled & set(between):
            findings += [_swapped(n, numbers[n], by_side[n]) for n in (trouble.before, trouble.side) if n]
        elif trouble.kind == "gap" and gaps & set(between):
            findings.append(_missing(trouble, numbers))
    if findings:
        raise Rejected.of(findings)


def _other_orders(sides: Sequence[Side], sources: Sequence[Source]) -> list[dict[int, int]]:
    """Other orders of the sides that the batch carries: place of each side, from 0.

    File names count only when they differ in nothing but their numbers, as a scanner writes them.
    """
    listed = {source.name: at for at, source in enumerate(sources)}
    orders = [sorted(sides, key=lambda side: (listed[side.source], side.number))]
    names = {side.source for side in sides}
    if len({re.sub(r"\d+", "#", name) for name in names}) == 1:
        orders.append(sorted(sides, key=lambda side: (natural(side.source), side.number)))
    scanned = [side.number for side in sides]
    return [
        {side.number: at for at, side in enumerate(order)}
        for order in orders
        if [side.number for side in order] != scanned
    ]


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """A sort key in which ``p2`` stands before ``p10``."""
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name))


def _swapped(number: int, printed: int | None, side: Side) -> Finding:
    reads = f"in số trang {printed}" if printed is not None else "không đọc được số trang"
    message = (
        f"Ảnh thứ {number} ({side.source}) {reads}: sai thứ tự. {RULE} Hãy xếp lại hoặc quét lại theo đúng thứ tự."
    )
    return Finding("pages_swapped", message, number)


def _missing(trouble: Trouble, numbers: dict[int, int | None]) -> Finding:
    after = f"sau ảnh thứ {trouble.before} (số trang {numbers[trouble.before]})" if trouble.before else "ở đầu"
    message = (
        f"Thiếu trang {after}, trước ảnh thứ {trouble.side} (số trang {numbers[trouble.side]}): số quét và số trang in "
        f"đều bị ngắt quãng. {RULE} Hãy quét lại trang bị thiếu và gửi lại cả bộ."
    )
    return Finding("page_missing", message, trouble.side)


def alike(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether two pages read almost the same, word by word: perhaps one side was captured twice."""
    most = 2.0 * min(len(before), len(after)) / max(len(before) + len(after), 1)
    if min(len(before), len(after)) < _LEAST_WORDS or most < _SAME_TEXT:
        return False
    shared = sum((Counter(before) & Counter(after)).values())
    if 2.0 * shared / (len(before) + len(after)) < _SAME_TEXT:
        return False
    return difflib.SequenceMatcher(None, before, after, autojunk=False).ratio() >= _SAME_TEXT


def limited(flags: Sequence[str]) -> tuple[str, ...]:
    """The flags in a number that a fact can hold; the last one says how many more there were."""
    if len(flags) <= _MOST_FLAGS:
        return tuple(flags)
    return (*flags[:_MOST_FLAGS], f"more_flags:{len(flags) - _MOST_FLAGS}")


def _side_of(flag: str) -> int:
    return int(flag.rpartition(":")[2])


STAGE = Stage("sequence", 1, Scope.DOCUMENT, (Unpacked, Counted, TextRead), Sequenced, run)
