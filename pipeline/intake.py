"""Intake: scan batches from folders into blob store and ledger. A receipt only after the commit.

A batch is a folder with ``manifest.json``, renamed into place last; its receipt is
``<batch>.receipt.json`` beside the folder, or ``<batch>.refused.json`` that says what to mend.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from models.document import Document, Source, Status, archive_key
from models.errors import Finding, OperatorError, Rejected
from models.facts import Approved, Confirmed, PersonallySigned
from models.manifest import ScannedFile, ServiceClass
from models.ports import BlobStore, Clock
from models.settings import GateSettings, Settings
from pipeline.incoming import MANIFEST, read, read_manifest, said, sha256_of, shown, size_of
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.rows import NewFact

SCAN_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".pdf"})
CONTAINER_SUFFIXES = frozenset({".tif", ".tiff", ".pdf"})
"""Without a manifest each of these is a document of its own; loose images of a folder are one document."""
_NAMED = 20
"""Files that one refusal names."""


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
    manifest_sha256: str | None
    """Of what the manifest says, see :func:`pipeline.incoming.said`; None without one."""


def find_batches(path: Path) -> Iterator[Batch]:
    """Batches at and below a path: folders with a manifest, else scans as the module says.

    A single file is a document of its own. A link is looked through only where it is the path itself:
    below it, it could lead anywhere, so a link to a folder or under the name of a scan is a batch that
    intake refuses. Raises ``OperatorError("unreadable_folder")``.
    """
    if path.is_file():
        yield Batch(path.stem, path.parent, (path.resolve(),))
        return
    folders = [path]
    while folders:
        folder = folders.pop()
        if os.path.lexists(folder / MANIFEST):
            yield Batch(folder.name, folder)
            continue
        try:
            entries = sorted(folder.iterdir(), key=lambda entry: natural(entry.name))
            folders_here = {e for e in entries if e.is_dir()}
        except OSError as error:
            raise OperatorError("unreadable_folder", f"{shown(str(folder))[-200:]}: {error.strerror}") from error
        below = [e for e in entries if e in folders_here and not e.name.startswith(".")]
        links = [e for e in below if e.is_symlink()]
        yield from _documents(folder, [e for e in entries if e not in folders_here], links)
        folders += [e for e in reversed(below) if e not in links]


def _documents(folder: Path, files: Sequence[Path], links: Sequence[Path]) -> Iterator[Batch]:
    """The documents of a folder without a manifest. ``links``: to folders; they are refused, not followed."""
    scans = [e for e in files if e.suffix.lower() in SCAN_SUFFIXES]
    loose = tuple(e for e in scans if e.suffix.lower() not in CONTAINER_SUFFIXES)
    if loose:
        yield Batch(folder.name, folder, loose)
    for scan in scans:
        if scan.suffix.lower() in CONTAINER_SUFFIXES:
            yield Batch(scan.stem, folder, (scan,))
    for link in links:
        yield Batch(link.name, folder, (link,))


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key in which page 10 comes after page 9."""
    parts = re.findall(r"\d+|\D+", name.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)


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
        since = self._ledger.clock()
        document = self._manifested(batch) if batch.has_manifest else self._unmanifested(batch)
        body = self._blobs.put(document.id, document.model_dump_json().encode())
        gates = opened if document.certifiable else ()
        admission = self._ledger.admit(document, body, self._flags(document), gates, since=since)
        return Receipt(
            batch=shown(batch.name),
            document=document.id,
            revision=document.revision,
            received_at=datetime.fromtimestamp(admission.received_at, UTC).isoformat(),
            status=admission.status,
            new=admission.new,
            files=document.sources,
            manifest_sha256=said(document.manifest) if document.manifest else None,
        )

    def _manifested(self, batch: Batch) -> Document:
        manifest = read_manifest(batch.folder)
        findings: list[Finding] = []
        sources: list[Source] = []
        for file in sorted(manifest.files, key=lambda f: (f.sequence, f.name)):
            try:
                self._keep_declared(manifest.document_id, batch.folder / file.name, file)
            except Rejected as error:
                findings += error.findings
                continue
            sources.append(
                Source(
                    name=file.name,
                    size_bytes=file.size_bytes,
                    sha256=file.sha256,
                    sequence=file.sequence,
                    note_of=file.note_of,
                )
            )
        if findings:
            raise Rejected.of(_first(findings))
        return Document.of(manifest, tuple(sources), self._clock.now())

    def _keep_declared(self, document: str, path: Path, file: ScannedFile) -> None:
        """Store one file. Its bytes are gone when this returns: two at a time may be more than the memory.

        Raises ``Rejected``: ``file_missing``, ``size_mismatch``, ``file_too_large``, ``hash_mismatch``.
        """
        mismatch = Rejected("size_mismatch", f"Tệp {file.name} không đúng dung lượng đã khai: hãy gửi lại tệp.")
        if size_of(path) != file.size_bytes:
            raise mismatch
        data = read(path, self._settings.intake.max_file_mb)
        if len(data) != file.size_bytes:
            raise mismatch
        if self._blobs.put(document, data, only=file.sha256) != file.sha256:
            raise Rejected("hash_mismatch", f"Tệp {file.name} không khớp mã băm đã khai: hãy gửi lại tệp.")

    def _unmanifested(self, batch: Batch) -> Document:
        """Files without a manifest: the id comes from their content, so the same files are the same document.

        They are read twice, because all of them at once may be more than the memory.
        """
        most_mb = self._settings.intake.max_file_mb
        digest = hashlib.sha256()
        hashes = [sha256_of(path, most_mb) for path in batch.files]
        for path, sha256 in zip(batch.files, hashes, strict=True):
            digest.update(os.fsencode(path.name) + b"\0" + bytes.fromhex(sha256))
        document = f"scan-{digest.hexdigest()[:20]}"
        sources = [self._keep(document, path, sha256) for path, sha256 in zip(batch.files, hashes, strict=True)]
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
            sources=tuple(sources),
        )

    def _keep(self, document: str, path: Path, sha256: str) -> Source:
        """Store one file that nobody declared; its bytes are gone when this returns. Raises ``file_changed``."""
        data = read(path, self._settings.intake.max_file_mb)
        name = shown(path.name)
        if self._blobs.put(document, data, only=sha256) != sha256:
            raise Rejected("file_changed", f"Tệp {name} bị thay đổi trong khi tiếp nhận: hãy gửi lại lô quét.")
        return Source(name=name, size_bytes=len(data), sha256=sha256, sequence=None, note_of=None)

    def _flags(self, document: Document) -> frozenset[str]:
        return gate_flags(self._settings.gates, certifiable=document.certifiable)


def _first(findings: list[Finding]) -> list[Finding]:
    more = len(findings) - _NAMED
    return findings[:_NAMED] + ([Finding(findings[0].code, f"Và {more} tệp khác.")] if more > 0 else [])


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
