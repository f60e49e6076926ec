"""``python -m benchmarks soak``: the memory of a worker that reads page after page with the real engine.

One page child under the line's own step by step, nothing scripted: papers of several kinds and resolutions in
turn, each as a new document, 5,000 pages or ``--pages`` of them. Resident memory (shared libraries
included) after the first pages, at the end, and at its largest; *growth* is the trend between the two.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.corpus.batch import BatchSpec, write_batch
from benchmarks.line import FLAT_MB, renamed, sides
from benchmarks.stepwise import Stepwise
from models.settings import ArchiveSettings, OcrSettings, Settings
from pipeline.intake import Batch
from pipeline.wiring import dump_settings

SEED = 41
QUICK_PAGES, PAGES = 20, 5000
WARM_SHARE, WARM_PAGES = 0.25, 200
"""The child counts as warm after a quarter of the pages, at most after 200: all kinds of paper were there."""
TARGET_MB = 300
SERVE = "pipeline.work:serve"

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
    """Read the pages; ``quick``: 20 of three documents. ``extra``: ``--pages``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks soak")
    parser.add_argument("--pages", type=int, default=QUICK_PAGES if quick else PAGES, help="how many (default 5000)")
    pages = parser.parse_args(extra).pages
    with tempfile.TemporaryDirectory(prefix="sohoa-soak-") as folder:
        root = Path(folder)
        batches = _corpus(root / "corpus", _QUICK if quick else (*_QUICK, *_MORE))
        began = time.monotonic()
        seen, peak_mb, engine = _read(root, batches, pages)
        wall_s = time.monotonic() - began
        corpus = measure.corpus_hash(root / "corpus")
    warm = {at: mb for at, mb in seen.items() if at >= min(WARM_PAGES, WARM_SHARE * max(seen))}
    growth_mb = trend_mb(warm)
    headline = {
        "worker_pages": max(seen),
        "worker_rss_mb": round(seen[max(seen)], 1),
        "worker_peak_mb": round(peak_mb, 1),
        "worker_target_mb": TARGET_MB,
        "worker_growth_mb": round(growth_mb, 1),
        "worker_memory_flat": growth_mb < FLAT_MB,
    }
    details = {
        "quick": quick,
        "engine": engine,
        "warm_after_pages": min(warm),
        "warm_mb": round(warm[min(warm)], 1),
        "wall_s": round(wall_s, 1),
        "rss_mb_by_page": {str(at): round(mb, 1) for at, mb in seen.items()},
    }
    return measure.result("soak", headline, details, corpus)


def trend_mb(seen: dict[int, float]) -> float:
    """Growth over all these pages, by least squares: a kind of paper that needs more once is no growth."""
    return measure.slope(list(seen.values())) * (len(seen) - 1)


def _corpus(root: Path, specs: tuple[BatchSpec, ...]) -> list[Batch]:
    root.mkdir(parents=True)
    for spec in specs:
        write_batch(root, spec, SEED)
    return [Batch(spec.id, root / spec.id) for spec in specs]


def _read(root: Path, batches: list[Batch], pages: int) -> tuple[dict[int, float], float, str]:
    """Resident MB after so many pages, the most there ever was, and the engine's name."""
    settings = Settings(
        state=root / "state", archive=ArchiveSettings(root=root / "archive"), ocr=OcrSettings(cache=root / "ocr")
    )
    seen: dict[int, float] = {}
    with Stepwise(settings, SERVE, dump_settings(settings)) as stepwise:
        done = 0
        for batch in itertools.cycle(batches):
            copy = renamed(batch, root / "copies", f"soak-{done:06d}")
            stepwise.read(copy)
            shutil.rmtree(copy.folder)
            done += sides(batch)
            seen[done] = stepwise.page_child().rss_mb
            if done >= pages:
                break
        return seen, stepwise.page_child().peak_mb, settings.ocr.engine
