"""SHA-256 of bytes that pass through a process more than once: read, signed, written, sealed, archived."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

WORTH_KNOWING_BYTES = range(64 * 1024, 64 * 1024 * 1024)
"""Size of what stays in memory after it was read, for what comes next: a signed copy is the unsigned one and a
little more, and what was sealed is archived next. Less is hashed at once, more takes too much room."""


class Hashed(NamedTuple):
    """Bytes, and the hash that has taken them in. ``appends_to``: SHA-256 of the known bytes that they begin with."""

    data: bytes
    state: hashlib._Hash
    appends_to: str | None = None

    @property
    def sha256(self) -> str:
        return self.state.hexdigest()


class _Known:
    """The bytes that this process read last; one entry, replaced at once, so threads need no lock."""

    hashed: Hashed | None = None


def hashed(data: bytes) -> Hashed:
    """Bytes with their hash. Where they begin with known ones, only the rest is hashed: comparing costs a tenth."""
    known = _Known.hashed
    if known is None or not data.startswith(known.data):
        return Hashed(data, hashlib.sha256(data))
    state = known.state.copy()
    state.update(memoryview(data)[len(known.data) :])
    return Hashed(data, state, known.sha256)


def know(hashed: Hashed) -> None:
    """Remember what was read; nothing happens where it is not worth its room."""
    if len(hashed.data) in WORTH_KNOWING_BYTES:
        _Known.hashed = hashed
