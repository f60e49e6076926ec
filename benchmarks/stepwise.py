"""The line without its clockwork: steps run one after another in real slot children, and stages run bare.

What relay, broker and heartbeats cost is not in here; what a step costs beside its stages is.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, NoReturn, Self

from models.document import Document, Source
from models.errors import Defect
from models.facts import Approved, Fact, FactKey
from models.manifest import Manifest
from models.ports import Engine
from models.settings import Settings
from models.side import SideIndex
from models.stage import Inputs, Ports
from pipeline.intake import Batch, Intake
from pipeline.ledger.rows import NewFact
from pipeline.runner import Runner
from pipeline.slots import Slot, SlotLimits
from pipeline.wiring import Adapters, Books, SystemClock
from stages.flow import FLOW
from stages.raster import open_raster
from stages.unpack import Unpacked


class Used(NamedTuple):
    """CPU seconds of a process since it began; its resident memory now, and when it was largest."""

    cpu_s: float
    rss_mb: float
    peak_mb: float


def cpu_s(pid: int) -> float:
    """CPU seconds of all threads of a process, to the nanosecond; ``/proc`` would count in hundredths of a second.

    0 where there is no such process. Source: clock_getcpuclockid(3) of glibc and musl.
    """
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


class Stepwise:
    """A ledger, an intake and two slot children: one for page steps, one for all others."""

    def __init__(self, settings: Settings, serve: str, config: bytes) -> None:
        adapters = Adapters(settings)
        self.settings = settings
        self.clock = adapters.clock
        self.books = Books(settings, FLOW)
        self.intake = Intake(settings, self.books.ledger, adapters.blobs, adapters.clock)
        self._blobs = adapters.blobs
        self._runner = Runner("stepwise", FLOW, self.books.ledger, adapters.blobs, settings.delivery)
        self.page_slot = Slot("page-1", serve, config, _unlimited())
        self.other_slot = Slot("other-1", serve, config, _unlimited())

    def process(self, batch: Batch) -> None:
        """Run one batch to its end. Raises ``Defect("not_archived")``."""
        opened = NewFact(Approved(by="benchmark", at=self.clock.now()), 0, "person", 1)
        receipt = self.intake.admit(batch, (opened,))
        while owed := self.books.views.owed_by(receipt.document):
            for step in owed:
                self._runner.run(step, self.page_slot if step.page else self.other_slot)
        view = self.books.views.document(receipt.document)
        if view is None or view.status != "ARCHIVED":
            ended = "lost" if view is None else f"{view.status} {view.code}"
            raise Defect("not_archived", f"{receipt.document} ended {ended}; the benchmark needs sound batches")

    def read(self, batch: Batch) -> None:
        """Run one batch to where its pages are read, and forget its blobs."""
        receipt = self.intake.admit(batch)
        while owed := [s for s in self.books.views.owed_by(receipt.document) if s.segment in ("arrive", "page")]:
            for step in owed:
                self._runner.run(step, self.page_slot if step.page else self.other_slot)
        if not any(step.segment == "document" for step in self.books.views.owed_by(receipt.document)):
            raise Defect("not_read", f"{receipt.document} was refused; the benchmark needs sound batches")
        self._blobs.remove_document(receipt.document)

    def page_child(self) -> Used:
        """What the page slot's child has used; a child starts with its first step. Raises ``Defect("no_child")``."""
        pid = self.page_slot.pid
        if pid is None:
            return Used(0.0, 0.0, 0.0)
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
        sizes = {name: value.split()[0] for name, _, value in (line.partition(":") for line in lines) if value.strip()}
        if "VmRSS" not in sizes:
            raise Defect("no_child", "the page slot's child has ended")
        return Used(cpu_s(pid), int(sizes["VmRSS"]) / 1024, int(sizes["VmHWM"]) / 1024)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.page_slot.stop()
        self.other_slot.stop()
        self.books.close()


def _unlimited() -> SlotLimits:
    return SlotLimits(recycle_after=0)


class Shelf:
    """A document's blobs in memory."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self._blobs[sha256] = data
        return sha256

    def get(self, sha256: str) -> bytes:
        return self._blobs[sha256]


@dataclass(frozen=True)
class BarePages:
    """A document unpacked in memory, so that its page stages can be run with nothing around them."""

    document: Document
    shelf: Shelf
    known: dict[FactKey, Fact]
    index: SideIndex
    settings: Settings

    @classmethod
    def of(cls, folder: Path, settings: Settings) -> BarePages:
        """Read a batch folder and run the segment that comes before the pages."""
        shelf = Shelf()
        document = _document(folder, shelf)
        known: dict[FactKey, Fact] = {}
        bare = cls(document, shelf, known, SideIndex(sides=()), settings)
        for stage in FLOW.segment("arrive").stages:
            known[FactKey(stage.gives.kind())] = stage.run(Inputs(document, 0, 0, known), bare._ports(_nothing))
        unpacked = known[FactKey(Unpacked.kind())]
        assert isinstance(unpacked, Unpacked)
        return cls(document, shelf, known, SideIndex.model_validate_json(shelf.get(unpacked.index)), settings)

    def run(self, engine: Engine) -> int:
        """The page segment on every side, decode to OCR; how many sides."""
        for side in self.index.sides:
            facts = dict(self.known)
            raster = lru_cache(1)(partial(open_raster, side, self.shelf.get(side.sha256)))
            for stage in FLOW.segment("page").stages:
                inputs = Inputs(self.document, side.number, len(self.index.sides), facts, raster)
                facts[FactKey(stage.gives.kind(), side.number)] = stage.run(inputs, self._ports(lambda: engine))
        return len(self.index.sides)

    def _ports(self, engine: Callable[[], Engine]) -> Ports:
        return Ports(self.shelf, SystemClock(), engine, _nothing, _nothing, self.settings)


def _nothing() -> NoReturn:
    raise Defect("port_not_wired", "page stages use blobs and the engine only")


def _document(folder: Path, shelf: Shelf) -> Document:
    """The document as intake would register it, its files on the shelf."""
    manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    sources = tuple(
        Source(
            name=file.name,
            size_bytes=file.size_bytes,
            sha256=shelf.put((folder / file.name).read_bytes()),
            sequence=file.sequence,
            note_of=file.note_of,
        )
        for file in manifest.files
    )
    return Document.of(manifest, sources, SystemClock().now())
