"""The ports: what stages and pipeline ask of the outside world. Adapters live in ``pipeline/adapters``.

Every port has one contract suite in ``tests/contracts`` that runs on each of its adapters.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from models.text import PageText

T = TypeVar("T")

Pixels = NDArray[np.uint8]
"""Grey ``(h, w)`` or colour ``(h, w, 3)`` in BGR order, 0 black to 255 white."""


class Clock(Protocol):
    """Time. Always UTC with a time zone."""

    def now(self) -> datetime: ...


class BlobStore(Protocol):
    """Blobs of one document, by content: write once, read any time, deleted with the document.

    ``document`` is the document's id; all revisions share a folder.
    """

    def put(self, document: str, data: bytes, only: str | None = None) -> str:
        """Store durably and return the SHA-256. Storing the same bytes again changes nothing.

        ``only``: the SHA-256 that was promised; where it is another, nothing is stored.
        """

    def get(self, document: str, sha256: str) -> bytes:
        """The bytes, hash checked. Raises ``Defect("blob_missing"|"blob_damaged")``."""

    def exists(self, document: str, sha256: str) -> bool: ...

    def remove(self, document: str, sha256: str) -> None:
        """Delete one blob (the loser of a commit race). Missing is not an error."""

    def remove_document(self, document: str) -> None:
        """Delete everything of a document. Missing is not an error."""

    def rest(self, document: str) -> None:
        """The document has ended: its blobs stay, but nobody reads them soon. Missing is not an error."""

    def documents(self) -> tuple[str, ...]:
        """Ids of all documents that have blobs."""

    def written_at(self, document: str) -> datetime | None:
        """When the last of a document's blobs was written or removed, UTC; None where it has none."""

    def used_bytes(self) -> int:
        """Bytes in use, for intake's watermarks."""

    def free_bytes(self) -> int:
        """Bytes that can still be written."""


class DocumentBlobs(Protocol):
    """A blob store that is bound to one document; this is what a stage sees."""

    def put(self, data: bytes) -> str:
        """Store durably and return the SHA-256."""

    def get(self, sha256: str) -> bytes:
        """The bytes, hash checked."""


class Archive(Protocol):
    """The write-once archive of finished copies."""

    def put(self, key: str, data: bytes) -> None:
        """Write if absent. The same bytes again is success.

        Raises ``Defect("archive_conflict")`` where other bytes stand under the key, and
        ``Retryable`` where the archive is away.
        """

    def get(self, key: str) -> bytes:
        """The bytes as archived. Raises ``Defect("archive_missing")``."""

    def locate(self, key: str) -> str:
        """Where an operator finds the object: a path or an ``s3://`` address."""


class UprightImage(Protocol):
    """One side as an engine sees it: upright, straight, and decoded only as far as the engine asks."""

    width_px: int
    height_px: int
    dpi: int

    def half(self) -> Pixels:
        """Colour (BGR) at half scale, an odd side rounded up or down; read-only."""

    def full_grey(self) -> Pixels:
        """Grey, ``(height_px, width_px)``; decoded when first asked for, read-only."""


class ModelCache(Protocol):
    """What is made once from an installed model (a converted network, the verdict on it), for every process."""

    def get(self, name: str) -> bytes | None:
        """What was put under the name, whole; None where nothing was.

        Raises ``OperatorError("ocr_cache_unreadable")``.
        """

    def put(self, name: str, data: bytes) -> None:
        """Keep it, in place of what was there. Two writers may put at once: one of them wins.

        Raises ``OperatorError("ocr_cache_unwritable")``.
        """


class Engine(Protocol):
    """An OCR engine, warm. One per slot child; not shared between threads."""

    name: str
    version: str
    """Engine, library and model versions: goes into the fact."""

    def read(self, image: UprightImage) -> PageText:
        """Read one side. Boxes are in full-scale pixels of ``image``.

        Raises ``Defect`` when the engine breaks, ``Defect("ocr_deadline")`` when it is not done within
        ``ocr.deadline_s``. An engine stuck in foreign code ends with its process: the slot's limits see to it.
        """


class SigningResult(Protocol):
    """What a signer made."""

    pdf: bytes


class Signer(Protocol):
    """Makes the agency's copy-certification signature (chữ ký số "sao y") on a PDF."""

    name: str
    is_test: bool
    """A test certificate: the stamp says that the copy has no legal value."""

    def sign(self, pdf: bytes, stamp: tuple[str, ...], signed_at: datetime) -> bytes:
        """Append a PAdES signature with a visible stamp (lines of text) at the top right of page 1.

        ``signed_at`` is printed and claimed in the signature. Raises ``Retryable`` where token,
        time-stamping or revocation service is away; ``OperatorError`` where PIN, key, certificate or font
        is not right, for which copies wait; ``Defect`` where this PDF cannot be signed.
        """

    def subject(self) -> str:
        """Distinguished name of the signing certificate."""

    def font(self) -> bytes:
        """The TrueType font of the stamp; also used for the line on copies that are not certified."""


class Raster(Protocol):
    """The decoded pixels of one scanned side, decoded at most once per step.

    Nothing here is rotated: pixels as scanned, EXIF orientation not applied.
    """

    width_px: int
    height_px: int
    dpi: int
    encoded: bytes
    """The JPEG or PNG itself."""

    def working(self) -> Pixels:
        """Colour (BGR) at half scale, from the codec's own scaling where it can; shared, read-only."""

    def grey(self) -> Pixels:
        """Grey at half scale, derived from :meth:`working`; shared, read-only."""

    def full_grey(self) -> Pixels:
        """Grey at full resolution; decoded when first asked for."""

    def once(self, make: Callable[[Self], T]) -> T:
        """What ``make`` gives for this side, worked out by the first stage that asks; shared, not to be changed."""
