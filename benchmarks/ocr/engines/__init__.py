"""The engines that are compared. Each runs in a process of its own (:mod:`benchmarks.ocr.child`).

A file here has ``open_reader(name, options) -> Reader``. This file and :mod:`benchmarks.ocr.child`
need nothing but the standard library, so that an engine of another virtual environment can run in it.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Box = tuple[float, float, float, float]
Word = tuple[str, Box]
Line = list[Word]
Block = list[Line]


class Unavailable(Exception):
    """The engine cannot run here; the message says what is missing."""


@dataclass(frozen=True)
class Scan:
    """One image as an engine gets it: the encoded bytes, and the file that holds them."""

    path: Path
    data: bytes
    dpi: int


@dataclass(frozen=True)
class Reading:
    """``blocks``: of lines of words, each with its box (pixels), in the order in which the engine read.

    ``notes``: numbers that the engine tells about its own work on this page.
    """

    blocks: list[Block]
    notes: dict[str, float]


class Reader(Protocol):
    """An engine, warm."""

    version: str

    def read(self, scan: Scan) -> Reading:
        """Encoded image in, text with boxes out."""


@dataclass(frozen=True)
class EngineFile:
    """``slow``: takes seconds a page, so that it reads a part of the pages. ``own_python``: may live in another venv."""

    module: str
    slow: bool = False
    own_python: bool = False


ENGINES: dict[str, EngineFile] = {
    "turbo": EngineFile("benchmarks.ocr.engines.line"),
    "turbo:stock": EngineFile("benchmarks.ocr.engines.line"),
    "tesseract": EngineFile("benchmarks.ocr.engines.line"),
    "tesseract-line": EngineFile("benchmarks.ocr.engines.line"),
    "tesseract-cli": EngineFile("benchmarks.ocr.engines.command", slow=True),
    "pytesseract": EngineFile("benchmarks.ocr.engines.wrapper", slow=True, own_python=True),
    "ocrmypdf": EngineFile("benchmarks.ocr.engines.pdf", slow=True),
    "scripted": EngineFile("benchmarks.ocr.engines.scripted"),
}
"""``turbo:stock``: turbo with the installed network. ``tesseract``: the reference. ``tesseract-line``: the same with what the line does before it (red
ink, deskew). ``scripted``: says what the truth says, with faults; for tests."""


def open_reader(name: str, options: dict[str, Any]) -> Reader:
    """The engine, warm. ``options``: ``languages``, ``tessdata``, ``tools``. Raises :class:`Unavailable`."""
    reader: Reader = importlib.import_module(ENGINES[name].module).open_reader(name, options)
    return reader
