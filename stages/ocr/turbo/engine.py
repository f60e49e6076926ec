"""The turbo engine: own line segmentation, Tesseract's network in ONNX Runtime, an n-gram beam, a second reading."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import cv2
import numpy as np

from models.errors import OperatorError
from models.geometry import Box
from models.ports import Engine, Pixels
from models.settings import OcrSettings
from models.text import Block, Line, PageText, Word
from stages.ocr import EngineSpec
from stages.ocr.tesseract import ENGINE as TESSERACT
from stages.ocr.turbo.ctc import Reader, ReadLine
from stages.ocr.turbo.language import Language
from stages.ocr.turbo.line_image import LineImage, TextBlock
from stages.ocr.turbo.network import Network
from stages.ocr.turbo.second import SecondReader
from stages.ocr.turbo.segment import segment
from stages.ocr.turbo.selfcheck import require_trusted

log = logging.getLogger("sohoa.ocr")

NAME = "turbo"
VERSION = 1
_LEAST_PX = 32
"""Smaller pictures hold no text line."""
_LEAST_DPI, _MOST_DPI = 70, 1200
_ASCENT, _DESCENT = 1.7, 0.45
"""How far a word's box reaches above and below the baseline, in x-heights."""


class TurboEngine:
    """:class:`models.ports.Engine` for one language whose network can be converted; for one thread."""

    name = NAME

    def __init__(self, settings: OcrSettings) -> None:
        if settings.cache is None:
            raise OperatorError("no_ocr_cache", "set ocr.cache to a folder for converted networks")
        if "+" in settings.languages:
            raise OperatorError("turbo_one_language", "turbo reads one language: set ocr.languages or ocr.engine")
        path = settings.tessdata / f"{settings.languages}.traineddata"
        network = Network.open(path, settings.cache)
        require_trusted(network, path, settings.cache)
        self._reader = Reader(network, Language.shipped(settings.languages))
        self._second = SecondReader(settings)
        self.last_page = {"lines": 0, "second_lines": 0}
        """Lines of the page read last, and how many of them were read twice."""
        self.version = f"{VERSION} {settings.languages}:{network.data.sha256[:8]}"

    def read(self, image: Pixels, dpi: int) -> PageText:
        """See :class:`models.ports.Engine`."""
        height_px, width_px = image.shape[:2]
        blocks: tuple[TextBlock, ...] = ()
        grey = image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
        if min(height_px, width_px) >= _LEAST_PX:
            blocks = segment(_half(image), min(max(dpi, _LEAST_DPI), _MOST_DPI), lambda: grey)
        lines = [line for block in blocks for line in block.lines]
        before = self._second.asked
        read = [
            self._second.better(line, first, grey, dpi) for line, first in zip(lines, self._read(lines), strict=True)
        ]
        self.last_page = {"lines": len(lines), "second_lines": self._second.asked - before}
        places = iter(zip(lines, read, strict=True))
        found = (_block([next(places) for _ in block.lines]) for block in blocks)
        return PageText(
            width_px=width_px,
            height_px=height_px,
            engine=f"{self.name} {self.version}",
            blocks=tuple(block for block in found if block is not None),
        )

    def _read(self, lines: Sequence[LineImage]) -> list[ReadLine]:
        return self._reader.read(lines) if lines else []


def _half(image: Pixels) -> Pixels:
    """The picture in BGR at half scale."""
    height_px, width_px = image.shape[:2]
    half = cv2.resize(image, (max(width_px // 2, 1), max(height_px // 2, 1)), interpolation=cv2.INTER_AREA)
    return np.asarray(half if half.ndim == 3 else cv2.cvtColor(half, cv2.COLOR_GRAY2BGR), dtype=np.uint8)


def _block(places: Sequence[tuple[LineImage, ReadLine]]) -> Block | None:
    lines = tuple(line for place, read in places if (line := _line(place, read)) is not None)
    return Block(lines=lines, box=_around([line.box for line in lines])) if lines else None


def _line(place: LineImage, read: ReadLine) -> Line | None:
    """A line with its words where they stand in the picture; None where nothing was read."""
    top = place.box.top + max(place.baseline_y - _ASCENT * place.x_height_px, 0.0) * place.scale
    foot = (place.baseline_y + _DESCENT * place.x_height_px) * place.scale
    bottom = max(min(place.box.top + foot, place.box.bottom), top + 1)
    words = tuple(
        Word(
            text=word.text,
            box=Box(place.box.left + word.x0_px * place.scale, top, place.box.left + word.x1_px * place.scale, bottom),
            confidence=min(max(word.confidence, 0.0), 1.0),
        )
        for word in read.words
        if word.text
    )
    return Line(words=words, box=_around([word.box for word in words])) if words else None


def _around(boxes: Sequence[Box]) -> Box:
    whole = boxes[0]
    for box in boxes[1:]:
        whole = whole.union(box)
    return whole


def _open(settings: OcrSettings) -> Engine:
    """Turbo, or the reference engine where turbo cannot be had; raises what that raises."""
    try:
        return TurboEngine(settings)
    except OperatorError as error:
        engine = TESSERACT.open(settings)
        log.warning("turbo cannot read %s, Tesseract does: %s", settings.languages, error.message)
        return engine


ENGINE = EngineSpec(NAME, _open)
