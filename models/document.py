"""A document revision as intake accepted it: what the counter sent, and what was fixed on arrival."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Self

from models.base import DocumentId, Model, Sha256
from models.manifest import Agency, Manifest, ServiceClass


class Status(StrEnum):
    """Where a revision stands. It ends exactly once, in one of the last three."""

    RUNNING = "RUNNING"
    WAITING = "WAITING"
    ARCHIVED = "ARCHIVED"
    REJECTED = "REJECTED"
    FAILED = "FAILED"

    @property
    def terminal(self) -> bool:
        return self in (Status.ARCHIVED, Status.REJECTED, Status.FAILED)


class Source(Model):
    """One received file, stored as a blob under its SHA-256. ``sequence``: of its first side, or None.

    ``note_of``: see :class:`models.manifest.ScannedFile`.
    """

    name: str
    size_bytes: int
    sha256: Sha256
    sequence: int | None = None
    note_of: int | None = None


class Document(Model):
    """One revision of one document. Immutable from intake on; ``manifest`` is None without one."""

    id: DocumentId
    revision: int
    agency: Agency
    """The body that digitises and certifies: the manifest's receiving agency, else the operator's."""
    counter: str
    service_class: ServiceClass
    received_at: datetime
    deadline: datetime | None = None
    archive_key: str
    """``<agency>/<yyyy>/<document id>/r<revision>``: fixed at intake, free of anything that was read."""
    sources: tuple[Source, ...]
    manifest: Manifest | None = None

    @classmethod
    def of(cls, manifest: Manifest, sources: tuple[Source, ...], received_at: datetime) -> Self:
        """What a manifest declares, received in UTC."""
        return cls(
            id=manifest.document_id,
            revision=manifest.revision,
            agency=manifest.receiving_agency,
            counter=manifest.counter,
            service_class=manifest.service_class,
            received_at=received_at,
            deadline=manifest.deadline,
            archive_key=archive_key(manifest.owning_agency.code, received_at, manifest.document_id, manifest.revision),
            sources=sources,
            manifest=manifest,
        )

    @property
    def content(self) -> str:
        """Digest of what was sent: the same for a batch that comes again, whenever it comes."""
        sent = self.model_dump_json(include={"id", "revision", "sources", "manifest"})
        return hashlib.sha256(sent.encode()).hexdigest()

    @property
    def certifiable(self) -> bool:
        """Whether the law lets this paper be copied as SAO Y (declared original or principal copy)."""
        return self.manifest is not None and self.manifest.source_kind.may_be_certified


def archive_key(agency: str, received_at: datetime, document: str, revision: int) -> str:
    """The key of a copy in the archive; ``received_at`` is in UTC."""
    return f"{agency}/{received_at.year:04d}/{document}/r{revision}"
