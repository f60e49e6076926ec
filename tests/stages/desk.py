"""A desk to run one document stage on: blobs in memory, and ports that raise when touched."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NoReturn

from models.document import Document, Source
from models.facts import Fact, FactKey
from models.manifest import Agency, Manifest, ScannedFile, ServiceClass, SourceKind
from models.settings import Settings
from models.side import Side, SideIndex
from models.stage import Inputs, Ports
from models.text import PageText
from stages.ocr.stage import TextRead
from stages.unpack import Unpacked

RECEIVED = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
AGENCY = Agency(code="H49.64.33", name="Ủy ban nhân dân xã Quảng Hà")
NO_FACTS: Mapping[FactKey, Fact] = {}


class Blobs:
    """One document's blobs in memory."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self.stored[sha256] = data
        return sha256

    def get(self, sha256: str) -> bytes:
        return self.stored[sha256]


class Untouchable:
    """A clock that no document stage before certify may look at."""

    def now(self) -> NoReturn:
        raise AssertionError("a repeatable stage looked at the clock")


def _untouchable() -> NoReturn:
    raise AssertionError("this stage has no business with that port")


def ports(blobs: Blobs, settings: Settings | None = None) -> Ports:
    """Ports of which only the blobs and the settings may be used."""
    return Ports(blobs, Untouchable(), _untouchable, _untouchable, _untouchable, settings or Settings())


def document(
    blobs: Blobs,
    files: Sequence[tuple[str, bytes]] = (),
    *,
    sequences: Sequence[int | None] | None = None,
    notes: Mapping[str, int] | None = None,
    declared: tuple[int, int, int] | None = None,
) -> Document:
    """A document of these files. ``declared``: sheets, sides and notes of the manifest; None without one."""
    numbers = sequences or [None] * len(files) if declared is None else sequences or range(1, len(files) + 1)
    sources = tuple(
        Source(
            name=name, size_bytes=len(data), sha256=blobs.put(data), sequence=number, note_of=(notes or {}).get(name)
        )
        for (name, data), number in zip(files, numbers, strict=True)
    )
    return Document(
        id="TEST-1",
        revision=1,
        agency=AGENCY,
        counter="quay-1",
        service_class=ServiceClass.COUNTER,
        received_at=RECEIVED,
        archive_key="H49.64.33/2026/TEST-1/r1",
        sources=sources,
        manifest=None if declared is None else manifest(sources, *declared),
    )


def manifest(sources: Sequence[Source], sheets: int, sides: int, notes: int) -> Manifest:
    """What the counter declares about these files."""
    files = tuple(
        ScannedFile(
            name=source.name,
            size_bytes=source.size_bytes,
            sha256=source.sha256,
            sequence=source.sequence or 1,
            note_of=source.note_of,
        )
        for source in sources
    )
    return Manifest(
        document_id="TEST-1",
        receiving_agency=AGENCY,
        owning_agency=AGENCY,
        counter="quay-1",
        service_class=ServiceClass.COUNTER,
        type_code="DC.QD",
        type_name="Quyết định",
        source_kind=SourceKind.ORIGINAL,
        sheets=sheets,
        sides=sides,
        notes=notes,
        files=files,
    )


def inputs(of: Document, facts: Mapping[FactKey, Fact] = NO_FACTS, side_count: int = 0) -> Inputs:
    """The document-scope inputs of a stage."""
    return Inputs(of, 0, side_count, facts)


def unpacked(blobs: Blobs, sides: Sequence[Side]) -> dict[FactKey, Fact]:
    """The fact of a batch with these sides."""
    index = blobs.put(SideIndex(sides=tuple(sides)).model_dump_json().encode())
    return {FactKey("Unpacked"): Unpacked(sides=len(sides), index=index)}


def side(number: int, *, sequence: int | None = None, note_of: int | None = None, source: str = "") -> Side:
    """A side of which only the place in the batch matters."""
    return Side(
        number=number,
        sha256="0" * 64,
        media="image/jpeg",
        width_px=1654,
        height_px=2339,
        channels=3,
        dpi=200,
        dpi_source="declared",
        sequence=sequence,
        source=source or f"scan{number:03d}.jpg",
        note_of=note_of,
    )


def text_read(blobs: Blobs, text: PageText) -> TextRead:
    """The fact of a page that reads so."""
    words = tuple(text.words())
    return TextRead(text=blobs.put(text.model_dump_json().encode()), engine="fake", words=len(words), confidence=0.9)
