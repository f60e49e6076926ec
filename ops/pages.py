"""Page stages on image files, in memory: the line's own functions without ledger, broker or disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import NoReturn, TypeVar

from models.document import Document, Source
from models.errors import Defect, OperatorError, Rejected
from models.facts import Fact, FactKey
from models.manifest import ServiceClass
from models.ports import Engine, Raster
from models.settings import Settings
from models.side import Side, SideIndex
from models.stage import Inputs, Ports, Stage
from stages import count, unpack
from stages.raster import open_raster
from stages.unpack import Unpacked

F = TypeVar("F", bound=Fact)


NEVER_REFUSES = {"dpi_axes_tolerance": float("inf")}
"""Who looks at one image wants to see it, whatever its quality."""


class Blobs:
    """The blobs of one file, in memory."""

    def __init__(self) -> None:
        self._stored: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self._stored[sha256] = data
        return sha256

    def get(self, sha256: str) -> bytes:
        return self._stored[sha256]


class _SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def _closed() -> NoReturn:
    raise Defect("port_closed", "page stages do not sign or archive")


@dataclass
class Page:
    """One side of a file. ``page``: its place in the file, from 1, of ``of``. Facts gather as stages run."""

    side: Side
    page: int
    of: int
    document: Document
    ports: Ports
    raster: Callable[[], Raster]
    facts: dict[FactKey, Fact] = field(default_factory=dict)

    def run(self, stage: Stage[F]) -> F:
        """What the stage adds about this side. Raises what the stage raises."""
        inputs = Inputs(self.document, self.page, self.of, self.facts, self.raster)
        fact = stage.run(inputs, self.ports)
        self.facts[FactKey(fact.kind(), self.page)] = fact
        return fact


def open_file(path: Path, settings: Settings, engine: Callable[[], Engine]) -> Iterator[Page]:
    """The sides of one file, not decoded yet: one of a JPEG or PNG, several of a TIFF or scanned PDF.

    Raises ``Rejected`` as unpack does, and ``OperatorError("unreadable_file")``.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OperatorError("unreadable_file", f"cannot read {path}: {error.strerror}") from error
    settings = settings.model_copy(update={"quality": settings.quality.model_copy(update=NEVER_REFUSES)})
    blobs = Blobs()
    document = Document(
        id="inspect",
        revision=1,
        agency=settings.agency,
        counter="inspect",
        service_class=ServiceClass.COUNTER,
        received_at=datetime.now(UTC),
        archive_key="",
        sources=(Source(name=path.name, size_bytes=len(data), sha256=blobs.put(data)),),
    )
    ports = Ports(blobs, _SystemClock(), engine, _closed, _closed, settings)
    unpacked = unpack.run(Inputs(document, 0, 0, {}), ports)
    known: dict[FactKey, Fact] = {FactKey(Unpacked.kind()): unpacked}
    counted = count.run(Inputs(document, 0, unpacked.sides, known), ports)
    known[FactKey(counted.kind())] = counted
    sides = SideIndex.model_validate_json(blobs.get(unpacked.index)).sides
    for number, side in enumerate(sides, start=1):
        yield Page(side, number, len(sides), document, ports, _opener(side, blobs), dict(known))


def _opener(side: Side, blobs: Blobs) -> Callable[[], Raster]:
    @lru_cache(1)
    def opened() -> Raster:
        return open_raster(side, blobs.get(side.sha256))

    return opened


def trouble(error: Rejected | OperatorError) -> dict[str, str]:
    """The ``error`` of an entry."""
    return {"code": error.code, "message": error.message}


def entry_head(path: Path, page: Page) -> dict[str, object]:
    """How an entry begins: the path, and which page of it where it has several."""
    return {"path": str(path)} | ({"page": page.page} if page.of > 1 else {})
