"""What is true about a generated batch: the file ``<batch>.truth.json`` that stands beside the batch folder."""

from __future__ import annotations

from typing import Literal

from models.base import Model
from models.geometry import Box

BlockKind = Literal[
    "nation", "body", "number", "place_date", "type", "excerpt", "addressee", "heading", "basis", "text", "label",
    "cell", "receivers", "signer", "page_number", "seal", "handwriting", "signature", "note",
]  # fmt: skip


class LineTruth(Model):
    """One line as printed (NFC); ``box`` in pixels of the scanned image, turned and skewed with it."""

    text: str
    box: Box


class BlockTruth(Model):
    """Lines that belong together. ``printed``: False for seals, handwriting and signatures.

    ``text``: the lines, apart by a line feed. A gap that handwriting fills is not in the printed text.
    """

    kind: BlockKind
    printed: bool = True
    text: str
    box: Box
    lines: tuple[LineTruth, ...] = ()


class SideTruth(Model):
    """One scanned image. ``number``: in scanned order from 1; ``page_in_file``: in a PDF or TIFF, from 1.

    Turn the scan clockwise by ``orientation_deg``, then by ``-angle_deg``, and it is straight.
    ``sheet``: the paper it is on, from 1. ``note_of``: number of the side of which this is the extra
    scan with the note on. ``blocks`` in reading order.
    """

    number: int
    file: str
    page_in_file: int = 1
    sheet: int
    face: Literal["front", "back"]
    kind: str
    blank: bool
    note_of: int | None = None
    dpi: int
    width_px: int
    height_px: int
    angle_deg: float
    orientation_deg: Literal[0, 90, 180, 270]
    printed_number: int | None = None
    blocks: tuple[BlockTruth, ...] = ()

    @property
    def text(self) -> str:
        """The printed text in reading order; blocks apart by an empty line."""
        return "\n\n".join(block.text for block in self.blocks if block.printed)


class Expected(Model):
    """How the line has to end. ``code``: of a rejection. ``certified``: SAO Y, or only converted.

    ``flags``: what has to be noticed without rejecting.
    """

    status: Literal["ARCHIVED", "REJECTED"]
    code: str | None = None
    certified: bool = False
    flags: tuple[str, ...] = ()


class DocumentTruth(Model):
    """One batch. ``document_id``: where there is no manifest, the id that intake makes of the content.

    ``fields``: under the names that extract uses; None where the paper does not say it. ``handwritten``:
    fields that are wholly or partly by hand. ``selected``: numbers of the sides that the copy holds,
    in order; empty for a rejection.
    """

    schema_version: Literal[1] = 1
    batch: str
    document_id: str
    kind: str
    fault: str | None = None
    seed: int
    level: str
    expected: Expected
    fields: dict[str, str | None]
    handwritten: tuple[str, ...] = ()
    selected: tuple[int, ...] = ()
    sides: tuple[SideTruth, ...]
