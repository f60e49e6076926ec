"""What every OCR engine keeps to; a new file in ``stages/ocr`` with ``ENGINE`` is tested by being there."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from models.errors import Defect
from models.ports import Engine, Pixels
from models.settings import OcrSettings
from stages.ocr import engines
from stages.ocr.sheet import Picture
from tests.stages import rendered
from tests.support.memory_models import MemoryModels


@pytest.fixture(scope="module")
def models() -> MemoryModels:
    """What the engines make of installed models, made once."""
    return MemoryModels()


@pytest.fixture(scope="module", params=sorted(engines()))
def engine(request: pytest.FixtureRequest, models: MemoryModels) -> Engine:
    """Each engine, warm."""
    return engines()[request.param].open(OcrSettings(engine=request.param), models)


def lines() -> Pixels:
    """A page with the known lines, BGR, 200 dpi."""
    image = rendered.sheet(200)
    rendered.write(image, rendered.LINES, (40, 40), 200)
    return rendered.pixels(image)


def test_words_lines_and_blocks(engine: Engine) -> None:
    """In reading order, composed characters, boxes inside the picture and inside each other."""
    page = lines()
    text = engine.read(Picture(page, 200))
    assert (text.height_px, text.width_px) == page.shape[:2]
    assert text.engine.startswith(engine.name)
    assert engine.version in text.engine
    assert [line.text for line in text.lines()] == list(rendered.LINES)
    for block in text.blocks:
        for line in block.lines:
            assert block.box.union(line.box) == block.box
            for word in line.words:
                assert line.box.union(word.box) == line.box
                assert word.text == unicodedata.normalize("NFC", word.text).strip() != ""
                assert 0.5 < word.confidence <= 1.0


def test_the_same_picture_reads_the_same(engine: Engine) -> None:
    """Grey or BGR, or a view on another array; and nothing is left over from the picture before."""
    colour = lines()
    first = engine.read(Picture(colour, 200))
    engine.read(Picture(rendered.grey(rendered.prose(6)), 150))
    assert engine.read(Picture(np.ascontiguousarray(colour[:, :, 0]), 200)) == first
    assert engine.read(Picture(colour[:, ::-1][:, ::-1, 0], 200)) == first


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (400, 3), (500, 500), (501, 333)])
@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("dpi", [0, 300, 100_000])
def test_a_picture_of_nothing(engine: Engine, shape: tuple[int, int], level: int, dpi: int) -> None:
    """Of any size, black or white, whatever dpi is claimed: no text, and no error."""
    assert engine.read(Picture(np.full(shape, level, np.uint8), dpi)).text.strip() == ""


@pytest.mark.parametrize("cut_px", [0, 1])
def test_boxes_stay_on_the_page(engine: Engine, cut_px: int) -> None:
    """Print that runs off every edge, on a page of odd or even size."""
    page = lines()[95 + cut_px : 175 + 2 * cut_px, 330 + cut_px : 520 + 2 * cut_px]
    text = engine.read(Picture(page, 200))
    for word in text.words():
        assert 0 <= word.box.left < word.box.right <= text.width_px
        assert 0 <= word.box.top < word.box.bottom <= text.height_px


@pytest.mark.parametrize("name", sorted(engines()))
def test_the_deadline_ends_a_reading(name: str, models: MemoryModels) -> None:
    """A side that takes longer is a defect with a code of its own, and the engine reads on."""
    slow = engines()[name].open(OcrSettings(engine=name, deadline_s=1e-6), models)
    for _ in range(2):
        with pytest.raises(Defect) as error:
            slow.read(Picture(lines(), 200))
        assert error.value.code == "ocr_deadline"
