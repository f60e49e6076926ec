"""What every OCR engine keeps to; a new file in ``stages/ocr`` with ``ENGINE`` is tested by being there."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from models.ports import Engine
from models.settings import OcrSettings
from stages.ocr import engines
from tests.stages import rendered


@pytest.fixture(scope="module", params=sorted(engines()))
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Each engine, warm."""
    cache = tmp_path_factory.mktemp("ocr")
    return engines()[request.param].open(OcrSettings(engine=request.param, cache=cache))


def test_words_lines_and_blocks(engine: Engine) -> None:
    """In reading order, composed characters, boxes inside the picture and inside each other."""
    image = rendered.sheet(200)
    rendered.write(image, rendered.LINES, (40, 40), 200)
    text = engine.read(rendered.grey(image), 200)
    assert (text.width_px, text.height_px) == image.size
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
    image = rendered.sheet(200)
    rendered.write(image, rendered.LINES, (40, 40), 200)
    colour = rendered.pixels(image)
    first = engine.read(colour, 200)
    engine.read(rendered.grey(rendered.prose(6)), 150)
    assert engine.read(np.ascontiguousarray(colour[:, :, 0]), 200) == first
    assert engine.read(colour[:, ::-1][:, ::-1, 0], 200) == first


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (400, 3), (500, 500)])
@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("dpi", [0, 300, 100_000])
def test_a_picture_of_nothing(engine: Engine, shape: tuple[int, int], level: int, dpi: int) -> None:
    """Of any size, black or white, whatever dpi is claimed: no text, and no error."""
    assert engine.read(np.full(shape, level, np.uint8), dpi).text.strip() == ""
