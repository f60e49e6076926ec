"""The line: which stages run together, in which pool, behind which gates."""

from __future__ import annotations

from models.flow import APPROVAL, CONFIRMATION, PERSONAL_SIGNATURE, Flow, Segment
from stages import (
    assemble,
    blank_side,
    both_sides,
    certify,
    count,
    decode,
    deskew,
    extract,
    fingerprint,
    note_seen,
    notes,
    put,
    quality,
    seal,
    sequence,
    unpack,
)
from stages.ocr import stage as ocr

FLOW = Flow(
    (
        Segment("arrive", "arrive", (unpack.STAGE, count.STAGE)),
        Segment(
            "page",
            "page",
            (
                decode.STAGE,
                deskew.STAGE,
                blank_side.STAGE,
                quality.STAGE,
                note_seen.STAGE,
                fingerprint.STAGE,
                ocr.STAGE,
            ),
        ),
        Segment("document", "document", (sequence.STAGE, notes.STAGE, both_sides.STAGE, assemble.STAGE)),
        Segment("extract", "document", (extract.STAGE,), gates=(PERSONAL_SIGNATURE,)),
        Segment("certify", "sign", (certify.STAGE,), gates=(CONFIRMATION, APPROVAL)),
        # Two messages: what is put must have been committed before, or a second try would seal other bytes.
        Segment("seal", "archive", (seal.STAGE,)),
        Segment("archive", "archive", (put.STAGE,)),
    )
)
