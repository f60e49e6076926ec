"""``python -m benchmarks scaling``: do twice the cores read twice the pages?

Three things, in turn, one round after another, on 1 to N cores:

1. *bare*: N engine processes, each pinned to its core, each reading every page. What the machine gives.
2. *line*: the embedded line with N page slots, all of it on N cores, over many small documents.
3. *one file*: the same line, still up, over one document of 20 pages.

Each number is pages per second of wall time against that of one core: on a busy machine all three
suffer alike, so compare them with each other (``scaling_2_minus_bare_2``), not with 2. The line's
clock runs from when every slot has read a page until the last page is read: what goes before (the
first document comes in) and after (the last one is signed and archived) is the same for one page and for
a million, and would be most of a short run. ``whole_run`` in the details has it all.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from benchmarks import measure
from benchmarks.corpus.batch import BatchSpec, write_batch
from benchmarks.line import renamed
from benchmarks.ocr.child import Child
from benchmarks.ocr.engines import ENGINES
from models.errors import Defect, OperatorError
from models.manifest import Manifest
from models.settings import ArchiveSettings, OcrSettings, PoolSettings, Settings
from pipeline.adapters.disk_models import DiskModels
from pipeline.embedded import EmbeddedLine
from pipeline.intake import Batch
from pipeline.processing import Processing
from stages.ocr import engines, open_engine
from stages.ocr.stage import TextRead

SEED = 77
DPI = 300
QUICK_PROCESSES = 2
"""``--quick`` compares two processes with one, however many cores there are."""
_DEADLINE_S = 300.0
_BEST = "turbo"


def main(quick: bool, extra: list[str]) -> dict[str, Any]:
    """Run all three; ``quick``: 8 pages each time at 200 dpi, one round, two processes at most. ``extra``: its own arguments."""
    options = _parser().parse_args(extra)
    engine = options.engine or (_BEST if _BEST in engines() else Settings().ocr.engine)
    cores = sorted(os.sched_getaffinity(0))[: options.processes or (QUICK_PROCESSES if quick else None)]
    if len(cores) < 2:
        raise OperatorError("one_core", "scaling needs two cores at least: nothing can be compared on one")
    small, pages, rounds, dpi = (8, 8, 1, 200) if quick else (20, 20, options.rounds, DPI)
    with tempfile.TemporaryDirectory(prefix="sohoa-scaling-") as folder:
        root = Path(folder)
        papers = [BatchSpec(f"paper-{n:04d}", "letter", dpi=dpi) for n in range(1, small // 2 + 1)]
        many = _twice(_corpus(root / "papers", papers), root / "many")
        one = _corpus(root / "one", [BatchSpec("one-0001", "decision", dpi=dpi, pages=pages)])
        work = {"line": many, "one_file": one}
        sides = {"many": _sides(many), "one_file": _sides(one)}
        counts = range(1, len(cores) + 1)
        bare_rates: dict[int, list[float]] = {count: [] for count in counts}
        runs: dict[str, dict[int, list[Run]]] = {name: {count: [] for count in counts} for name in work}
        # Converts the network, before any clock starts.
        open_engine(_settings(root, root, engine, 1).ocr, DiskModels(root / "ocr"))
        with Bare(engine, cores, many, dpi) as bare:
            for turn in range(rounds):
                for count in (*counts,) if turn % 2 == 0 else (*reversed(counts),):
                    bare_rates[count].append(bare.pages_per_second(count))
                    state = root / f"{turn}-{count}"
                    warm = [renamed(many[n % small], state, f"warm-{n}") for n in range(2 * count)]
                    with _on(cores[:count]):
                        for name, run in _line(_settings(root, state, engine, count), warm, work).items():
                            runs[name][count].append(run)
        corpus = measure.corpus_hash(root / "papers")
    taken = {"bare": bare_rates} | {name: _rates(by_count, "reading") for name, by_count in runs.items()}
    whole = {name: _rates(by_count, "whole") for name, by_count in runs.items()}
    ratios = {name: _ratios(values) for name, values in taken.items()}
    headline = {
        "scaling_2": ratios["line"][2],
        "bare_2": ratios["bare"][2],
        "one_file_2": ratios["one_file"][2],
        "scaling_2_minus_bare_2": round(ratios["line"][2] - ratios["bare"][2], 3),
        "one_file_2_minus_scaling_2": round(ratios["one_file"][2] - ratios["line"][2], 3),
        "pages_per_second": round(statistics.median(taken["line"][len(cores)]), 3),
    }
    details = {
        "quick": quick,
        "engine": engine,
        "cores": cores,
        "rounds": rounds,
        "pages": sides,
        "pages_per_second": {
            name: {str(count): measure.Spread(tuple(values)).as_json() for count, values in by_count.items()}
            for name, by_count in taken.items()
        },
        "ratio_to_one_process": {
            name: {str(count): told for count, told in by_count.items()} for name, by_count in ratios.items()
        },
        "whole_run": {
            name: {
                "pages_per_second": {str(count): rates for count, rates in by_count.items()},
                "ratio_2": _ratios(by_count)[2],
            }
            for name, by_count in whole.items()
        },
    }
    return measure.result("scaling", headline, details, corpus)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks scaling")
    parser.add_argument("--engine", help="OCR engine (default turbo where it is there)")
    parser.add_argument("--processes", type=int, help="most processes (default one for each core)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds over all counts (default 3); each is kept")
    return parser


def _corpus(root: Path, specs: Sequence[BatchSpec]) -> list[Batch]:
    root.mkdir(parents=True)
    for spec in specs:
        write_batch(root, spec, SEED)
    return [Batch(spec.id, root / spec.id) for spec in specs]


def _twice(batches: Sequence[Batch], folder: Path) -> list[Batch]:
    """Each paper as two documents: what is read does not matter here, and half as many have to be drawn."""
    return [renamed(batch, folder, f"small-{turn}-{batch.name}") for turn in (1, 2) for batch in batches]


def _sides(batches: Sequence[Batch]) -> int:
    return sum(Manifest.model_validate_json((batch.folder / "manifest.json").read_bytes()).sides for batch in batches)


class Run(NamedTuple):
    """Pages per second of one run: while every slot was reading, and from the first batch to the last archived copy."""

    reading: float
    whole: float


def _rates(by_count: dict[int, list[Run]], which: Literal["reading", "whole"]) -> dict[int, list[float]]:
    return {count: [getattr(run, which) for run in runs] for count, runs in by_count.items()}


def reading_rate(read_at: Sequence[float], slots: int) -> float:
    """Pages per second from when each slot has read one page until the last. ``read_at``: seconds, any order."""
    times = sorted(read_at)
    return (len(times) - slots) / (times[-1] - times[slots - 1])


def _ratios(values: dict[int, list[float]]) -> dict[int, float]:
    """Speed against one process, round by round; the median."""
    return {
        count: round(statistics.median(fast / slow for fast, slow in zip(many, values[1], strict=True)), 3)
        for count, many in values.items()
    }


class Bare:
    """Engine processes without the line, warm. Use as a context manager."""

    def __init__(self, engine: str, cores: Sequence[int], batches: Sequence[Batch], dpi: int) -> None:
        self._dpi = dpi
        self._pages = [path for batch in batches for path in sorted(batch.folder.glob("*.jpg"))]
        options = {"languages": OcrSettings().languages}
        name = f"{engine}-line" if f"{engine}-line" in ENGINES else engine
        if name not in ENGINES:
            raise OperatorError("unknown_engine", f"no engine {engine!r}: choose from {', '.join(ENGINES)}")
        self._children = [Child(name, core, options) for core in cores]

    def __enter__(self) -> Self:
        for child in self._children:
            if child.unavailable:
                raise OperatorError("unknown_engine", child.unavailable)
            self._read(child, self._pages[:1])
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children:
            child.close()

    def pages_per_second(self, count: int) -> float:
        """``count`` processes read every page at the same time."""
        with ThreadPoolExecutor(count) as pool:
            return _rate(count * len(self._pages), lambda: list(pool.map(self._read_all, self._children[:count])))

    def _read_all(self, child: Child) -> None:
        self._read(child, self._pages)

    def _read(self, child: Child, pages: Sequence[Path]) -> None:
        for path in pages:
            answer = child.read(path, self._dpi, _DEADLINE_S)
            if answer.error:
                raise Defect("ocr_failed", f"{child.name} on {path.name}: {answer.error}")


@contextmanager
def _on(cores: Sequence[int]) -> Iterator[None]:
    """Keep this process, and what it starts, on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _settings(root: Path, state: Path, engine: str, slots: int) -> Settings:
    return Settings(
        state=state / "state",
        archive=ArchiveSettings(root=state / "archive"),
        pools={"page": PoolSettings(slots=slots, recycle_after=0)},
        ocr=OcrSettings(engine=engine, cache=root / "ocr"),
    )


def _line(settings: Settings, warm: Sequence[Batch], work: dict[str, list[Batch]]) -> dict[str, Run]:
    """The embedded line, started and warm, over one set of batches after the other."""
    interrupted = threading.Event()
    with EmbeddedLine(settings) as line:
        # Each slot reads a page before the clock starts, as a line does that has been up for a while.
        Processing(line, [batch.folder for batch in warm], interrupted).run(lambda _done, _known: None)
        return {name: _run(line, batches, interrupted) for name, batches in work.items()}


def _run(line: EmbeddedLine, batches: Sequence[Batch], interrupted: threading.Event) -> Run:
    """A warm line over these batches. Raises ``Defect("not_archived")``."""
    processing = Processing(line, [batch.folder for batch in batches], interrupted)
    whole = _rate(_sides(batches), lambda: processing.run(lambda _done, _known: None))
    read_at: list[float] = []
    for batch in batches:
        view = line.books.views.document(batch.name)
        if view is None or view.status != "ARCHIVED":
            raise Defect("not_archived", f"{batch.name} ended {view.status if view else 'nowhere'}")
        facts = line.books.views.facts(batch.name, view.revision)
        read_at += [fact.at for fact in facts if fact.kind == TextRead.kind()]
    return Run(reading_rate(read_at, line.settings.pool("page").slots), whole)


def _rate(pages: int, work: Callable[[], object]) -> float:
    """Pages per second of wall time."""
    began = time.perf_counter()
    work()
    return pages / (time.perf_counter() - began)
