"""count: what the manifest declares against what was scanned, with the sheet and side named."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import Rejected
from models.side import Side
from stages import count
from stages.count import Counted
from tests.stages import desk


def counted(sides: Sequence[Side], declared: tuple[int, int, int] | None) -> Counted:
    """Count these sides against sheets, sides and notes."""
    blobs = desk.Blobs()
    files = [(f"f{side.number}.jpg", b"%d" % side.number) for side in sides]
    of = desk.document(blobs, files, declared=declared)
    return count.run(desk.inputs(of, desk.unpacked(blobs, sides), len(sides)), desk.ports(blobs))


def scanned(*sequences: int) -> list[Side]:
    return [desk.side(n, sequence=sequence) for n, sequence in enumerate(sequences, start=1)]


def refused(sides: Sequence[Side], declared: tuple[int, int, int]) -> Rejected:
    with pytest.raises(Rejected) as error:
        counted(sides, declared)
    return error.value


@settings(deadline=None)
@given(st.integers(1, 60), st.booleans(), st.booleans())
def test_what_was_declared_is_accepted(sheets: int, backs_scanned: bool, backs_inked: bool) -> None:
    """Fronts alone when every back is blank; with the blank backs along; or both sides."""
    sides = 2 * sheets if backs_inked else sheets
    images = 2 * sheets if backs_inked or backs_scanned else sheets
    fact = counted(scanned(*range(1, images + 1)), (sheets, sides, 0))
    assert fact == Counted(pages=images, notes=0, duplex=images == 2 * sheets, declared=True)


@settings(deadline=None)
@given(st.integers(1, 30), st.booleans(), st.data())
def test_any_other_number_is_refused(sheets: int, both: bool, data: st.DataObject) -> None:
    """There is no third number of images."""
    sides = 2 * sheets if both else sheets
    images = data.draw(st.integers(1, 4 * sheets + 3).filter(lambda n: n not in (sides, 2 * sheets)))
    assert refused(scanned(*range(1, images + 1)), (sheets, sides, 0)).code in ("missing_side", "extra_side")


def test_without_a_manifest_everything_is_accepted() -> None:
    """Nobody said how many there should be, nor that backs were scanned."""
    assert counted(scanned(1, 2, 3), None) == Counted(pages=3, notes=0, duplex=False, declared=False)


@settings(deadline=None)
@given(st.integers(2, 40), st.data())
def test_a_gap_names_the_sheet_and_side(sheets: int, data: st.DataObject) -> None:
    """Both sides were declared; the scanner's number that is not there says which one is missing."""
    lost = data.draw(st.integers(1, 2 * sheets - 1))
    error = refused(scanned(*(n for n in range(1, 2 * sheets + 1) if n != lost)), (sheets, 2 * sheets, 0))
    assert error.code == "missing_side"
    assert f"Thiếu 1 ảnh: tờ {(lost + 1) // 2}, mặt {'trước' if lost % 2 else 'sau'} (số quét {lost})." in error.message
    assert count.RULE in error.message


def test_without_gaps_the_last_sides_are_missing() -> None:
    """Four of six: the last sheet is not there."""
    error = refused(scanned(1, 2, 3, 4), (3, 6, 0))
    assert "Thiếu 2 ảnh: tờ 3, mặt trước; tờ 3, mặt sau." in error.message


def test_a_missing_single_sided_sheet_is_named_by_its_sheet() -> None:
    """Where every back is blank there is only one side to name."""
    assert "Thiếu 1 ảnh: tờ 2 (số quét 2)." in refused(scanned(1, 3), (3, 3, 0)).message


def test_backs_that_came_along_must_all_be_there() -> None:
    """Five images of three one-sided sheets, numbered to six: a back is missing, not two too many."""
    error = refused(scanned(1, 2, 3, 5, 6), (3, 3, 0))
    assert error.code == "missing_side"
    assert "tờ 2, mặt sau" in error.message


def test_a_number_that_came_twice_is_the_extra_one() -> None:
    """The finding is about the image itself, and the sentence names its file and its twin."""
    error = refused(scanned(1, 2, 2, 3, 4), (2, 4, 0))
    assert (error.code, error.findings[0].page) == ("extra_side", 3)
    assert "ảnh thứ 3 (scan003.jpg), trùng số quét 2 với tờ 1, mặt sau" in error.message


def test_without_twins_the_last_images_are_extra() -> None:
    """Three images of two one-sided sheets."""
    error = refused(scanned(1, 2, 3), (2, 2, 0))
    assert [(f.code, f.page) for f in error.findings] == [("extra_side", 3)]


def test_a_manifest_that_contradicts_itself_is_refused() -> None:
    """Three sheets have three or six sides."""
    assert refused(scanned(1, 2, 3, 4), (3, 4, 0)).code == "manifest_contradicts"


def test_scans_with_a_note_are_not_pages() -> None:
    """The extra's number is no gap: three pages and one extra."""
    sides = [*scanned(1, 2), desk.side(3, sequence=3, note_of=2), desk.side(4, sequence=4)]
    assert counted(sides, (3, 3, 1)) == Counted(pages=3, notes=1, duplex=False, declared=True)


def test_a_missing_page_is_named_right_beside_a_note() -> None:
    """Places count pages only: number 4 is the third page when number 3 is an extra."""
    sides = [*scanned(1, 2), desk.side(3, sequence=3, note_of=2), desk.side(4, sequence=5)]
    assert "Thiếu 1 ảnh: tờ 3 (số quét 4)." in refused(sides, (4, 4, 1)).message


def test_notes_must_be_as_many_as_declared() -> None:
    """A note that was declared but not scanned twice, or not marked, is asked for."""
    error = refused(scanned(1, 2, 3), (3, 3, 1))
    assert error.code == "count_mismatch"
    assert count.NOTE_RULE in error.message


def test_a_note_needs_its_page() -> None:
    """The extra of a page that is not there."""
    sides = [*scanned(1, 2), desk.side(3, sequence=3, note_of=9)]
    error = refused(sides, (2, 2, 1))
    assert (error.code, error.findings[0].page) == ("count_mismatch", 3)


def test_everything_wrong_is_said_at_once() -> None:
    """A missing side and a missing note in one error."""
    assert [f.code for f in refused(scanned(1, 2), (3, 3, 1)).findings] == ["missing_side", "count_mismatch"]


def test_long_lists_stay_readable() -> None:
    """A hundred missing sides fit into one refusal."""
    assert len(refused(scanned(1), (100, 200, 0)).message) < 2000


def test_one_sided_scanning_of_two_sided_paper_is_said_so() -> None:
    """As many images as sheets, numbered without a gap: the scanner's setting was wrong, no single side is missing."""
    message = refused(scanned(1, 2, 3), (3, 6, 0)).message
    assert "Máy quét chỉ chụp một mặt; hãy bật chế độ quét hai mặt" in message
    assert "tờ 3" not in message


def test_blank_backs_that_the_driver_dropped_are_said_so() -> None:
    """Only backs are missing, and the scanner counted them."""
    error = refused(scanned(1, 3, 5, 6), (3, 6, 0))
    assert error.code == "missing_side"
    assert "tờ 1, mặt sau (số quét 2); tờ 2, mặt sau (số quét 4)." in error.message
    assert "Chỉ thiếu mặt sau: máy quét có thể tự bỏ trang trắng, hãy tắt chức năng đó." in error.message


def test_without_gaps_nobody_claims_to_know_the_place() -> None:
    """Two sheets may have gone through at once."""
    message = refused(scanned(1, 2, 3, 4), (3, 6, 0)).message
    assert "Số quét liền nhau nên không rõ đúng chỗ nào. Máy có thể đã kéo hai tờ cùng lúc." in message
    assert "kéo hai tờ" not in refused(scanned(1, 2, 3, 4, 5), (3, 6, 0)).message, "one side is no sheet"


def test_a_note_that_is_not_marked_is_not_called_an_extra_page() -> None:
    """Four images of three sheets and a declared note: one of them is the scan with the note."""
    error = refused(scanned(1, 2, 3, 4), (3, 3, 1))
    assert [finding.code for finding in error.findings] == ["count_mismatch"]
    assert "chưa được đánh dấu" in error.message


def test_a_note_that_was_not_declared_asks_for_the_declaration() -> None:
    sides = [*scanned(1, 2), desk.side(3, sequence=3, note_of=1)]
    assert "Hãy sửa số trang có ghi chú (notes) trong bản kê thành 1" in refused(sides, (2, 2, 0)).message


@pytest.mark.parametrize(
    ("sheets", "sides", "hint"),
    [
        (3, 4, "Nếu có tờ in hai mặt thì khai 6 trang, tính cả mặt trắng."),
        (3, 2, "Mỗi tờ có ít nhất một trang."),
        (3, 7, "Một tờ chỉ có hai mặt"),
    ],
)
def test_sheets_and_sides_that_contradict_say_how_to_count(sheets: int, sides: int, hint: str) -> None:
    error = refused(scanned(1, 2, 3), (sheets, sides, 0))
    assert error.code == "manifest_contradicts"
    assert hint in error.message
