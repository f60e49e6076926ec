"""The arguments of ``benchmarks recogniser`` and its headline: trained weights against the installed ones."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks import measure
from benchmarks.accuracy import Errors, words
from benchmarks.ocr.engines import Reader, Scan
from benchmarks.ocr.engines.line import CACHE, open_reader
from benchmarks.ocr.kinds import write_corpus
from benchmarks.ocr.pages import OcrPage, read_folder
from benchmarks.ocr.score import PageScore, score
from benchmarks.recogniser.cut import segments
from benchmarks.recogniser.damage import Scanner
from benchmarks.recogniser.render import names_page
from pipeline.adapters.disk_models import DiskModels
from stages.ocr.turbo.ctc import Reader as LineReader
from stages.ocr.turbo.language import Language
from stages.ocr.turbo.network import Network

STOCK = Path("/usr/share/tesseract-ocr/5/tessdata")
HARD, DIGITAL = ("shaded", "stamped", "italic", "bold", "9pt"), ("header", "table", "prose", "signature")
SEED = 1540


def run(quick: bool, extra: list[str]) -> dict[str, Any]:
    """Raises ``OperatorError`` where a folder or the weights cannot be used."""
    options = _parser().parse_args(extra)
    pages_each = 1 if quick else options.pages
    with tempfile.TemporaryDirectory(prefix="sohoa-recogniser-") as name:
        folder = Path(name)
        shutil.copy(options.weights or STOCK / "vie.traineddata", folder / "vie.traineddata")
        tuned = _Contestant("turbo", folder)
        stock, tesseract = _Contestant("turbo", STOCK), _Contestant("tesseract", STOCK)
        dev = read_folder(options.dev) if options.dev else ()
        write_corpus(folder / "hard", pages=pages_each, seed=SEED, dpi=200, kinds=HARD)
        hard = read_folder(folder / "hard")
        if options.digital is None:
            write_corpus(folder / "digital", pages=pages_each, seed=SEED + 1, dpi=200, kinds=DIGITAL)
        digital = read_folder(options.digital or folder / "digital")
        told = {
            "dev": _compared((tuned, stock, tesseract), dev),
            "hard": _compared((tuned, stock, tesseract), hard),
            "digital": _compared((tuned, stock), digital),
        }
        names = _names(folder / "vie.traineddata", 200 if quick else options.names)
        corpus = measure.corpus_hash(options.dev) if options.dev else None
    bodies = [page.matched.rate for page in tuned.scores(dev)]
    slow = tesseract.total(hard).characters.rate
    headline = {
        "cer_dev": _rounded(float(np.mean(bodies))) if bodies else None,
        "cer_dev_worst_page": _rounded(max(bodies)) if bodies else None,
        "cer_hard_over_tesseract": _rounded(tuned.total(hard).characters.rate / slow) if slow else None,
        "f1_digital": _rounded(_f1(tuned, digital)),
        "names_delta": _rounded(names["with_language"] - names["greedy"]),
        "ms_over_stock": _rounded(tuned.cpu_s / stock.cpu_s - 1),
    }
    details = {"quick": quick, "weights": options.weights.name if options.weights else "stock", "names": names, **told}
    return measure.result("recogniser", headline, details, corpus)


class _Contestant:
    """An engine with its weights, what it read, and the processor time that it took."""

    def __init__(self, engine: str, tessdata: Path) -> None:
        self.name = engine if tessdata == STOCK else f"{engine} tuned"
        self._reader: Reader = open_reader(engine, {"languages": "vie", "tessdata": str(tessdata)})
        self._scores: dict[Path, PageScore] = {}
        self._found: dict[Path, str] = {}
        self.cpu_s = 0.0

    def read(self, page: OcrPage) -> None:
        """Read a page once."""
        scan = Scan(page.path, page.path.read_bytes(), page.dpi)
        began = time.process_time()
        blocks = self._reader.read(scan).blocks
        self.cpu_s += time.process_time() - began
        text = "\n".join(" ".join(word for word, _ in line) for block in blocks for line in block)
        self._scores[page.path], self._found[page.path] = score(page.truth, text), text

    def scores(self, pages: Sequence[OcrPage]) -> list[PageScore]:
        return [self._scores[page.path] for page in pages]

    def total(self, pages: Sequence[OcrPage]) -> PageScore:
        return PageScore.total(self.scores(pages))

    def text(self, page: OcrPage) -> str:
        return self._found[page.path]


def _compared(contestants: Sequence[_Contestant], pages: Sequence[OcrPage]) -> dict[str, Any]:
    """Every page read by all, one after the other, so that a busy machine slows all alike."""
    if pages:
        for contestant in contestants:
            # The first page warms sessions up and would count against whoever comes first.
            before = contestant.cpu_s
            contestant.read(pages[0])
            contestant.cpu_s = before
    for page in pages:
        for contestant in contestants:
            contestant.read(page)
    return {
        contestant.name: {
            **contestant.total(pages).as_json(),
            "pages": {
                page.name: _rounded(one.matched.rate) for page, one in zip(pages, contestant.scores(pages), strict=True)
            },
        }
        for contestant in contestants
    }


def _f1(contestant: _Contestant, pages: Sequence[OcrPage]) -> float:
    """F1 of words, by how often each is there, over all pages."""
    right = wanted = got = 0
    for page in pages:
        printed = Counter(word for line in page.truth for word in line.text.split())
        read = Counter(contestant.text(page).split())
        right += (printed & read).total()
        wanted, got = wanted + printed.total(), got + read.total()
    return 2 * right / max(1, wanted + got)


def _names(weights: Path, count: int) -> dict[str, float]:
    """Share of words of rare names and codes that are read right, greedily and with the language."""
    network = Network.open(weights, DiskModels(CACHE))
    readers = {
        "greedy": LineReader(network, Language.none()),
        "with_language": LineReader(network, Language.shipped("vie")),
    }
    errors = dict.fromkeys(readers, Errors())
    rng = np.random.default_rng(SEED)
    scanner = Scanner(rng)
    cv2.setNumThreads(1)
    done = 0
    while done < count:
        sheet = names_page(rng)
        scan = scanner.scan(sheet)
        lines = [(line, text) for line, text in segments(sheet, scan) if text]
        done += len(lines)
        for name, reader in readers.items():
            for found, (_, text) in zip(reader.read([line for line, _ in lines]), lines, strict=True):
                errors[name] += words(text, found.text)
    return {name: 1 - one.rate for name, one in errors.items()} | {"lines": float(done)}


def _rounded(value: float) -> float:
    return round(value, 6)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks recogniser")
    add = parser.add_argument
    add("--weights", type=Path, help="trained data to measure (default: the installed ones)")
    add("--dev", type=Path, help="folder of real pages with .txt truth beside them")
    add("--digital", type=Path, help="folder of born-digital pages, rendered and damaged, with .txt truth")
    add("--pages", type=int, default=6, help="generated pages of each kind (default 6)")
    add("--names", type=int, default=2000, help="lines of rare names and codes (default 2000)")
    return parser
