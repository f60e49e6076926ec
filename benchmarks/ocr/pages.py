"""A folder of images with their printed text beside them, as anyone can put one together.

``NAME.jpg`` (or ``.png``) has its truth in ``NAME.txt``: one printed line per line, blocks apart by
an empty line, in reading order. Above a block may stand ``[left]`` or ``[right]``: it belongs to a
column, and which of two columns is read first does not matter. ``□`` stands for what is not scored
(handwriting). Images in a subfolder are of that kind (``italic/0001.jpg``); all others of ``page``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from benchmarks.accuracy import normalise
from models.errors import OperatorError

SUFFIXES = (".jpg", ".jpeg", ".png")
_COLUMNS = {"[left]": "left", "[right]": "right"}
_DPI_RANGE = (70, 1200)
_A4_SHORT_IN = 210 / 25.4


@dataclass(frozen=True)
class TruthLine:
    """A printed line (normalised). ``column``: ``left``, ``right``, or empty for text across the page.

    ``block``: number of its block on the page.
    """

    text: str
    column: str = ""
    block: int = 0


@dataclass(frozen=True)
class OcrPage:
    """An image and what it says. ``number``: place among the pages of its kind, from 1."""

    path: Path
    kind: str
    number: int
    dpi: int
    truth: tuple[TruthLine, ...]
    title: str = ""

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.title or self.path.stem}"

    def renamed(self, title: str) -> OcrPage:
        """The same page under another name."""
        return replace(self, title=title)

    @property
    def length(self) -> int:
        """Characters of truth."""
        return sum(len(line.text) for line in self.truth)


def read_folder(folder: Path) -> tuple[OcrPage, ...]:
    """Every image with a truth, kinds in turn, so that a run cut short has seen all kinds.

    Raises ``OperatorError("no_pages")`` where there is none, and ``("bad_page")`` for a file that cannot be used.
    """
    pages = [page for kind in _folders(folder) for page in _pages_of(kind, "page" if kind == folder else kind.name)]
    if not pages:
        raise OperatorError("no_pages", f"{folder} holds no image with a .txt file of the same name beside it")
    return tuple(sorted(pages, key=lambda page: page.number))


def _folders(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise OperatorError("no_pages", f"{folder} is not a folder")
    yield folder
    yield from sorted(path for path in folder.iterdir() if path.is_dir())


def _pages_of(folder: Path, kind: str) -> list[OcrPage]:
    images = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    known = [path for path in images if path.with_suffix(".txt").is_file()]
    return [
        OcrPage(path, kind, number, _dpi(path), _truth(path.with_suffix(".txt")))
        for number, path in enumerate(known, start=1)
    ]


def _truth(path: Path) -> tuple[TruthLine, ...]:
    try:
        lines = parse_truth(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError("bad_page", f"{path} cannot be read as UTF-8 text: {error}") from error
    return lines


def parse_truth(text: str) -> tuple[TruthLine, ...]:
    """The lines of a truth file."""
    lines: list[TruthLine] = []
    column, block = "", 0
    for raw in text.splitlines():
        line = normalise(raw)
        if not line:
            column, block = "", block + 1
        elif line in _COLUMNS:
            column = _COLUMNS[line]
        else:
            lines.append(TruthLine(line, column, block))
    return tuple(lines)


def _dpi(path: Path) -> int:
    """What the header declares, or what makes the short side that of A4."""
    try:
        with Image.open(path) as image:
            declared = float(image.info.get("dpi", (0.0, 0.0))[0])
            short = min(image.size)
    except OSError as error:
        raise OperatorError("bad_page", f"{path} is not an image that can be opened: {error}") from error
    return round(declared if _DPI_RANGE[0] <= declared <= _DPI_RANGE[1] else short / _A4_SHORT_IN)
