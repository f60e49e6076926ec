"""``python -m benchmarks line``: what the embedded line does per second, what it costs beside the OCR, its memory.

1. *Pages per second per core*: 10-page decisions through the real embedded line with the real engine
   and one page slot; pages by the CPU seconds of all its processes (on a busy machine CPU time
   means something, wall time does not). The line is warm: a document of each resolution has passed. What
   the first of them cost, which every child pays once in its life, is told apart.
2. *overhead_ms*: CPU per page of the line minus (decode + page stages + OCR), in two parts that are
   added: every process but the page child in the run above; and what the page child needs beside
   the stages, with an engine that replays a text, so that OCR noise cannot hide it: the same
   documents in turn through the line's steps and through the bare stages, the median of the differences.
3. *Memory of a worker*: resident MB of that page child over 500 pages (``benchmarks soak`` does it with
   the real engine).
"""

from __future__ import annotations

import itertools
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import orjson

from benchmarks import measure
from benchmarks.corpus.batch import BatchSpec, write_batch
from benchmarks.replay import SERVE, SERVE_BARE, config
from benchmarks.stepwise import BarePages, Stepwise, cpu_s
from models.errors import Defect
from models.manifest import Manifest
from models.settings import ArchiveSettings, OcrSettings, PoolSettings, Settings
from pipeline.adapters.disk_models import DiskModels
from pipeline.embedded import EmbeddedLine
from pipeline.intake import Batch
from pipeline.processing import Processing
from pipeline.slots import Slot, SlotLimits
from stages.ocr import open_engine
from stages.ocr.sheet import Picture
from stages.raster import open_raster

SEED = 20
PAGES = 10
"""Pages of a document: the signature's cost is shared by ten pages."""
REPLAY = "replay.json"
OVERHEAD_TARGET_MS = 25
WARM_DOCUMENTS = 2
"""Ten-page documents before the measured ones, one of each resolution: memory that a child keeps was touched."""
WARM_PAGES = 50
"""Pages after which a worker is warm: engine, caches and the allocator's pools have their size."""
FLAT_MB = 10.0
"""Growth over the measured pages below which memory counts as flat."""


def main(quick: bool, extra: list[str]) -> dict[str, Any]:
    """Run all three parts; ``quick``: two documents, and 40 pages through one page child. ``extra``: none are known."""
    if extra:
        raise Defect("unknown_arguments", f"line takes no {' '.join(extra)}")
    documents, pages, idle_s = (2, 40, 2.0) if quick else (4, 500, 5.0)
    with tempfile.TemporaryDirectory(prefix="sohoa-line-") as folder:
        root = Path(folder)
        batches = _corpus(root / "corpus", documents)
        _text_to_replay(batches[0], root)
        real = _real_line(root, batches, idle_s)
        extra_ms, memory = _page_child(root, batches, pages)
        corpus = measure.corpus_hash(root / "corpus")
    others_ms = real["others_cpu_ms_per_page"]
    overhead_ms = others_ms + extra_ms.median
    headline = {
        "pages_per_second_per_core": real["pages_per_cpu_second"],
        "overhead_ms": round(overhead_ms, 1),
        "overhead_target_ms": OVERHEAD_TARGET_MS,
        "worker_memory_growth_mb": memory["growth_mb"],
        "worker_memory_flat": memory["flat"],
    }
    details = {
        "quick": quick,
        "real_line": real,
        # What the line uses when it does nothing, for as long as a page took: it grows with slow OCR.
        "overhead_without_idling_ms": round(overhead_ms - real["idle_cpu_ms_per_page"], 1),
        "page_child_beside_stages_ms": extra_ms.as_json(),
        "memory": memory,
    }
    return measure.result("line", headline, details, corpus)


def _corpus(root: Path, documents: int) -> list[Batch]:
    """Ten-page decisions at 200 and 300 dpi in turn, one-sided, simplex; and a short one to warm up."""
    root.mkdir(parents=True)
    specs = [
        BatchSpec(f"line-{n:04d}", "decision", dpi=300 if n % 2 else 200, pages=PAGES) for n in range(1, documents + 1)
    ]
    for spec in (*specs, BatchSpec("warm", "decision", pages=1)):
        write_batch(root, spec, SEED)
    return [Batch(name, root / name) for name in ("warm", *(spec.id for spec in specs))]


def _settings(root: Path, part: str) -> Settings:
    """One part's own state and archive; all parts share the networks that were converted first."""
    return Settings(
        state=root / part / "state",
        archive=ArchiveSettings(root=root / part / "archive"),
        pools={"page": PoolSettings(slots=1, recycle_after=0)},
        ocr=OcrSettings(cache=root / "ocr"),
    )


def _real_line(root: Path, batches: list[Batch], idle_s: float) -> dict[str, Any]:
    """The embedded line as it is, warm, with one page slot."""
    starting, *measured = batches
    first, *rest = [renamed(batch, root / "warm", f"warm-{batch.name}") for batch in measured[:WARM_DOCUMENTS]]
    interrupted = threading.Event()
    with EmbeddedLine(_settings(root, "real")) as line:

        def run(some: list[Batch]) -> dict[str, float]:
            before = _family()
            Processing(line, [batch.folder for batch in some], interrupted).run(lambda _done, _known: None)
            return {name: used_s - before.get(name, 0.0) for name, used_s in _family().items()}

        run([starting])
        first_s = run([first])
        run(rest)
        began = time.perf_counter()
        used_s = run(measured)
        wall_s = time.perf_counter() - began
        _check(line, measured)
        time.sleep(1.0)
        idle_before = sum(_family().values())
        time.sleep(idle_s)
        idle_share = (sum(_family().values()) - idle_before) / idle_s
    pages = sum(sides(batch) for batch in measured)
    total_s = sum(used_s.values())
    return {
        "documents": len(measured),
        "pages": pages,
        "engine": line.settings.ocr.engine,
        "pages_per_cpu_second": round(pages / total_s, 3),
        "pages_per_wall_second": round(pages / wall_s, 3),
        "cpu_ms_per_page": round(total_s * 1000 / pages, 1),
        "others_cpu_ms_per_page": round(_others_s(used_s) * 1000 / pages, 1),
        "first_document_others_cpu_ms_per_page": round(_others_s(first_s) * 1000 / sides(first), 1),
        "idle_cpu_ms_per_page": round(idle_share * 1000 * wall_s / pages, 1),
        "idle_cpu_ms_per_second": round(idle_share * 1000, 1),
        "cpu_ms_per_page_by_process": {name: round(s * 1000 / pages, 1) for name, s in sorted(used_s.items())},
    }


def _others_s(used_s: dict[str, float]) -> float:
    """CPU seconds of every process but the page child."""
    return sum(value for name, value in used_s.items() if not name.startswith("page-"))


def _check(line: EmbeddedLine, batches: list[Batch]) -> None:
    """Raises ``Defect("not_archived")``: a benchmark of documents that failed would mean nothing."""
    for batch in batches:
        view = line.books.views.document(batch.name)
        if view is None or view.status != "ARCHIVED":
            raise Defect("not_archived", f"{batch.name} ended {view.status if view else 'nowhere'}")


def _family() -> dict[str, float]:
    """CPU seconds of this process and all its descendants, by process name.

    Slot children carry their slot's name (``page-1``); fork servers and this process are ``line``.
    """
    found: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_bytes()
        except OSError:
            continue
        name = stat[stat.index(b"(") + 1 : stat.rindex(b")")].decode(errors="replace")
        found[int(entry.name)] = (int(stat[stat.rindex(b")") + 2 :].split()[1]), name)
    family = {os.getpid()}
    while more := {pid for pid, (parent, _) in found.items() if parent in family} - family:
        family |= more
    used_s: dict[str, float] = {}
    for pid in family:
        name = found[pid][1]
        key = name if "-" in name else "line"
        used_s[key] = used_s.get(key, 0.0) + cpu_s(pid)
    return used_s


def sides(batch: Batch) -> int:
    return Manifest.model_validate_json((batch.folder / "manifest.json").read_bytes()).sides


def _text_to_replay(batch: Batch, root: Path) -> None:
    """What the real engine reads on the first side, kept in a file for the slot children; its network is converted."""
    settings = _settings(root, "replay")
    bare = BarePages.of(batch.folder, settings)
    raster = open_raster(bare.index.sides[0], bare.shelf.get(bare.index.sides[0].sha256))
    engine = open_engine(settings.ocr, DiskModels(root / "ocr"))
    (root / REPLAY).write_text(engine.read(Picture(raster.full_grey(), raster.dpi)).model_dump_json())


def _page_child(root: Path, batches: list[Batch], pages: int) -> tuple[measure.Spread, dict[str, Any]]:
    """One page child over so many pages: CPU ms a page that it needs beside its stages, and its memory.

    Each document goes through the line's steps and through the bare stages in turn, on the same replayed text.
    """
    settings = _settings(root, "stepwise")
    given = config(settings, root / REPLAY)
    extra_ms: list[float] = []
    seen: dict[int, float] = {}
    with (
        Stepwise(settings, SERVE, given) as stepwise,
        Slot("bare-1", SERVE_BARE, given, SlotLimits(recycle_after=0)) as slot,
    ):
        done = 0
        for batch in itertools.chain(batches[:1], itertools.cycle(batches[1:])):
            copy = renamed(batch, root / "copies", f"stepwise-{done:05d}")
            before = stepwise.page_child()
            stepwise.process(copy)
            after = stepwise.page_child()
            bare = orjson.loads(slot.run(str(batch.folder).encode()))
            extra_ms.append((after.cpu_s - before.cpu_s - bare["cpu_s"]) * 1000 / bare["pages"])
            done += bare["pages"]
            seen[done] = after.rss_mb
            if done >= pages:
                break
    return measure.Spread(tuple(extra_ms[1 + WARM_DOCUMENTS :])), _memory(seen)


def _memory(seen: dict[int, float]) -> dict[str, Any]:
    """``seen``: resident MB of the page child after so many pages."""
    warm = [mb for at, mb in seen.items() if at >= min(WARM_PAGES, max(seen) // 2)]
    growth = measure.slope(warm) * (len(warm) - 1)
    return {
        "engine": "replay (a scripted engine: the text of a real page, no OCR)",
        "pages": max(seen),
        "warm_mb": round(warm[0], 1),
        "last_mb": round(warm[-1], 1),
        "most_mb": round(max(seen.values()), 1),
        "growth_mb": round(growth, 1),
        "flat": growth < FLAT_MB,
        "rss_mb_by_page": {str(at): round(mb, 1) for at, mb in seen.items()},
    }


def renamed(batch: Batch, folder: Path, name: str) -> Batch:
    """The same scans as a document of their own."""
    target = folder / name
    target.mkdir(parents=True)
    manifest = Manifest.model_validate_json((batch.folder / "manifest.json").read_bytes())
    for file in manifest.files:
        (target / file.name).hardlink_to(batch.folder / file.name)
    renamed = manifest.model_copy(update={"document_id": name})
    (target / "manifest.json").write_text(renamed.model_dump_json(by_alias=True))
    return Batch(name, target)
