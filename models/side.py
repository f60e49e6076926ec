"""One scanned side as unpack found it: where its bytes are, and what its header says."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field

from models.base import Model, Sha256


class Side(Model):
    """One scanned side. ``number`` counts all images of the batch from 1, in scanned order.

    ``sha256``: the encoded image's blob; the scanner's own bytes unless ``recoded``, in which case
    ``original_sha256`` is the received file's blob. ``turn_deg``: clockwise turn that the file itself
    declares (EXIF orientation, PDF matrix or ``/Rotate``). ``mirrored``: flipped left to right before
    that turn. ``dpi``: effective, both axes within 2 %; ``dpi_source`` says how it is known.
    ``note_of``: sequence number of the page that this is the extra with-note scan of.
    """

    number: Annotated[int, Field(ge=1)]
    sha256: Sha256
    media: Literal["image/jpeg", "image/png"]
    width_px: int
    height_px: int
    channels: Literal[1, 3]
    dpi: int
    dpi_source: Literal["declared", "pdf", "paper", "assumed"]
    turn_deg: Literal[0, 90, 180, 270] = 0
    mirrored: bool = False
    sequence: int | None = None
    source: str
    source_page: Annotated[int, Field(ge=1)] = 1
    note_of: int | None = None
    recoded: bool = False
    original_sha256: Sha256 | None = None


class SideIndex(Model):
    """All sides of a batch, in scanned order: the blob that ``Unpacked`` refers to."""

    sides: tuple[Side, ...]


@lru_cache(maxsize=4)
def read_index(blob: bytes) -> SideIndex:
    """The index out of its blob, kept: each step of a document reads the same one, however many sides it has."""
    return SideIndex.model_validate_json(blob)
