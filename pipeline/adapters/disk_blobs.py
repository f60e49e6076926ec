"""Blobs in a folder: ``<root>/<document id>/<sha256>``, written once, durable when ``put`` returns."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from models.errors import Defect, Retryable
from pipeline import page_cache
from pipeline.adapters.blob_key import DOCUMENT_ID, SHA256, checked_document, checked_sha256
from pipeline.adapters.hashing import hashed, know

SETTLED_NS = 2_000_000_000
"""A folder changed less than this ago may change again within the same tick of its time stamp."""

TRIES = 10
"""How often a write or a deletion starts over because the other one took its folder away."""


class _Counted(NamedTuple):
    """Bytes of one document's folder as it was when its time stamp was ``changed_ns``."""

    changed_ns: int
    size_bytes: int


class DiskBlobs:
    """The embedded blob store. Safe for many processes on one root; files 0600, folders 0700.

    A new blob costs one fsync of the file and one of its folder (the first of a document one more,
    of the root). A crash leaves at worst a hidden ``.part`` file, which goes with its document.
    Every operation raises ``Retryable("blobs_…", dependency="blobs")`` where the disk refuses (full,
    read-only, gone) and ``Defect("bad_blob_id")`` for a name that no blob can have.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._counted: dict[str, _Counted] = {}

    def put(self, document: str, data: bytes, only: str | None = None) -> str:
        known = hashed(data)
        sha256 = known.sha256
        path = self._path(document, sha256)
        if only not in (None, sha256):
            return sha256
        with _disk_errors(document):
            if known.appends_to is not None:  # a signed copy: the one without the signature is read no more
                _drop(path.with_name(known.appends_to))
            for _ in range(TRIES):
                try:
                    self._make_folder(path.parent)
                    if not _has_size(path, len(data)):
                        _write(path, data)
                    # Also for a blob that was there: its writer may have died before this line.
                    _fsync_folder(path.parent)
                except FileNotFoundError:
                    continue  # remove_document took the folder away in between
                return sha256
        raise Retryable("blobs_busy", f"{document}: its folder is being deleted; try again", "blobs")

    def get(self, document: str, sha256: str) -> bytes:
        path = self._path(document, sha256)
        with _disk_errors(document):
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                self._check_mounted()
                raise Defect(
                    "blob_missing", f"{document}: blob {sha256} is not in the store; restore it from a backup"
                ) from None
        known = hashed(data)
        if known.sha256 != sha256:
            raise Defect(
                "blob_damaged", f"{document}: blob {sha256} does not have its hash; check the disk, restore the blob"
            )
        know(known)
        return data

    def exists(self, document: str, sha256: str) -> bool:
        path = self._path(document, sha256)
        with _disk_errors(document):
            there = path.is_file()
        if not there:
            self._check_mounted()
        return there

    def remove(self, document: str, sha256: str) -> None:
        path = self._path(document, sha256)
        with _disk_errors(document):
            path.unlink(missing_ok=True)
            _remove_if_empty(path.parent)

    def remove_document(self, document: str) -> None:
        folder = self._folder(document)
        with _disk_errors(document):
            for _ in range(TRIES):
                shutil.rmtree(folder, ignore_errors=True)
                if not folder.exists():
                    return
            shutil.rmtree(folder)

    def rest(self, document: str) -> None:
        folder = self._folder(document)
        with _disk_errors(document):
            for path in folder.iterdir() if folder.exists() else ():
                _drop(path)

    def documents(self) -> tuple[str, ...]:
        with _disk_errors("the blob store"):
            return tuple(sorted(entry.name for entry in self._folders() if _holds_blobs(Path(entry.path))))

    def written_at(self, document: str) -> datetime | None:
        folder = self._folder(document)
        with _disk_errors(document):
            if not _holds_blobs(folder):
                return None
            return datetime.fromtimestamp(folder.stat().st_mtime, UTC)

    def used_bytes(self) -> int:
        """Exact, and one ``stat`` per document: a folder is counted again only when it changed.

        A blob never changes once it is there, so the time stamp of its folder tells of everything.
        """
        with _disk_errors("the blob store"):
            now_ns = time.time_ns()
            counted: dict[str, _Counted] = {}
            for entry in self._folders():
                try:
                    counted[entry.name] = self._count(entry, now_ns)
                except FileNotFoundError:
                    continue  # deleted while we looked
            self._counted = {
                name: folder for name, folder in counted.items() if now_ns - folder.changed_ns > SETTLED_NS
            }
        return sum(folder.size_bytes for folder in counted.values())

    def free_bytes(self) -> int:
        with _disk_errors("the blob store"):
            place = self._root.absolute()
            while not place.exists():
                place = place.parent
            volume = os.statvfs(place)
        return volume.f_bavail * volume.f_frsize

    def _check_mounted(self) -> None:
        """A blob that is missed says nothing while its whole store is: no document may fail by that."""
        if not self._root.is_dir():
            raise Retryable("blobs_unavailable", f"{self._root} is not there: is its volume mounted?", "blobs")

    def _folder(self, document: str) -> Path:
        return self._root / checked_document(document)

    def _path(self, document: str, sha256: str) -> Path:
        return self._folder(document) / checked_sha256(sha256)

    def _make_folder(self, folder: Path) -> None:
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            return
        except FileNotFoundError:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            _fsync_folder(self._root.parent)
            folder.mkdir(mode=0o700, exist_ok=True)
        _fsync_folder(self._root)

    def _folders(self) -> Iterator[os.DirEntry[str]]:
        try:
            entries = os.scandir(self._root)
        except FileNotFoundError:
            return
        with entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False) and DOCUMENT_ID.fullmatch(entry.name):
                    yield entry

    def _count(self, entry: os.DirEntry[str], now_ns: int) -> _Counted:
        # The time stamp is read before the files, so a change in between only costs another count.
        changed_ns = min(entry.stat(follow_symlinks=False).st_mtime_ns, now_ns)
        known = self._counted.get(entry.name)
        if known is not None and known.changed_ns == changed_ns:
            return known
        with os.scandir(entry.path) as files:
            return _Counted(changed_ns, sum(file.stat(follow_symlinks=False).st_size for file in files))


def _holds_blobs(folder: Path) -> bool:
    try:
        return any(SHA256.fullmatch(path.name) for path in folder.iterdir())
    except FileNotFoundError:
        return False


def _has_size(path: Path, size_bytes: int) -> bool:
    """Whether the blob is there in full; reading it to check its hash is ``get``'s work."""
    try:
        return path.stat().st_size == size_bytes
    except FileNotFoundError:
        return False


def _write(path: Path, data: bytes) -> None:
    """Write beside ``path``, make durable, move into place: nobody ever sees half a blob."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _drop(path: Path) -> None:
    """Give back the memory that mirrors a blob, if it is there."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        page_cache.drop(descriptor)
    finally:
        os.close(descriptor)


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
            raise


@contextmanager
def _disk_errors(what: str) -> Iterator[None]:
    """A disk that refuses is a dependency that is away: the work is right and waits."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Retryable(
                "blobs_full", f"{what}: no space is left for blobs; free some or add a disk", "blobs"
            ) from error
        if error.errno == errno.EROFS:
            raise Retryable(
                "blobs_read_only", f"{what}: the blob disk is read-only; check it and remount", "blobs"
            ) from error
        name = errno.errorcode.get(error.errno or 0, "unknown")
        raise Retryable(
            "blobs_unavailable", f"{what}: the blob disk answers {name}; check the volume", "blobs"
        ) from error
