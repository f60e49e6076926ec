"""Pictures: cut off, flipped, lying about their size, bombs, and files that are no pictures."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Set

import numpy as np

from benchmarks.corpus.broken import sound
from benchmarks.corpus.broken.case import ARCHIVED, DAMAGE, HARMLESS_OR_NOT, WAITING, Case, one_file
from benchmarks.corpus.containers import bomb

_SOF = {0xC0: "baseline", 0xC2: "progressive"}


def cases(seed: int, flips: int) -> Iterator[Case]:
    """``flips``: damaged copies of each sound picture, different for each ``seed``."""
    yield from _cut_jpegs()
    yield from _flipped(seed, flips)
    yield from _lying_jpegs()
    yield from _pngs()
    yield from _tiffs()
    yield from _foreign()


def _cut_jpegs() -> Iterator[Case]:
    """Broken off at every marker: before, inside and after it."""
    for name, data in (
        ("colour", sound.jpeg()),
        ("grey", sound.jpeg("L", progressive=True)),
        ("restart", sound.jpeg(restart=8)),
    ):
        for number, at in enumerate(_markers(data)):
            for part, end in (("before", at), ("inside", at + 1), ("after", at + 2)):
                if end < len(data):
                    ends = {"empty_file"} if end == 0 else DAMAGE | ({ARCHIVED} if end >= len(data) - 2 else set())
                    yield one_file("jpeg_cut", f"cut-{name}-{number:02d}-{part}", "1.jpg", data[:end], ends)


def _markers(data: bytes) -> Iterator[int]:
    """Offsets of all markers, those inside of scans too."""
    for at in range(len(data) - 1):
        if data[at] == 0xFF and data[at + 1] not in (0x00, 0xFF) and (data[at + 1] >= 0xC0):
            yield at


def flipped(data: bytes, rng: np.random.Generator, most: int = 12) -> bytes:
    """One to ``most`` bits turned over, bytes struck out, or a stretch overwritten."""
    changed = bytearray(data)
    how = int(rng.integers(4))
    for _ in range(int(rng.integers(1, most + 1))):
        at = int(rng.integers(len(changed)))
        if how == 0:
            changed[at] ^= 1 << int(rng.integers(8))
        elif how == 1:
            changed[at] = int(rng.integers(256))
        elif how == 2:
            del changed[at : at + int(rng.integers(1, 64))]
        else:
            # Headers are a small part of a file and hold most of what can go wrong.
            changed[int(rng.integers(min(len(changed), 700)))] = int(rng.choice([0, 1, 0x7F, 0x80, 0xFF]))
    return bytes(changed)


def _flipped(seed: int, flips: int) -> Iterator[Case]:
    pictures = {
        "1.jpg": (sound.jpeg(), sound.jpeg("L", progressive=True), sound.saved("JPEG", "CMYK")),
        "1.png": (sound.saved("PNG"), sound.saved("PNG", "P")),
        "1.tif": (
            sound.saved("TIFF", "1", compression="group4"),
            sound.saved("TIFF", compression="tiff_lzw"),
            sound.saved("TIFF", compression="jpeg"),
            sound.saved("TIFF", "L", compression="tiff_adobe_deflate"),
        ),
    }
    for file, sources in pictures.items():
        for number, data in enumerate(sources):
            for copy in range(flips):
                rng = np.random.default_rng([seed, number, copy, len(data)])
                name = f"flip-{file[2:]}{number}-{copy:03d}"
                yield one_file("picture_flip", name, file, flipped(data, rng), HARMLESS_OR_NOT)


def _lying_jpegs() -> Iterator[Case]:
    """The frame header says what the scan does not hold."""
    data = sound.jpeg()
    at = data.index(b"\xff\xc0")
    size = {"taller": (1754, 620), "wider": (877, 1240), "flat": (0, 620), "thin": (877, 0), "huge": (65500, 65500)}
    size |= {"shorter": (100, 620), "narrower": (877, 64), "long": (65500, 620)}
    for name, (height, width) in size.items():
        lying = data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]
        yield one_file("jpeg_lies", f"sof-{name}", "1.jpg", lying, HARMLESS_OR_NOT)
    for name, offset, value in (("bits", 4, 12), ("components", 9, 4), ("none", 9, 0), ("sampling", 11, 0xF4)):
        lying = data[: at + offset] + bytes([value]) + data[at + offset + 1 :]
        yield one_file("jpeg_lies", f"sof-{name}", "1.jpg", lying, DAMAGE)
    for kind in (0xC1, 0xC3, 0xC5, 0xC9, 0xCB, 0xCF):
        lying = data[: at + 1] + bytes([kind]) + data[at + 2 :]
        yield one_file("jpeg_lies", f"sof-kind-{kind:02x}", "1.jpg", lying, HARMLESS_OR_NOT)
    grey = sound.jpeg("L", progressive=True)
    scan = grey.rindex(b"\xff\xda")
    again = grey[scan : scan + 12]
    many = grey[:-2] + again * 400_000 + b"\xff\xd9"
    yield one_file("jpeg_bomb", "scans", "1.jpg", many, DAMAGE)
    yield one_file("jpeg_bomb", "markers", "1.jpg", data[:2] + b"\xff\xfe\x00\x02" * 1_000_000 + data[2:], {ARCHIVED})
    yield one_file("jpeg_lies", "trailing", "1.jpg", data + bytes(100_000), {ARCHIVED})
    yield one_file("jpeg_lies", "twice", "1.jpg", data + data, {ARCHIVED})
    exif = (
        b"Exif\x00\x00" + b"MM\x00*\x00\x00\x00\x08\xff\xff" + b"\x01\x12\x00\x05\xff\xff\xff\xff\x00\x00\x00\x08" * 900
    )
    lying = data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]
    yield one_file("jpeg_lies", "exif", "1.jpg", lying, {ARCHIVED})


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(width: int, height: int, *chunks: tuple[bytes, bytes], depth: int = 8, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [_png_chunk(kind, body) for kind, body in ((b"IHDR", header), *chunks, (b"IEND", b""))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _pngs() -> Iterator[Case]:
    data = sound.saved("PNG")
    for number, share in enumerate((0.0005, 0.001, 0.01, 0.3, 0.6, 0.99, 0.9999)):
        yield one_file("png_cut", f"png-cut-{number}", "1.png", data[: int(len(data) * share)], DAMAGE | {"empty_file"})
    deflated = deflated_zeros(100_000_000)
    mega: dict[str, tuple[bytes, Set[str]]] = {
        "60k": (bomb(), {"too_many_pixels"}),
        "2g": (_png(2**31 - 1, 2**31 - 1, (b"IDAT", b"")), {"too_many_pixels"}),
        "zero": (_png(0, 877, (b"IDAT", b"")), {"damaged_image"}),
        "more-than-said": (_png(620, 877, (b"IDAT", deflated)), {"damaged_image"}),
        "text": (_png(620, 877, (b"zTXt", b"a\x00\x00" + deflated), (b"IDAT", b"")), DAMAGE),
        "icc": (_png(620, 877, (b"iCCP", b"a\x00\x00" + deflated), (b"IDAT", b"")), DAMAGE),
        "no-data": (_png(620, 877), DAMAGE),
        "no-palette": (_png(620, 877, (b"IDAT", deflated[:9000]), colour=3), DAMAGE),
        "depth": (_png(620, 877, (b"IDAT", b"x"), depth=7), DAMAGE),
        "chunks": (_png(620, 877, *(((b"tEXt", b"a\x00b"),) * 100_000), (b"IDAT", b"")), DAMAGE),
        "zeros": (_png(12_000, 12_000, (b"IDAT", deflated_zeros(12_000 * 12_001)), colour=0), {ARCHIVED}),
        "palette": (_png(12_000, 12_000, (b"PLTE", bytes(3)), (b"IDAT", deflated_zeros(12_000 * 1_501)), depth=1, colour=3), {ARCHIVED}),
    }  # fmt: skip
    for name, (made, ends) in mega.items():
        yield one_file(
            "png_bomb", f"png-{name}", "1.png", made, ends | ({WAITING} if name in ("zeros", "palette") else set())
        )


def deflated_zeros(size: int) -> bytes:
    """So many zero bytes in a two-hundredth of the space."""
    deflater = zlib.compressobj(1)
    piece = bytes(1_000_000)
    parts = [deflater.compress(piece[: min(len(piece), size - at)]) for at in range(0, size, len(piece))]
    return b"".join((*parts, deflater.flush()))


def tiff(
    pages: int, *, width: int = 32, height: int = 32, strip: bytes = b"\xff" * 128, loop: bool = False, **tags: int
) -> bytes:
    """A bilevel TIFF written by hand; ``tags`` by number as ``t273=…`` override what is right."""
    out = bytearray(b"II*\x00\x00\x00\x00\x00")
    where = 4
    at_strip = len(out)
    out += strip
    first = 0
    for _ in range(pages):
        at = len(out)
        first = first or at
        struct.pack_into("<I", out, where, at)
        entries = {256: width, 257: height, 258: 1, 259: 1, 262: 1, 273: at_strip, 277: 1, 278: height, 279: len(strip)}
        entries |= {int(key[1:]): value for key, value in tags.items()}
        out += struct.pack("<H", len(entries))
        for tag, value in sorted(entries.items()):
            out += struct.pack("<HHII", tag, 4, 1, value)
        where = len(out)
        out += bytes(4)
    if loop:
        struct.pack_into("<I", out, where, first)
    return bytes(out)


def _tiffs() -> Iterator[Case]:
    data = sound.saved("TIFF", compression="tiff_lzw")
    for number, share in enumerate((0.0001, 0.001, 0.01, 0.5, 0.99)):
        yield one_file("tiff_cut", f"tif-cut-{number}", "1.tif", data[: max(1, int(len(data) * share))], DAMAGE)
    zeros = deflated_zeros(50_000_000)
    made: dict[str, tuple[bytes, Set[str]]] = {
        "one": (tiff(1), {"page_too_small"}),
        "loop": (tiff(3, loop=True), {"extra_side"}),
        "10000-pages": (tiff(10_000), {"extra_side"}),
        "25000-pages": (tiff(25_000), {"too_many_pages"}),
        "60k": (tiff(1, width=60_000, height=60_000), {"too_many_pixels"}),
        "huge-strip": (tiff(1, width=12_000, height=12_000), DAMAGE),
        "strip-count": (tiff(1, t279=2**32 - 1), DAMAGE | {"page_too_small"}),
        "strip-outside": (tiff(1, t273=2**31), DAMAGE),
        "rows": (tiff(1, t278=2**32 - 1), DAMAGE | {"page_too_small"}),
        "no-size": (tiff(1, width=0), DAMAGE),
        "samples": (tiff(1, t277=65_535), DAMAGE),
        "bits": (tiff(1, t258=64), DAMAGE),
        "compression": (tiff(1, t259=34_712), DAMAGE),
        "deflate-bomb": (tiff(1, strip=zeros, t259=8), DAMAGE | {"page_too_small"}),
        "directory-outside": (b"II*\x00\xff\xff\xff\x7f", DAMAGE),
        "directory-itself": (b"II*\x00\x04\x00\x00\x00" + bytes(64), DAMAGE),
        "big": (b"II+\x00\x08\x00\x00\x00" + b"\xff" * 64, DAMAGE),
    }
    for name, (file, ends) in made.items():
        yield one_file("tiff_bomb", f"tif-{name}", "1.tif", file, ends)


def _foreign() -> Iterator[Case]:
    """Files of another kind under the name of a picture."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("../../etc/cron.d/x", "x")
    made = {
        "empty": b"",
        "one-byte": b"\xff",
        "text": "Ủy ban nhân dân".encode() * 100,
        "zip": archive.getvalue(),
        "gzip": gzip.compress(bytes(10_000_000), mtime=0),
        "gif": sound.saved("GIF", "P"),
        "webp": sound.saved("WEBP"),
        "bmp": sound.saved("BMP"),
        "heic": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(5000),
        "jp2": b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(5000),
        "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        "entities": b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><l>&b;</l>',
        "postscript": b"%!PS-Adobe-3.0\n(/etc/passwd) (r) file\n",
        "elf": b"\x7fELF" + bytes(4000),
        "docx": b"PK\x03\x04" + bytes(4000),
        "zeros": bytes(1_000_000),
        "noise": np.random.default_rng(5).bytes(200_000),
        "utf16": "không phải ảnh".encode("utf-16"),
    }
    for name, data in made.items():
        for suffix in ("jpg", "pdf", "tif"):
            code = "empty_file" if not data else "foreign_file"
            yield one_file("foreign", f"foreign-{name}-{suffix}", f"1.{suffix}", data, {code})
