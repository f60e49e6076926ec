"""Frames on the pipe between a slot and its child.

A frame is a header of 13 bytes (big-endian: kind u8, length u32, CRC-32 of the payload, CRC-32 of the
nine bytes before) and the payload. A frame that was torn is never complete; one that was garbled never
passes: the header has a checksum of its own, so that a wrong length is found at once and not waited for.
"""

from __future__ import annotations

import struct
import zlib
from enum import IntEnum
from typing import NamedTuple

from models.errors import Defect

MAX_PAYLOAD_BYTES = 16 * 1024 * 1024
"""Facts are small and blobs do not travel here; anything larger is a fault."""

_FIELDS = struct.Struct(">BII")
_CHECK = struct.Struct(">I")
HEADER_BYTES = _FIELDS.size + _CHECK.size


class Kind(IntEnum):
    """What a frame says. The slot sends CONFIG and TASK, the child everything else."""

    CONFIG = 1
    READY = 2
    TASK = 3
    BEGUN = 4
    """The child has the whole task and calls the handler next: before it, nothing of a task has run."""
    RESULT = 5
    ERROR = 6
    """Factory or handler raised; the payload says where, without the exception's message."""


class Frame(NamedTuple):
    """One whole, checked frame."""

    kind: Kind
    payload: bytes


def encode(kind: Kind, payload: bytes = b"") -> bytes:
    """The frame's bytes. Raises ``Defect("frame_too_large")``."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise Defect("frame_too_large", f"{len(payload)} bytes in one {kind.name} frame: data belongs in blobs")
    fields = _FIELDS.pack(kind, len(payload), zlib.crc32(payload))
    return fields + _CHECK.pack(zlib.crc32(fields)) + payload


class FrameReader:
    """Makes frames out of bytes that arrive in pieces of any size."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Add what has arrived."""
        self._buffer += data

    @property
    def pending(self) -> bool:
        """Whether bytes have arrived that are not a whole frame yet (after ``take`` gave None)."""
        return bool(self._buffer)

    def take(self) -> Frame | None:
        """The next whole frame, or None. Raises ``Defect("garbled_frame")``."""
        if len(self._buffer) < HEADER_BYTES:
            return None
        kind, length, payload_crc = _FIELDS.unpack_from(self._buffer)
        (header_crc,) = _CHECK.unpack_from(self._buffer, _FIELDS.size)
        if zlib.crc32(self._buffer[: _FIELDS.size]) != header_crc or length > MAX_PAYLOAD_BYTES:
            raise Defect("garbled_frame", "a frame of a slot child has a damaged header")
        end = HEADER_BYTES + length
        if len(self._buffer) < end:
            return None
        payload = bytes(self._buffer[HEADER_BYTES:end])
        if zlib.crc32(payload) != payload_crc or kind not in Kind.__members__.values():
            raise Defect("garbled_frame", "a frame of a slot child has a damaged payload")
        del self._buffer[:end]
        return Frame(Kind(kind), payload)
