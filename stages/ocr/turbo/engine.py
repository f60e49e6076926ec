"""The turbo engine: own line segmentation, Tesseract's network in ONNX Runtime, an n-gram beam, a second reading."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from models.errors import Defect, OperatorError
from models.geometry import Box
from models.ports import Engine, ModelCache, UprightImage
from models.settings import OcrSettings
from models.text import Block, Line, PageText, Word
from stages.ocr import EngineSpec
from stages.ocr.tesseract import ENGINE as TESSERACT
from stages.ocr.turbo.beam import Weights
from stages.ocr.turbo.calibration import Calibration
from stages.ocr.turbo.ctc import Reader
from stages.ocr.turbo.hand import MOST_CONFIDENCE, trust
from stages.ocr.turbo.language import Language
from stages.ocr.turbo.line_image import LineImage, TextBlock
from stages.ocr.turbo.network import Network
from stages.ocr.turbo.numeral import as_numeral
from stages.ocr.turbo.pen import Pen
from stages.ocr.turbo.second import SecondReader
from stages.ocr.turbo.segment import segment
from stages.ocr.turbo.selfcheck import require_trusted
from stages.ocr.turbo.words import ReadLine, ReadWord

log = logging.getLogger("sohoa.ocr")

NAME, STOCK_NAME = "turbo", "turbo:stock"
VERSION = 8
DATA = Path(__file__).parent / "data"
"""Networks and language models that come with sohoa, by language (``vie``); ``MODEL_CARD.md`` tells their origin."""
TUNED = Weights(language=0.6, character=0.6, strange=-2.8, familiar=-1.2)
"""The networks that come with sohoa need less of the language: more of it would "correct" names (``names_delta``)."""
_NOT_FOR_TURBO = frozenset(
    {"turbo_one_language", "turbo_not_trusted", "traineddata_unsupported", "traineddata_missing"}
)
"""Why Tesseract reads in turbo's place, or says which package is missing."""
_LEAST_PX = 32
"""Smaller pictures hold no text line."""
_LEAST_DPI, _MOST_DPI = 70, 1200
_MARGIN = 0.25
"""White paper above a line of which nothing was read, in shares of its height, when it is shown again."""
_AT_ONCE = 96
"""Lines read together: a page, and not the memory that ten thousand lines would take."""
_UNREAD = "?"
"""A word of a pen in which the network sees no letter."""
_ASCENT, _DESCENT = 1.7, 0.45
"""How far a word's box reaches above and below the baseline, in x-heights."""


class TurboEngine:
    """:class:`models.ports.Engine` for one language whose network can be converted; for one thread."""

    def __init__(
        self,
        settings: OcrSettings,
        models: ModelCache,
        *,
        stock: bool = False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """``stock``: the installed network even where sohoa brings its own. ``now``: seconds, for the deadline."""
        if "+" in settings.languages:
            raise OperatorError("turbo_one_language", "turbo reads one language: set ocr.languages or ocr.engine")
        own = DATA / f"{settings.languages}.traineddata"
        tuned = own.is_file() and not stock
        path = own if tuned else settings.tessdata / own.name
        pen = Pen.open(own.with_suffix(".pen.json")) if tuned else None
        network = Network.open(path, models, pen=pen)
        require_trusted(network, path, models)
        self.name = STOCK_NAME if stock else NAME
        language = Language.shipped(settings.languages)
        if tuned:
            calibration = Calibration.open(own.with_suffix(".calibration.json"))
            self._reader = Reader(network, language, TUNED, calibration)
            self._second = SecondReader(settings.model_copy(update={"tessdata": DATA}))
        else:
            self._reader = Reader(network, language)
            self._second = SecondReader(settings)
        self._pen = pen
        """None but for a network that comes with sohoa."""
        self._deadline_s = settings.deadline_s
        self._now = now
        self.last_page = {"lines": 0, "second_lines": 0}
        """Lines of the page read last, and how many of them were read twice."""
        self.version = f"{VERSION} {settings.languages}:{network.data.sha256[:8]}"

    def read(self, image: UprightImage) -> PageText:
        """See :class:`models.ports.Engine`."""
        ends = self._now() + self._deadline_s
        lines: list[LineImage] = []
        blocks: tuple[TextBlock, ...] = ()
        if min(image.width_px, image.height_px) >= _LEAST_PX:
            blocks = segment(image.half(), min(max(image.dpi, _LEAST_DPI), _MOST_DPI), image.full_grey)
            lines = [line for block in blocks for line in block.lines if not line.pen]
        lone = [[line.box for line in block.lines if not line.pen] for block in blocks if block.kind == "cell"]
        cells = frozenset(boxes[0] for boxes in lone if len(boxes) == 1)
        before = self._second.asked
        shown: list[LineImage] = []
        read: list[ReadLine] = []
        for start in range(0, len(lines), _AT_ONCE):
            self._within(ends)
            some = lines[start : start + _AT_ONCE]
            first = self._reader.read(some)
            self._again(some, first, cells)
            most: list[tuple[float, ...]] = trust(some, first, self._pen) if self._pen else [()] * len(some)
            shown += some
            for one in zip(some, first, most, strict=True):
                self._within(ends)
                read.append(self._final(*one, image))
        self.last_page = {"lines": len(lines), "second_lines": self._second.asked - before}
        written = [line for block in blocks for line in block.lines if line.pen]
        printed, by_pen = iter(zip(shown, read, strict=True)), iter(self._written(written, ends))
        page = Box(0, 0, image.width_px, image.height_px)
        found = (_block([next(by_pen if line.pen else printed) for line in block.lines], page) for block in blocks)
        return PageText(
            width_px=image.width_px,
            height_px=image.height_px,
            engine=f"{self.name} {self.version}",
            blocks=tuple(block for block in found if block is not None),
        )

    def _written(self, words: list[LineImage], ends: float) -> list[tuple[LineImage, ReadLine]]:
        """Words of a coloured pen, read as well as can be: the text is a guess."""
        found: list[tuple[LineImage, ReadLine]] = []
        for start in range(0, len(words), _AT_ONCE):
            self._within(ends)
            some = words[start : start + _AT_ONCE]
            for word, read in zip(some, self._reader.read(some), strict=True):
                text = "".join(one.text for one in read.words) or _UNREAD
                share = min(read.confidence, MOST_CONFIDENCE)
                one = ReadWord(text, 0.0, float(word.pixels.shape[1]), share, hand=True)
                found.append((word, ReadLine((one,), share)))
        return found

    def _again(self, lines: list[LineImage], first: list[ReadLine], cells: frozenset[Box]) -> None:
        """Lines of cells of which nothing was read (a lone letter) are shown again, smaller; both lists are changed."""
        empty = [at for at, line in enumerate(first) if not line.words and lines[at].box in cells]
        if not empty:
            return
        smaller = [lines[at].with_margin(_MARGIN) for at in empty]
        for at, line, again in zip(empty, smaller, self._reader.read(smaller), strict=True):
            if again.words:
                lines[at], first[at] = line, again

    def _final(self, line: LineImage, first: ReadLine, most: tuple[float, ...], image: UprightImage) -> ReadLine:
        """The better of two readings, the words of a hand marked: Tesseract has no doubts about handwriting."""
        if 2 * sum(one <= MOST_CONFIDENCE for one in most) > len(first.words):
            return _marked(first, most)
        better = self._second.better(line, first, image)
        if better is not first and self._pen:
            (most,) = trust([line], [better._replace(traits=first.traits)], self._pen)
        return as_numeral(line, _marked(better, most))

    def _within(self, ends: float) -> None:
        if self._now() > ends:
            raise Defect("ocr_deadline", f"turbo was not done within {self._deadline_s:g} s: see ocr.deadline_s")


def _block(places: Sequence[tuple[LineImage, ReadLine]], page: Box) -> Block | None:
    found: list[list[Word]] = []
    for place, read in places:
        if not place.joined or not found:
            found.append([])
        found[-1] += _words(place, read, page)
    lines = tuple(_line(words) for words in found if words)
    return Block(lines=lines, box=_around([line.box for line in lines])) if lines else None


def _line(words: list[Word]) -> Line:
    words.sort(key=lambda word: word.box.left)
    return Line(words=tuple(words), box=_around([word.box for word in words]))


def _words(place: LineImage, read: ReadLine, page: Box) -> list[Word]:
    """The words of a line where they stand on the page."""
    left, above, _, below = place.box
    scale = place.scale
    top = above + max(place.baseline_y - _ASCENT * place.x_height_px, 0.0) * scale
    foot = (place.baseline_y + _DESCENT * place.x_height_px) * scale
    bottom = min(max(min(above + foot, below), top + 1), page.bottom)
    if place.pen:
        top, bottom = above, min(below, page.bottom)
    return [
        Word(
            text=word.text,
            box=Box(left + word.x0_px * scale, top, min(left + word.x1_px * scale, page.right), bottom),
            confidence=min(max(word.confidence, 0.0), 1.0),
            hand=word.hand,
        )
        for word in read.words
        if word.text
    ]


def _marked(line: ReadLine, most: Sequence[float]) -> ReadLine:
    """The line with no word more confident than it deserves, and the words of a hand marked."""
    if min(most, default=1.0) >= 1:
        return line
    words = tuple(
        word._replace(hand=one <= MOST_CONFIDENCE, confidence=min(word.confidence, one))
        for word, one in zip(line.words, most, strict=True)
    )
    return ReadLine(words, line.confidence)


def _around(boxes: Sequence[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


def _open(settings: OcrSettings, models: ModelCache, *, stock: bool = False) -> Engine:
    """Turbo, or the reference engine for a language that turbo cannot read.

    Raises ``OperatorError`` for what an operator can mend: nobody would notice a line seven times slower.
    """
    try:
        return TurboEngine(settings, models, stock=stock)
    except OperatorError as error:
        if error.code not in _NOT_FOR_TURBO:
            raise
        engine = TESSERACT.open(settings, models)
        log.warning("turbo cannot read %s, Tesseract does: %s", settings.languages, error.message)
        return engine


ENGINE = EngineSpec(NAME, _open)
STOCK = EngineSpec(STOCK_NAME, partial(_open, stock=True))
