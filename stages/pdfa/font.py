"""The invisible font: one empty glyph that stands for every character of the hidden text."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import lru_cache

from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib.tables._g_l_y_f import Glyph

from stages.pdfa.writer import PdfWriter, Ref

NAME = b"SohoaInvisible"
UNITS_PER_EM = 1000
ADVANCE = 500
"""Width of every character; half its size, stretched to the word's width by ``Tz``."""
ASCENT, DESCENT = 800, -200
"""A line of text is as high as its font size: viewers select exactly the line's box."""
_MADE_S = 3_029_529_600
"""A fixed date in the font, seconds since 1904: 1 January 2000."""
_GLYPH = 1
_MAX_RUN = 100
"""Entries of one bfchar section (Adobe technical note 5411)."""


class _Numbered(dict[int, str]):
    """A table for ``str.translate`` that numbers each character when it first meets it."""

    def __missing__(self, char: int) -> str:
        self[char] = code = f"{len(self) + 1:04X}"
        return code


class Codes:
    """Two-byte codes of the characters that a document uses, in the order of their first use."""

    def __init__(self) -> None:
        self._hex = _Numbered({ord(" "): "0001"})

    def encode(self, text: str) -> str:
        """The codes of a text in hexadecimal."""
        return text.translate(self._hex)

    def items(self) -> Iterable[tuple[str, str]]:
        """Every character with its code, codes ascending from 0001."""
        return ((chr(char), code) for char, code in self._hex.items())

    def __len__(self) -> int:
        return len(self._hex)


def write_font(pdf: PdfWriter, codes: Codes, ref: Ref) -> None:
    """Write the font with everything that PDF/A-2b asks of it (ISO 19005-2, 6.2.11)."""
    program = font_program()
    file = pdf.flate(b"/Length1 %d" % len(program), program)
    descriptor = pdf.add(
        b"<< /Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [0 %d %d %d] /ItalicAngle 0 /Ascent %d "
        b"/Descent %d /CapHeight %d /StemV 80 /MissingWidth %d /FontFile2 %d 0 R >>"
        % (NAME, DESCENT, ADVANCE, ASCENT, ASCENT, DESCENT, ASCENT, ADVANCE, file)
    )
    glyph = _GLYPH.to_bytes(2)
    glyphs = pdf.flate(b"", b"\0\0" + glyph * len(codes))
    unicode = pdf.flate(b"", to_unicode(codes.items()))
    descendant = pdf.add(
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /FontDescriptor %d 0 R /DW %d /CIDToGIDMap %d 0 R "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>"
        % (NAME, descriptor, ADVANCE, glyphs)
    )
    pdf.add(
        b"<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] "
        b"/ToUnicode %d 0 R >>" % (NAME, descendant, unicode),
        ref,
    )


def to_unicode(codes: Iterable[tuple[str, str]]) -> bytes:
    """The CMap from codes to Unicode, so that text can be searched and copied. ``codes``: characters, and their code."""
    rows = [f"<{code}> <{char.encode('utf-16-be').hex().upper()}>" for char, code in codes]
    runs = [rows[at : at + _MAX_RUN] for at in range(0, len(rows), _MAX_RUN)]
    body = "\n".join(f"{len(run)} beginbfchar\n" + "\n".join(run) + "\nendbfchar" for run in runs)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        f"{body}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")


@lru_cache(maxsize=1)
def font_program() -> bytes:
    """The TrueType program: ``.notdef`` and one empty glyph. Always the same bytes."""
    builder = FontBuilder(UNITS_PER_EM, isTTF=True)
    builder.setupGlyphOrder([".notdef", "blank"])
    builder.setupCharacterMap({0x20: "blank"})
    builder.setupGlyf({".notdef": Glyph(), "blank": Glyph()})
    builder.setupHorizontalMetrics({".notdef": (ADVANCE, 0), "blank": (ADVANCE, 0)})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupNameTable({"familyName": NAME.decode(), "styleName": "Regular", "psName": NAME.decode()})
    builder.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT)
    builder.setupPost()
    builder.font["head"].created = builder.font["head"].modified = _MADE_S
    builder.font.recalcTimestamp = False
    out = io.BytesIO()
    builder.save(out)
    return out.getvalue()
