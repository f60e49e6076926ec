"""The installed trained data, opened once, and a small writer of trained data in Tesseract's format."""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from stages.ocr.turbo.selfcheck import FONTS

TESSDATA = Path("/usr/share/tesseract-ocr/5/tessdata")
VIE = TESSDATA / "vie.traineddata"


@cache
def vie_bytes() -> bytes:
    """The Vietnamese trained data."""
    return VIE.read_bytes()


def text(value: str) -> bytes:
    """A string with its length in front."""
    raw = value.encode()
    return struct.pack("<I", len(raw)) + raw


def layer(kind: str, inputs: int, outputs: int, body: bytes) -> bytes:
    """One layer's header and body."""
    return b"\0" + text(kind) + struct.pack("<bbiiii", 0, 0, 0, inputs, outputs, 0) + text("name") + body


def whole(matrix: NDArray[np.int8], scales: NDArray[np.float64]) -> bytes:
    """A matrix of whole numbers with one scale per row."""
    rows, columns = matrix.shape
    return (
        struct.pack("<B", 1 | 128)
        + struct.pack("<IIb", rows, columns, 0)
        + matrix.tobytes()
        + struct.pack("<I", len(scales))
        + scales.tobytes()
    )


def floats(matrix: NDArray[np.float64]) -> bytes:
    """A matrix of doubles."""
    return struct.pack("<B", 128) + struct.pack("<IId", *matrix.shape, 0.0) + matrix.tobytes()


def file(network: bytes, unichars: tuple[str, ...], codes: tuple[tuple[int, ...], ...], null: int) -> bytes:
    """A whole file: network, characters and the codes of each."""
    lstm = network + text("[spec]") + struct.pack("<iiii", 0, 0, 0, null)
    names = "\n".join([str(len(unichars)), *(f"{name} 0 Common 0" for name in unichars)]) + "\n"
    recoder = struct.pack("<I", len(codes))
    for code in codes:
        recoder += struct.pack("<bI", 1, len(code)) + struct.pack(f"<{len(code)}i", *code)
    parts = {17: lstm, 21: names.encode(), 22: recoder}
    starts, at = [], 4 + 8 * 24
    for index in range(24):
        starts.append(at if index in parts else -1)
        at += len(parts.get(index, b""))
    return struct.pack("<i", 24) + struct.pack("<24q", *starts) + b"".join(parts[index] for index in sorted(parts))


def rendered(line: str, size_px: int = 40, face: str = "LiberationSerif-Regular.ttf") -> NDArray[np.uint8]:
    """One line of black print on white paper."""
    font = ImageFont.truetype(str(FONTS / face), size_px)
    ascent, descent = font.getmetrics()
    page = Image.new("L", (round(font.getlength(line)) + 16, ascent + descent + 8), 255)
    ImageDraw.Draw(page).text((8, 4), line, fill=0, font=font)
    return np.asarray(page, dtype=np.uint8)
