"""From a printed side to the picture that a scanner would send: ink, light, geometry, noise, JPEG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.corpus.damage import Scanner, skew_deg
from benchmarks.corpus.page import Grey, Mark, Page, PrintedBlock
from benchmarks.corpus.truth import BlockTruth, LineTruth
from models.geometry import Affine, Box

Colour = NDArray[np.uint8]
PAPER = 238
"""Level of white paper before the scanner's own white point."""
_LUMINANCE = np.array([[0.114], [0.587], [0.299]], np.float32)


@dataclass(frozen=True)
class Scan:
    """A scanned side. ``pixels``: BGR. ``placed``: map of the upright page's pixels into it."""

    pixels: Colour
    dpi: int
    angle_deg: float
    orientation_deg: int
    placed: Affine
    quality: int

    def blocks(self, printed: Sequence[PrintedBlock]) -> tuple[BlockTruth, ...]:
        """The page's blocks where they lie in this scan."""
        found = []
        for block in printed:
            lines = tuple(LineTruth(text=line.text, box=_tenths(self.placed.hull(line.box))) for line in block.lines)
            text = "\n".join(line.text for line in lines)
            box = _tenths(self.placed.hull(block.box))
            found.append(BlockTruth(kind=block.kind, printed=block.printed, text=text, box=box, lines=lines))
        return tuple(found)

    def jpeg(self) -> bytes:
        """Baseline colour JPEG with its resolution in the JFIF header."""
        out = io.BytesIO()
        image = Image.fromarray(cv2.cvtColor(self.pixels, cv2.COLOR_BGR2RGB))
        image.save(out, "JPEG", quality=self.quality, dpi=(self.dpi, self.dpi), subsampling="4:2:0")
        return out.getvalue()


def _tenths(box: Box) -> Box:
    return Box(*(round(value, 1) for value in box))


def scan_side(
    page: Page,
    back: Page | None,
    device: Scanner,
    rng: np.random.Generator,
    *,
    notes: Sequence[Mark] = (),
    orientation_deg: int = 0,
    bound: bool = False,
    angle_deg: float | None = None,
) -> Scan:
    """Scan a side. ``back``: what is printed behind it. ``notes``: paper stuck on it for this scan only.

    ``orientation_deg``: the clockwise turn that will make the scan upright. ``bound``: the sheet has
    punch holes and a staple. ``angle_deg``: the sheet's lean; None draws one that the scanner would give.
    """
    sheet = _paper(page, back, device, rng)
    for mark in (*page.marks, *notes):
        put(sheet, mark)
    if bound:
        _binding(sheet, page, device, rng)
    angle = skew_deg(rng, device) if angle_deg is None else angle_deg
    placed = _place(page, angle, rng)
    light = rng.uniform(1.0 - device.damage.shade, 1.0, (4, 3))
    bands = [_expose(sheet[:, :, band], band, placed, page.dpi, device, light) for band in range(3)]
    pixels = np.asarray(cv2.merge(bands), dtype=np.uint8)
    grain = rng.standard_normal(pixels.shape[:2], dtype=np.float32)
    pixels = _develop(pixels, grain, device)
    _dust(pixels, page, device, rng)
    if device.grey:
        grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
        pixels = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    turned, whole = _turn(pixels, placed, orientation_deg)
    return Scan(turned, page.dpi, round(angle, 3), orientation_deg, whole, device.quality)


def _paper(page: Page, back: Page | None, device: Scanner, rng: np.random.Generator) -> Colour:
    """The sheet under even light: paper, print, and the print behind it."""
    ink = np.asarray(page.image)
    height, width = ink.shape
    # Toner lies unevenly: some words print a little paler than others.
    toner = cv2.resize(
        rng.uniform(0.88, 1.0, (24, 17)).astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR
    )
    black = cv2.multiply(_fused(255 - ink, device, rng), toner, dtype=cv2.CV_8U)
    light = cv2.LUT(black, _ramp(PAPER, 18))
    if back is not None and device.damage.behind[1] > 0:
        share = float(rng.uniform(*device.damage.behind))
        light = cv2.subtract(light, _shine_through(back, (width, height), share))
    return np.asarray(cv2.merge([light, light, light]), dtype=np.uint8)


def _fused(black: Grey, device: Scanner, rng: np.random.Generator) -> Grey:
    """Toner as the fuser leaves it: strokes a little fatter, their edges ragged. 0 paper to 255 toner."""
    if device.damage.rough == 0:
        return black
    fat = cv2.convertScaleAbs(cv2.dilate(black, np.ones((3, 3), np.uint8)), alpha=device.spread)
    black = np.maximum(black, fat.astype(np.uint8))
    size = (black.shape[1], black.shape[0])
    grain = rng.standard_normal((size[1] * 2 // 3, size[0] * 2 // 3), dtype=np.float32) * device.damage.rough
    ragged = cv2.resize(grain.astype(np.int16), size, interpolation=cv2.INTER_LINEAR)
    # Only where there is some toner, so that paper stays clean.
    toner = (black > 8).astype(np.uint8)
    return np.asarray(cv2.add(black, ragged, dst=black.copy(), mask=toner, dtype=cv2.CV_8U), dtype=np.uint8)


def _shine_through(back: Page, size: tuple[int, int], share: float) -> Grey:
    """What the other side's ink takes from the light: mirrored, spread by the paper."""
    ink = 255 - np.asarray(back.image)
    across = (ink.shape[1] > ink.shape[0]) != (size[0] > size[1])
    if across:
        ink = np.asarray(cv2.rotate(ink, cv2.ROTATE_90_CLOCKWISE), dtype=np.uint8)
    small = cv2.resize(ink, (size[0] // 2, size[1] // 2), interpolation=cv2.INTER_AREA).astype(np.uint8)
    for mark in back.marks:
        if not across:
            tiny = cv2.resize(mark.alpha, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            _lay(small, tiny.astype(np.uint8), mark.left_px // 2, mark.top_px // 2)
    spread = cv2.GaussianBlur(cv2.flip(small, 1), (0, 0), max(0.8, back.px(0.12) / 2))
    return np.asarray(cv2.resize(cv2.convertScaleAbs(spread, alpha=share), size), dtype=np.uint8)


def _lay(canvas: Grey, ink: Grey, left: int, top: int) -> None:
    """Darken a region by a mark's ink, as far as it lies on the canvas."""
    height, width = ink.shape
    x, y = max(0, left), max(0, top)
    region = canvas[y : top + height, x : left + width]
    if region.size:
        part = ink[y - top : y - top + region.shape[0], x - left : x - left + region.shape[1]]
        np.maximum(region, part, out=region)


def _ramp(paper: int, ink: int) -> Grey:
    """Table from coverage (0–255) to light."""
    return np.round(np.linspace(paper, ink, 256)).astype(np.uint8)


def put(sheet: Colour | Grey, mark: Mark) -> None:
    """Lay a mark on the sheet: an opaque one covers, ink multiplies."""
    colour = np.array(mark.colour, np.float32)
    if sheet.ndim == 2:
        sheet, colour = sheet[:, :, None], colour @ _LUMINANCE
    height, width = mark.alpha.shape
    left, top = max(0, mark.left_px), max(0, mark.top_px)
    region = sheet[top : mark.top_px + height, left : mark.left_px + width]
    if not region.size:
        return
    y, x = top - mark.top_px, left - mark.left_px
    alpha = mark.alpha[y : y + region.shape[0], x : x + region.shape[1], None].astype(np.float32) / 255
    below = region.astype(np.float32)
    over = colour if mark.opaque else below * (colour / 255)
    region[:] = np.clip(below * (1 - alpha) + over * alpha, 0, 255).astype(np.uint8)


def _binding(sheet: Colour, page: Page, device: Scanner, rng: np.random.Generator) -> None:
    """Two punch holes at the left edge, 80 mm apart, or the shadow of a staple in the corner."""
    middle = page.size.height_mm / 2 + float(rng.uniform(-4, 4))
    if rng.random() < device.damage.holes_rate:
        dark = min(device.bed, 120)
        for y in (middle - 40, middle + 40):
            centre = (round(page.px(11.0)), round(page.px(y)))
            cv2.circle(sheet, centre, round(page.px(2.9)), (dark, dark, dark), -1, cv2.LINE_AA)
    if rng.random() < device.damage.staple_rate:
        x, y = page.px(float(rng.uniform(9, 15))), page.px(float(rng.uniform(8, 14)))
        reach = page.px(5.0)
        ends = (round(x), round(y)), (round(x + reach), round(y - reach * 0.8))
        cv2.line(sheet, *ends, (190, 190, 188), round(page.px(1.1)), cv2.LINE_AA)
        cv2.line(sheet, *ends, (96, 98, 100), max(1, round(page.px(0.4))), cv2.LINE_AA)


def _place(page: Page, angle: float, rng: np.random.Generator) -> Affine:
    """The sheet leans by the angle and lies up to 1.2 mm off."""
    centre = (page.image.width / 2, page.image.height / 2)
    shift = page.px(1.2)
    to = (centre[0] + float(rng.uniform(-shift, shift)), centre[1] + float(rng.uniform(-shift, shift)))
    return Affine.rotation(angle, centre, to)


def _expose(band: Grey, number: int, placed: Affine, dpi: int, device: Scanner, light: NDArray[np.float64]) -> Grey:
    """One colour: optics, fringe, uneven light (a few values over the page, 0–1), tint."""
    height, width = band.shape
    fringe = (number - 1) * device.damage.fringe_mm * dpi / 25.4
    matrix = np.array([[placed.a, placed.b, placed.c], [placed.d, placed.e, placed.f + fringe]], np.float64)
    seen = cv2.warpAffine(
        band, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(device.bed,)
    )
    sigma = device.blur_mm * dpi / 25.4
    seen = cv2.GaussianBlur(seen, (0, 0), sigma)
    lamp = np.clip(light * 255 * device.tint[number], 0, 255).astype(np.uint8)
    shade = cv2.resize(lamp, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.multiply(seen, shade, scale=1 / 255), dtype=np.uint8)


def _develop(pixels: Colour, grain: NDArray[np.float32], device: Scanner) -> Colour:
    """Sensor noise, then the scanner's curve: what is nearly white becomes white, toner stays black."""
    noise = np.round(grain * device.damage.noise_sd).astype(np.int16)
    noisy = cv2.add(pixels, cv2.merge([noise, noise, noise]), dtype=cv2.CV_8U)
    level = np.arange(256, dtype=np.float32)
    # Paper stands at PAPER less shade and tint; the white point lies a little below it.
    curve = device.ink + (level - 25) * (255 - device.ink) / (device.white - 10 - 25)
    return np.asarray(cv2.LUT(noisy, np.clip(np.round(curve), 0, 255).astype(np.uint8)), dtype=np.uint8)


def _dust(pixels: Colour, page: Page, device: Scanner, rng: np.random.Generator) -> None:
    """Specks anywhere, and now and then a faint coloured streak down the page."""
    height, width = pixels.shape[:2]
    for _ in range(int(rng.poisson(device.damage.dust))):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        dark = int(rng.integers(40, 200))
        cv2.circle(pixels, centre, int(rng.random() * page.px(0.16)), (dark, dark, dark), -1, cv2.LINE_AA)
    if device.streak_mm is not None:
        x = round(page.px(device.streak_mm))
        stripe = pixels[:, x : x + max(1, round(page.px(0.25)))]
        stripe[:] = (stripe * np.array([1.0, 0.985, 0.955])).astype(np.uint8)


def _turn(pixels: Colour, placed: Affine, orientation_deg: int) -> tuple[Colour, Affine]:
    """Turn the picture against its later uprighting; the map turns with it."""
    height, width = pixels.shape[:2]
    if orientation_deg == 90:
        return cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE).astype(np.uint8), placed.then(
            Affine(0, 1, 0, -1, 0, width)
        )
    if orientation_deg == 180:
        return cv2.rotate(pixels, cv2.ROTATE_180).astype(np.uint8), placed.then(Affine(-1, 0, width, 0, -1, height))
    if orientation_deg == 270:
        return cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE).astype(np.uint8), placed.then(Affine(0, -1, height, 1, 0, 0))
    return pixels, placed
