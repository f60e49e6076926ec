"""The arguments of ``benchmarks recogniser`` and its headline: the network that comes with sohoa against the installed."""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tesserocr

from benchmarks import measure
from benchmarks.accuracy import Errors, characters, words
from benchmarks.ocr.engines.line import CACHE
from benchmarks.ocr.kinds import write_corpus
from benchmarks.ocr.pages import OcrPage, read_folder
from benchmarks.recogniser import calibrate, handwriting, render
from benchmarks.recogniser.contestant import Contestant, f1
from benchmarks.recogniser.cut import segments
from benchmarks.recogniser.damage import Scanner
from benchmarks.recogniser.report import Evidence, read_frontier, write_report
from benchmarks.recogniser.texts import Corpus
from models.settings import OcrSettings
from pipeline.adapters.disk_models import DiskModels
from stages.ocr.turbo.calibration import Calibration
from stages.ocr.turbo.ctc import Reader
from stages.ocr.turbo.engine import DATA, TUNED
from stages.ocr.turbo.language import Language
from stages.ocr.turbo.network import Crop, Network

GIVEN = "tesseract with ours"
"""Stock Tesseract, layout and all, with the network that comes with sohoa."""
HARD, DIGITAL = ("shaded", "stamped", "italic", "bold", "9pt"), ("header", "table", "prose", "signature")
SEED = 1540


def run(quick: bool, extra: list[str]) -> dict[str, Any]:
    """Raises ``OperatorError`` where a folder cannot be used or an engine cannot be opened."""
    options = _parser().parse_args(extra)
    pages_each = 1 if quick else options.pages
    turbo, stock, tesseract = engines = [Contestant(name) for name in ("turbo", "turbo:stock", "tesseract")]
    given = Contestant(GIVEN, OcrSettings(engine="tesseract", languages="vie", tessdata=DATA))
    with tempfile.TemporaryDirectory(prefix="sohoa-recogniser-") as name:
        folder = Path(name)
        dev = read_folder(options.dev) if options.dev else ()
        write_corpus(folder / "hard", pages=pages_each, seed=SEED, dpi=200, kinds=HARD[:2] if quick else HARD)
        hard = read_folder(folder / "hard")
        if options.digital is None:
            write_corpus(folder / "digital", pages=pages_each, seed=SEED + 1, dpi=200, kinds=DIGITAL)
        digital = read_folder(options.digital or folder / "digital")
        told = {
            "dev": _compared([*engines, given], dev),
            "hard": _compared([*engines, given], hard),
            "digital": _compared(engines[:2], digital),
        }
    names = _names(200 if quick else options.names)
    before, after = _reliability(200 if quick else options.names)
    strict = [read.score.characters.rate for read in turbo.all(dev)]
    slow = tesseract.total(hard).characters.rate
    headline = {
        "cer_dev": _rounded(float(np.mean(strict))) if strict else None,
        "cer_dev_worst_page": _rounded(max(strict)) if strict else None,
        "cer_hard_over_tesseract": _rounded(turbo.total(hard).characters.rate / slow) if slow else None,
        "f1_digital": _rounded(f1(turbo.all(digital))),
        "names_delta": _rounded(names["with_language"] - names["greedy"]),
        "ms_over_stock": _rounded(turbo.cpu_s / stock.cpu_s - 1),
    }
    calibration = {
        "generated_before": _rounded(calibrate.error(before)),
        "generated_after": _rounded(calibrate.error(after)),
        "dev": _rounded(calibrate.error([word for read in turbo.all(dev) for word in read.words])),
    }
    given_cer = {
        "pages": _rounded(given.total(dev).characters.rate),
        "hard": _rounded(given.total(hard).characters.rate),
        **_single_lines(60 if quick else 400),
    }
    details = {
        "quick": quick,
        "names": names,
        "calibration_error": calibration,
        "cer_stock_tesseract_with_ours": given_cer,
        "offices": _offices([*engines, given], dev),
        "handwriting": _handwriting(1 if quick else options.pages),
        "frontier": read_frontier(options.frontier) if options.frontier else None,
        **told,
    }
    outcome = measure.result("recogniser", headline, details, measure.corpus_hash(options.dev) if options.dev else None)
    if options.report is not None:
        evidence = Evidence(turbo, stock, (*dev, *hard, *digital), before, after, tuple(options.log))
        write_report(options.report, outcome, evidence)
    return outcome


def _compared(engines: Sequence[Contestant], pages: Sequence[OcrPage]) -> dict[str, Any]:
    """Every page read by all, one after the other, so that a busy machine slows all alike."""
    for engine in engines:
        for page in pages[:1]:
            engine.warm(page)
    for page in pages:
        for engine in engines:
            engine.read(page)
    return {
        engine.name: {
            **engine.total(pages).as_json(),
            "pages": {
                read.page.name: {
                    "cer": _rounded(read.score.characters.rate),
                    "cer_of_matched": _rounded(read.score.matched.rate),
                }
                for read in engine.all(pages)
            },
        }
        for engine in engines
    }


def office(page: OcrPage) -> str:
    """Where a page comes from: its file's name without ``-p2`` and what follows."""
    return re.sub(r"-p\d.*", "", page.path.stem)


def _offices(engines: Sequence[Contestant], pages: Sequence[OcrPage]) -> dict[str, dict[str, float]]:
    """Character error rate by office and engine."""
    found = {}
    for name in sorted({office(page) for page in pages}):
        some = [page for page in pages if office(page) == name]
        found[name] = {engine.name: _rounded(engine.total(some).characters.rate) for engine in engines}
    return found


def _handwriting(pages: int) -> dict[str, dict[str, int]]:
    """Words by hand and printed, and how many of each were marked, on generated pages of some kinds."""
    found = handwriting.by_kind(pages, SEED + 4, Corpus(), (), (*handwriting.WRITTEN, "italic", "bold", "stamped"))
    return {kind: handwriting.counted(words) for kind, words in found.items()}


def _single_lines(count: int) -> dict[str, float]:
    """Character error rate of stock Tesseract on cut lines of generated pages, with its own data and with ours."""
    rng = np.random.default_rng(SEED + 3)
    scanner = Scanner(rng)
    lines: list[tuple[Crop, str]] = []
    while len(lines) < count:
        sheet = render.page(rng, Corpus())
        lines += [(line.pixels, text) for line, text in segments(sheet, scanner.scan(sheet)) if text]
    found = {}
    for name, folder in (("lines", DATA), ("lines_before", OcrSettings().tessdata)):
        with tesserocr.PyTessBaseAPI(path=str(folder), lang="vie", psm=tesserocr.PSM.RAW_LINE) as api:
            total = Errors()
            for crop, text in lines[:count]:
                api.SetImageBytes(crop.tobytes(), crop.shape[1], crop.shape[0], 1, crop.shape[1])
                total += characters(text, api.GetUTF8Text().strip())
        found[name] = _rounded(total.rate)
    return found


def _names(count: int) -> dict[str, float]:
    """Share of words of rare names and codes that are read right, greedily and with the language."""
    network = Network.open(DATA / "vie.traineddata", DiskModels(CACHE))
    readers = {
        "greedy": Reader(network, Language.none()),
        "with_language": Reader(network, Language.shipped("vie"), TUNED),
    }
    errors = dict.fromkeys(readers, Errors())
    rng = np.random.default_rng(SEED)
    scanner = Scanner(rng)
    cv2.setNumThreads(1)
    done = 0
    while done < count:
        sheet = render.names_page(rng)
        lines = [(line, text) for line, text in segments(sheet, scanner.scan(sheet)) if text]
        done += len(lines)
        for name, reader in readers.items():
            for found, (_, text) in zip(reader.read([line for line, _ in lines]), lines, strict=True):
                errors[name] += words(text, found.text)
    return {name: 1 - one.rate for name, one in errors.items()} | {"lines": float(done)}


def _reliability(lines: int) -> tuple[list[calibrate.Judged], list[calibrate.Judged]]:
    """Words of other generated pages than the table was measured on, with confidences as found and calibrated."""
    reader, _ = calibrate.raw_reader()
    before = list(calibrate.generated(reader, SEED + 2, lines, Corpus()))
    return before, calibrate.recalibrated(before, Calibration.open(DATA / "vie.calibration.json"))


def _rounded(value: float) -> float:
    return round(value, 6)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks recogniser")
    add = parser.add_argument
    add("--dev", type=Path, help="folder of real pages with .txt truth beside them")
    add("--digital", type=Path, help="folder of born-digital pages, rendered and damaged, with .txt truth")
    add("--pages", type=int, default=6, help="generated pages of each kind (default 6)")
    add("--names", type=int, default=2000, help="lines of rare names and codes (default 2000)")
    add("--report", type=Path, help="HTML file for tables, plots and pictures")
    add("--log", type=Path, nargs="+", default=(), help="log.jsonl of each training, in order, for the report")
    add("--frontier", type=Path, help="what benchmarks.recogniser.frontier wrote, for the report")
    return parser
