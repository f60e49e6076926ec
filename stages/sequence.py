"""sequence (document): are the pages in order, each there, each once? Rejects only when two sources agree.

The sources: the scanner's numbers; the other orders that the batch carries (the manifest's list, the file names); the
numbers printed on the pages; sides that show the same thing twice; sides that are blank. Numbers and totals on one
page are one source: a paper that was handed in without its third page lacks both.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from models.document import Source
from models.errors import Finding, Rejected
from models.facts import Fact
from models.side import Side, read_index
from models.stage import Inputs, Ports, Scope, Stage
from stages.blank_side import BlankMeasured
from stages.count import RULE, Counted, named, place
from stages.fingerprint import Fingerprinted
from stages.ocr.stage import TextRead
from stages.order.paging import (
    Reading,
    Trouble,
    believed,
    contradictions,
    firm,
    reversed_throughout,
    short_of_total,
    troubles,
)
from stages.order.printed import printed
from stages.order.twins import Look, Twin, twins
from stages.page_text import text_of
from stages.unpack import Unpacked

_MANY = 4
"""Printed numbers that make an order of the pages certain, where each of them fits."""
_MOST_FLAGS = 80
"""A fact has at most 4 KB."""


class Sequenced(Fact):
    """``flags``: stable codes with ``:side``, one source's doubts that people look at.

    ``sequence_gap``, ``sequence_twice``, ``sequence_order`` (the files are listed in another order
    than scanned), ``name_order`` (their names have another order), ``backs_not_sent`` (the scanner counted backs that it did not send), ``printed_gap``,
    ``printed_order``, ``printed_odd`` (one number does not fit, those around it do), ``printed_total`` (the part that ends here names more pages than it has),
    ``printed_reversed`` (the whole document runs backwards), ``double_feed`` (whole sheets are missing from
    the printed numbers of a duplex scan), ``double_capture``.
    """

    flags: tuple[str, ...] = ()


class Evidence(NamedTuple):
    """What is known of a document's pages. ``sides`` and ``readings`` in scanned order, extras with a note left out.

    ``extras``: the scanner's numbers of those. ``other_orders``: sides by number, as the batch orders them otherwise.
    """

    sides: Sequence[Side]
    extras: frozenset[int | None]
    readings: Sequence[Reading]
    twins: Sequence[Twin]
    other_orders: Sequence[Sequence[int]]
    duplex: bool
    upside_down: bool


def run(inputs: Inputs, ports: Ports) -> Sequenced:
    """Compare the sources. Raises one ``Rejected`` with everything that two of them agree on.

    ``pages_swapped``, ``page_missing``, ``double_capture``, ``fed_upside_down``. A false reject is worse than a
    flag, so everything else is a flag.
    """
    seen = gathered(inputs, ports)
    findings = agreed(seen)
    if findings:
        raise Rejected.of(findings)
    flags = [*sequence_flags(seen.sides, seen.extras), *_listing_flags(seen.sides, inputs.document.sources)]
    return Sequenced(flags=limited([*flags, *_content_flags(seen)]))


def gathered(inputs: Inputs, ports: Ports) -> Evidence:
    """Everything that the facts say about order."""
    index = read_index(ports.blobs.get(inputs.fact(Unpacked).index))
    sides = [side for side in index.sides if side.note_of is None]
    duplex = inputs.fact(Counted).duplex
    readings: list[Reading] = []
    looks: list[Look] = []
    verdicts: list[str] = []
    for side in sides:
        text = text_of(inputs, ports, side.number)
        words = tuple(text.words())
        found = printed(text)
        verdicts.append(inputs.fact(BlankMeasured, side.number).verdict)
        readings.append(Reading(side.number, found.number, bool(words), found.total))
        fingerprint = inputs.fact(Fingerprinted, side.number)
        looks.append(Look(side.number, verdicts[-1] != "blank", found.number, words, fingerprint))
    if duplex:
        readings = _counting_sheets(readings)
    return Evidence(
        sides=sides,
        extras=frozenset(side.sequence for side in index.sides if side.note_of is not None),
        readings=readings,
        twins=twins(looks, duplex=duplex),
        other_orders=_other_orders(sides, inputs.document.sources),
        duplex=duplex,
        upside_down=duplex and fed_upside_down(verdicts),
    )


def _counting_sheets(readings: Sequence[Reading]) -> list[Reading]:
    """Backs of a paper that numbers only its fronts carry no number even where they are written on."""
    fronts, backs = readings[::2], readings[1::2]
    if any(back.number is not None for back in backs) or sum(front.number is not None for front in fronts) < 2:
        return list(readings)
    return [page._replace(written=page.written and at % 2 == 0) for at, page in enumerate(readings)]


def fed_upside_down(verdicts: Sequence[str]) -> bool:
    """Whether every front is blank and every back has ink: the stack lay in the feeder the wrong way up."""
    return all(v == "blank" for v in verdicts[::2]) and all(v == "ink" for v in verdicts[1::2])


def agreed(seen: Evidence) -> list[Finding]:
    """What two sources say: reasons to reject."""
    if seen.upside_down and reversed_throughout(seen.readings):
        return [_upside_down(seen)]
    swapped = _swapped(seen)
    if swapped:
        return swapped
    return [*_missing(seen), *_captured_twice(seen)]


def sequence_flags(sides: Sequence[Side], extras: Iterable[int | None]) -> list[str]:
    """Gaps and repeats in the scanner's numbers; an extra's number is not missing."""
    left_out = set(extras)
    if backs_not_sent(sides):
        return ["backs_not_sent"]
    flags: list[str] = []
    last = 0
    for side in sides:
        if side.sequence is None:
            continue
        if side.sequence == last:
            flags.append(f"sequence_twice:{side.number}")
        elif any(number not in left_out for number in range(last + 1, side.sequence)):
            flags.append(f"sequence_gap:{side.number}")
        last = side.sequence
    return flags


def backs_not_sent(sides: Sequence[Side]) -> bool:
    """Whether the scanner's numbers are 1, 3, 5 and so on: it left out every back, and no page is missing."""
    return len(sides) > 1 and [side.sequence for side in sides] == list(range(1, 2 * len(sides), 2))


def _listing_flags(sides: Sequence[Side], sources: Iterable[Source]) -> list[str]:
    """Sides whose file is listed, or named, before the file that was scanned before it."""
    listed = {source.name: at for at, source in enumerate(sources)}
    pairs = list(itertools.pairwise(sides))
    flags = [f"sequence_order:{b.number}" for a, b in pairs if listed[b.source] < listed[a.source]]
    if _named_by_number(sides):
        flags += [f"name_order:{b.number}" for a, b in pairs if natural(b.source) < natural(a.source)]
    return flags


def _named_by_number(sides: Sequence[Side]) -> bool:
    """Whether the file names differ in nothing but their numbers, as a scanner writes them."""
    return len({re.sub(r"\d+", "#", side.source) for side in sides}) == 1


def _content_flags(seen: Evidence) -> list[str]:
    """What the printed numbers, or sides that look the same, say alone."""
    flags = [f"double_capture:{twin.side}" for twin in seen.twins]
    again = {twin.side for twin in seen.twins}
    if reversed_throughout(seen.readings):
        return [*flags, "printed_reversed"]
    readings, odd = believed(seen.readings)
    flags += [f"printed_odd:{side}" for side in odd if side not in again]
    found = [trouble for trouble in troubles(readings) if trouble.side not in again]
    fronts = {side.number for side in seen.sides[::2]} if seen.duplex else set()
    for trouble in found:
        flags.append(f"printed_{trouble.kind}:{trouble.side}")
        sheets = trouble.kind == "gap" and trouble.least % 2 == 0 and trouble.least > 0
        if sheets and trouble.side in fronts and firm(readings, trouble):
            flags.append(f"double_feed:{trouble.side}")
    return [*flags, *(f"printed_total:{side}" for side in short_of_total(seen.readings))]


def _swapped(seen: Evidence) -> list[Finding]:
    """Pages that another order of the batch puts where their printed numbers want them.

    Two printed numbers at least must be wrong as scanned and right in the other order, so that one misread
    number is not enough. One is, where all the others, half of the pages or more, fit the other order too; or where
    the list and the file names agree on it.
    """
    as_scanned = contradictions(seen.readings) if seen.other_orders else 0
    if as_scanned == 0:
        return []
    by_side = {reading.side: reading for reading in seen.readings}
    numbered = sum(reading.number is not None for reading in seen.readings)
    for order in seen.other_orders:
        left = contradictions([by_side[number] for number in order])
        many = numbered >= _MANY and 2 * numbered >= len(order)
        named_twice = list(seen.other_orders).count(order) > 1
        enough = as_scanned - left >= 2 or (left == 0 and (many or named_twice))
        if enough and left <= numbered // 5:
            moved = {a.number for a, b in zip(seen.sides, order, strict=True) if a.number != b}
            return _out_of_order([side for side in seen.sides if side.number in moved], by_side)
    return []


def _other_orders(sides: Sequence[Side], sources: Sequence[Source]) -> list[tuple[int, ...]]:
    """Other orders of the sides that the batch carries, as side numbers; one that two sources give is there twice.

    Sides with one scanner's number may stand either way round: nothing speaks against the other way, so it counts
    as given twice.
    """
    listed = {source.name: at for at, source in enumerate(sources)}
    orders = [sorted(sides, key=lambda side: (listed[side.source], side.number))]
    if _named_by_number(sides):
        orders.append(sorted(sides, key=lambda side: (natural(side.source), side.number)))
    if all(side.sequence is not None for side in sides):
        orders += 2 * [sorted(sides, key=lambda side: (side.sequence or 0, -side.number))]
    scanned = tuple(side.number for side in sides)
    found = [tuple(side.number for side in order) for order in orders]
    return [order for order in found if order != scanned]


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """A sort key in which ``p2`` stands before ``p10``."""
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name))


def _out_of_order(moved: Sequence[Side], readings: dict[int, Reading]) -> list[Finding]:
    """One sentence that names all of them."""

    def name(side: Side) -> str:
        number = readings[side.number].number
        return f"ảnh thứ {side.number} ({side.source}, {_reads(number)})"

    message = (
        f"Sai thứ tự: {named([name(side) for side in moved])}. Số trang in và thứ tự tệp trong lô đều khác thứ tự quét. "
        f"{RULE} Hãy xếp lại giấy hoặc sửa số quét theo đúng thứ tự rồi gửi lại cả bộ."
    )
    return [Finding("pages_swapped", message, side.number) for side in moved]


def _missing(seen: Evidence) -> list[Finding]:
    """Printed numbers are left out where the scanner's are, and about as many."""
    if backs_not_sent(seen.sides):
        return []
    places = {side.number: at for at, side in enumerate(seen.sides)}
    findings = []
    readings, _ = believed(seen.readings)
    for trouble in troubles(readings):
        if trouble.kind != "gap" or not firm(readings, trouble):
            continue
        between = range(places.get(trouble.before, -1) + 1, places[trouble.side] + 1)
        lost = [number for at in between for number in _left_out(seen, at)]
        # A leaf with an empty back takes two of the scanner's numbers and one printed one.
        if max(trouble.least, 1) <= len(lost) <= 2 * trouble.most:
            findings.append(_page_missing(seen, trouble, lost))
    return findings


def _left_out(seen: Evidence, at: int) -> list[int]:
    """The scanner's numbers that are missing just before the side at this place, from 0."""
    sequence = seen.sides[at].sequence
    before = seen.sides[at - 1].sequence if at else 0
    if sequence is None or before is None:
        return []
    return [number for number in range(before + 1, sequence) if number not in seen.extras]


def _page_missing(seen: Evidence, trouble: Trouble, lost: Sequence[int]) -> Finding:
    numbers = {reading.side: reading.number for reading in seen.readings}
    after = f"sau ảnh thứ {trouble.before} (số trang {numbers[trouble.before]})" if trouble.before else "ở đầu"
    message = (
        f"Thiếu trang {after}, trước ảnh thứ {trouble.side} (số trang {numbers[trouble.side]}): số quét và số trang in "
        f"đều bị ngắt quãng (thiếu số quét {named([str(number) for number in lost])}). {RULE} "
        "Hãy quét lại trang bị thiếu và gửi lại cả bộ."
    )
    return Finding("page_missing", message, trouble.side)


def _captured_twice(seen: Evidence) -> list[Finding]:
    """Sides that show the one before again, where the scanner repeats its number, or a printed number is missing.

    A page scanned twice *in place of* the next shows its own number twice and leaves a hole in the numbers behind it,
    or ends the paper before the total that it names. Without a number it may be a form that is there twice.
    """
    if not seen.twins:
        return []
    again = {twin.side for twin in seen.twins}
    once = [reading for reading in seen.readings if reading.side not in again]
    placeholders = [r._replace(number=None) if r.side in again else r for r in seen.readings]
    gaps = {t.side: t for t in troubles(once) if t.kind == "gap" and firm(once, t)}
    still = {t.side for t in troubles(placeholders)}
    ends_short = bool(once) and once[-1].side in short_of_total(once)
    numbers = {reading.side: reading.number for reading in seen.readings}
    by_side = {side.number: side for side in seen.sides}
    findings = []
    for twin in seen.twins:
        behind = next((r.side for r in once if r.side > twin.side and r.number is not None), 0)
        numbered_again = numbers[twin.side] is not None and numbers[twin.side] == numbers[twin.of]
        hole = behind in gaps and behind not in still
        replaced = numbered_again and (hole or (behind == 0 and ends_short))
        same_number = (
            by_side[twin.side].sequence is not None and by_side[twin.side].sequence == by_side[twin.of].sequence
        )
        if replaced or same_number:
            findings.append(_double(seen, twin, in_place_of_another=replaced))
    return findings


def _double(seen: Evidence, twin: Twin, *, in_place_of_another: bool) -> Finding:
    places = {side.number: at for at, side in enumerate(seen.sides, start=1)}
    source = {side.number: side.source for side in seen.sides}
    why = (
        "và số trang in cho thấy thiếu trang đáng lẽ ở đó"
        if in_place_of_another
        else "và máy quét ghi cùng một số quét"
    )
    message = (
        f"Ảnh thứ {twin.side} ({source[twin.side]}; {place(places[twin.side], seen.duplex)}) chụp lại đúng trang của ảnh thứ "
        f"{twin.of} ({source[twin.of]}), {why}. {RULE} Hãy bỏ ảnh chụp lặp, quét trang còn thiếu rồi gửi lại cả bộ."
    )
    return Finding("double_capture", message, twin.side)


def _upside_down(seen: Evidence) -> Finding:
    message = (
        "Mọi mặt trước đều trắng, mọi mặt sau đều có chữ và số trang in chạy ngược: cả chồng giấy đã bị đặt úp ngược "
        f"trong khay máy quét ({(len(seen.sides) + 1) // 2} tờ). {RULE} Hãy lật cả chồng giấy, quét lại và gửi lại cả bộ."
    )
    return Finding("fed_upside_down", message)


def _reads(number: int | None) -> str:
    return f"in số trang {number}" if number is not None else "không đọc được số trang"


def limited(flags: Sequence[str]) -> tuple[str, ...]:
    """The flags in a number that a fact can hold; the last one says how many more there were."""
    if len(flags) <= _MOST_FLAGS:
        return tuple(flags)
    return (*flags[:_MOST_FLAGS], f"more_flags:{len(flags) - _MOST_FLAGS}")


STAGE = Stage(
    "sequence", 2, Scope.DOCUMENT, (Unpacked, Counted, BlankMeasured, TextRead, Fingerprinted), Sequenced, run
)
