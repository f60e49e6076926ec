"""PDF files: cut off, flipped, going round in circles, bombs, locked, signed, and with things inside that act."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String

from benchmarks.corpus.broken import sound
from benchmarks.corpus.broken.case import ARCHIVED, HARMLESS_OR_NOT, WAITING, Case, one_file
from benchmarks.corpus.broken.pictures import deflated_zeros, flipped

_BROKEN = {"damaged_pdf", "no_page_image"}
_PICTURE = {"damaged_image", "truncated", "unsupported_image", "too_many_pixels", "damaged_pdf"}


def cases(seed: int, flips: int) -> Iterator[Case]:
    """``flips``: damaged copies of each sound file, different for each ``seed``."""
    for name, data in (("one", sound.pdf()), ("three", sound.pdf(3)), ("flate", _flate())):
        for copy in range(flips):
            rng = np.random.default_rng([seed, copy, len(data)])
            yield one_file("pdf_flip", f"flip-pdf-{name}-{copy:03d}", "1.pdf", _struck(data, rng), HARMLESS_OR_NOT)
    data = sound.pdf(3)
    for number in range(24):
        end = len(data) * number // 24
        yield one_file(
            "pdf_cut", f"pdf-cut-{number:02d}", "1.pdf", data[:end], {"damaged_pdf", "empty_file", "foreign_file"}
        )
    for name, (made, ends) in _hostile().items():
        yield one_file("pdf_hostile", f"pdf-{name}", "1.pdf", made, ends)
    for name, (made, ends) in _bombs().items():
        yield one_file("pdf_bomb", f"pdf-{name}", "1.pdf", made, ends)


def _struck(data: bytes, rng: np.random.Generator) -> bytes:
    """Damage outside of the picture, where a PDF is a PDF."""
    if rng.random() < 0.3:
        return flipped(data, rng)
    changed = bytearray(data)
    end = data.index(b"stream")
    tail = data.rindex(b"endstream")
    for _ in range(int(rng.integers(1, 6))):
        inside = rng.random() < 0.5
        at = int(rng.integers(end)) if inside else int(rng.integers(tail, len(data)))
        changed[at] = int(rng.integers(256))
    return bytes(changed)


def _flate() -> bytes:
    return _image(Filter=Name.FlateDecode, data=_packed())


def _packed() -> bytes:
    return zlib.compress(sound.page().tobytes())


def _image(data: bytes | None = None, **changes: object) -> bytes:
    """A page with this image."""
    pdf = pikepdf.new()
    sound.add_page(pdf, pdf.make_indirect(sound.image_stream(pdf, data, **changes)))
    return sound.pdf_bytes(pdf)


def _nothing(_: pikepdf.Pdf) -> None:
    """Sound as it is."""


def _with(change: Callable[[pikepdf.Pdf], object], **options: object) -> Callable[[], bytes]:
    """A sound PDF, changed."""

    def made() -> bytes:
        pdf = pikepdf.new()
        sound.add_page(pdf, pdf.make_indirect(sound.image_stream(pdf)))
        change(pdf)
        return sound.pdf_bytes(pdf, **options)

    return made


def _script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.launchURL('http://example.invalid')"))
    pdf.pages[0].obj.AA = Dictionary(O=Dictionary(S=Name.JavaScript, JS=String("while(true){}")))


def _launch(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.Launch, F=String("/bin/sh"))


def _embedded(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["x.exe"] = b"MZ" + bytes(1000)


def _external(pdf: pikepdf.Pdf) -> None:
    """The image's bytes are said to lie in another file of the machine."""
    image = pdf.pages[0].obj.Resources.XObject.Im0
    image.F = Dictionary(Type=Name.Filespec, F=String("/etc/passwd"))


def _fields(levels: int, kids: int) -> Callable[[pikepdf.Pdf], None]:
    """Form fields that are their own children."""

    def change(pdf: pikepdf.Pdf) -> None:
        field = pdf.make_indirect(Dictionary(T=String("a")))
        field.Kids = Array([field] * kids)
        for _ in range(levels):
            field = pdf.make_indirect(Dictionary(T=String("a"), Kids=Array([field] * kids)))
        pdf.Root.AcroForm = Dictionary(Fields=Array([field] * kids))

    return change


def _deep_signature(pdf: pikepdf.Pdf) -> None:
    """A signature field far below the form's first level."""
    field = pdf.make_indirect(Dictionary(FT=Name.Sig, T=String("s")))
    for _ in range(60):
        field = pdf.make_indirect(Dictionary(T=String("a"), Kids=Array([field])))
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]))


def _forms(levels: int, each: int) -> Callable[[pikepdf.Pdf], None]:
    """Forms that each draw the next one many times: a billion pictures out of a kilobyte."""

    def change(pdf: pikepdf.Pdf) -> None:
        drawn = pdf.pages[0].obj.Resources.XObject.Im0
        for _ in range(levels):
            form = Stream(pdf, b"/X Do " * each)
            form.update({"/Type": Name.XObject, "/Subtype": Name.Form, "/BBox": Array([0, 0, 595, 842])})
            form.Resources = Dictionary(XObject=Dictionary(X=drawn))
            drawn = pdf.make_indirect(form)
        pdf.pages[0].obj.Resources.XObject.Im0 = drawn

    return change


def _self_form(pdf: pikepdf.Pdf) -> None:
    form = pdf.make_indirect(Stream(pdf, b"/Im0 Do /Im0 Do"))
    form.update({"/Type": Name.XObject, "/Subtype": Name.Form, "/BBox": Array([0, 0, 595, 842])})
    form.Resources = Dictionary(XObject=Dictionary(Im0=form))
    pdf.pages[0].obj.Resources.XObject.Im0 = form


def _content(data: bytes, **entries: object) -> Callable[[pikepdf.Pdf], None]:
    def change(pdf: pikepdf.Pdf) -> None:
        stream = Stream(pdf, data)
        for key, value in entries.items():
            stream[f"/{key}"] = value
        pdf.pages[0].obj.Contents = stream

    return change


def _page(**entries: object) -> Callable[[pikepdf.Pdf], None]:
    def change(pdf: pikepdf.Pdf) -> None:
        for key, value in entries.items():
            pdf.pages[0].obj[f"/{key}"] = value

    return change


_ONE_PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"
_CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"


def _hostile() -> dict[str, tuple[Callable[[], bytes], set[str]]]:
    raw = sound.raw_pdf
    whole = sound.pdf()
    where = whole.rindex(b"startxref")
    found: dict[str, tuple[Callable[[], bytes], set[str]]] = {
        "pages-own-parent": (lambda: raw([_CATALOG, b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"]), _BROKEN),
        "pages-two-parents": (
            lambda: raw(
                [_CATALOG, b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>"]
                + [b"<< /Type /Pages /Kids [%d 0 R] /Count 1 /Parent 2 0 R >>" % other for other in (4, 3)]
            ),
            _BROKEN,
        ),
        "pages-none": (lambda: raw([_CATALOG, b"<< /Type /Pages /Kids [] /Count 0 >>"]), _BROKEN),
        "pages-count": (
            lambda: raw([_CATALOG, b"<< /Type /Pages /Kids [3 0 R] /Count 2000000000 >>", _ONE_PAGE]),
            _BROKEN,
        ),
        "pages-negative": (lambda: raw([_CATALOG, b"<< /Type /Pages /Kids [3 0 R] /Count -5 >>", _ONE_PAGE]), _BROKEN),
        "pages-no-array": (lambda: raw([_CATALOG, b"<< /Type /Pages /Kids 3 0 R /Count 1 >>", _ONE_PAGE]), _BROKEN),
        "pages-deep": (_deep_tree, _BROKEN | {WAITING}),
        "pages-same": (
            lambda: raw([_CATALOG, b"<< /Type /Pages /Kids [" + b"3 0 R " * 500 + b"] /Count 500 >>", _ONE_PAGE]),
            _BROKEN,
        ),
        "root-missing": (lambda: raw([_CATALOG], b"/Root 9 0 R"), _BROKEN),
        "root-number": (lambda: raw([b"17"]), _BROKEN),
        "root-page": (lambda: raw([_ONE_PAGE]), _BROKEN),
        "length-itself": (
            lambda: raw([_CATALOG, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                         b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
                         b"<< /Length 4 0 R >>\nstream\nq\nendstream"]),
            _BROKEN,
        ),
        "arrays-deep": (lambda: raw([_CATALOG, b"[" * 200_000 + b"]" * 200_000]), _BROKEN),
        "xref-loop": (lambda: re.sub(rb"/Root", b"/Prev %d /Root" % int(whole[where:].split()[1]), whole), _BROKEN),
        "xref-outside": (lambda: whole[:where] + b"startxref\n99999999999\n%%EOF", {"damaged_pdf"}),
        "xref-zero": (lambda: whole[:where] + b"startxref\n0\n%%EOF", {"damaged_pdf"}),
        "xref-size": (lambda: re.sub(rb"/Size \d+", b"/Size 999999999", whole), {"damaged_pdf", ARCHIVED}),
        "header-late": (lambda: b" " * 900 + whole, {"damaged_pdf", ARCHIVED}),
        "header-only": (lambda: b"%PDF-1.7\n", {"damaged_pdf"}),
        "no-eof": (lambda: whole[: whole.rindex(b"%%EOF")], {"damaged_pdf", ARCHIVED}),
        "locked": (
            _with(_nothing, encryption=pikepdf.Encryption(owner="o", user="u", R=6)),
            {"encrypted_pdf"},
        ),
        "locked-open": (
            _with(_nothing, encryption=pikepdf.Encryption(owner="o", user="", R=6)),
            {"encrypted_pdf"},
        ),
        "locked-nonsense": (
            lambda: raw([_CATALOG, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", _ONE_PAGE,
                         b"<< /Filter /Standard /V 99 /R 99 >>"], b"/Root 1 0 R /Encrypt 4 0 R /ID [<00> <00>]"),
            {"encrypted_pdf", "damaged_pdf"},
        ),
        "script": (_with(_script), {ARCHIVED}),
        "launch": (_with(_launch), {ARCHIVED}),
        "embedded-file": (_with(_embedded), {ARCHIVED}),
        "external-image": (_with(_external), {ARCHIVED, *_PICTURE}),
        "fields-round": (_with(_fields(0, 12)), {ARCHIVED}),
        "fields-wide": (_with(_fields(8, 30)), {ARCHIVED}),
        "signature-deep": (_with(_deep_signature), {"signed_pdf"}),
        "form-itself": (_with(_self_form), {"damaged_pdf"}),
        "forms-billion": (_with(_forms(11, 60)), {"damaged_pdf", "several_images"}),
        "no-media-box": (lambda: raw([_CATALOG, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                                      b"<< /Type /Page /Parent 2 0 R >>"]), _BROKEN),
        "media-box-zero": (_with(_page(MediaBox=Array([0, 0, 0, 0]))), _BROKEN),
        "media-box-huge": (_with(_page(MediaBox=Array([0, 0, 10**9, 10**9]))), _BROKEN),
        "rotate": (_with(_page(Rotate=10**15)), {ARCHIVED, "damaged_pdf"}),
        "rotate-name": (_with(_page(Rotate=Name.X)), {"damaged_pdf"}),
        "user-unit": (_with(_page(UserUnit=0)), {"damaged_pdf"}),
        "annotations": (_with(_page(Annots=Array([1, String("x"), Dictionary()]))), {"born_digital", "damaged_pdf"}),
        "content-nonsense": (_with(_content(b"\xff\x00(((((<<[[[ Do cm Tj q Q")), _BROKEN),
        "content-missing-image": (_with(_content(b"q 1 0 0 1 0 0 cm /No Do Q")), _BROKEN),
        "content-matrix": (_with(_content(b"q 1e39 0 0 1e39 1e39 0 cm /Im0 Do Q")), {*_BROKEN, *_PICTURE, "uneven_dpi"}),
        "content-flat": (_with(_content(b"q 595 0 0 0 0 0 cm /Im0 Do Q")), {*_BROKEN, *_PICTURE}),
        "content-many-images": (_with(_content(b"595 0 0 842 0 0 cm " + b"/Im0 Do " * 30_000)), {"several_images", "damaged_pdf", "too_many_pixels"}),
        "content-inline": (_with(_content(b"q 595 0 0 842 0 0 cm BI /W 99999 /H 99999 /BPC 8 /CS /G ID x EI Q")), {*_BROKEN, *_PICTURE}),
    }  # fmt: skip
    return found


def _deep_tree() -> bytes:
    """A page below 50 000 nodes."""
    depth = 50_000
    nodes = [b"<< /Type /Pages /Kids [%d 0 R] /Count 1 /Parent %d 0 R >>" % (n + 1, n - 1) for n in range(3, depth)]
    first = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    return sound.raw_pdf(
        [_CATALOG, first, *nodes, b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 9 9] >>" % (depth - 1)]
    )


def _bombs() -> dict[str, tuple[Callable[[], bytes], set[str]]]:
    flate = {"Filter": Name.FlateDecode}
    grey = {**flate, "ColorSpace": Name.DeviceGray}
    jbig2 = bytes.fromhex("00000000300001000000130000ea600000ea60") + bytes(40)
    jpx = bytes.fromhex("0000000c6a5020200d0a870a") + bytes(400)
    as_is = {"compress_streams": False, "stream_decode_level": pikepdf.StreamDecodeLevel.none}
    return {
        "10000-pages": (lambda: sound.pdf(10_000), {"extra_side"}),
        "25000-pages": (lambda: sound.pdf(25_000), {"too_many_pages"}),
        "image-60k": (lambda: _image(_gigabyte(), **flate, Width=60_000, Height=60_000), {"too_many_pixels"}),
        "image-size": (lambda: _image(_gigabyte(), **flate, Width=10**12, Height=10**12), {"too_many_pixels", "damaged_pdf"}),
        "image-negative": (lambda: _image(Width=-620, Height=-877), {"damaged_image", "damaged_pdf"}),
        "image-text-size": (lambda: _image(Width=String("620")), {"damaged_pdf", "damaged_image"}),
        "image-flate": (lambda: _image(_gigabyte(), **flate), _PICTURE),
        "image-flate-twice": (lambda: _image(zlib.compress(_gigabyte(), 1), Filter=Array([Name.FlateDecode] * 2)), _PICTURE),
        "image-filters": (lambda: _image(Filter=Array([Name.FlateDecode] * 5000)), _PICTURE),
        "image-ascii": (lambda: _image(b"z" * 50_000_000, Filter=Name.ASCII85Decode), _PICTURE | {ARCHIVED}),
        "image-run-length": (lambda: _image(b"\x81\x00" * 8_000_000, Filter=Name.RunLengthDecode), _PICTURE),
        "image-lzw": (lambda: _image(bytes(2_000_000), Filter=Name.LZWDecode), _PICTURE),
        "image-dct-in-flate": (lambda: _image(_gigabyte(), Filter=Array([Name.FlateDecode, Name.DCTDecode])), _PICTURE),
        "image-jbig2": (lambda: _image(jbig2, Filter=Name.JBIG2Decode, ColorSpace=Name.DeviceGray, BitsPerComponent=1), _PICTURE),
        "image-jpx": (lambda: _image(jpx, Filter=Name.JPXDecode), _PICTURE),
        "image-ccitt": (lambda: _image(bytes(100_000), Filter=Name.CCITTFaxDecode, ColorSpace=Name.DeviceGray, BitsPerComponent=1,
                                       DecodeParms=Dictionary(K=-1, Columns=620, Rows=877)), _PICTURE | {ARCHIVED}),
        "image-predictor": (lambda: _image(_packed(), **flate, DecodeParms=Dictionary(Predictor=15, Columns=2**30, Colors=32, BitsPerComponent=16)), _PICTURE),
        "image-bits": (lambda: _image(_packed(), **flate, BitsPerComponent=3), _PICTURE),
        "image-colours": (lambda: _image(_packed(), **flate, ColorSpace=Array([Name.Indexed, Name.DeviceRGB, 255, String("")])), _PICTURE | {ARCHIVED}),
        "image-colours-round": (_with(_round_colours), _PICTURE | {ARCHIVED}),
        "image-zeros": (lambda: _image(deflated_zeros(12_000 * 12_000), **grey, Width=12_000, Height=12_000), {ARCHIVED, WAITING, "uneven_dpi"}),
        "content-flate": (_with(_inflating(_gigabyte)), {"damaged_pdf", "born_digital", "no_page_image"}),
        "content-operators": (_with(_inflating(_operators)), {"damaged_pdf", "born_digital", "no_page_image"}),
        "content-flate-parts": (_with(_parts(zlib.compress(b"q Q " * 1_000_000), Filter=Name.FlateDecode), **as_is), {"damaged_pdf"}),
        "content-lzw": (_with(_content(lzw_bomb(), Filter=Name.LZWDecode), **as_is), {"damaged_pdf"}),
        "content-lzw-parts": (_with(_parts(lzw_bomb(1)[:4000], Filter=Name.LZWDecode), **as_is), {"damaged_pdf"}),
        "content-lzw-packed": (_with(_content(zlib.compress(lzw_bomb(1)[:4000] * 1000), Filter=Array([Name.FlateDecode, Name.LZWDecode])), **as_is), {"damaged_pdf"}),
        "objects-flate": (_object_stream, {"damaged_pdf", "no_page_image"}),
        "xref-stream": (_xref_stream, {"damaged_pdf"}),
    }  # fmt: skip


@lru_cache
def _gigabyte() -> bytes:
    return deflated_zeros(1_000_000_000)


def _operators() -> bytes:
    return zlib.compress(b"q Q " * 60_000_000, 1)


def _inflating(packed: Callable[[], bytes]) -> Callable[[pikepdf.Pdf], None]:
    def change(pdf: pikepdf.Pdf) -> None:
        _content(packed(), Filter=Name.FlateDecode)(pdf)

    return change


def lzw_bomb(cycles: int = 6) -> bytes:
    """Spaces, 7 MB a cycle of 6 kB: each code stands for one byte more than the one before (ISO 32000-1 7.4.4)."""
    clear, end, first, last = 256, 257, 258, 4093
    codes = [clear, *([ord(" "), *range(first, last + 1), clear] * cycles), end]
    bits, width = [], 9
    for code in codes:
        if code > end:
            width = (code + 1).bit_length()  # codes grow one early
        bits.append(f"{code:0{width}b}")
        width = 9 if code == clear else width
    packed = "".join(bits)
    return int(packed.ljust(-(-len(packed) // 8) * 8, "0"), 2).to_bytes(-(-len(packed) // 8))


def _parts(data: bytes, **entries: object) -> Callable[[pikepdf.Pdf], None]:
    """Many streams, each of which alone is no bomb."""

    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj.Contents = Array([pdf.make_stream(data, **entries)] * 100)

    return change


def _round_colours(pdf: pikepdf.Pdf) -> None:
    """A colour space that is its own base."""
    space = pdf.make_indirect(Array([Name.Indexed, Name.DeviceRGB, 255, String("")]))
    space[1] = space
    pdf.pages[0].obj.Resources.XObject.Im0.ColorSpace = space


def _object_stream() -> bytes:
    """An object stream of a gigabyte holds the page tree."""
    body = b"2 0 " + b" " * 1_000_000_000
    packed = zlib.compress(body[:4] + b" " * (len(body) - 4), 1)
    stream = b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (
        len(packed),
        packed,
    )
    out = b"%PDF-1.7\n1 0 obj\n" + _CATALOG + b"\nendobj\n"
    at = len(out)
    out += b"3 0 obj\n" + stream + b"\nendobj\n"
    table = len(out)
    rows = (b"\x00" + bytes(5), b"\x01" + (9).to_bytes(4) + b"\x00", b"\x02" + (3).to_bytes(4) + b"\x00")
    index = b"".join((*rows, b"\x01" + at.to_bytes(4) + b"\x00", b"\x01" + table.to_bytes(4) + b"\x00"))
    out += b"4 0 obj\n<< /Type /XRef /Size 5 /W [1 4 1] /Root 1 0 R /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (
        len(index),
        index,
    )
    return out + b"startxref\n%d\n%%%%EOF\n" % table


def _xref_stream() -> bytes:
    """A cross-reference stream that inflates to a gigabyte, for a billion objects."""
    packed = _gigabyte()
    head = b"<< /Type /XRef /Size 100000000 /W [1 8 1] /Root 1 0 R /Filter /FlateDecode /Length %d >>" % len(packed)
    start = b"%PDF-1.7\n"
    return start + b"4 0 obj\n%s\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (head, packed, len(start))
