"""ocr: the reference engine reads rendered pages; boxes come back to where the words are on the scan."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import ImageDraw

from models.errors import OperatorError
from models.facts import Fact
from models.geometry import Box
from models.ports import Engine, UprightImage
from models.settings import OcrSettings
from models.stage import Ports
from models.text import Block, Line, PageText, Word
from stages.blank_side import BlankMeasured
from stages.deskew import Deskewed
from stages.ocr import engines, open_engine
from stages.ocr import stage as ocr
from stages.red_ink import without_red
from stages.upright import upright
from tests.stages import desk, rendered
from tests.support.memory_models import MemoryModels

Turn = Literal[0, 90, 180, 270]


@pytest.fixture(scope="module")
def engine() -> Engine:
    """One warm engine, as a slot has."""
    return open_engine(OcrSettings(engine="tesseract"), MemoryModels())


class Corner:
    """A scripted engine: one word where the darkest pixels of the upright picture are, at full or at half scale."""

    name = "corner"
    version = "1"

    def __init__(self, scale: Literal[1, 2] = 1) -> None:
        self.scale = scale
        self.seen: list[tuple[int, ...]] = []

    def read(self, image: UprightImage) -> PageText:
        pixels = image.full_grey() if self.scale == 1 else image.half()[:, :, 0]
        self.seen.append((*pixels.shape, image.height_px, image.width_px, image.dpi))
        rows, columns = np.nonzero(pixels < 60)
        edges = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        box = Box(*(float(edge * self.scale) for edge in edges))
        line = Line(words=(Word(text="đây", box=box, confidence=0.5),), box=box)
        blocks = (Block(lines=(line,), box=box),)
        return PageText(width_px=image.width_px, height_px=image.height_px, engine="corner 1", blocks=blocks)


def with_engine(blobs: desk.Blobs, engine: Engine) -> Ports:
    return replace(desk.ports(blobs), engine=lambda: engine)


def facts(turn: Turn = 0, skew_deg: float = 0.0, verdict: Literal["blank", "ink", "unsure"] = "ink") -> list[Fact]:
    posed = Deskewed(orientation_deg=turn, orientation_confidence=1, skew_deg=skew_deg, skew_confidence=1)
    return [posed, BlankMeasured(verdict=verdict, ink=0.1)]


def read(page: rendered.PageDesk, engine: Engine, known: list[Fact]) -> tuple[ocr.TextRead, PageText]:
    fact = ocr.run(page.inputs(*known), with_engine(page.blobs, engine))
    return fact, PageText.model_validate_json(page.blobs.get(fact.text))


def errors(found: str, truth: str) -> float:
    """Character error rate: edits over the truth's length."""
    row = list(range(len(truth) + 1))
    for i, a in enumerate(found, start=1):
        last, row[0] = row[0], i
        for j, b in enumerate(truth, start=1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1] / len(truth)


def test_a_clean_page_is_read(engine: Engine) -> None:
    """Vietnamese with all its marks, composed, word by word, in reading order."""
    image = rendered.sheet(200)
    rendered.write(image, rendered.LINES, (40, 40), 200)
    fact, text = read(rendered.PageDesk(rendered.pixels(image), dpi=200), engine, facts())
    assert errors(" ".join(text.text.split()), " ".join(rendered.LINES)) < 0.03
    assert text.text == unicodedata.normalize("NFC", text.text)
    assert fact.words == sum(1 for _ in text.words())
    assert fact.confidence > 0.8
    assert fact.engine.startswith("tesseract 5")
    assert "vie:" in fact.engine


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_leaning_turned_page_is_read_and_boxes_return(turn: Turn, engine: Engine) -> None:
    """The words are right, and each box on the scan holds the word's ink."""
    image = rendered.sheet(200)
    rendered.write(image, rendered.LINES, (40, 40), 200)
    scan = rendered.scanned(rendered.leaning(rendered.pixels(image), 2.0), turn)
    _, text = read(rendered.PageDesk(scan, dpi=200), engine, facts(turn, 2.0))
    assert errors(" ".join(text.text.split()), " ".join(rendered.LINES)) < 0.03
    assert text.rotation_deg == turn - 2.0
    assert (text.width_px, text.height_px) == (scan.shape[1], scan.shape[0])
    covered = np.zeros(scan.shape[:2], bool)
    for word in text.words():
        left, top, right, bottom = (round(edge) for edge in word.box)
        assert (scan[top:bottom, left:right] < 128).any()
        covered[top:bottom, left:right] = True
    assert (scan[:, :, 0][~covered] < 100).sum() < 0.02 * (scan[:, :, 0] < 100).sum()


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("skew_deg", [0.0, 0.1, -4.0])
@pytest.mark.parametrize("scale", [1, 2])
def test_geometry(turn: Turn, skew_deg: float, mirrored: bool, scale: Literal[1, 2]) -> None:
    """Whatever the pose and the scale, the box of a mark on the upright page comes back to the mark on the scan."""
    scan = np.full((300, 200, 3), 255, np.uint8)
    scan[40:60, 120:180] = 0
    engine = Corner(scale)
    page = rendered.PageDesk(scan, kind="png", mirrored=mirrored)
    _, text = read(page, engine, facts(turn, skew_deg))
    box = next(text.words()).box
    slack = 5 + scale if abs(skew_deg) > 0.2 else 0
    assert box == pytest.approx((120, 40, 180, 60), abs=slack + 1e-6)
    applied = skew_deg if abs(skew_deg) >= 0.2 else 0.0
    canvas = upright(200, 300, turn, applied, grow=True)
    seen = [-(-side // scale) for side in (canvas.height_px, canvas.width_px)]
    assert engine.seen == [(*seen, canvas.height_px, canvas.width_px, 150)]


def test_nothing_is_cut_off() -> None:
    """Ink in the very corner of a leaning scan is still on the picture that the engine reads."""
    scan = np.full((300, 200, 3), 255, np.uint8)
    scan[:8, :8] = 0
    _, text = read(rendered.PageDesk(scan, kind="png"), Corner(), facts(0, 5.0))
    assert next(text.words()).box == pytest.approx((0, 0, 8, 8), abs=2)


def test_a_blank_side_is_not_read() -> None:
    """No engine is opened for it; the text is there and empty."""
    page = rendered.PageDesk(rendered.pixels(rendered.sheet()))
    fact = ocr.run(page.inputs(*facts(180, verdict="blank")), desk.ports(page.blobs))
    assert (fact.engine, fact.words, fact.confidence) == ("none", 0, 0.0)
    assert PageText.model_validate_json(page.blobs.get(fact.text)).blocks == ()


@pytest.mark.parametrize("level", [0, 255])
def test_an_empty_picture_has_no_text(level: int, engine: Engine) -> None:
    """White or black, an unsure side without text is no error."""
    page = rendered.PageDesk(np.full((600, 400, 3), level, np.uint8))
    fact, text = read(page, engine, facts(verdict="unsure"))
    assert text.text.strip() == ""
    assert fact.words == 0


def test_print_under_a_seal_is_read(engine: Engine) -> None:
    """The red of a seal is taken out of the grey picture, the black print on it stays."""
    image = rendered.sheet(200)
    draw = ImageDraw.Draw(image)
    draw.ellipse((300, 250, 620, 570), outline=(225, 60, 70), width=18)
    draw.ellipse((380, 330, 540, 490), fill=(225, 90, 100))
    rendered.write(image, rendered.LINES, (40, 40), 200)
    page = rendered.PageDesk(rendered.pixels(image), dpi=200)
    _, text = read(page, engine, facts())
    assert errors(" ".join(text.text.split()), " ".join(rendered.LINES)) < 0.05


def test_without_a_seal_nothing_is_copied() -> None:
    """Black print has no red to take out."""
    page = rendered.PageDesk(rendered.pixels(rendered.prose(4)))
    grey = page.raster.full_grey()
    assert without_red(grey, page.raster.working()) is grey


def test_engines_are_found() -> None:
    """One file with ``ENGINE`` is all that an engine needs."""
    assert "tesseract" in engines()
    assert all(name == spec.name for name, spec in engines().items())


def test_an_unknown_engine_is_named() -> None:
    """The operator reads what there is."""
    with pytest.raises(OperatorError, match="tesseract") as error:
        open_engine(OcrSettings(engine="nothing"), MemoryModels())
    assert error.value.code == "unknown_engine"


def test_missing_models_are_named(tmp_path: Path) -> None:
    """The operator reads which package to install."""
    with pytest.raises(OperatorError, match="tesseract-ocr-vie") as error:
        open_engine(OcrSettings(engine="tesseract", tessdata=tmp_path), MemoryModels())
    assert error.value.code == "traineddata_missing"


def test_damaged_models_are_named(tmp_path: Path) -> None:
    """A file that is no model does not end the worker with a traceback."""
    (tmp_path / "vie.traineddata").write_bytes(b"not a model")
    with pytest.raises(OperatorError) as error:
        open_engine(OcrSettings(engine="tesseract", tessdata=tmp_path), MemoryModels())
    assert error.value.code == "traineddata_damaged"
