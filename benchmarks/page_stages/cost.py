"""What page preparation costs: CPU of every stage of the page segment before OCR, in the flow's own order.

All stages of a page work on one decoded raster, as in the line, so what the first stage decodes or works out is
free for the next. Ledger and broker are not here: ``benchmarks line`` has them.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from benchmarks.ocr.kinds import write_page
from benchmarks.page_stages.part import Part
from models.errors import Defect
from models.settings import Settings
from models.stage import Scope, Stage
from ops.pages import open_file
from stages.flow import FLOW
from stages.ocr import stage as ocr

KINDS = ("prose", "table", "form", "stamped", "photo", "shaded")
"""A4 in colour at 300 dpi; ``shaded`` is a noisy scan of tinted paper."""
QUICK_KINDS = ("prose", "form")
DPI, SEED = 300, 71
REPEATS, QUICK_REPEATS = 15, 5


def preparation() -> tuple[Stage[Any], ...]:
    """The stages that see a page before it is read."""
    stages = next(segment.stages for segment in FLOW.segments if ocr.STAGE in segment.stages)
    before = stages[: stages.index(ocr.STAGE)]
    return tuple(stage for stage in before if stage.scope is Scope.PAGE)


def measure(quick: bool) -> Part:
    """Medians over the repeats, one page after the other. ``quick``: two pages, five repeats."""
    kinds, repeats = (QUICK_KINDS, QUICK_REPEATS) if quick else (KINDS, REPEATS)
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            write_page(Path(folder), kind, 1, seed=SEED, dpi=DPI)
        costs = {kind: _costs(next(Path(folder, kind).glob("*.jpg")), repeats) for kind in kinds}
    names = [stage.name for stage in preparation()]
    stages = {name: round(statistics.median(page[name] for page in costs.values()), 2) for name in names}
    sums = {kind: round(sum(page.values()), 2) for kind, page in costs.items()}
    headline = {"page_stages_ms": round(statistics.median(sums.values()), 1)}
    details = {"dpi": DPI, "repeats": repeats, "stages_ms": stages, "pages_ms": sums, "pages": costs}
    lines = [f"{name:14} {value:6.1f} ms" for name, value in stages.items()]
    lines += [f"  {kind:12} {value:6.1f} ms" for kind, value in sums.items()]
    return Part(headline, details, "\n".join([*lines, f"page_stages_ms: {headline['page_stages_ms']}"]) + "\n")


def _costs(path: Path, repeats: int) -> dict[str, float]:
    """CPU milliseconds of each stage on this page: the median of the repeats after one that warms up."""
    runs = [dict(_run(path)) for _ in range(repeats + 1)][1:]
    return {name: round(statistics.median(run[name] for run in runs), 2) for name in runs[0]}


def _run(path: Path) -> Iterator[tuple[str, float]]:
    """Open the file, then each stage with its CPU milliseconds; unpacking is not counted."""
    page = next(open_file(path, Settings(), _no_engine))
    for stage in preparation():
        start = time.process_time()
        page.run(stage)
        yield stage.name, (time.process_time() - start) * 1000


def _no_engine() -> NoReturn:
    raise Defect("port_closed", "nothing is read here")
