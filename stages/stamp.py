"""The visible stamp of a copy: its words, its place at the top right of page 1, and its typeface.

Geometry in points (1/72 inch), PDF axes: origin bottom left, y upwards.
"""

from __future__ import annotations

import hashlib
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from io import BytesIO

from fontTools import subset as font_subset
from fontTools.ttLib import TTFont, TTLibError

from models.errors import Defect, Rejected
from stages.pdfa.font import to_unicode

VIETNAM = timezone(timedelta(hours=7))
"""Decree 30/2020 App I: the time is printed in the Vietnamese time zone; there is no summer time."""

TEST_LINE = "BẢN THỬ NGHIỆM, KHÔNG CÓ GIÁ TRỊ PHÁP LÝ"
CONVERSION_LINE = "Bản điện tử chuyển đổi từ văn bản giấy"

MM_PER_PT = 25.4 / 72
MARGIN_PT = 8.0
"""Distance to the page's edge: the practice of the Government Cipher Committee's tools."""
TYPE_PT = 10.0
"""Decree 30/2020 App I Part II: Times New Roman, upright, 10, black."""
SMALLEST_TYPE_PT = 1.0
NARROWEST_PT = 200.0
MOST_LINES = 3
"""Three lines of 10 pt and the margin stay inside the 20 mm top margin of a Decree 30 document."""
LEADING = 1.15

VOWELS = "aăâeêioôơuưy"
MARKS = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
_LETTERS = {unicodedata.normalize("NFC", vowel + mark) for vowel in VOWELS for mark in MARKS} | {"đ"}
COMMON = frozenset(map(chr, range(ord(" "), ord("~") + 1))) | _LETTERS | {c.upper() for c in _LETTERS}
"""ASCII and all Vietnamese letters: 5 KB more in a copy than the letters of one stamp."""

KEPT_TABLES = frozenset(("GlyphOrder", "glyf", "head", "hhea", "hmtx", "loca", "maxp"))
"""All that a CIDFontType2 font program needs (ISO 32000-1 table 126); hints are dropped."""


def sao_y(agency: str, at: datetime, *, is_test: bool) -> tuple[str, ...]:
    """``SAO Y; <agency>; <ISO 8601 time>`` and, with a test certificate, the line that says so."""
    line = f"SAO Y; {agency}; {vietnam_time(at)}"
    return (line, TEST_LINE) if is_test else (line,)


def conversion(agency: str, at: datetime) -> tuple[str, ...]:
    """The sign of a data message converted from paper (Decree 137/2024 Art 4): words, body, time."""
    return (f"{CONVERSION_LINE}; {agency}; {vietnam_time(at)}",)


def vietnam_time(at: datetime) -> str:
    """``2026-11-21T09:15:30+07:00``; ``at`` carries a time zone."""
    return at.astimezone(VIETNAM).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Typeface:
    """The part of a TrueType font that one stamp needs, ready for a PDF (Type 0, Identity-H).

    Lengths in 1/1000 of the type size. ``program``: the font file, deflated. ``cid_font``,
    ``descriptor`` and ``type0`` are PDF dictionaries without their references.
    """

    program: bytes
    program_size: int
    to_unicode: bytes
    type0: bytes
    cid_font: bytes
    descriptor: bytes
    glyphs: dict[str, tuple[int, float]]
    """Glyph number and width of each character."""
    ascent: float
    descent: float
    """Positive, below the base line."""

    def width(self, text: str) -> float:
        return sum(self.glyphs[c][1] for c in text)

    def encode(self, text: str) -> str:
        """Glyph numbers as the hexadecimal string of a ``Tj``."""
        return "".join(f"{self.glyphs[c][0]:04X}" for c in text)


@dataclass(frozen=True)
class Layout:
    """Where the stamp stands on the page, and its lines as broken."""

    left_pt: float
    bottom_pt: float
    width_pt: float
    height_pt: float
    type_pt: float
    lines: tuple[str, ...]
    face: Typeface

    @property
    def rect(self) -> tuple[float, float, float, float]:
        return self.left_pt, self.bottom_pt, self.left_pt + self.width_pt, self.bottom_pt + self.height_pt

    def operators(self) -> bytes:
        """Content stream that draws the lines in the box (origin: its lower left corner); font ``/F1``."""
        leading = _leading(self.face) * self.type_pt
        first = self.height_pt - self.face.ascent / 1000 * self.type_pt
        rows = [f"<{self.face.encode(line)}> Tj" for line in self.lines]
        body = " T* ".join(rows)
        return f"q 0 g BT /F1 {self.type_pt:g} Tf {leading:g} TL 0 {first:.3f} Td {body} ET Q".encode("ascii")


def layout(paragraphs: Sequence[str], page: tuple[float, float, float, float], font: bytes) -> Layout:
    """Break the paragraphs and place them at the top right of a page, ``MARGIN_PT`` inside it.

    ``page``: left, bottom, right, top of the visible page. The box is as narrow as ``MOST_LINES``
    lines allow; on paper too small for 10 pt the type shrinks. Raises ``Rejected("page_too_small")``.
    """
    texts = [" ".join(unicodedata.normalize("NFC", p).split()) for p in paragraphs]
    face = typeface(font, frozenset("".join(texts)))
    left, bottom, right, top = page
    room_w, room_h = right - left - 2 * MARGIN_PT, top - bottom - 2 * MARGIN_PT
    type_pt = TYPE_PT
    while type_pt >= SMALLEST_TYPE_PT:
        lines = _broken(texts, face, room_w / type_pt * 1000, NARROWEST_PT / type_pt * 1000)
        extent = (face.ascent + face.descent) / 1000 + (len(lines) - 1) * _leading(face)
        width, height = max(face.width(line) for line in lines) / 1000 * type_pt, extent * type_pt
        if width <= room_w and height <= room_h:
            return Layout(right - MARGIN_PT - width, top - MARGIN_PT - height, width, height, type_pt, lines, face)
        type_pt *= 0.9
    wide_mm, high_mm = ((right - left) * MM_PER_PT, (top - bottom) * MM_PER_PT)
    raise Rejected(
        "page_too_small",
        f"Trang 1 chỉ có {wide_mm:.0f} × {high_mm:.0f} mm, không đủ chỗ cho dấu sao y. Hãy quét lại cả trang giấy.",
    )


def _leading(face: Typeface) -> float:
    """Line distance in type sizes: stacked Vietnamese accents must not touch the line above."""
    return max(LEADING, (face.ascent + face.descent) / 1000)


def _broken(texts: Sequence[str], face: Typeface, widest: float, narrowest: float) -> tuple[str, ...]:
    """Lines at the narrowest width that needs at most ``MOST_LINES``, else at the widest."""
    width = min(narrowest, widest)
    while True:
        lines = tuple(line for text in texts for line in _wrapped(text, face, width))
        if len(lines) <= MOST_LINES or width >= widest:
            return lines
        width = min(width * 1.1, widest)


def _wrapped(text: str, face: Typeface, width: float) -> Iterator[str]:
    """Greedy lines no wider than ``width``; a word that is wider stands broken."""
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if face.width(longer) <= width:
            line = longer
            continue
        if line:
            yield line
        line = ""
        for c in word:
            if line and face.width(line + c) > width:
                yield line
                line = ""
            line += c
    if line:
        yield line


def typeface(font: bytes, characters: frozenset[str]) -> Typeface:
    """The part of a TrueType font with these characters, and all that stamps commonly need.

    Raises ``Defect("bad_font")`` where the file is no TrueType font or lacks a letter (many older
    fonts lack Vietnamese ones and would silently draw boxes).
    """
    face = _cut(font, characters - COMMON)
    missing = "".join(sorted(c for c in characters if c not in face.glyphs))
    if missing:
        raise Defect("bad_font", f"signer.font has no glyph for {missing!r}: use a font with all Vietnamese letters")
    return face


@lru_cache(maxsize=64)
def _cut(font: bytes, more: frozenset[str]) -> Typeface:
    """What the font has of ``COMMON`` and ``more``: the same for nearly all agencies, so cut once (20 ms)."""
    try:
        file = TTFont(BytesIO(font), lazy=True)
        known: dict[int, str] = file.getBestCmap()
        outlines = "glyf" in file
    except (TTLibError, KeyError, AttributeError) as error:
        raise Defect("bad_font", f"signer.font is not a readable TrueType font: {error}") from error
    if not outlines:
        raise Defect("bad_font", "signer.font must be a TrueType font (.ttf); this one has other outlines")
    wanted = sorted(c for c in COMMON | more if ord(c) in known)
    names = {c: known[ord(c)] for c in wanted}
    name = str(file["name"].getDebugName(6) or "Stamp")
    upem = int(file["head"].unitsPerEm)
    options = font_subset.Options(hinting=False, layout_features=[], name_IDs=[], notdef_outline=True)
    tables: list[str] = file.keys()
    options.drop_tables = [table for table in tables if table not in KEPT_TABLES]
    cutter = font_subset.Subsetter(options)
    cutter.populate(glyphs=list(names.values()))
    cutter.subset(file)
    out = BytesIO()
    file.save(out)
    return _described(file, out.getvalue(), names, name, upem)


def _described(file: TTFont, program: bytes, names: dict[str, str], name: str, upem: int) -> Typeface:
    """The subset with its PDF dictionaries. Widths are scaled to 1000 units: PDF/A demands that they match."""
    scale = 1000 / upem
    order, head, hhea = file.getGlyphOrder(), file["head"], file["hhea"]
    widths = [file["hmtx"][glyph][0] * scale for glyph in order]
    number = {glyph: gid for gid, glyph in enumerate(order)}
    tag = "".join(chr(ord("A") + b % 26) for b in hashlib.sha256(program).digest()[:6])
    base = f"{tag}+{name.replace(' ', '')}"
    ascent, descent = max(hhea.ascent, head.yMax) * scale, -min(hhea.descent, head.yMin) * scale
    box = " ".join(f"{v * scale:.0f}" for v in (head.xMin, head.yMin, head.xMax, head.yMax))
    descriptor = (
        f"<< /Type /FontDescriptor /FontName /{base} /Flags 4 /FontBBox [{box}] /ItalicAngle 0 "
        f"/Ascent {ascent:.0f} /Descent {-descent:.0f} /CapHeight {ascent:.0f} /StemV 80 >>"
    )
    cid_font = (
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{base} /CIDToGIDMap /Identity "
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
        f"/DW 1000 /W [0 [{' '.join(f'{w:.3f}' for w in widths)}]] >>"
    )
    type0 = f"<< /Type /Font /Subtype /Type0 /BaseFont /{base} /Encoding /Identity-H >>"
    characters = {number[glyph]: c for c, glyph in names.items()}
    return Typeface(
        program=zlib.compress(program, 9),
        program_size=len(program),
        to_unicode=to_unicode((c, f"{code:04X}") for code, c in sorted(characters.items())),
        type0=type0.encode("ascii"),
        cid_font=cid_font.encode("ascii"),
        descriptor=descriptor.encode("ascii"),
        glyphs={c: (number[glyph], widths[number[glyph]]) for c, glyph in names.items()},
        ascent=ascent,
        descent=descent,
    )
