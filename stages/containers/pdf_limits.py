"""How much a stream of a PDF may hold once it is decoded: a kilobyte can become a gigabyte."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pikepdf import settings

STRUCTURE_BYTES = 64_000_000
"""Cross-reference and object streams; 20 000 pages take 5 MB."""
_MOST_SCANS = 100
"""Of a progressive JPEG; a scanner's has ten, and each is a pass over the whole picture."""


@contextmanager
def decoded_within(most_bytes: int) -> Iterator[None]:
    """Let qpdf raise where a stream inflates to more than so many bytes.

    The limits are the process's; a slot child does one thing at a time, and gets the old ones back.
    """
    before = settings.set_qpdf_limits(
        flate_max_memory=most_bytes,
        run_length_max_memory=most_bytes,
        png_max_memory=most_bytes,
        tiff_max_memory=most_bytes,
        dct_max_memory=most_bytes,
        dct_max_progressive_scans=_MOST_SCANS,
    )
    try:
        yield
    finally:
        settings.set_qpdf_limits(**before)  # type: ignore[arg-type]
