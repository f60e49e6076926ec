"""A PDF file of plain numbered objects, written front to back; the same objects give the same bytes."""

from __future__ import annotations

import hashlib
import zlib
from typing import NewType

Ref = NewType("Ref", int)
"""Number of an object; written ``7 0 R``."""

_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
"""The second line says that the file is binary (ISO 19005-2, 6.1.2)."""


class PdfWriter:
    """Collects objects and joins them once; image bytes are held, not copied, until then."""

    def __init__(self) -> None:
        self._parts: list[bytes] = [_HEADER]
        self._length = len(_HEADER)
        self._offsets: dict[Ref, int] = {}
        self._last = 0

    def reserve(self) -> Ref:
        """A number for an object that is written later."""
        self._last += 1
        return Ref(self._last)

    def add(self, body: bytes, ref: Ref | None = None) -> Ref:
        """Write an object: a dictionary or array as PDF source."""
        ref = self.reserve() if ref is None else ref
        self._offsets[ref] = self._length
        self._write(b"%d 0 obj\n" % ref, body, b"\nendobj\n")
        return ref

    def stream(self, entries: bytes, data: bytes, ref: Ref | None = None) -> Ref:
        """Write a stream as it is. ``entries``: its dictionary without ``/Length`` and brackets."""
        ref = self.reserve() if ref is None else ref
        self._offsets[ref] = self._length
        head = b"%d 0 obj\n<< %s /Length %d >>\nstream\n" % (ref, entries, len(data))
        self._write(head, data, b"\nendstream\nendobj\n")
        return ref

    def flate(self, entries: bytes, data: bytes, level: int = zlib.Z_DEFAULT_COMPRESSION) -> Ref:
        """Write a stream that is deflated here."""
        return self.stream(b"%s /Filter /FlateDecode" % entries, zlib.compress(data, level))

    def finish(self, root: Ref, info: Ref, identity: bytes) -> bytes:
        """The whole file. ``identity``: what the file identifier is derived from."""
        start = self._length
        rows = b"".join(b"%010d 00000 n \n" % self._offsets[Ref(n)] for n in range(1, self._last + 1))
        size = self._last + 1
        key = hashlib.sha256(identity).hexdigest()[:32].upper().encode()
        self._parts += [
            b"xref\n0 %d\n0000000000 65535 f \n" % size,
            rows,
            b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R /ID [<%s> <%s>] >>\n" % (size, root, info, key, key),
            b"startxref\n%d\n%%%%EOF\n" % start,
        ]
        return b"".join(self._parts)

    def _write(self, *parts: bytes) -> None:
        self._parts.extend(parts)
        self._length += sum(len(part) for part in parts)


def number(value: float) -> bytes:
    """A PDF real with four decimals, without what says nothing."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return b"0" if text in ("-0", "") else text.encode()


def text_string(text: str) -> bytes:
    """A PDF text string (UTF-16BE, in hexadecimal, so that nothing has to be escaped)."""
    return b"<FEFF" + text.encode("utf-16-be").hex().upper().encode() + b">"
