"""The arguments of ``benchmarks ocr``, its corpus, and the result."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.corpus.texts import sentences
from benchmarks.ocr import compare, contest
from benchmarks.ocr.boxes import write_boxes
from benchmarks.ocr.crowd import crowd
from benchmarks.ocr.engines import ENGINES
from benchmarks.ocr.kinds import KINDS, write_corpus
from benchmarks.ocr.pages import OcrPage, read_folder
from benchmarks.ocr.report import write_report
from models.errors import OperatorError

DEFAULT_ENGINES = "turbo,tesseract,tesseract-cli,pytesseract,ocrmypdf"
BASELINE = "tesseract"
QUICK_S = 36.0
"""When a quick run begins no further page, so that it ends within 50 s."""
DPI, OTHER_DPI = 300, 200
SCALING_PAGES = 10
SEED = 1530


def run(quick: bool, extra: list[str]) -> dict[str, Any]:
    """Raises ``OperatorError`` for arguments that make no sense."""
    began = time.monotonic()
    options = _parser().parse_args(extra)
    names = tuple(name for name in options.engines.split(",") if name)
    unknown = [name for name in names if name not in ENGINES]
    if unknown:
        raise OperatorError("unknown_engine", f"no engine {unknown[0]!r}: choose from {', '.join(ENGINES)}")
    with tempfile.TemporaryDirectory(prefix="sohoa-ocr-") as folder:
        pages = _pages(options, Path(folder), quick)
        plan = contest.Plan(
            engines=names,
            repeats=1 if quick else options.repeats,
            slow_pages=options.slow_pages,
            slow_most=1 if quick else len(pages),
            warm_slow=not quick,
            core=max(os.sched_getaffinity(0)) if options.core is None else options.core,
            budget_s=QUICK_S - (time.monotonic() - began) if quick else options.budget_s,
            options={"languages": options.languages, "tessdata": options.tessdata, "tools": _tools(options.tools)},
        )
        runs = contest.run(pages, plan)
        corpus = measure.corpus_hash(options.corpus or Path(folder))
        if options.boxes is not None:
            write_boxes(options.boxes, runs, pages)
        scaling = {} if quick else _scaling(names, pages, options.processes, plan.options)
    baseline = next((told for told in runs if told.name == BASELINE), None)
    told = {run.name: compare.summary(run, pages, baseline, options.core_hour) for run in runs}
    turbo = next((run for run in runs if run.name == "turbo"), None)
    details = {
        "quick": quick,
        "corpus": str(options.corpus.name) if options.corpus else f"generated, seed {options.seed}",
        "pages": {kind: sum(page.kind == kind for page in pages) for kind in compare.kinds(pages)},
        "characters": sum(page.length for page in pages),
        "dpi": compare.main_dpi(pages),
        "repeats": plan.repeats,
        "core": plan.core,
        "unavailable": {run.name: run.unavailable for run in runs if run.unavailable},
        "worst_kind": compare.worst_kind(turbo, baseline, pages) if turbo and baseline else None,
        "engines": told,
        "scaling": scaling,
    }
    outcome = measure.result("ocr", compare.headline(runs, pages), details, corpus)
    if options.texts is not None:
        contest.write_texts(options.texts, runs)
    if options.report is not None:
        write_report(options.report, outcome)
    return outcome


def _scaling(
    names: Sequence[str], pages: Sequence[OcrPage], most: int | None, options: dict[str, Any]
) -> dict[str, Any]:
    """:func:`crowd` of each engine that is not slow, on a few pages of all kinds."""
    cores = sorted(os.sched_getaffinity(0))[:most]
    main = [page for page in pages if page.dpi == compare.main_dpi(pages)]
    few = sorted(main, key=lambda page: page.number)[:SCALING_PAGES]
    if len(cores) < 2:
        return {}
    return {name: crowd(name, few, cores, options) for name in names if not ENGINES[name].slow}


def _pages(options: argparse.Namespace, folder: Path, quick: bool) -> tuple[OcrPage, ...]:
    """The given folder's pages, or generated ones: mostly at 300 dpi, in a full run some at 200 too."""
    if options.corpus is not None:
        return read_folder(options.corpus)
    lines = tuple(line for line in sentences(options.mix) if 40 < len(line) < 400)
    kinds = tuple(name for name in options.kinds.split(",") if name)
    count = 1 if quick else options.pages
    write_corpus(folder / "300", pages=count, seed=options.seed, dpi=DPI, kinds=kinds, lines=lines)
    # Short pages first, because a quick run may end early, and a slow engine reads only its first page.
    pages = tuple(sorted(read_folder(folder / "300"), key=lambda page: (page.number, page.length)))
    if not quick and options.pages > 1:
        few = max(1, options.pages // 4)
        write_corpus(folder / "200", pages=few, seed=options.seed, dpi=OTHER_DPI, kinds=kinds, lines=lines)
        pages += tuple(page.renamed(f"{page.path.stem}-{OTHER_DPI}") for page in read_folder(folder / "200"))
    return pages


def _tools(folder: Path) -> str | None:
    return str(folder.resolve()) if folder.is_dir() else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks ocr")
    add = parser.add_argument
    add("--engines", default=DEFAULT_ENGINES, help=f"of {', '.join(ENGINES)} (default {DEFAULT_ENGINES})")
    add("--corpus", type=Path, help="folder of images with .txt truth beside them; default: generated pages")
    add("--pages", type=int, default=20, help="generated pages of each kind (default 20)")
    add("--kinds", default="", help=f"generated kinds, of {', '.join(KINDS)} (default all)")
    add("--seed", type=int, default=SEED, help="of the generated pages; same seed, same bytes")
    add("--mix", type=Path, help="text file whose lines are mixed into generated prose")
    add("--repeats", type=int, default=2, help="times that each page is read (default 2); every one is kept")
    add("--slow-pages", type=int, default=2, help="pages of each kind that slow engines read (default 2)")
    add("--budget-s", type=float, default=7200.0, help="begin no further page after that (default two hours)")
    add("--processes", type=int, help="most processes at once when scaling is measured (default one a core; 1: none)")
    add("--core-hour", type=float, help="price of an hour of one core, to tell the cost of a million pages")
    add("--core", type=int, help="core that all engines run on (default the last one)")
    add("--languages", default="vie", help="as Tesseract names them (default vie)")
    add("--tessdata", help="folder of *.traineddata for the product's engines")
    add("--tools", type=Path, default=Path("build/ocr-tools"), help="virtual environment with ocrmypdf, pytesseract")
    add("--report", type=Path, help="HTML file for the report")
    add("--boxes", type=Path, help="folder for the pages with what each engine read drawn on them")
    add("--texts", type=Path, help="folder for what each engine read")
    return parser
