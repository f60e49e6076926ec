"""The archive in memory: the fake of the port, for tests that are about something else."""

from __future__ import annotations

from models.errors import Defect
from pipeline.adapters.archive_key import checked


class MemoryArchive:
    """Passes the contract suite of the archive. ``order``: keys as they were first written."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}

    @property
    def order(self) -> tuple[str, ...]:
        return tuple(self._objects)

    def put(self, key: str, data: bytes) -> None:
        if self._objects.setdefault(checked(key), data) != data:
            raise Defect("archive_conflict", f"{key} is in the archive already, with other bytes")

    def get(self, key: str) -> bytes:
        try:
            return self._objects[checked(key)]
        except KeyError:
            raise Defect("archive_missing", f"{key} is not in the archive") from None

    def locate(self, key: str) -> str:
        return f"memory:{checked(key)}"
