"""What counters send and should scan again: each defect of a scan, weak, clear and gross."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np
from PIL import Image

from benchmarks.corpus.scan import Colour

MM = 25.4
Strength = Literal["weak", "clear", "gross"]
STRENGTHS: tuple[Strength, ...] = ("weak", "clear", "gross")
SKIN: tuple[tuple[int, int, int], ...] = ((120, 150, 205), (90, 122, 178), (150, 178, 224), (62, 88, 138))


class Shot(NamedTuple):
    """A picture as it is sent. ``pixels``: BGR; ``data``: its bytes, where the defect is in them."""

    pixels: Colour
    dpi: int
    quality: int = 85
    data: bytes | None = None
    grey: bool = False

    def encoded(self) -> bytes:
        """JPEG."""
        if self.data is not None:
            return self.data
        out = io.BytesIO()
        colours = cv2.cvtColor(self.pixels, cv2.COLOR_BGR2RGB)
        image = Image.fromarray(colours)
        if self.grey:
            image = image.convert("L")
        image.save(out, "JPEG", quality=self.quality, dpi=(self.dpi, self.dpi), subsampling="4:2:0")
        return out.getvalue()


Change = Callable[[Shot, int, np.random.Generator], Shot]
"""``int``: 0 weak, 1 clear, 2 gross."""


@dataclass(frozen=True)
class Defect:
    """``codes``: any of them is right."""

    codes: tuple[str, ...]
    change: Change


def _px(shot: Shot, mm: float) -> int:
    return round(mm * shot.dpi / MM)


def _ink_box(pixels: Colour) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is printed, specks and dark edges left out."""
    rim = pixels.shape[1] // 40
    dark = (cv2.erode(pixels.min(2), np.ones((3, 3))) < 120)[rim:-rim, rim:-rim]
    rows, columns = np.flatnonzero(dark.sum(1) > 20), np.flatnonzero(dark.sum(0) > 20)
    return int(columns[0]) + rim, int(rows[0]) + rim, int(columns[-1]) + rim, int(rows[-1]) + rim


def cut_off(shot: Shot, strength: int, rng: np.random.Generator) -> Shot:
    """The sheet lay beside the glass: 3 to 25 mm of its print are not in the picture, which keeps its size."""
    left, top, right, _ = _ink_box(shot.pixels)
    height, width = shot.pixels.shape[:2]
    lost = _px(shot, (3, 8, 25)[strength])
    side = int(rng.integers(3))
    shift = ((-(left + lost), 0), (width - right + lost, 0), (0, -(top + lost)))[side]
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float64)
    there = cv2.warpAffine(shot.pixels, matrix, (width, height), borderValue=(250, 250, 250))
    return shot._replace(pixels=np.asarray(there, dtype=np.uint8))


def folded_corner(shot: Shot, strength: int, rng: np.random.Generator) -> Shot:
    """A corner folded over: beyond the fold the lid, before it the sheet's back."""
    legs = (15.0, 26.0, 45.0)[strength] * rng.uniform(0.8, 1.25, 2)
    a, b = (_px(shot, float(leg)) for leg in legs)
    pixels = shot.pixels.copy()
    height, width = pixels.shape[:2]
    lid = int(rng.choice([40, 110, 190, 245]))
    paper = [int(v) for v in np.median(pixels[::9, ::9], axis=(0, 1))]
    back = [max(0, v - 4) for v in paper]
    tip = 2 * a * b / (a * a + b * b)  # the corner, mirrored at the fold
    fold = np.array([[a, 0], [tip * b, tip * a], [0, b]], np.float64)
    outer = np.array([[0, 0], [a, 0], [0, b]], np.float64)
    corner = int(rng.integers(4))
    for points in (fold, outer):
        if corner % 2:
            points[:, 0] = width - 1 - points[:, 0]
        if corner >= 2:
            points[:, 1] = height - 1 - points[:, 1]
    cv2.fillPoly(pixels, [fold.astype(np.int32)], back, cv2.LINE_AA)
    cv2.fillPoly(pixels, [outer.astype(np.int32)], (lid, lid, lid), cv2.LINE_AA)
    shade: Colour = np.zeros((height, width), np.uint8)
    ends = [tuple(int(v) for v in fold[n]) for n in (0, 2, 1)]
    cv2.line(shade, ends[0], ends[1], 70, _px(shot, 0.7), cv2.LINE_AA)
    cv2.line(shade, ends[0], ends[2], 40, _px(shot, 0.5), cv2.LINE_AA)
    cv2.line(shade, ends[1], ends[2], 40, _px(shot, 0.5), cv2.LINE_AA)
    soft = cv2.GaussianBlur(shade, (0, 0), _px(shot, 0.5))
    return shot._replace(pixels=np.asarray(cv2.subtract(pixels, cv2.merge([soft] * 3)), dtype=np.uint8))


def fingers(shot: Shot, strength: int, rng: np.random.Generator) -> Shot:
    """One finger's tip to three fingers that hold the sheet, at an edge."""
    height, width = shot.pixels.shape[:2]
    turns = int(rng.integers(4))
    pixels = np.ascontiguousarray(np.rot90(shot.pixels, turns)).astype(np.float32)
    high, wide = pixels.shape[:2]
    skin = np.array(SKIN[int(rng.integers(len(SKIN)))], np.float32)
    at = float(rng.uniform(0.25, 0.6)) * wide
    for _ in range((1, 1, 3)[strength]):
        thick, deep = _px(shot, float(rng.uniform(14, 20))), _px(shot, (13.0, 24.0, 38.0)[strength])
        mask: Colour = np.zeros((high, wide), np.uint8)
        lean = float(rng.normal(0, 0.25))
        tip = (int(at + lean * deep), high - deep + thick // 2)
        cv2.line(mask, (int(at), high + thick), tip, 255, thick, cv2.LINE_AA)
        soft = cv2.GaussianBlur(mask, (0, 0), _px(shot, 0.6)).astype(np.float32)[:, :, None] / 255
        y, x = np.mgrid[:high, :wide]
        round_ = np.sqrt(np.clip(1 - ((x - at - lean * (high - y)) / (thick * 0.62)) ** 2, 0.05, 1))[:, :, None]
        nail = 1.0 + 0.08 * np.exp(-(((x - tip[0]) ** 2 + (y - tip[1]) ** 2) / (thick * 0.3) ** 2))[:, :, None]
        finger = skin * (0.55 + 0.45 * round_) * nail
        finger += rng.normal(0, 3, (high, wide, 1))
        pixels = pixels * (1 - soft) + finger * soft
        at += thick * 1.2
    back = np.rot90(np.clip(pixels, 0, 255).astype(np.uint8), -turns)
    assert back.shape[:2] == (height, width)
    return shot._replace(pixels=np.ascontiguousarray(back))


def fitted(shot: Shot, strength: int, rng: np.random.Generator) -> Shot:
    """Printed or saved "to fit": the sheet shrunk on a page of its own size, pure white around it."""
    height, width = shot.pixels.shape[:2]
    share = (0.95, 0.9, 0.8)[strength] - float(rng.uniform(0, 0.02))
    small = cv2.resize(shot.pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    tint = np.array([0.95, 0.965, 0.975], np.float32)
    small = np.clip(small * tint, 0, 246).astype(np.uint8)
    page = np.full_like(shot.pixels, 255)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    page[top : top + small.shape[0], left : left + small.shape[1]] = small
    return shot._replace(pixels=page)


def wrong_dpi(shot: Shot, strength: int, _: np.random.Generator) -> Shot:
    """A4 that claims to be A6, or A2, or A1: the resolution is not that of the scan."""
    return shot._replace(dpi=(shot.dpi * 2, shot.dpi // 2, shot.dpi // 2)[strength])


def upsampled(shot: Shot, strength: int, rng: np.random.Generator) -> Shot:
    """Scanned at 130, 110 or 90 dpi and blown up."""
    height, width = shot.pixels.shape[:2]
    share = (130, 110, 90)[strength] / shot.dpi
    small = cv2.resize(shot.pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    way = (cv2.INTER_CUBIC, cv2.INTER_LINEAR, cv2.INTER_LANCZOS4)[int(rng.integers(3))]
    return shot._replace(pixels=np.asarray(cv2.resize(small, (width, height), interpolation=way), dtype=np.uint8))


def blurred(shot: Shot, strength: int, _: np.random.Generator) -> Shot:
    """Out of focus."""
    sigma = (0.22, 0.32, 0.5)[strength] * shot.dpi / MM
    return shot._replace(pixels=np.asarray(cv2.GaussianBlur(shot.pixels, (0, 0), sigma), dtype=np.uint8))


def moved(shot: Shot, strength: int, rng: np.random.Generator) -> Shot:
    """The sheet slipped while it was scanned."""
    length = _px(shot, (0.8, 1.2, 2.0)[strength])
    kernel = np.zeros((length, length), np.float32)
    if rng.random() < 0.5:
        kernel[length // 2] = 1 / length
    else:
        kernel[:, length // 2] = 1 / length
    return shot._replace(pixels=np.asarray(cv2.filter2D(shot.pixels, -1, kernel), dtype=np.uint8))


def washed_out(shot: Shot, strength: int, _: np.random.Generator) -> Shot:
    """Much too bright: print is a pale grey."""
    keep = (0.3, 0.2, 0.12)[strength]
    return shot._replace(pixels=np.clip(255 - (255.0 - shot.pixels) * keep, 0, 255).astype(np.uint8))


def too_dark(shot: Shot, strength: int, _: np.random.Generator) -> Shot:
    """Much too dark: the paper is a dark grey."""
    return shot._replace(pixels=(shot.pixels * (0.4, 0.3, 0.2)[strength]).astype(np.uint8))


def coarse_jpeg(shot: Shot, strength: int, _: np.random.Generator) -> Shot:
    """Saved as small as it goes."""
    return shot._replace(quality=(25, 15, 8)[strength])


def broken_jpeg(shot: Shot, strength: int, rng: np.random.Generator) -> Shot:
    """Bytes in the middle of the file are lost, or wrong."""
    data = bytearray(shot.encoded())
    at = int(len(data) * (0.9, 0.7, 0.35)[strength])
    if rng.random() < 0.5:
        del data[at:-2]  # the rest never came; the end marker was put behind it
    else:
        for _ in range(6):
            where = at + int(rng.integers(2000))
            data[where] = int(rng.integers(0, 254))
        data[at + 2000 : at + 2400] = bytes(400)
    return shot._replace(data=bytes(data))


def coarse_dpi(shot: Shot, strength: int, _: np.random.Generator) -> Shot:
    """Scanned at 150, 120 or 100 dpi."""
    dpi = (150, 120, 100)[strength]
    share = dpi / shot.dpi
    small = cv2.resize(shot.pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return shot._replace(pixels=np.asarray(small, dtype=np.uint8), dpi=dpi)


def grey(shot: Shot, strength: int, _: np.random.Generator) -> Shot:
    """Scanned without colour, in one channel or in three."""
    level = cv2.cvtColor(shot.pixels, cv2.COLOR_BGR2GRAY)
    return shot._replace(pixels=np.asarray(cv2.merge([level] * 3), dtype=np.uint8), grey=strength > 0)


def cropped(shot: Shot, strength: int, _: np.random.Generator) -> Shot:
    """The foot of the sheet is missing: no known paper."""
    height = shot.pixels.shape[0]
    return shot._replace(pixels=np.ascontiguousarray(shot.pixels[: int(height * (0.9, 0.85, 0.8)[strength])]))


def leaning(shot: Shot, strength: int, rng: np.random.Generator) -> Shot:
    """The sheet leans by 7 to 14 degrees."""
    angle = (7.0, 10.0, 14.0)[strength] * float(rng.choice([-1, 1]))
    height, width = shot.pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    lid = int(rng.choice([250, 150, 60]))
    turned = cv2.warpAffine(shot.pixels, matrix, (width, height), borderValue=(lid, lid, lid))
    return shot._replace(pixels=np.asarray(turned, dtype=np.uint8))


def shone_through(shot: Shot, strength: int, _: np.random.Generator) -> Shot:
    """Thin paper: the print of the back is seen between the lines."""
    share = (0.22, 0.3, 0.4)[strength]
    behind = 255 - cv2.flip(shot.pixels, 1).min(2)
    behind = np.roll(cv2.GaussianBlur(behind, (0, 0), 0.2 * shot.dpi / MM), _px(shot, 3), 0)
    less = cv2.convertScaleAbs(behind, alpha=share)
    return shot._replace(pixels=np.asarray(cv2.subtract(shot.pixels, cv2.merge([less] * 3)), dtype=np.uint8))


DEFECTS: Mapping[str, Defect] = {
    "cut_off": Defect(("cut_off",), cut_off),
    "folded_corner": Defect(("folded_corner",), folded_corner),
    "fingers": Defect(("fingers",), fingers),
    "fitted": Defect(("wrong_scale",), fitted),
    "wrong_dpi": Defect(("wrong_scale",), wrong_dpi),
    "upsampled": Defect(("upsampled", "blurred"), upsampled),
    "blurred": Defect(("blurred",), blurred),
    "moved": Defect(("blurred",), moved),
    "washed_out": Defect(("washed_out",), washed_out),
    "too_dark": Defect(("too_dark",), too_dark),
    "coarse_jpeg": Defect(("coarse_jpeg",), coarse_jpeg),
    "broken_jpeg": Defect(("broken_jpeg", "doubtful_jpeg"), broken_jpeg),
    "coarse_dpi": Defect(("low_dpi",), coarse_dpi),
    "grey": Defect(("grey",), grey),
    "cropped": Defect(("odd_size",), cropped),
    "leaning": Defect(("skewed",), leaning),
    "shone_through": Defect(("show_through",), shone_through),
}
"""By name."""
