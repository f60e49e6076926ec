"""Intake: scan batches from folders into blob store and ledger. A receipt only after the commit.

A batch is a folder with ``manifest.json``, renamed into place last; its receipt is
``<batch>.receipt.json`` beside the folder, or ``<batch>.refused.json`` that says what to mend.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from models.document import Document, Source, Status, archive_key
from models.errors import Finding, Rejected
from models.facts import Approved, Confirmed, PersonallySigned
from models.manifest import Manifest, ServiceClass
from models.ports import BlobStore, Clock
from models.settings import GateSettings, Settings
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.rows import NewFact

MANIFEST = "manifest.json"
SCAN_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".pdf"})
CONTAINER_SUFFIXES = frozenset({".tif", ".tiff", ".pdf"})
"""Without a manifest each of these is a document of its own; loose images of a folder are one document."""

MAX_MANIFEST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Batch:
    """One document's files as found on disk. ``files`` empty: they are what the manifest lists."""

    name: str
    folder: Path
    files: tuple[Path, ...] = ()

    @property
    def has_manifest(self) -> bool:
        return not self.files


@dataclass(frozen=True)
class Receipt:
    """Proof of a durable hand-over: written only after blobs and ledger are committed."""

    batch: str
    document: str
    revision: int
    received_at: str
    status: Status
    new: bool
    files: tuple[Source, ...]


def find_batches(path: Path) -> Iterator[Batch]:
    """Batches at and below a path: folders with a manifest, else scans as the module says.

    A single file is a document of its own.
    """
    if path.is_file():
        yield Batch(path.stem, path.parent, (path,))
        return
    if (path / MANIFEST).is_file():
        yield Batch(path.name, path)
        return
    entries = sorted(path.iterdir(), key=lambda entry: natural(entry.name))
    scans = [e for e in entries if e.is_file() and e.suffix.lower() in SCAN_SUFFIXES]
    loose = tuple(e for e in scans if e.suffix.lower() not in CONTAINER_SUFFIXES)
    if loose:
        yield Batch(path.name, path, loose)
    for scan in scans:
        if scan.suffix.lower() in CONTAINER_SUFFIXES:
            yield Batch(scan.stem, path, (scan,))
    for entry in entries:
        endless = entry.is_symlink() and path.resolve().is_relative_to(entry.resolve())
        if entry.is_dir() and not entry.name.startswith(".") and not endless:
            yield from find_batches(entry)


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key in which page 10 comes after page 9."""
    parts = re.findall(r"\d+|\D+", name.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a batch. Raises ``Rejected("bad_manifest")`` that names every bad field."""
    path = folder / MANIFEST
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise Rejected("bad_manifest", "Tệp manifest.json quá lớn: hãy chia hồ sơ thành nhiều lô.")
        return Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise Rejected("bad_manifest", "Không đọc được manifest.json của lô quét: hãy gửi lại lô.") from error
    except ValidationError as error:
        fields = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'manifest'}: {e['msg']}" for e in error.errors()[:20])
        raise Rejected("bad_manifest", f"manifest.json không hợp lệ, hãy sửa rồi gửi lại lô: {fields}") from error


class Intake:
    """Admits batches. One instance may serve many; it keeps no state of its own."""

    def __init__(self, settings: Settings, ledger: Ledger, blobs: BlobStore, clock: Clock) -> None:
        self._settings = settings
        self._ledger = ledger
        self._blobs = blobs
        self._clock = clock

    def admit(self, batch: Batch, opened: Sequence[NewFact] = ()) -> Receipt:
        """Store and register one batch; the same batch again gives the same answer.

        ``opened``: gates that are open from the start. Raises ``Rejected`` (nothing was admitted) and
        ``Retryable`` where blob store or ledger is away.
        """
        document = self._manifested(batch) if batch.has_manifest else self._unmanifested(batch)
        body = self._blobs.put(document.id, document.model_dump_json().encode())
        admission = self._ledger.admit(document, body, self._flags(document), opened if document.certifiable else ())
        return Receipt(
            batch=batch.name,
            document=document.id,
            revision=document.revision,
            received_at=datetime.fromtimestamp(admission.received_at, UTC).isoformat(),
            status=admission.status,
            new=admission.new,
            files=document.sources,
        )

    def _manifested(self, batch: Batch) -> Document:
        manifest = read_manifest(batch.folder)
        findings: list[Finding] = []
        sources: list[Source] = []
        for file in sorted(manifest.files, key=lambda f: (f.sequence, f.name)):
            path = batch.folder / file.name
            if path.is_symlink() or not path.is_file():
                findings.append(Finding("file_missing", f"Thiếu tệp {file.name}: hãy gửi lại lô quét."))
                continue
            if path.stat().st_size != file.size_bytes:
                findings.append(
                    Finding("size_mismatch", f"Tệp {file.name} không đủ dung lượng đã khai: hãy gửi lại tệp.")
                )
                continue
            data = path.read_bytes()
            if self._blobs.put(manifest.document_id, data, only=file.sha256) != file.sha256:
                findings.append(
                    Finding("hash_mismatch", f"Tệp {file.name} không khớp mã băm đã khai: hãy gửi lại tệp.")
                )
                continue
            sources.append(_source(file.name, data, file.sha256, file.sequence, file.note_of))
        if findings:
            raise Rejected.of(findings)
        received_at = self._clock.now()
        return Document(
            id=manifest.document_id,
            revision=manifest.revision,
            agency=manifest.receiving_agency,
            counter=manifest.counter,
            service_class=manifest.service_class,
            received_at=received_at,
            deadline=manifest.deadline,
            archive_key=archive_key(manifest.owning_agency.code, received_at, manifest.document_id, manifest.revision),
            sources=tuple(sources),
            manifest=manifest,
        )

    def _unmanifested(self, batch: Batch) -> Document:
        """Files without a manifest: the id comes from their content, so the same files are the same document."""
        contents = [(path.name, path.read_bytes()) for path in batch.files]
        digest = hashlib.sha256()
        for name, data in contents:
            digest.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
        document = f"scan-{digest.hexdigest()[:20]}"
        sources = tuple(_source(name, data, self._blobs.put(document, data), None, None) for name, data in contents)
        received_at = self._clock.now()
        agency = self._settings.agency
        return Document(
            id=document,
            revision=1,
            agency=agency,
            counter="unmanifested",
            service_class=ServiceClass.BULK,
            received_at=received_at,
            archive_key=archive_key(agency.code, received_at, document, 1),
            sources=sources,
        )

    def _flags(self, document: Document) -> frozenset[str]:
        return gate_flags(self._settings.gates, certifiable=document.certifiable)


def _source(name: str, data: bytes, sha256: str, sequence: int | None, note_of: int | None) -> Source:
    return Source(name=name, size_bytes=len(data), sha256=sha256, sequence=sequence, note_of=note_of)


def gate_flags(gates: GateSettings, *, certifiable: bool) -> frozenset[str]:
    """Flags of the gates that hold a document; one that is not certified waits for no signature."""
    if not certifiable:
        return frozenset()
    chosen = {
        Approved.flag: gates.approval,
        Confirmed.flag: gates.confirmation,
        PersonallySigned.flag: gates.personal_signature,
    }
    return frozenset(flag for flag, on in chosen.items() if on)
