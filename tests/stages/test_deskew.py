"""deskew: rendered pages turned and leant by known angles, and pages that show nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.ocr.kinds import write_page
from benchmarks.page_stages.lying import lying, turned
from benchmarks.page_stages.posing import seen
from models.ports import Pixels
from stages import deskew
from stages.decode import Decoded
from tests.stages import desk, rendered

Turn = Literal[0, 90, 180, 270]
TURNS: list[Turn] = [0, 90, 180, 270]
REAL = Path(__file__).resolve().parents[2] / ".." / "shared" / "real-scans"


@settings(max_examples=25, deadline=None)
@given(st.floats(-5, 5), st.booleans())
def test_the_angle_is_found(angle_deg: float, worn: bool) -> None:
    """To a tenth of a degree within ±5°, with noise, shade and JPEG or without."""
    page = rendered.leaning(rendered.grey(rendered.prose()), angle_deg)
    found = deskew.pose(rendered.damaged(page, 3) if worn else page, 150)
    assert found.skew_deg == pytest.approx(angle_deg, abs=0.1)
    assert found.skew_confidence > 0.5


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("angle_deg", [-3.3, 0.0, 0.6])
@pytest.mark.parametrize("make", [rendered.prose, rendered.table])
def test_all_four_orientations(turn: Turn, angle_deg: float, make: object) -> None:
    """Text and ruled tables are recognised however they lie on the glass, and the lean with them."""
    assert callable(make)
    page = rendered.leaning(rendered.grey(make()), angle_deg)
    found = deskew.pose(rendered.scanned(rendered.damaged(page, 5), turn), 150)
    assert found.orientation_deg == turn
    assert found.skew_deg == pytest.approx(angle_deg, abs=0.1)
    assert found.orientation_confidence > 0.6


@pytest.mark.parametrize("number", [5, 7, 8, 9])
def test_columns_do_not_mix(number: int) -> None:
    """Lines of two columns, taken together, look sharper along an angle that is wrong by up to half a degree."""
    page = lying("gazette", number)
    found = seen(page.scan)
    assert found.orientation_deg == 0
    assert found.skew_deg == pytest.approx(page.angle_deg, abs=0.06)


@pytest.mark.parametrize("turn", TURNS)
def test_dots_that_run_together(turn: Turn) -> None:
    """Most marks of a table may be its rules' dots, which stand no way up."""
    assert seen(turned(lying("dotted_table", 704).scan, turn)).orientation_deg == turn


@pytest.mark.parametrize("number", [103, 109, 115])
@pytest.mark.parametrize("turn", TURNS)
def test_waves_under_the_print_of_cards(number: int, turn: Turn) -> None:
    """Fine lines tie the letters of a card into marks that are none; darker than they are, the letters stand alone."""
    page = lying("cards", number)
    found = seen(turned(page.scan, turn))
    assert found.orientation_deg == turn
    assert found.skew_deg == pytest.approx(page.angle_deg, abs=0.1)


@pytest.mark.parametrize(("kind", "number"), [("signature_alone", 107), ("signature_alone", 108), ("blank", 109)])
@pytest.mark.parametrize("turn", TURNS)
def test_what_is_no_print_has_no_lines(kind: str, number: int, turn: Turn) -> None:
    """A signature, and what shows of the lid around a blank sheet, run somewhere; the page is left as it lies."""
    found = seen(turned(lying(kind, number).scan, turn))
    assert (found.orientation_deg, found.skew_deg, found.skew_confidence) == (0, 0.0, 0.0)


@pytest.mark.parametrize("number", [1, 5, 8])
@pytest.mark.parametrize("turn", [0, 180])
def test_leaders_do_not_vote(number: int, turn: Turn, tmp_path: Path) -> None:
    """A form has more dots than letters; they are the same either way up."""
    write_page(tmp_path, "form", number, seed=901, dpi=150)
    scan = cv2.imread(str(next(tmp_path.rglob("*.jpg"))), cv2.IMREAD_GRAYSCALE)
    assert scan is not None
    assert deskew.pose(rendered.scanned(np.asarray(scan, np.uint8), turn), 150, turn).orientation_deg == turn


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize(
    "image",
    [
        np.full((1754, 1240), 245, np.uint8),
        np.zeros((1754, 1240), np.uint8),
        np.random.default_rng(1).normal(240, 9, (1754, 1240)).clip(0, 255).astype(np.uint8),
        cv2.resize(np.random.default_rng(2).integers(40, 220, (60, 42), dtype=np.uint8), (1240, 1754)),
        np.full((1, 1), 9, np.uint8),
        np.full((3, 900), 200, np.uint8),
    ],
    ids=["white", "black", "noise", "photo", "dot", "strip"],
)
def test_without_text_the_file_is_believed(image: Pixels, turn: Turn) -> None:
    """No lines: no lean, no confidence, and the turn that EXIF or PDF declared."""
    found = deskew.pose(image, 150, turn)
    assert (found.orientation_deg, found.skew_deg, found.clips_ink) == (turn, 0.0, False)
    assert found.orientation_confidence == 0.0


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("mirrored", [False, True])
def test_small_print_is_looked_at_closer(turn: Turn, mirrored: bool) -> None:
    """Four short lines in six points, as on a card, are pieces of letters at 100 dpi; the scan's own pixels show them."""
    sheet = rendered.sheet(300)
    rendered.write(sheet, [" ".join(rendered.WORDS[n * 7 : n * 7 + 7]) for n in range(4)], (70, 150), 300, 6)
    scan = rendered.scanned(rendered.leaning(rendered.pixels(sheet), 1.7), turn)
    scan = np.ascontiguousarray(scan[:, ::-1]) if mirrored else scan
    page = rendered.PageDesk(scan, dpi=300, mirrored=mirrored)
    found = deskew.pose_of(page.side, page.raster)
    assert found.orientation_deg == turn
    assert found.skew_deg == pytest.approx(1.7, abs=0.1)


@pytest.mark.parametrize("turn", TURNS)
def test_pale_print(turn: Turn) -> None:
    """A worn ribbon's letters fall to pieces at the usual threshold; they are put together again."""
    page = rendered.damaged(rendered.leaning(rendered.grey(rendered.prose()), -2.0), 7)
    pale = (255 - (255 - page.astype(np.float32)) * 0.3).astype(np.uint8)
    found = deskew.pose(rendered.scanned(pale, turn), 150)
    assert found.orientation_deg == turn
    assert found.skew_deg == pytest.approx(-2.0, abs=0.1)


def test_text_wins_over_what_the_file_declares() -> None:
    """A scanner that declares the wrong turn on a page of clear text is overruled."""
    page = rendered.grey(rendered.prose())
    assert deskew.pose(page, 150, 90).orientation_deg == 0
    assert deskew.pose(rendered.scanned(page, 180), 150, 0).orientation_deg == 180


def test_clipping() -> None:
    """Ink in a corner would be cut by straightening a leaning page; ink in the middle would not."""
    page = rendered.leaning(rendered.grey(rendered.prose()), 3.0)
    assert not deskew.pose(page, 150).clips_ink
    page[30:60, 40:90] = 30
    assert deskew.pose(page, 150).clips_ink


def test_the_scanners_edge_is_not_ink() -> None:
    """A dark edge all round neither bends the angle nor counts as clipped."""
    page = rendered.leaning(rendered.grey(rendered.prose()), 2.0)
    page[:8] = page[:, :6] = page[-5:] = 40
    found = deskew.pose(page, 150)
    assert found.skew_deg == pytest.approx(2.0, abs=0.1)
    assert not found.clips_ink


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turn", TURNS)
def test_the_stage(turn: Turn, mirrored: bool) -> None:
    """A mirrored scan is flipped before it is turned, as the fact says."""
    image = rendered.scanned(rendered.pixels(rendered.prose()), turn)
    page = rendered.PageDesk(np.ascontiguousarray(image[:, ::-1]) if mirrored else image, mirrored=mirrored)
    known = Decoded(width_px=1, height_px=1, dpi=150, channels=3, colour=True)
    fact = deskew.run(page.inputs(known), desk.ports(page.blobs))
    assert fact.orientation_deg == turn


@pytest.mark.skipif(not REAL.is_dir(), reason="the real scans are not here")
@pytest.mark.parametrize("turn", TURNS)
def test_real_scans(turn: Turn) -> None:
    """Decisions as their offices scanned them: all stored upright, none leaning more than a degree."""
    for path in sorted(REAL.glob("*.jpg")):
        grey = cv2.imread(str(path), cv2.IMREAD_REDUCED_GRAYSCALE_2)
        found = deskew.pose(rendered.scanned(np.asarray(grey, dtype=np.uint8), turn), 100)
        assert (path.name, found.orientation_deg) == (path.name, turn)
        assert abs(found.skew_deg) < 1
