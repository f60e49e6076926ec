"""The whole copy: one page a side, each a scan in its matrix with the hidden text over it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from models.geometry import Affine
from models.side import Side
from stages.page_text import Line, Text, Word
from stages.pdfa.font import Codes, write_font
from stages.pdfa.image import write_image
from stages.pdfa.layer import FONT, hidden_text
from stages.pdfa.metadata import LANGUAGE, About, write_info, write_metadata, write_output_intent
from stages.pdfa.writer import PdfWriter, number
from stages.upright import upright

POINTS_PER_INCH = 72.0
_IMAGE = b"/Im"


@dataclass(frozen=True)
class Page:
    """One side of the copy. ``data``: the side's blob. ``orientation_deg``: whole turn from scan to upright.

    ``skew_deg``: straightened away in the page's matrix; 0 leaves the page as it lies.
    """

    side: Side
    data: bytes
    text: Text
    orientation_deg: int
    skew_deg: float = 0.0


class Copy(NamedTuple):
    """``specimen``: a small file out of the same hands, for a judge of PDF/A.

    It has one page of every kind that the copy has, with every character that the copy uses. All
    other objects are the copy's own, and all other operators are like the specimen's: so what a judge
    says of the specimen holds for the copy, in a tenth of the time.
    """

    pdf: bytes
    specimen: bytes


def write_copy(pages: Iterable[Page], about: About) -> Copy:
    """The PDF/A-2b; equal input gives equal bytes. Pages are taken one at a time."""
    codes = Codes()
    kinds: dict[tuple[object, ...], Page] = {}

    def noted() -> Iterator[Page]:
        for page in pages:
            kinds.setdefault(_kind(page), page)
            yield page

    pdf = _write(noted(), about, codes)
    every = "".join(char for char, _ in codes.items())
    return Copy(pdf, _write([replace(page, text=_filled(page.text, every)) for page in kinds.values()], about, codes))


def _kind(page: Page) -> tuple[object, ...]:
    """All that the dictionaries of page and image depend on."""
    side = page.side
    return side.media, side.channels, side.width_px, side.height_px, side.dpi, page.orientation_deg % 180


def _filled(text: Text, characters: str) -> Text:
    """The page with one word of all these characters."""
    box = (0, 0, text.width_px, text.height_px)
    return text._replace(lines=[Line([Word(characters, box, 1.0)], box)])


def _write(pages: Iterable[Page], about: About, codes: Codes) -> bytes:
    pdf = PdfWriter()
    root, tree, font = pdf.reserve(), pdf.reserve(), pdf.reserve()
    kids = [_write_page(pdf, page, tree, font, codes) for page in pages]
    pdf.add(b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(b"%d 0 R" % kid for kid in kids)), tree)
    write_font(pdf, codes, font)
    metadata, intent = write_metadata(pdf, about), write_output_intent(pdf)
    pdf.add(
        b"<< /Type /Catalog /Version /1.7 /Pages %d 0 R /Metadata %d 0 R /OutputIntents [%d 0 R] /Lang (%s) >>"
        % (tree, metadata, intent, LANGUAGE.encode()),
        root,
    )
    info = write_info(pdf, about)
    sides = "".join(f" {kid}" for kid in kids)
    return pdf.finish(root, info, f"{about.identifier} {about.title} {about.created.isoformat()}{sides}".encode())


def _write_page(pdf: PdfWriter, page: Page, tree: int, font: int, codes: Codes) -> int:
    side = page.side
    points_per_px = POINTS_PER_INCH / side.dpi
    to_page, wide_px, high_px = upright(
        side.width_px, side.height_px, page.orientation_deg, page.skew_deg, mirrored=side.mirrored
    )
    image = write_image(pdf, side, page.data)
    matrix = b" ".join(number(v) for v in image_matrix(side, to_page, points_per_px, high_px))
    drawn = b"q\n%s cm\n%s Do\nQ\n" % (matrix, _IMAGE)
    text = hidden_text(page.text, to_page, points_per_px, high_px, codes, mirrored=side.mirrored)
    content = pdf.flate(b"", drawn + text, zlib.Z_BEST_SPEED)
    return pdf.add(
        b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %s %s] /Contents %d 0 R "
        b"/Resources << /XObject << %s %d 0 R >> /Font << %s %d 0 R >> >> >>"
        % (
            tree,
            number(wide_px * points_per_px),
            number(high_px * points_per_px),
            content,
            _IMAGE,
            image,
            FONT.encode(),
            font,
        )
    )


def image_matrix(side: Side, to_page: Affine, points_per_px: float, height_px: float) -> tuple[float, ...]:
    """``a b c d e f`` that puts the unit square (image, y upwards) where ``to_page`` puts its pixels.

    The unit square's (u, v) is the pixel (u·width, (1 − v)·height); the page's y axis points up.
    """
    wide, high, k = side.width_px, side.height_px, points_per_px
    return (
        to_page.a * wide * k,
        -to_page.d * wide * k,
        -to_page.b * high * k,
        to_page.e * high * k,
        (to_page.b * high + to_page.c) * k,
        (height_px - to_page.e * high - to_page.f) * k,
    )
