"""Scans of generated pages: truth boxes lie where the print lies, however the sheet lay."""

from __future__ import annotations

import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from benchmarks.corpus.damage import LEVELS, Level, scanner
from benchmarks.corpus.fonts import Fonts
from benchmarks.corpus.layout import Run, Setting, place_text
from benchmarks.corpus.note import sticky_note, uncovered
from benchmarks.corpus.page import A4, A4_LANDSCAPE, Page, PaperSize
from benchmarks.corpus.scan import Scan, scan_side
from benchmarks.corpus.truth import SideTruth
from benchmarks.reading import Frame, score_side
from models.text import Block, Line, PageText, Word

WORDS = "Căn cứ Luật Tổ chức chính quyền địa phương ngày 16 tháng 6 năm 2025; Nghị định số 63/2010/NĐ-CP " * 6


def printed(size: PaperSize = A4, *, hand: bool = False) -> Page:
    """A page with two paragraphs."""
    page = Page(size, 100, Fonts("liberation"), np.random.default_rng(5))
    y = place_text(page, "text", [Run(WORDS)], 30, size.width_mm - 60, 40, Setting())
    if hand:
        place_text(page, "number", [Run("Số: "), Run("209", hand=True), Run("/QĐ-UBND")], 30, 80, y, Setting())
    place_text(page, "text", [Run(WORDS, "italic")], 30, size.width_mm - 60, y + 30, Setting())
    return page


def scanned(
    page: Page, level: Level = "clean", orientation_deg: int = 0, seed: int = 1, back: Page | None = None
) -> Scan:
    rng = np.random.default_rng(seed)
    return scan_side(page, back, scanner(rng, level), rng, orientation_deg=orientation_deg)


def truth_of(page: Page, scan: Scan) -> SideTruth:
    """The side's truth, as the batch writes it."""
    height, width = scan.pixels.shape[:2]
    return SideTruth.model_validate(
        {
            "number": 1, "file": "1.jpg", "sheet": 1, "face": "front", "kind": "text", "blank": False, "dpi": 100,
            "width_px": width, "height_px": height, "angle_deg": scan.angle_deg,
            "orientation_deg": scan.orientation_deg, "blocks": scan.blocks(page.blocks),
        }
    )  # fmt: skip


@pytest.mark.parametrize("orientation_deg", [0, 90, 180, 270])
@pytest.mark.parametrize("level", ["normal", "hard"])
def test_line_boxes_hold_the_ink(orientation_deg: int, level: Level) -> None:
    """After turn and lean the print is where truth says it is, and not beside it."""
    page = printed()
    scan = scanned(page, level, orientation_deg, seed=orientation_deg + 3)
    truth = truth_of(page, scan)
    frame = Frame.of(truth)
    turned = np.array([frame.turn[:3], frame.turn[3:]])
    size = (truth.width_px, truth.height_px)
    grey = cv2.cvtColor(scan.pixels, cv2.COLOR_BGR2GRAY)
    upright = cv2.warpAffine(grey, turned, size, borderMode=cv2.BORDER_REPLICATE)
    middle = [frame.box(line.box) for block in truth.blocks for line in block.lines][3:5]
    for box in middle:
        left, top, right, bottom = (round(value) for value in box)
        inside = upright[max(0, top) : bottom, max(0, left) : right].mean()
        gap = upright[bottom + 1 : bottom + 3, max(0, left) : right].mean()
        assert inside < gap - 15


def test_orientation_turns_the_scan_upright() -> None:
    """Turned clockwise by ``orientation_deg``, the scan of a landscape page is a landscape page."""
    page = printed(A4_LANDSCAPE)
    upright, sideways = scanned(page), scanned(page, orientation_deg=90)
    assert sideways.pixels.shape[:2] == upright.pixels.shape[1::-1]
    assert np.array_equal(cv2.rotate(sideways.pixels, cv2.ROTATE_90_CLOCKWISE), upright.pixels)


def test_angle_is_clockwise() -> None:
    """A positive angle means that lines fall to the right."""
    device = replace(
        scanner(np.random.default_rng(0), "clean"), damage=replace(LEVELS["clean"], skew_sd_deg=2.0, skew_most_deg=3.0)
    )
    scan = next(
        s for seed in range(50) if (s := scan_side(printed(), None, device, np.random.default_rng(seed))).angle_deg > 1
    )
    (x1, y1), (x2, y2) = scan.placed.point(0, 0), scan.placed.point(500, 0)
    assert x2 > x1
    assert np.degrees(np.arctan2(y2 - y1, x2 - x1)) == pytest.approx(scan.angle_deg, abs=0.001)


def test_jpeg_tells_its_resolution() -> None:
    """The file is a colour JPEG with the resolution in its header."""
    with Image.open(io.BytesIO(scanned(printed()).jpeg())) as image:
        assert (image.format, image.mode, image.info["dpi"]) == ("JPEG", "RGB", (100, 100))


def test_the_back_shines_through_mirrored() -> None:
    """A blank page is darker where, seen from this side, the other side has ink; without a back it is white."""
    front = printed()
    blank = Page(A4, 100, Fonts("liberation"), np.random.default_rng(5), "blank")
    with_back = scanned(blank, "hard", seed=8, back=front).pixels.mean(axis=2)
    without = scanned(blank, "hard", seed=8).pixels.mean(axis=2)
    ink = 255 - np.asarray(front.image)[:, ::-1].astype(float)
    darker = without - with_back
    assert darker[ink > 128].mean() > darker[ink == 0].mean() + 1
    assert blank.blocks == []


def test_photocopies_have_no_colour() -> None:
    """A grey scanner sends three equal channels."""
    rng = np.random.default_rng(2)
    pixels = scan_side(printed(hand=True), None, scanner(rng, "normal", grey=True), rng).pixels
    assert np.array_equal(pixels[:, :, 0], pixels[:, :, 2])


def test_handwriting_is_not_print() -> None:
    """A number by hand is a block of its own; the printed line has only a gap there."""
    blocks = printed(hand=True).blocks
    assert [(b.lines[0].text, b.printed) for b in blocks if b.kind == "handwriting"] == [("209", False)]
    assert [b.lines[0].text for b in blocks if b.kind == "number"] == ["Số: /QĐ-UBND"]


def test_a_note_hides_the_lines_below_it() -> None:
    """With the note on, the lines that it touches are not in the truth; the note is."""
    page = printed()
    _, hidden = sticky_note(page)
    left = uncovered(page.blocks, hidden)
    assert left[-1].kind == "note"
    assert all(
        line.box.bottom <= hidden.top or line.box.top >= hidden.bottom or line.box.right <= hidden.left
        for block in left[:-1]
        for line in block.lines
    )


def read_back(truth: SideTruth, texts: list[str]) -> PageText:
    """What an engine would say that read these texts, one for each printed line."""
    printed_lines = [line for block in truth.blocks if block.printed for line in block.lines]
    lines = [
        Line(words=(Word(text=text, box=line.box, confidence=0.9),), box=line.box)
        for line, text in zip(printed_lines, texts, strict=True)
        if text
    ]
    block = Block(lines=tuple(lines), box=truth.blocks[0].box)
    return PageText(width_px=truth.width_px, height_px=truth.height_px, blocks=(block,))


@pytest.mark.parametrize("orientation_deg", [0, 90, 270])
def test_scores_follow_the_places(orientation_deg: int) -> None:
    """Words are compared with the line they stand on, on leaning and turned scans too."""
    page = printed(hand=True)
    truth = truth_of(page, scanned(page, "hard", orientation_deg, seed=4))
    texts = [line.text for block in truth.blocks if block.printed for line in block.lines]
    perfect = score_side(truth, read_back(truth, texts))
    assert (perfect.characters.edits, perfect.missing, perfect.invented, perfect.order) == (0, 0, 0, 1.0)
    spoiled = score_side(truth, read_back(truth, ["", *texts[1:-1], texts[-1] + "xy"]))
    assert (spoiled.characters.edits, spoiled.missing) == (len(texts[0]) + 2, 1)
