"""Converted networks in memory."""

from __future__ import annotations


class MemoryModels:
    """:class:`models.ports.ModelCache` in a dictionary; ``stored`` by name."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}

    def get(self, name: str) -> bytes | None:
        return self.stored.get(name)

    def put(self, name: str, data: bytes) -> None:
        self.stored[name] = data
