"""The archive as a write-once folder: files of mode 0444 that appear whole and are never replaced."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from models.errors import Defect, Retryable
from pipeline import page_cache
from pipeline.adapters.archive_key import checked

INCOMING = ".incoming"
"""Folder of files that are being written; what a crash leaves there is no part of the archive."""


class DiskArchive:
    """Objects under ``root``, by key. Safe with several processes that write the same key at once."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, data: bytes) -> None:
        """See :class:`models.ports.Archive`. Durable (file and folders synced) when it returns."""
        target = self._root / checked(key)
        try:
            created = _folders(target.parent)
            ours = not target.exists() and self._link(target, data)
            same = ours or target.read_bytes() == data
            for folder in created | {target.parent}:
                _sync(folder)
        except OSError as error:
            raise _away(error) from error
        if not same:
            raise Defect("archive_conflict", f"{target} is in the archive already, with other bytes")

    def get(self, key: str) -> bytes:
        """See :class:`models.ports.Archive`. The bytes come from the disk: neither writing nor reading leaves them in memory."""
        target = self._root / checked(key)
        try:
            with target.open("rb", buffering=0) as file:
                data = file.read()
                page_cache.drop(file.fileno())
        except FileNotFoundError:
            raise Defect("archive_missing", f"{target} is not in the archive") from None
        except OSError as error:
            raise _away(error) from error
        return data

    def locate(self, key: str) -> str:
        """The path of the file."""
        return str((self._root / checked(key)).absolute())

    def _link(self, target: Path, data: bytes) -> bool:
        """Write aside, then give it its name; False where another was first."""
        incoming = self._root / INCOMING
        incoming.mkdir(exist_ok=True)
        part = incoming / secrets.token_hex(16)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fchmod(file.fileno(), 0o444)
                os.fsync(file.fileno())
                page_cache.drop(file.fileno())
            try:
                os.link(part, target)
            except FileExistsError:
                return False
            return True
        finally:
            part.unlink(missing_ok=True)


def _folders(folder: Path) -> set[Path]:
    """Make the folder; returns the parents of what is new, which have to be synced."""
    missing = [f for f in (folder, *folder.parents) if not f.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return {f.parent for f in missing}


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _away(error: OSError) -> Retryable:
    return Retryable("archive_unavailable", f"the archive folder cannot be used: {error}", "archive")
