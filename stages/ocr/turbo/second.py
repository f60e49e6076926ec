"""The second reading: lines that the network is unsure of go to tesserocr at full resolution."""

from __future__ import annotations

import unicodedata

import numpy as np
import tesserocr

from models.ports import Pixels, UprightImage
from models.settings import OcrSettings
from stages.ocr.turbo.line_image import LineImage
from stages.ocr.turbo.words import ReadLine, ReadWord
from stages.red_ink import without_red

DOUBTFUL = 0.75
"""A line below this mean confidence is read again; above it, a second reading breaks as much as it mends."""
_BETTER_BY = 0.05
"""Tesseract's confidence runs higher than ours for equal text."""
_LEAST_PX = 8


class SecondReader:
    """Tesseract for single lines, opened when first asked; ``asked`` and ``taken`` count for the benchmark."""

    def __init__(self, settings: OcrSettings) -> None:
        self._settings = settings
        self._api: tesserocr.PyTessBaseAPI | None = None
        self.asked = 0
        self.taken = 0

    def better(self, line: LineImage, first: ReadLine, page: UprightImage) -> ReadLine:
        """The better of both readings."""
        if not first.words or first.confidence >= DOUBTFUL:
            return first
        self.asked += 1
        second = self._read(line, page)
        if second.words and second.confidence > first.confidence + _BETTER_BY:
            self.taken += 1
            return second
        return first

    def _read(self, line: LineImage, page: UprightImage) -> ReadLine:
        crop = _crop(line, page)
        if min(crop.shape) < _LEAST_PX:
            return ReadLine((), 0.0)
        api = self._warm()
        height, width = crop.shape
        api.SetImageBytes(crop.tobytes(), width, height, 1, width)
        api.SetSourceResolution(max(page.dpi, 70))
        try:
            api.Recognize()
            words = tuple(self._words(api, line.scale))
        finally:
            api.Clear()
        letters = sum(len(word.text) for word in words)
        mean = sum(word.confidence * len(word.text) for word in words) / letters if letters else 0.0
        return ReadLine(words, mean)

    def _words(self, api: tesserocr.PyTessBaseAPI, scale: float) -> list[ReadWord]:
        level = tesserocr.RIL.WORD
        found: list[ReadWord] = []
        iterator = api.GetIterator()
        for at in tesserocr.iterate_level(iterator, level) if iterator is not None else ():
            box = None if at.Empty(level) else at.BoundingBox(level)
            text = unicodedata.normalize("NFC", at.GetUTF8Text(level)).strip() if box else ""
            if box and text:
                found.append(ReadWord(text, box[0] / scale, box[2] / scale, at.Confidence(level) / 100))
        return found

    def _warm(self) -> tesserocr.PyTessBaseAPI:
        if self._api is None:
            self._api = tesserocr.PyTessBaseAPI(
                path=str(self._settings.tessdata), lang=self._settings.languages, psm=tesserocr.PSM.SINGLE_LINE
            )
            self._api.SetVariable("debug_file", "/dev/null")
            tesserocr.set_leptonica_log_level(tesserocr.LeptLogLevel.NONE)
        return self._api


def _crop(line: LineImage, page: UprightImage) -> Pixels:
    """The line at full scale, without the red of seals."""
    left, top, right, bottom = (max(round(edge), 0) for edge in line.box)
    crop = page.full_grey()[top:bottom, left:right]
    if min(crop.shape) < _LEAST_PX:
        return crop
    colour = page.half()[top // 2 : -(-bottom // 2), left // 2 : -(-right // 2)]
    return np.ascontiguousarray(without_red(crop, np.ascontiguousarray(colour)))
