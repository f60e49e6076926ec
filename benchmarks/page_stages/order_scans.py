"""Whole documents printed, scanned, read by the real page stages and the real engine, and judged."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import NoReturn

from benchmarks.corpus.batch import BatchSpec, write_batch
from benchmarks.corpus.truth import Expected
from benchmarks.page_stages.dossier import Outcome
from benchmarks.stepwise import BarePages
from models.errors import Defect, Rejected
from models.facts import Fact, FactKey
from models.ports import Engine
from models.settings import Settings
from models.stage import Inputs, Ports
from pipeline.adapters.disk_models import DiskModels
from pipeline.wiring import SystemClock
from stages import both_sides, sequence
from stages.both_sides import read_selection
from stages.flow import FLOW
from stages.ocr import open_engine
from stages.raster import open_raster

SPECS = (
    BatchSpec("o1-decision-1", "decision", pages=5),
    BatchSpec("o1-decision-2", "decision", pages=4, two_sided=True, level="hard"),
    BatchSpec("o1-decision-3", "decision", pages=3, backs=True, dpi=300),
    BatchSpec("o1-table-4", "table", pages=6, two_sided=True),
    BatchSpec("o1-table-5", "table", pages=4, landscape=True, level="hard"),
    BatchSpec("o1-declaration-6", "declaration", pages=2, two_sided=True, hand=True),
    BatchSpec("o1-birth-7", "birth", backs=True),
    BatchSpec("o1-letter-8", "letter", pages=3, note=True),
    BatchSpec("o1-letter-9", "letter", pages=4, dpi=300),
    BatchSpec("o1-decision-10", "decision", pages=6, level="hard", container="pdf"),
    BatchSpec("o1-decision-11", "decision", pages=4, fault="swapped"),
    BatchSpec("o1-decision-12", "decision", pages=5, fault="swapped", level="hard"),
    BatchSpec("o1-decision-13", "decision", pages=5, fault="misfed"),
    BatchSpec("o1-decision-14", "decision", pages=4, fault="missing"),
    BatchSpec("o1-letter-15", "letter", pages=2, fault="doubled"),
    BatchSpec("o1-decision-16", "decision", pages=5, fault="recaptured"),
    BatchSpec("o1-decision-17", "decision", pages=6, fault="recaptured", level="hard"),
)
SEED = 31


class ScanDesk:
    """Reads and judges batch folders with one warm engine. ``root``: where its converted network goes."""

    def __init__(self, root: Path) -> None:
        self._settings = Settings(state=root)
        self._engine: Engine = open_engine(self._settings.ocr, DiskModels(root / "ocr"))

    def judge(self, folder: Path) -> Outcome:
        """Count, the page segment on every side, sequence, both_sides."""
        try:
            return self._judge(BarePages.of(folder, self._settings))
        except Rejected as error:
            return Outcome(codes=tuple(finding.code for finding in error.findings), message=error.message)

    def _judge(self, bare: BarePages) -> Outcome:
        ports = Ports(bare.shelf, SystemClock(), lambda: self._engine, _closed, _closed, self._settings)
        facts: dict[FactKey, Fact] = dict(bare.known)
        count = len(bare.index.sides)
        for side in bare.index.sides:
            raster = lru_cache(1)(partial(open_raster, side, bare.shelf.get(side.sha256)))
            for stage in FLOW.segment("page").stages:
                fact = stage.run(Inputs(bare.document, side.number, count, facts, raster), ports)
                facts[FactKey(fact.kind(), side.number)] = fact
        facts[FactKey("Sequenced")] = ordered = sequence.run(Inputs(bare.document, 0, count, facts), ports)
        judged = both_sides.run(Inputs(bare.document, 0, count, facts), ports)
        selected = read_selection(bare.shelf.get(judged.selection))
        return Outcome(selected=selected, flags=(*ordered.flags, *judged.flags))


def judged() -> Iterator[tuple[BatchSpec, Outcome, str]]:
    """Each batch, what was decided, and what is wrong with that."""
    with tempfile.TemporaryDirectory(prefix="sohoa-order-") as name:
        folder = Path(name)
        desk = ScanDesk(folder)
        for spec in SPECS:
            made = write_batch(folder, spec, SEED)
            outcome = desk.judge(folder / spec.id)
            yield spec, outcome, wrong(made.expected, made.selected, outcome)


def wrong(expected: Expected, selected: tuple[int, ...], outcome: Outcome) -> str:
    """What is wrong with the outcome, or nothing."""
    if expected.code is not None:
        return "" if expected.code in outcome.codes else f"not refused as {expected.code}"
    if outcome.codes:
        return "refused"
    if outcome.selected != selected:
        return f"copy has {outcome.selected}, not {selected}"
    unseen = [flag for flag in expected.flags if not any(found.startswith(flag) for found in outcome.flags)]
    return f"not flagged: {', '.join(unseen)}" if unseen else ""


def _closed() -> NoReturn:
    raise Defect("port_not_wired", "page and order stages use blobs and the engine only")
