"""A document that has come as far as certify: facts, blobs and ports, with fakes where no test looks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import orjson

from models.document import Document, archive_key
from models.facts import Approved, Fact, FactKey
from models.manifest import Agency, Manifest, Owner, ScannedFile, ServiceClass, SourceKind
from models.ports import Archive, Signer
from models.settings import Settings, SignerSettings
from models.side import Side, SideIndex
from models.stage import Event, Inputs, Ports, Provenance
from pipeline.adapters.test_ca import TestCaSigner
from stages import certify, put, seal
from stages.assemble import Assembled
from stages.both_sides import BothSidesJudged
from stages.extract import Extracted, Field
from stages.notes import NotePair, NotesPaired
from stages.unpack import Unpacked
from tests.support.memory_archive import MemoryArchive
from tests.support.memory_blobs import MemoryBlobs
from tests.support.small_pdfa import scan, small_pdfa

NOON = datetime(2026, 11, 21, 2, 15, 30, 987654, tzinfo=UTC)
AGENCY = Agency(code="H49.64", name="Ủy ban nhân dân phường Hồng Gai, tỉnh Quảng Ninh")
DOCUMENT = "HS-0001"


@dataclass(frozen=True)
class FixedClock:
    """Always the same moment."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class OneDocument:
    """A blob store bound to the document."""

    store: MemoryBlobs = field(default_factory=MemoryBlobs)

    def put(self, data: bytes) -> str:
        return self.store.put(DOCUMENT, data)

    def get(self, sha256: str) -> bytes:
        return self.store.get(DOCUMENT, sha256)


def manifest(kind: SourceKind, scans: Sequence[bytes]) -> Manifest:
    """What the counter declares about the scans."""
    files = tuple(
        ScannedFile(name=f"{n}.jpg", size_bytes=len(d), sha256=hashlib.sha256(d).hexdigest(), sequence=n)
        for n, d in enumerate(scans, start=1)
    )
    return Manifest(
        document_id=DOCUMENT,
        receiving_agency=AGENCY,
        owning_agency=AGENCY,
        counter="quay-3",
        dossier_code="H49.64-261121-0001",
        owner=Owner(kind="citizen", id="022099000001"),
        type_code="KQ.G01.000001",
        type_name="Giấy khai sinh",
        source_kind=kind,
        sheets=len(scans),
        sides=len(scans),
        files=files,
    )


def ports(signer: Signer, archive: Archive | None = None) -> Ports:
    """Ports of the last stages; an OCR engine is not among them."""
    kept = archive or MemoryArchive()

    def no_engine() -> NoReturn:
        raise AssertionError("certify and what follows read no text")

    return Ports(OneDocument(), FixedClock(), no_engine, lambda: signer, lambda: kept, Settings())


def assembled(ports: Ports, kind: SourceKind | None = SourceKind.PRINCIPAL, *, sides: int = 2) -> Inputs:
    """Everything known when certify begins; the last side is a re-coded PNG's blank back, left out of the copy."""
    scans = [scan(n) for n in range(1, sides + 1)]
    declared = None if kind is None else manifest(kind, scans)
    original = ports.blobs.put(b"the received TIFF")
    index = SideIndex(
        sides=(
            *(_side(n, ports.blobs.put(data)) for n, data in enumerate(scans, start=1)),
            _side(sides + 1, ports.blobs.put(b"png"), original=original),
        )
    )
    pdf = small_pdfa(scans)
    facts: dict[FactKey, Fact] = {}
    selection = ports.blobs.put(orjson.dumps(list(range(1, sides + 1))))
    for fact in (
        Unpacked(sides=sides + 1, index=ports.blobs.put(index.model_dump_json().encode())),
        NotesPaired(),
        BothSidesJudged(rule="fronts_only", pages=sides, left_out=1, selection=selection),
        Assembled(pdf=ports.blobs.put(pdf), pages=sides, size_bytes=len(pdf)),
        Extracted(fields=(Field(name="so_ky_hieu", value="05/QĐ-UBND", raw="05/QĐ-UBND", source="ocr", page=1),)),
        Approved(by="lanh.dao", at=NOON),
    ):
        facts[FactKey(fact.kind())] = fact
    document = Document(
        id=DOCUMENT,
        revision=1,
        agency=AGENCY,
        counter="quay-3",
        service_class=ServiceClass.COUNTER,
        received_at=NOON,
        archive_key=archive_key(AGENCY.code, NOON, DOCUMENT, 1),
        sources=(),
        manifest=declared,
    )
    learned = {FactKey("Certified"): Provenance("certify", 7, "2026-11-21T02:00:01Z")}
    history = (Event("2026-11-21T02:00:00Z", "received", "quay-3"),)
    return Inputs(document, 0, sides + 1, facts, history=history, provenance=learned)


def with_fact(inputs: Inputs, fact: Fact) -> Inputs:
    """The inputs of the next stage."""
    return replace(inputs, facts={**inputs.facts, FactKey(fact.kind()): fact})


def with_note(inputs: Inputs, ports: Ports) -> Inputs:
    """The same document, its last side the scan of page 1 with a note on it."""
    pair = NotePair(page=1, note_on=inputs.side_count, note_off=1, verdict="paired", correlation=0.9, stray=0)
    variants = ports.blobs.put(orjson.dumps([pair.model_dump()]))
    return with_fact(inputs, NotesPaired(pairs=1, variants=variants))


def sealed(inputs: Inputs, ports: Ports) -> Inputs:
    """Certified and sealed."""
    inputs = with_fact(inputs, certify.run(inputs, ports))
    return with_fact(inputs, seal.run(inputs, ports))


def archived(inputs: Inputs, ports: Ports) -> put.Archived:
    """Certified, sealed and in the archive."""
    return put.run(sealed(inputs, ports), ports)


def embedded_signer(folder: Path) -> TestCaSigner:
    """The embedded signer; its certificate is made in the folder once."""
    return TestCaSigner(folder, SignerSettings())


def _side(number: int, sha256: str, *, original: str | None = None) -> Side:
    return Side(
        number=number,
        sha256=sha256,
        media="image/jpeg" if original is None else "image/png",
        width_px=595,
        height_px=842,
        channels=3,
        dpi=72,
        dpi_source="declared",
        source=f"{number}.jpg",
        recoded=original is not None,
        original_sha256=original,
    )
