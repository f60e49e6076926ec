"""The turbo engine as a whole: what it says of its work, fall-back, languages, deadline, what it decodes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count

import numpy as np
import pytest

from benchmarks.corpus.fonts import Fonts
from benchmarks.corpus.page import A4
from benchmarks.corpus.scan import put
from benchmarks.recogniser.faces import Faces
from benchmarks.recogniser.penned import Writer
from benchmarks.recogniser.sheet import Setting, Sheet, Token
from models.errors import Defect, OperatorError
from models.ports import Pixels
from models.settings import OcrSettings
from stages.ocr import open_engine
from stages.ocr.sheet import Picture
from stages.ocr.turbo.engine import TurboEngine
from stages.ocr.turbo.hand import DOUBTED
from tests.stages import rendered
from tests.stages.turbo import trained
from tests.support.memory_models import MemoryModels


@pytest.fixture(scope="module")
def models() -> MemoryModels:
    """Where converted networks are kept."""
    return MemoryModels()


class Watched(Picture):
    """A picture that tells whether its full scale was asked for."""

    asked = False

    def full_grey(self) -> Pixels:
        self.asked = True
        return super().full_grey()


class Unwritable(MemoryModels):
    """A cache on a disk that takes nothing."""

    def put(self, name: str, data: bytes) -> None:
        raise OperatorError("ocr_cache_unwritable", f"{name}: {len(data)} bytes too many")


def test_a_page_is_read_and_counted(models: MemoryModels) -> None:
    """Every printed line is read once, boxes lie on the page, and the count of lines is known."""
    engine = TurboEngine(OcrSettings(), models)
    text = engine.read(Picture(rendered.grey(rendered.prose(6)), 300))
    assert len(list(text.lines())) == engine.last_page["lines"] > 0
    for word in text.words():
        assert 0 <= word.box.left < word.box.right <= text.width_px
        assert 0 <= word.box.top < word.box.bottom <= text.height_px


def test_good_paper_is_never_decoded_in_full(models: MemoryModels) -> None:
    """At 300 dpi half scale is enough for print of 13 points; a coarse scan is read at full scale."""
    engine = TurboEngine(OcrSettings(), models)
    for dpi, full in ((300, False), (150, True)):
        image = rendered.sheet(dpi)
        rendered.write(image, rendered.LINES, (40, 40), dpi)
        page = Watched(rendered.pixels(image), dpi)
        assert [line.text for line in engine.read(page).lines()] == list(rendered.LINES)
        assert page.asked == full


@pytest.mark.parametrize("language", ["vie", "eng"])
def test_installed_languages_are_read(language: str, models: MemoryModels) -> None:
    """Both languages read print of their own without a mistake, with turbo itself and not a stand-in."""
    if not (trained.TESSDATA / f"{language}.traineddata").is_file():
        pytest.skip(f"{language} is not installed")
    texts = {
        "vie": ("Căn cứ Luật Tổ chức chính quyền địa phương", "ngày 19 tháng 6 năm 2015; số 06/2010"),
        "eng": ("The Council hereby certifies that this copy", "was made from the original on 19 June 2015."),
    }
    image = rendered.sheet(300)
    rendered.write(image, texts[language], (40, 40), 300)
    engine = open_engine(OcrSettings(languages=language), models)
    assert engine.name == "turbo"
    assert f"{language}:" in engine.version
    assert [line.text for line in engine.read(Picture(rendered.pixels(image), 300)).lines()] == list(texts[language])


def test_sohoas_own_network_is_the_default_and_the_installed_one_can_be_had(models: MemoryModels) -> None:
    """The version tells which network read a page."""
    own = open_engine(OcrSettings(), models)
    stock = open_engine(OcrSettings(engine="turbo:stock"), models)
    installed = hashlib.sha256((trained.TESSDATA / "vie.traineddata").read_bytes()).hexdigest()
    assert (own.name, stock.name) == ("turbo", "turbo:stock")
    assert stock.version.endswith(installed[:8])
    assert own.version != stock.version


def test_the_deadline_is_looked_at_all_along() -> None:
    """Whenever time runs out before the last line is read, the page ends there."""

    def ticks() -> Iterator[float]:
        yield from map(float, count())

    image = rendered.sheet(200)
    rendered.write(image, rendered.LINES, (40, 40), 200)
    page, models = Picture(rendered.pixels(image), 200), MemoryModels()
    for looks in range(1 + len(rendered.LINES)):
        engine = TurboEngine(OcrSettings(deadline_s=0.5 + looks), models, now=ticks().__next__)
        with pytest.raises(Defect, match="deadline"):
            engine.read(page)
    engine = TurboEngine(OcrSettings(deadline_s=1.5 + len(rendered.LINES)), models, now=ticks().__next__)
    assert len(list(engine.read(page).lines())) == len(rendered.LINES)


def test_what_turbo_cannot_read_goes_to_tesseract(models: MemoryModels, caplog: pytest.LogCaptureFixture) -> None:
    """Several languages: the reference engine, and a clear warning."""
    engine = open_engine(OcrSettings(languages="vie+vie"), models)
    assert engine.name == "tesseract"
    assert "turbo cannot read" in caplog.text
    assert engine.read(Picture(np.full((40, 40), 255, np.uint8), 300)).blocks == ()


def test_what_an_operator_can_mend_is_not_hidden_by_a_slower_engine() -> None:
    """No place for the converted network."""
    with pytest.raises(OperatorError, match="ocr_cache_unwritable"):
        open_engine(OcrSettings(), Unwritable())


def test_a_missing_language_is_an_error_that_says_what_to_install(models: MemoryModels) -> None:
    """No engine can read it."""
    with pytest.raises(OperatorError, match="tesseract-ocr-xyz"):
        open_engine(OcrSettings(languages="xyz"), models)


def test_numbers_by_hand_are_marked_and_print_beside_them_is_read(models: MemoryModels) -> None:
    """Six black pens, each with a number before ``/QĐ-UBND`` and two days in running lines; hardly any escapes, no print is hit."""
    engine = TurboEngine(OcrSettings(), models)
    by_hand = escaped = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        sheet = Sheet(A4, 200, Fonts("tinos"), rng, faces=Faces("Tinos"))
        text = "Theo Quyết định số 127/QĐ-UBND ngày 18 tháng 02 năm 2025 của Ủy ban nhân dân tỉnh về việc công bố"
        sheet.place([Token(word) for word in (text + " thủ tục hành chính").split()] * 3, 25, 160, 30, Setting(14))
        writer = Writer(rng, ())
        number = next(word for word in sheet.words if word.text.startswith("127"))
        days = [word for word in sheet.words if word.text in ("18", "02")][:2]
        writer.replace(sheet, number, number.left, number.left + 1.5 * number.size_px)
        for day in days:
            writer.replace(sheet, day, day.left, day.right)
        grey = np.asarray(sheet.image, np.uint8).copy()
        for mark in sheet.marks:
            put(grey, mark)
        found = list(engine.read(Picture(np.repeat(grey[:, :, None], 3, axis=2), 200)).words())
        for word in found:
            middle = (word.box.left + word.box.right) / 2
            mine = any(
                b.left < middle < b.right and b.top < word.box.bottom and word.box.top < b.bottom for b in sheet.unknown
            )
            by_hand += mine
            escaped += mine and word.confidence > DOUBTED
            assert mine or not word.hand, word.text
        assert sum("QĐ-UBND" in word.text and not word.hand for word in found) == 3
    assert by_hand >= 15
    assert escaped <= 2
