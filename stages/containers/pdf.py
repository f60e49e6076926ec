"""PDF of scanned pages: each page's image taken out without loss, and nothing else accepted."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pikepdf

from models.errors import Rejected
from stages.containers import pdf_image, pdf_page
from stages.containers.pdf_limits import STRUCTURE_BYTES, decoded_within
from stages.containers.picture import Picture
from stages.containers.refusal import refused

MAGIC = b"%PDF-"
MAGIC_WITHIN = 1024
"""The header may follow this many bytes of something else (ISO 32000-1 annex H)."""
MAX_PAGES = 20_000

_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[")
_COVERS_MARKS = 0.95
"""Share of the page that an image must cover to hide the text that was drawn under it."""
_SMALLEST_SHARE = 0.05
"""Share of the page that a scan has at least (a citizen's card on A4 has 7 %); less is a logo."""


def pictures(data: bytes, max_pixels: int) -> Iterator[Picture | Rejected]:
    """One picture a page, in order; a page that cannot be taken is yielded as its error.

    An invisible text layer of the scanner is ignored. Raises ``Rejected``: ``encrypted_pdf``,
    ``signed_pdf``, ``damaged_pdf``, ``too_many_pages``, ``no_page_image``.
    """
    with _opened(data) as pdf:
        if pdf.is_encrypted:
            raise refused("encrypted_pdf")
        try:
            with decoded_within(STRUCTURE_BYTES):
                signed = _is_signed(pdf, data)
                count = len(pdf.pages)
        except _BROKEN as error:
            raise refused("damaged_pdf") from error
        if signed:
            raise refused("signed_pdf")
        if count > MAX_PAGES:
            raise refused("too_many_pages", f"{count} trang")
        if count == 0:
            raise refused("no_page_image")
        for number in range(1, count + 1):
            try:
                yield _page(pdf.pages[number - 1], max_pixels)
            except Rejected as error:
                yield Rejected(error.code, error.message, number)
            except _BROKEN:
                yield refused("damaged_pdf", page=number)


_BROKEN = (pikepdf.PikepdfError, RuntimeError, ValueError, TypeError, KeyError, IndexError, AttributeError, OSError)
"""What pikepdf raises on objects that are missing or of the wrong type, and Pillow for it."""


def _opened(data: bytes) -> pikepdf.Pdf:
    """Open without repair: a repaired file may have lost pages without a word."""
    try:
        with decoded_within(STRUCTURE_BYTES):
            return pikepdf.open(io.BytesIO(data), attempt_recovery=False, suppress_warnings=True)
    except pikepdf.PasswordError as error:
        raise refused("encrypted_pdf") from error
    except _BROKEN as error:
        raise refused("damaged_pdf") from error


def _is_signed(pdf: pikepdf.Pdf, data: bytes) -> bool:
    """Any signature, signature field or certification (DocMDP, usage rights), in any revision."""
    if "/Perms" in pdf.Root or _BYTE_RANGE.search(data) is not None:
        return True
    form = pdf.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary):
        return False
    return bool(int(form.get("/SigFlags", 0)) & 1) or _has_signature_field(form.get("/Fields"))


def _has_signature_field(fields: Any) -> bool:
    """At any depth; a field that is its own child is looked at once."""
    seen: set[tuple[int, int]] = set()
    lists = [fields]
    while lists:
        found = lists.pop()
        for field in found if isinstance(found, pikepdf.Array) else ():
            if not isinstance(field, pikepdf.Dictionary) or (field.is_indirect and field.objgen in seen):
                continue
            seen.add(field.objgen)
            if str(field.get("/FT")) == "/Sig":
                return True
            lists.append(field.get("/Kids"))
    return False


def _page(page: pikepdf.Page, max_pixels: int) -> Picture:
    """The one image that is the scan of this page."""
    shown = pdf_page.shown(page)
    if shown.over or (shown.under and not shown.images):
        raise refused("born_digital")
    if not shown.images:
        raise refused("no_page_image")
    share = pdf_page.covered(shown.images, pdf_page.page_box(page))
    if shown.under and share < _COVERS_MARKS:
        raise refused("born_digital")
    if share < _SMALLEST_SHARE:
        raise refused("no_page_image")
    return pdf_image.picture(shown.images, pdf_page.rotate_deg(page), pdf_page.user_unit(page), max_pixels)
