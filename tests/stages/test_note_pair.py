"""note_pair: two scans of one page are laid over each other; what differs is where the note is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.ports import Pixels
from stages.note import note_patch
from stages.note.note_pair import Comparison, compare
from stages.notes import judge
from tests.stages import rendered, sticky
from tests.stages.sticky import page, scanned, stick, surveyed


def compared(noted: Pixels, clean: Pixels, turn_deg: float = 0.0) -> tuple[str, Comparison]:
    """Verdict and comparison of two scans."""
    one, other = surveyed(noted), surveyed(clean)
    patch = note_patch.find(other)
    found = compare(one, other, turn_deg, patch.box if patch else None)
    return judge(found, patch_on_clean=patch is not None), found


def other_page(lines: int = 26) -> Pixels:
    """Other words, in other lines."""
    image = rendered.sheet(sticky.DPI)
    texts = [" ".join((rendered.WORDS[::-1] * 9)[n * 10 : (n + 1) * 10]) for n in range(lines)]
    rendered.write(image, texts, (26, 31), sticky.DPI)
    return rendered.pixels(image)


@pytest.mark.parametrize("colour", sticky.COLOURS)
def test_a_sound_pair(colour: sticky.Bgr) -> None:
    """Shifted, leaning by another angle, other noise: only the note differs, and its place is known."""
    clean, noted = page(), stick(page(), colour=colour)
    verdict, found = compared(scanned(noted, 1, 1.5, (12, -9)), scanned(clean, 2), turn_deg=-1.5)
    assert verdict == "paired"
    (region,) = found.regions
    middle = tuple(edge / found_dpi() * 25.4 for edge in region.box.centre)
    assert middle == pytest.approx((105, 130), abs=8)


def found_dpi() -> float:
    return surveyed(page(0)).dpi


@given(
    lean=st.floats(-4, 4),
    across=st.integers(-25, 25),
    down=st.integers(-25, 25),
    told=st.booleans(),
    seed=st.integers(1),
)
@settings(max_examples=12, deadline=None)
def test_however_the_sheet_lies(lean: float, across: int, down: int, told: bool, seed: int) -> None:
    """Any lean and shift, whether or not the lean is known beforehand."""
    noted = scanned(stick(page()), seed % 1000, lean, (across, down))
    assert compared(noted, scanned(page(), 7), turn_deg=-lean if told else 0.0)[0] == "paired"


def test_one_scan_upside_down() -> None:
    noted = scanned(stick(page()), 1)[::-1, ::-1]
    assert compared(np.ascontiguousarray(noted), scanned(page(), 2))[0] == "paired"


def test_a_feeder_stretches_the_sheet() -> None:
    """0.8 % longer, as worn rollers do."""
    noted = stick(page())
    longer = cv2.resize(noted, None, fx=1.0, fy=1.008, interpolation=cv2.INTER_CUBIC)
    assert compared(scanned(np.asarray(longer, dtype=np.uint8), 1), scanned(page(), 2))[0] == "paired"


def test_the_note_is_on_the_clean_one() -> None:
    assert compared(scanned(page(), 1, 1.0), scanned(stick(page()), 2))[0] == "swapped"


def test_the_note_is_on_both() -> None:
    noted = stick(page())
    assert compared(scanned(noted, 1, 1.0), scanned(noted, 2))[0] == "left_on"


def test_the_note_was_only_moved() -> None:
    """Both scans carry it, at different places: there is no clean one."""
    assert compared(scanned(stick(page(), (80, 80)), 1), scanned(stick(page(), (130, 220)), 2))[0] == "left_on"


def test_two_notes_and_one_was_left() -> None:
    both = stick(stick(page(), (70, 90)), (140, 210), colour=sticky.PINK)
    assert compared(scanned(both, 1), scanned(stick(page(), (140, 210), colour=sticky.PINK), 2))[0] == "second"


def test_two_notes_at_once() -> None:
    both = stick(stick(page(), (70, 90)), (140, 210), colour=sticky.PINK)
    assert compared(scanned(both, 1), scanned(page(), 2))[0] == "paired"


def test_no_note_at_all() -> None:
    assert compared(scanned(page(), 1, 0.6, (5, 3)), scanned(page(), 2))[0] == "identical"


def test_a_white_note_is_a_difference_without_colour() -> None:
    noted = stick(page(), colour=(250, 250, 250))
    assert compared(scanned(noted, 1), scanned(page(), 2))[0] == "unseen"


def test_another_page() -> None:
    assert compared(scanned(stick(page()), 1), scanned(other_page(), 2))[0] in ("other_page", "differs")


def test_the_same_page_written_on_in_between() -> None:
    """The note is there, and so is another difference far from it."""
    changed = page()
    cv2.putText(changed, "XEM LAI DIEU 3", (700, 1650), cv2.FONT_HERSHEY_SIMPLEX, 2.5, (40, 40, 40), 8)
    cv2.putText(changed, "DA SUA", (200, 1650), cv2.FONT_HERSHEY_SIMPLEX, 2.5, (40, 40, 40), 8)
    assert compared(scanned(stick(page(), (105, 80)), 1), scanned(changed, 2))[0] == "differs"


def test_a_note_on_an_empty_side() -> None:
    """There is nothing to lay the scans over each other by, and nothing else that differs."""
    assert compared(scanned(stick(page(0)), 1, 1.0), scanned(page(0), 2))[0] == "paired"


def test_empty_sides_are_alike() -> None:
    assert compared(scanned(page(0), 1), scanned(page(0), 2))[0] == "identical"
    black = np.zeros((300, 200, 3), np.uint8)
    assert compared(black, black)[0] == "identical"


def test_the_same_pictures_give_the_same_answer() -> None:
    """A fact must not depend on when it is worked out."""
    noted, clean = scanned(stick(page()), 1, 2.0), scanned(page(), 2)
    assert compared(noted, clean) == compared(noted, clean)
