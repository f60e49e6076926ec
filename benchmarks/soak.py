"""``python -m benchmarks soak``: the memory of workers that read page after page with the real engine.

One page child a core (``--workers``) under the line's own step by step, nothing scripted: papers of several
kinds and resolutions in turn, each as a new document, 5,000 pages or ``--pages`` of them in all. Resident
memory (shared libraries included) after the first pages, at the end, and at its largest; *growth* is the
trend between the two. The headline tells of the worst child. How far it is stands on stderr.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import measure
from benchmarks.corpus.batch import BatchSpec, write_batch
from benchmarks.line import FLAT_MB, renamed, sides
from benchmarks.stepwise import Stepwise
from models.settings import ArchiveSettings, OcrSettings, Settings
from pipeline.adapters.disk_models import DiskModels
from pipeline.intake import Batch
from pipeline.wiring import dump_settings
from stages.ocr import open_engine

SEED = 41
QUICK_PAGES, PAGES = 20, 5000
WARM_SHARE, WARM_PAGES = 0.25, 200
"""The child counts as warm after a quarter of the pages, at most after 200: all kinds of paper were there."""
TARGET_MB = 300
TELL_S = 30.0
SERVE = "pipeline.work:serve"
OCR = "ocr"

_QUICK = (
    BatchSpec("soak-decision", "decision", dpi=300, pages=2),
    BatchSpec("soak-table", "table", dpi=200),
    BatchSpec("soak-letter", "letter", dpi=300),
)
_MORE = (
    BatchSpec("soak-long", "decision", dpi=200, pages=10),
    BatchSpec("soak-table-300", "table", dpi=300),
    BatchSpec("soak-birth", "birth", dpi=300),
    BatchSpec("soak-declaration", "declaration", dpi=200),
    BatchSpec("soak-hard", "decision", level="hard", dpi=300, pages=3),
)


def main(quick: bool, extra: list[str]) -> dict[str, Any]:
    """Read the pages; ``quick``: 20 of three documents. ``extra``: ``--pages``, ``--workers``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks soak")
    parser.add_argument("--pages", type=int, default=QUICK_PAGES if quick else PAGES, help="how many (default 5000)")
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--workers", type=int, default=1 if quick else cores, help="page children (default one a core)")
    options = parser.parse_args(extra)
    with tempfile.TemporaryDirectory(prefix="sohoa-soak-") as folder:
        root = Path(folder)
        batches = _corpus(root / "corpus", _QUICK if quick else (*_QUICK, *_MORE))
        # Converts the network once, before any child is looked at.
        open_engine(_settings(root, "first").ocr, DiskModels(root / OCR))
        meter = Meter(options.pages)
        with ExitStack() as stack, ThreadPoolExecutor(options.workers) as pool:
            lines = [stack.enter_context(_line(root, f"worker-{n + 1}")) for n in range(options.workers)]
            running = [pool.submit(_read, line, root / f"copies-{n}", batches, meter) for n, line in enumerate(lines)]
            soaked = [run.result() for run in running]
        corpus = measure.corpus_hash(root / "corpus")
    growth_mb = max(run.growth_mb for run in soaked)
    headline = {
        "pages": meter.pages,
        "workers": options.workers,
        "worker_pages": min(max(run.seen) for run in soaked),
        "worker_rss_mb": round(max(run.seen[max(run.seen)] for run in soaked), 1),
        "worker_peak_mb": round(max(run.peak_mb for run in soaked), 1),
        "worker_target_mb": TARGET_MB,
        "worker_growth_mb": round(growth_mb, 1),
        "worker_memory_flat": growth_mb < FLAT_MB,
    }
    details = {
        "quick": quick,
        "engine": OcrSettings().engine,
        "wall_s": round(meter.passed_s, 1),
        "worker": [run.as_json() for run in soaked],
    }
    return measure.result("soak", headline, details, corpus)


class Soaked(NamedTuple):
    """One page child. ``seen``: resident MB after so many pages; ``peak_mb``: the most there ever was."""

    seen: dict[int, float]
    peak_mb: float

    @property
    def warm(self) -> dict[int, float]:
        """What was seen once all kinds of paper had been there."""
        return {at: mb for at, mb in self.seen.items() if at >= min(WARM_PAGES, WARM_SHARE * max(self.seen))}

    @property
    def growth_mb(self) -> float:
        return trend_mb(self.warm)

    def as_json(self) -> dict[str, object]:
        return {
            "pages": max(self.seen),
            "peak_mb": round(self.peak_mb, 1),
            "warm_after_pages": min(self.warm),
            "warm_mb": round(self.warm[min(self.warm)], 1),
            "growth_mb": round(self.growth_mb, 1),
            "rss_mb_by_page": {str(at): round(mb, 1) for at, mb in self.seen.items()},
        }


class Meter:
    """Counts the pages of all workers until there are enough, and says now and then how far they are."""

    def __init__(self, wanted: int) -> None:
        self.pages = 0
        self._wanted = wanted
        self._lock = threading.Lock()
        self._began = self._told = time.monotonic()
        self._over = False

    @property
    def more(self) -> bool:
        """Whether another document is to be read."""
        return self.pages < self._wanted and not self._over

    @property
    def passed_s(self) -> float:
        return time.monotonic() - self._began

    def count(self, pages: int, rss_mb: float) -> None:
        """So many more were read by a child that now has ``rss_mb`` resident."""
        with self._lock:
            self.pages += pages
            if time.monotonic() - self._told < TELL_S:
                return
            self._told = time.monotonic()
            rate = self.pages / self.passed_s
            sys.stderr.write(f"{self.pages} of {self._wanted} pages, {rate:.1f} a second, {rss_mb:.0f} MB\n")

    def stop(self) -> None:
        """No worker begins another document."""
        self._over = True


def trend_mb(seen: dict[int, float]) -> float:
    """Growth over all these pages, by least squares: a kind of paper that needs more once is no growth."""
    return measure.slope(list(seen.values())) * (len(seen) - 1)


def _corpus(root: Path, specs: tuple[BatchSpec, ...]) -> list[Batch]:
    root.mkdir(parents=True)
    for spec in specs:
        write_batch(root, spec, SEED)
    return [Batch(spec.id, root / spec.id) for spec in specs]


def _settings(root: Path, worker: str) -> Settings:
    """Each worker has a line of its own; what is converted of the network is shared."""
    archive = ArchiveSettings(root=root / worker / "archive")
    return Settings(state=root / worker / "state", archive=archive, ocr=OcrSettings(cache=root / OCR))


def _line(root: Path, worker: str) -> Stepwise:
    settings = _settings(root, worker)
    return Stepwise(settings, SERVE, dump_settings(settings))


def _read(line: Stepwise, copies: Path, batches: list[Batch], meter: Meter) -> Soaked:
    """One page child over document after document, until all workers together have read enough."""
    seen: dict[int, float] = {}
    done = 0
    try:
        for batch in itertools.cycle(batches):
            copy = renamed(batch, copies, f"soak-{done:06d}")
            line.read(copy)
            shutil.rmtree(copy.folder)
            done += sides(batch)
            seen[done] = line.page_child().rss_mb
            meter.count(sides(batch), seen[done])
            if not meter.more:
                break
    finally:
        meter.stop()  # enough was read, or this worker has failed: the others need not go on
    return Soaked(seen, line.page_child().peak_mb)
