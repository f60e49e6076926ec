"""The reference engine: Tesseract's own layout and recognition, in this process through tesserocr."""

from __future__ import annotations

import hashlib
import time
import unicodedata
from pathlib import Path

import tesserocr

from models.errors import Defect, OperatorError
from models.geometry import Box
from models.ports import Engine, ModelCache, UprightImage
from models.settings import OcrSettings
from models.text import Block, Line, PageText, Word
from stages.ocr import EngineSpec
from stages.red_ink import without_red

_NAME = "tesseract"
_LEAST_DPI = 70
"""Tesseract warns and guesses below this."""


class TesseractEngine:
    """:class:`models.ports.Engine` over one warm API object: about 150 MB, for one thread at a time."""

    name = _NAME

    def __init__(self, settings: OcrSettings) -> None:
        models = tuple(settings.tessdata / f"{language}.traineddata" for language in settings.languages.split("+"))
        missing = [model for model in models if not model.is_file()]
        if missing:
            packages = ", ".join(f"tesseract-ocr-{model.stem.replace('_', '-')}" for model in missing)
            raise OperatorError(
                "traineddata_missing",
                f"{missing[0].name} is not in {settings.tessdata}: install {packages} or set ocr.tessdata",
            )
        self.version = _version(models)
        self._deadline_s = settings.deadline_s
        try:
            self._api = tesserocr.PyTessBaseAPI(
                path=str(settings.tessdata), lang=settings.languages, psm=tesserocr.PSM.AUTO
            )
        except RuntimeError as error:
            raise OperatorError(
                "traineddata_damaged",
                f"Tesseract cannot load {settings.languages} from {settings.tessdata}: install the packages again",
            ) from error
        self._api.SetVariable("debug_file", "/dev/null")
        tesserocr.set_leptonica_log_level(tesserocr.LeptLogLevel.NONE)  # it writes past our logs to the terminal

    def read(self, image: UprightImage) -> PageText:
        """See :class:`models.ports.Engine`. Full resolution without the red of seals.

        Grey bytes go in as they are: a PIL image would be compressed, and its dpi lost, on the way.
        """
        began = time.monotonic()
        grey = without_red(image.full_grey(), image.half())
        height, width = grey.shape
        self._api.SetImageBytes(grey.tobytes(), width, height, 1, width)
        self._api.SetSourceResolution(max(image.dpi, _LEAST_DPI))
        try:
            done = self._api.Recognize(max(1, round(self._deadline_s * 1000)))
            # It stops between words and then says that it is done.
            if time.monotonic() - began > self._deadline_s:
                raise Defect(
                    "ocr_deadline", f"Tesseract was not done within {self._deadline_s:g} s: see ocr.deadline_s"
                )
            if not done:
                raise Defect("ocr_failed", "Tesseract gave up on this side")
            blocks = _blocks(self._api.GetIterator())
        finally:
            self._api.Clear()
        return PageText(width_px=width, height_px=height, engine=f"{self.name} {self.version}", blocks=blocks)


def _blocks(words: tesserocr.PyResultIterator | None) -> tuple[Block, ...]:
    """Blocks in Tesseract's reading order, from one walk over the words (9 ms a page)."""
    level = tesserocr.RIL
    pages: list[list[list[Word]]] = []
    if words is None:
        return ()
    for found in tesserocr.iterate_level(words, level.WORD):
        if found.Empty(level.WORD):
            continue
        if not pages or found.IsAtBeginningOf(level.BLOCK):
            pages.append([])
        if not pages[-1] or found.IsAtBeginningOf(level.TEXTLINE):
            pages[-1].append([])
        text = unicodedata.normalize("NFC", found.GetUTF8Text(level.WORD)).strip()
        box = found.BoundingBox(level.WORD)
        if text and box:
            confidence = min(1.0, max(0.0, found.Confidence(level.WORD) / 100))
            pages[-1][-1].append(Word(text=text, box=Box(*map(float, box)), confidence=confidence))
    blocks = (tuple(_line(line) for line in lines if line) for lines in pages)
    return tuple(Block(lines=lines, box=_around([line.box for line in lines])) for lines in blocks if lines)


def _line(words: list[Word]) -> Line:
    return Line(words=tuple(words), box=_around([word.box for word in words]))


def _around(boxes: list[Box]) -> Box:
    whole = boxes[0]
    for box in boxes[1:]:
        whole = whole.union(box)
    return whole


def _version(models: tuple[Path, ...]) -> str:
    """Library and models: ``5.5.4 (tesserocr 2.13.0) vie:2f7c…``; another model is another version."""
    library = tesserocr.tesseract_version().splitlines()[0].removeprefix("tesseract").strip()
    hashes = " ".join(f"{model.stem}:{hashlib.sha256(model.read_bytes()).hexdigest()[:8]}" for model in models)
    return f"{library} (tesserocr {tesserocr.__version__}) {hashes}"


def _open(settings: OcrSettings, models: ModelCache) -> Engine:  # noqa: ARG001 - every engine's signature
    return TesseractEngine(settings)


ENGINE = EngineSpec(_NAME, _open)
