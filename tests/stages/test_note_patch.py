"""note_patch: sticky notes are found wherever they are stuck; what is only coloured is none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.corpus.coloured import DISTRACTORS
from benchmarks.corpus.damage import scanner
from benchmarks.corpus.letters import letter
from benchmarks.corpus.office import Order
from benchmarks.corpus.scan import scan_side
from benchmarks.page_stages.notes import survey_of
from models.ports import Pixels
from stages import survey
from stages.note import note_patch
from tests.stages import sticky
from tests.stages.sticky import COLOURS, MM, page, scanned, stick, surveyed

REAL = Path(__file__).resolve().parents[2] / "../shared/real-scans"


def found(image: Pixels, seed: int = 1) -> note_patch.Patch | None:
    return note_patch.find(surveyed(scanned(image, seed)))


@pytest.mark.parametrize("colour", COLOURS)
def test_every_colour_is_found(colour: sticky.Bgr) -> None:
    """Over print, with shadow and writing, on a worn scan; its sides are measured to 3 mm."""
    patch = found(stick(page(), size_mm=(76, 102), colour=colour))
    assert patch is not None
    assert patch.short_mm == pytest.approx(76, abs=3)
    assert patch.long_mm == pytest.approx(102, abs=3)
    assert not patch.cut


@given(
    x=st.floats(45, 165),
    y=st.floats(50, 240),
    size=st.sampled_from([(38.0, 51.0), (51.0, 76.0), (76.0, 76.0), (76.0, 51.0)]),
    lean=st.floats(-12, 12),
    colour=st.sampled_from(COLOURS),
)
@settings(max_examples=25, deadline=None)
def test_it_is_found_where_it_is(
    x: float, y: float, size: tuple[float, float], lean: float, colour: sticky.Bgr
) -> None:
    """Any place, any pad, leaning: the box is around the note."""
    pictures = surveyed(stick(page(), (x, y), size, colour, lean))
    patch = note_patch.find(pictures)
    assert patch is not None
    corners = cv2.boxPoints(((x, y), size, lean)) / 25.4 * pictures.dpi
    box = (*corners.min(axis=0), *corners.max(axis=0))
    assert np.abs(np.array(patch.box) - box).max() < 4 / 25.4 * pictures.dpi


@pytest.mark.parametrize("middle", [(0.0, 150.0), (210.0, 90.0), (100.0, 0.0), (100.0, 297.0)])
def test_a_note_that_hangs_over_the_edge_is_found(middle: tuple[float, float]) -> None:
    """Half of it is in the picture."""
    patch = found(stick(page(), middle, lean_deg=2.0))
    assert patch is not None
    assert patch.cut


def test_a_note_on_coloured_paper_is_found_and_the_paper_is_not() -> None:
    """A pink sheet is no note; a yellow note on it is one."""
    pink = (page().astype(np.float32) * np.array([205, 195, 250]) / 255).astype(np.uint8)
    assert found(pink) is None
    patch = found(stick(pink))
    assert patch is not None
    assert patch.colour[0] < 160


def test_a_grey_scan_shows_no_note() -> None:
    grey = cv2.cvtColor(stick(page()), cv2.COLOR_BGR2GRAY)
    assert found(np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), dtype=np.uint8)) is None


def test_index_tabs_are_no_notes() -> None:
    """A strip of 12 × 45 mm at the edge hides a few letters at most."""
    assert found(stick(page(), (200, 120), (45, 12), lean_deg=0)) is None


def test_highlighter_is_no_note() -> None:
    """A painted paragraph is as large as a note, but its print can be read."""
    image = page().astype(np.float32)
    rows, columns = slice(round(60 * MM), round(120 * MM)), slice(round(50 * MM), round(130 * MM))
    image[rows, columns] *= np.array([110, 255, 250]) / 255
    assert found(image.astype(np.uint8)) is None


def test_a_ruled_coloured_cell_is_no_note() -> None:
    """It has the size and the plainness of a note, and a black line all around."""
    image = page(0)
    ends = (round(60 * MM), round(100 * MM)), (round(130 * MM), round(150 * MM))
    cv2.rectangle(image, *ends, (204, 242, 255), -1)
    cv2.rectangle(image, *ends, (20, 20, 20), 3)
    assert found(image) is None


@pytest.mark.parametrize("name", DISTRACTORS)
def test_what_is_only_coloured_is_no_note(name: str) -> None:
    """Seals, stamps, photographs, cards, tape, certificates, logos, old paper."""
    rng = np.random.default_rng(12)
    printed = letter(Order(rng=rng, dpi=200, family="tinos")).pages[0]
    DISTRACTORS[name](printed)
    assert note_patch.find(survey_of(scan_side(printed, None, scanner(rng, "normal"), rng))) is None


@given(st.binary(min_size=48, max_size=48))
@settings(max_examples=20, deadline=None)
def test_any_picture_is_looked_at(pixels: bytes) -> None:
    """Noise, black, tiny and striped pictures raise nothing."""
    small = np.frombuffer(pixels, np.uint8).reshape(4, 4, 3)
    for size in ((4, 4), (900, 1200), (1200, 30)):
        large = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
        note_patch.find(survey.of(large, 100))


@pytest.mark.skipif(not REAL.is_dir(), reason="the real scans are not here")
def test_no_false_alarm_on_real_scans() -> None:
    """Seals, signatures, yellowish and grey paper: nothing that is a note."""
    for path in sorted(REAL.glob("*.jpg")):
        image = np.asarray(cv2.imread(str(path)), dtype=np.uint8)
        assert note_patch.find(survey.of(image, 200)) is None, path.name
