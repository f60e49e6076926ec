"""Blobs in memory: the fake of the blob store, for tests that are about something else."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from models.errors import Defect
from pipeline.adapters.blob_key import checked_document


class MemoryBlobs:
    """Passes the contract suite of the blob store. ``capacity_bytes``: what :meth:`free_bytes` counts from."""

    def __init__(self, capacity_bytes: int = 1 << 40) -> None:
        self._capacity_bytes = capacity_bytes
        self._blobs: dict[str, dict[str, bytes]] = {}
        self._written_at: dict[str, datetime] = {}

    def put(self, document: str, data: bytes, only: str | None = None) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        if only not in (None, sha256):
            return sha256
        self._blobs.setdefault(checked_document(document), {})[sha256] = data
        self._written_at[document] = datetime.now(UTC)
        return sha256

    def get(self, document: str, sha256: str) -> bytes:
        try:
            data = self._blobs[checked_document(document)][sha256]
        except KeyError:
            raise Defect("blob_missing", f"{document}: blob {sha256} is not in the store") from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise Defect("blob_damaged", f"{document}: blob {sha256} does not have its hash")
        return data

    def exists(self, document: str, sha256: str) -> bool:
        return sha256 in self._blobs.get(document, {})

    def remove(self, document: str, sha256: str) -> None:
        blobs = self._blobs.get(document, {})
        blobs.pop(sha256, None)
        if not blobs:
            self._blobs.pop(document, None)

    def remove_document(self, document: str) -> None:
        self._blobs.pop(document, None)

    def rest(self, document: str) -> None:
        """There is no other place for them than memory."""

    def documents(self) -> tuple[str, ...]:
        return tuple(sorted(self._blobs))

    def written_at(self, document: str) -> datetime | None:
        return self._written_at[document] if document in self._blobs else None

    def used_bytes(self) -> int:
        return sum(len(data) for blobs in self._blobs.values() for data in blobs.values())

    def free_bytes(self) -> int:
        return self._capacity_bytes - self.used_bytes()

    def damage(self, document: str, sha256: str) -> None:
        """Flip a bit, as a failing disk would."""
        data = self._blobs[document][sha256]
        self._blobs[document][sha256] = bytes([data[0] ^ 1]) + data[1:]
