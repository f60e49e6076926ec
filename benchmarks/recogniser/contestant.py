"""An engine on pages with truth: what it read, what it got wrong, how sure it was, and the time that it took."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from benchmarks.accuracy import normalise
from benchmarks.ocr.align import align, edits
from benchmarks.ocr.engines import Scan
from benchmarks.ocr.engines.line import CACHE, Line, Reference
from benchmarks.ocr.pages import OcrPage
from benchmarks.ocr.score import PageScore, score
from benchmarks.recogniser.calibrate import Judged, judged_page
from models.ports import Engine, Pixels, UprightImage
from models.settings import OcrSettings
from models.text import Line as TextLine
from models.text import PageText
from pipeline.adapters.disk_models import DiskModels
from stages.ocr import open_engine

_MARGIN_PX = 4


class BadLine(NamedTuple):
    """A printed line with faults, what was read for it, and its picture (None where nothing was read)."""

    page: str
    truth: str
    found: str
    faults: int
    picture: Pixels | None


@dataclass(frozen=True)
class Read:
    """A page as it was read; ``confusions``: what was printed and what was read instead, ``""`` for nothing."""

    page: OcrPage
    text: str
    score: PageScore
    confusions: Counter[tuple[str, str]]
    words: tuple[Judged, ...]
    bad: tuple[BadLine, ...]


class Contestant:
    """An engine by name."""

    def __init__(self, name: str, settings: OcrSettings | None = None) -> None:
        """``settings``: where it is not the engine of that name as it comes. Raises ``OperatorError`` where the engine
        cannot be opened.
        """
        self.name = name
        settings = settings or OcrSettings(engine=name, languages="vie")
        self._witness = _Witness(open_engine(settings, DiskModels(CACHE)))
        self._reader = Reference(self._witness) if settings.engine == "tesseract" else Line(self._witness)
        self._read: dict[str, Read] = {}
        self.cpu_s = 0.0

    def warm(self, page: OcrPage) -> None:
        """Read a page without counting: the first one warms sessions up."""
        self._reader.read(Scan(page.path, page.path.read_bytes(), page.dpi))

    def read(self, page: OcrPage) -> None:
        """Read a page and judge it."""
        scan = Scan(page.path, page.path.read_bytes(), page.dpi)
        began = time.process_time()
        self._reader.read(scan)
        self.cpu_s += time.process_time() - began
        self._read[str(page.path)] = _judged(page, self._witness)

    def all(self, pages: Sequence[OcrPage]) -> list[Read]:
        return [self._read[str(page.path)] for page in pages]

    def total(self, pages: Sequence[OcrPage]) -> PageScore:
        return PageScore.total(read.score for read in self.all(pages))


class _Witness:
    """:class:`models.ports.Engine` that keeps the page it saw last and what its engine said."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name, self.version = engine.name, engine.version
        self.lines: list[TextLine] = []
        self.grey: Pixels = np.zeros((0, 0), np.uint8)

    def read(self, image: UprightImage) -> PageText:
        found = self._engine.read(image)
        self.lines = [line for block in found.blocks for line in block.lines if line.printed]
        self.grey = image.full_grey()
        return found


def _judged(page: OcrPage, seen: _Witness) -> Read:
    rows = [line.text for line in seen.lines]
    text = "\n".join(rows)
    confusions: Counter[tuple[str, str]] = Counter()
    bad = []
    ends = list(accumulate(len(normalise(row)) + 1 for row in rows))
    for line, match in zip(page.truth, align([line.text for line in page.truth], text).matches, strict=True):
        found = match.found if match else ""
        faults = [(printed, got) for printed, got in edits(line.text, found) if printed != got]
        if faults:
            confusions.update(faults if match else ())
            picture = None
            if match:
                place, last = np.searchsorted(ends, (match.place, match.place + len(found) - 1), side="right").tolist()
                picture = _cropped(seen.grey, seen.lines[place : last + 1])
            bad.append(BadLine(page.name, line.text, found, len(faults), picture))
    words = judged_page(page.truth, [[(word.text, word.confidence) for word in line.printed] for line in seen.lines])
    return Read(page, text, score(page.truth, text), confusions, tuple(words), tuple(bad))


def _cropped(grey: Pixels, lines: Sequence[TextLine]) -> Pixels | None:
    """The segments of one printed line; those that lie elsewhere are left out."""
    if not lines:
        return None
    box = lines[0].box
    for line in lines[1:]:
        if line.box.top < box.bottom and box.top < line.box.bottom:
            box = box.union(line.box)
    left, top = max(0, int(box.left) - _MARGIN_PX), max(0, int(box.top) - _MARGIN_PX)
    return grey[top : int(box.bottom) + _MARGIN_PX, left : int(box.right) + _MARGIN_PX].copy()


def confusions(reads: Sequence[Read]) -> Counter[tuple[str, str]]:
    """Of all pages."""
    return sum((read.confusions for read in reads), Counter[tuple[str, str]]())


def worst(reads: Sequence[Read], count: int) -> list[BadLine]:
    """The lines with the most faults, the worst first."""
    return sorted((line for read in reads for line in read.bad), key=lambda line: -line.faults)[:count]


def f1(reads: Sequence[Read]) -> float:
    """F1 of words, by how often each is there, over all pages."""
    right = wanted = got = 0
    for printed, found in _bags(reads):
        right += (printed & found).total()
        wanted, got = wanted + printed.total(), got + found.total()
    return 2 * right / max(1, wanted + got)


def _bags(reads: Sequence[Read]) -> Iterator[tuple[Counter[str], Counter[str]]]:
    for read in reads:
        printed = Counter(word for line in read.page.truth for word in line.text.split())
        yield printed, Counter(normalise(read.text).split())
