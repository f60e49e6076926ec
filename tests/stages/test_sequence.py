"""sequence: two sources reject, one source flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import Rejected
from models.facts import Fact, FactKey
from models.geometry import Affine, Box
from models.side import Side
from models.text import Block, Line, PageText, Word
from stages import fingerprint, sequence
from stages.blank_side import BlankMeasured
from stages.count import Counted
from stages.order import printed
from stages.order.paging import Reading, troubles
from stages.page_text import parse
from tests.stages import desk

A4 = (1654, 2339)
BODY = "Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015 của Quốc hội khóa XIII trang {}"


def line(text: str, centre: tuple[float, float], confidence: float = 0.9) -> Line:
    """A line of text around a point of an A4 page at 200 dpi."""
    width = 14.0 * len(text)
    left, top = centre[0] - width / 2, centre[1] - 15
    words, at = [], left
    for word in text.split():
        words.append(Word(text=word, box=Box(at, top, at + 14.0 * len(word), top + 30), confidence=confidence))
        at += 14.0 * (len(word) + 1)
    return Line(words=tuple(words), box=Box(left, top, left + width, top + 30))


def printed_number(text: PageText) -> int | None:
    """Through the blob, as the stage reads it."""
    return printed.printed_number(parse(text.model_dump_json().encode()))


def page(number: int | None, body: str = "", *, at: tuple[float, float] = (827, 120)) -> PageText:
    """A page with its printed number at the top centre, and some lines of text."""
    lines = [line(str(number), at)] if number is not None else []
    lines += [line(body, (827, 500 + 60 * n)) for n in range(3) if body]
    blocks = tuple(Block(lines=(item,), box=item.box) for item in lines)
    return PageText(width_px=A4[0], height_px=A4[1], blocks=blocks)


def picture(seed: int) -> fingerprint.Fingerprinted:
    """The fingerprint of a page of its own."""
    cells = np.random.default_rng(seed).uniform(0, 0.4, (85, 60)).astype(np.float32)
    return fingerprint.pack(cells * (np.arange(85) % 2)[:, None], 3.5)


def checked(
    numbers: Sequence[int | None],
    *,
    sequences: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    listed: Sequence[int] | None = None,
    bodies: Mapping[int, str] | None = None,
    pictures: Mapping[int, int] | None = None,
    verdicts: Sequence[Literal["blank", "ink", "unsure"]] = (),
    duplex: bool = False,
    notes: Sequence[int] = (),
) -> tuple[str, ...]:
    """The flags of pages with these printed numbers, in scanned order.

    ``listed``: order of the sides in the manifest's list, if not as scanned. ``pictures``: which picture a side
    shows, if not one of its own.
    """
    blobs = desk.Blobs()
    sequences = sequences or range(1, len(numbers) + 1)
    names = names or [f"scan{n:03d}.jpg" for n in sequences]
    sides: list[Side] = [
        desk.side(n, sequence=number, source=name, note_of=1 if n in notes else None)
        for n, (number, name) in enumerate(zip(sequences, names, strict=True), start=1)
    ]
    facts: dict[FactKey, Fact] = desk.unpacked(blobs, sides)
    facts[FactKey("Counted")] = Counted(pages=len(sides), notes=0, duplex=duplex, declared=True)
    for n, number in enumerate(numbers, start=1):
        body = (bodies or {}).get(n, BODY.format("abcdefghijklmnopq"[n % 17] * n))
        facts[FactKey("TextRead", n)] = desk.text_read(blobs, page(number, body))
        facts[FactKey("Fingerprinted", n)] = picture((pictures or {}).get(n, n))
        facts[FactKey("BlankMeasured", n)] = BlankMeasured(verdict=verdicts[n - 1] if verdicts else "ink", ink=0.02)
    order = [sides[n - 1] for n in listed] if listed else sides
    of = desk.document(
        blobs,
        [(side.source, b"%d" % side.number) for side in order],
        sequences=[side.sequence for side in order],
        declared=(len(sides), len(sides), 0),
    )
    return sequence.run(desk.inputs(of, facts, len(sides)), desk.ports(blobs)).flags


def refused(numbers: Sequence[int | None], **options: Sequence[int] | Sequence[str]) -> Rejected:
    with pytest.raises(Rejected) as error:
        checked(numbers, **options)  # type: ignore[arg-type]
    return error.value


def test_a_document_in_order_has_no_flags() -> None:
    """Page 1 carries no number (Decree 30); an appendix starts again without one."""
    assert checked([None, 2, 3, None, 2, 3]) == ()
    assert checked([1, 2, 3, 1, 2]) == ()
    assert checked([None, 2, None, 4]) == ()


def test_printed_numbers_alone_only_flag() -> None:
    """A swap that no other source supports may be a misreading."""
    assert checked([None, 3, 2, 4], names=["b.jpg", "a.jpg", "x.jpg", "c.jpg"]) == (
        "printed_gap:2",
        "printed_order:3",
        "printed_gap:4",
    )


def test_scanner_numbers_alone_only_flag() -> None:
    """A gap between pages whose printed numbers go on; a number that came twice."""
    assert checked([None, 2, 3], sequences=[1, 3, 4]) == ("sequence_gap:2",)
    assert checked([None, 2, 3], sequences=[1, 1, 2], names=["a", "b", "c"]) == ("sequence_twice:2",)


def test_file_names_and_printed_numbers_agree_on_a_swap() -> None:
    """The scanner numbered two sheets the wrong way round; their names and their print know better."""
    names = ["scan001.jpg", "scan003.jpg", "scan002.jpg", "scan004.jpg"]
    error = refused([None, 3, 2, 4], names=names)
    assert [(f.code, f.page) for f in error.findings] == [("pages_swapped", 2), ("pages_swapped", 3)]
    assert "scan003.jpg" in error.message
    assert "số trang 3" in error.message


def test_the_manifests_list_and_printed_numbers_agree_on_a_swap() -> None:
    """The files are listed in the order of the paper, and numbered otherwise."""
    names = ["k.jpg", "z.jpg", "a.jpg", "q.jpg"]
    assert refused([None, 3, 2, 4], names=names, listed=[1, 3, 2, 4]).code == "pages_swapped"


def test_one_number_needs_both_the_list_and_the_names() -> None:
    """Page 2 stands first: list and file names together outweigh the scanner, the names alone do not."""
    names = ["k2.jpg", "k1.jpg", "k3.jpg"]
    assert refused([2, None, None], names=names, listed=[2, 1, 3]).code == "pages_swapped"
    assert checked([2, None, None], names=names) == ("name_order:2", "printed_gap:1")


def test_a_number_that_an_appendix_explains_never_rejects() -> None:
    """A letter, and a decision of two pages behind it: right in both orders."""
    names = ["k1.jpg", "k3.jpg", "k2.jpg", "k4.jpg"]
    assert checked([None, None, 2, None], names=names, listed=[1, 3, 2, 4]) == ("sequence_order:3", "name_order:3")
    assert checked([None, None, 2, 3], names=["b2.jpg", "b3.jpg", "b4.jpg", "b1.jpg"]) == ("name_order:4",)
    assert checked([None, None, 2, None]) == ()


def test_another_order_that_is_no_better_only_flags() -> None:
    """Names in reverse do not make the printed numbers right."""
    names = ["scan4.jpg", "scan3.jpg", "scan2.jpg", "scan1.jpg"]
    assert "printed_order:3" in checked([None, 3, 2, 4], names=names)


def test_a_page_missing_in_both_sources_is_refused() -> None:
    """The scanner's numbers jump exactly where the printed ones do."""
    error = refused([None, 2, 4, 5], sequences=[1, 2, 4, 5])
    assert (error.code, error.findings[0].page) == ("page_missing", 3)
    assert "sau ảnh thứ 2 (số trang 2), trước ảnh thứ 3 (số trang 4)" in error.message


def test_gaps_in_different_places_only_flag() -> None:
    """The two sources do not speak of the same page."""
    assert set(checked([None, 2, 4, 5, 6], sequences=[1, 2, 3, 4, 6])) == {"sequence_gap:5", "printed_gap:3"}


def test_a_number_given_twice_where_the_print_goes_back_is_a_swap() -> None:
    """The scanner repeated a number at the very place."""
    error = refused([None, 3, 2], sequences=[1, 2, 2], names=["x.jpg", "b.jpg", "a1.jpg"])
    assert error.code == "pages_swapped"


def test_files_listed_otherwise_than_scanned_are_flagged() -> None:
    """The manifest's list and the scanner's numbers differ; the print says nothing."""
    assert checked([None, None, None], listed=[2, 1, 3]) == ("sequence_order:2",)


def test_extras_with_a_note_are_not_part_of_the_order() -> None:
    """Neither their printed number nor their place in the scanner's count matters."""
    assert checked([None, 2, 2, 3], notes=[3]) == ()


def test_a_side_captured_twice_is_flagged() -> None:
    """Neighbours that read the same but for a word."""
    words = " ".join(f"chữ{n}" for n in range(30))
    again = words.replace("chữ7 ", "chu7 ")
    bodies = {1: "mở đầu", 2: words, 3: again}
    assert checked([None, None, None], bodies=bodies, pictures={3: 2}) == ("double_capture:3",)
    assert checked([None, None, None], bodies=bodies) == (), "another picture: a form that someone else filled in"


def test_forms_with_few_words_are_not_double_captures() -> None:
    """Two nearly empty pages are alike by nature."""
    assert checked([None, None], bodies={1: "Trang này", 2: "Trang này"}) == ()


@settings(deadline=None)
@given(st.sampled_from([0.0, 90.0, 180.0, 270.0]), st.floats(-4, 4), st.integers(1, 999))
def test_the_number_is_found_however_the_scan_lies(turn: float, lean: float, number: int) -> None:
    """Boxes are those of the scan; the page turned upright has its number at the top centre."""
    upright = page(number, BODY.format("x"))
    centre = (A4[0] / 2, A4[1] / 2)
    wide, high = A4 if turn % 180 == 0 else A4[::-1]
    to_scan = Affine.rotation(-(turn + lean), centre, (wide / 2, high / 2))
    lines = tuple(
        Line(
            words=tuple(w.model_copy(update={"box": to_scan.hull(w.box)}) for w in item.words),
            box=to_scan.hull(item.box),
        )
        for item in upright.lines()
    )
    scan = PageText(
        width_px=wide, height_px=high, rotation_deg=turn + lean, blocks=(Block(lines=lines, box=Box(0, 0, 1, 1)),)
    )
    assert printed_number(scan) == number


@pytest.mark.parametrize("text", ["2", "- 2 -", "Trang 2", "2/5", "– 2 –"])
def test_common_forms_of_page_numbers(text: str) -> None:
    """At the top centre, and at the bottom centre or right."""
    for at in ((827, 120), (827, 2250), (1500, 2250)):
        item = line(text, at)
        body = line("Điều 1. Công bố kèm theo Quyết định này", (827, 1000))
        text_page = PageText(width_px=A4[0], height_px=A4[1], blocks=(Block(lines=(item, body), box=Box(0, 0, 1, 1)),))
        assert printed_number(text_page) == 2


@pytest.mark.parametrize(
    ("text", "at"),
    [("2", (300, 120)), ("2", (827, 900)), ("Số 2", (827, 120)), ("2025", (827, 120)), ("0", (827, 120))],
)
def test_other_numbers_are_not_page_numbers(text: str, at: tuple[float, float]) -> None:
    """In the header's column, in the text, a year, a zero."""
    body = line("Điều 1. Công bố kèm theo Quyết định này", (827, 1000))
    item = line(text, at)
    assert (
        printed_number(
            PageText(width_px=A4[0], height_px=A4[1], blocks=(Block(lines=(item, body), box=Box(0, 0, 1, 1)),))
        )
        is None
    )


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 8), st.sampled_from(["all", "from2"])), min_size=1, max_size=5), st.data())
def test_documents_with_appendices_and_misread_pages_have_no_trouble(
    parts: list[tuple[int, str]], data: st.DataObject
) -> None:
    """Numbers that could not be read, blank backs between, parts that start again: never a reject."""
    readings: list[Reading] = []
    for length, style in parts:
        for number in range(1, length + 1):
            shown = number if style == "all" or number > 1 else None
            if number > 1 and data.draw(st.integers(0, 9)) == 0:
                shown = None
            readings.append(Reading(len(readings) + 1, shown, written=True))
            if data.draw(st.booleans()):
                readings.append(Reading(len(readings) + 1, None, written=False))
    assert [t for t in troubles(readings) if t.kind == "order"] == []
    assert troubles(readings) == ()
