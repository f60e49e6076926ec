"""The turbo engine as a whole: small pictures, fall-back, and what it says of its second readings."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import OperatorError
from models.settings import OcrSettings
from stages.ocr import open_engine
from stages.ocr.turbo.engine import TurboEngine
from tests.stages import rendered


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where converted networks are kept."""
    return tmp_path_factory.mktemp("ocr")


def test_a_page_is_read_and_counted(cache: Path) -> None:
    """Every printed line is read once, boxes lie on the page, and the count of lines is known."""
    engine = TurboEngine(OcrSettings(cache=cache))
    page = rendered.grey(rendered.prose(6))
    text = engine.read(page, 300)
    assert len(list(text.lines())) == engine.last_page["lines"] > 0
    for word in text.words():
        assert 0 <= word.box.left < word.box.right <= text.width_px + 1
        assert 0 <= word.box.top < word.box.bottom <= text.height_px + 1


@pytest.mark.parametrize("settings", [OcrSettings(languages="vie+eng"), OcrSettings(cache=None)])
def test_what_turbo_cannot_read_goes_to_tesseract(
    settings: OcrSettings, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Several languages, or no place for the converted network: the reference engine, and a clear warning."""
    if settings.languages != "vie":
        settings = settings.model_copy(update={"cache": cache, "languages": "vie+vie"})
    assert open_engine(settings).name == "tesseract"
    assert "turbo cannot read" in caplog.text


def test_a_missing_language_is_an_error_that_says_what_to_install(cache: Path) -> None:
    """No engine can read it."""
    with pytest.raises(OperatorError, match="tesseract-ocr-xyz"):
        open_engine(OcrSettings(languages="xyz", cache=cache))
