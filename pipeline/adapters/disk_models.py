"""Converted networks in a folder. A lost file is made again, so nothing is synced to the disk."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from models.errors import OperatorError


class DiskModels:
    """:class:`models.ports.ModelCache` on a folder, made when first written to. Safe for many processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OperatorError("ocr_cache_unreadable", f"{self._folder} cannot be read: {error}") from error

    def put(self, name: str, data: bytes) -> None:
        beside = self._folder / f"{name}.{uuid4().hex}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                beside.write_bytes(data)
                beside.replace(self._folder / name)
            finally:
                beside.unlink(missing_ok=True)
        except OSError as error:
            raise OperatorError("ocr_cache_unwritable", f"{self._folder} cannot be written: {error}") from error
