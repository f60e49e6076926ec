"""The red round seal of an office, with its name around the ring, as it is pressed across a signature."""

from __future__ import annotations

import math

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.corpus.fonts import Fonts
from benchmarks.corpus.page import Grey, Mark, Page, PrintedLine
from models.geometry import Box

REDS: tuple[tuple[int, int, int], ...] = ((52, 40, 205), (70, 36, 196), (38, 52, 200), (96, 48, 214))
"""Blue, green, red of stamp inks, from orange to crimson."""
DIAMETER_MM = 36.0


def press(page: Page, ring: str, centre_mm: tuple[float, float], *, faint: float = 1.0) -> None:
    """Press a seal with ``ring`` (capitals) around it. ``faint``: share of full ink, 0–1."""
    rng = page.rng
    size = round(page.px(DIAMETER_MM * float(rng.uniform(0.97, 1.05))))
    face = _turn(_draw_face(size, ring, Fonts("sans")), float(rng.normal(0, 6)))
    alpha = _ink(face, rng, faint)
    left, top = round(page.px(centre_mm[0]) - size / 2), round(page.px(centre_mm[1]) - size / 2)
    page.marks.append(Mark(alpha, left, top, REDS[int(rng.integers(len(REDS)))]))
    box = Box(float(left), float(top), float(left + size), float(top + size))
    page.add("seal", [PrintedLine(ring, box)], printed=False)


def _draw_face(size: int, ring: str, fonts: Fonts) -> Image.Image:
    """The rubber face, white on black, ``size`` pixels square."""
    image = Image.new("L", (size, size), 0)
    draw = ImageDraw.Draw(image)
    centre, radius = size / 2, size / 2 - 1
    _circle(draw, centre, radius, max(2, size // 60))
    _circle(draw, centre, radius * 0.93, max(1, size // 150))
    _circle(draw, centre, radius * 0.60, max(1, size // 130))
    font = fonts.get("bold", radius * 0.21)
    # The name runs clockwise over the top; the gap at the bottom holds a star.
    span = math.radians(min(300.0, 11.5 * len(ring)))
    for number, letter in enumerate(ring):
        angle = -span / 2 + span * (number + 0.5) / len(ring)
        _letter(image, letter, font, centre, radius * 0.765, angle)
    _star(draw, (centre, centre + radius * 0.765), radius * 0.09)
    _star(draw, (centre, centre - radius * 0.18), radius * 0.2)
    for turn in np.linspace(0.25, 1.05, 7):
        for side in (-1, 1):
            x = centre + side * radius * 0.5 * math.sin(turn * 2)
            y = centre + radius * 0.5 * -math.cos(turn * 2)
            draw.ellipse((x - 2, y - radius * 0.07, x + 2 + radius * 0.03, y + radius * 0.07), fill=235)
    wheel = (centre - radius * 0.22, centre + radius * 0.12, centre + radius * 0.22, centre + radius * 0.5)
    draw.arc(wheel, 0, 360, fill=230, width=max(2, size // 70))
    return image


def _circle(draw: ImageDraw.ImageDraw, centre: float, radius: float, width: int) -> None:
    draw.ellipse((centre - radius, centre - radius, centre + radius, centre + radius), outline=255, width=width)


def _letter(
    image: Image.Image, letter: str, font: ImageFont.FreeTypeFont, centre: float, radius: float, angle: float
) -> None:
    """One letter on the ring, its foot towards the centre. ``angle``: clockwise from the top, radians."""
    side = int(radius * 0.6)
    tile = Image.new("L", (side, side), 0)
    ImageDraw.Draw(tile).text((side / 2, side / 2), letter, font=font, fill=255, anchor="mm")
    turned = tile.rotate(-math.degrees(angle), Image.Resampling.BICUBIC)
    x, y = centre + radius * math.sin(angle), centre - radius * math.cos(angle)
    image.paste(255, (round(x - side / 2), round(y - side / 2)), turned)


def _star(draw: ImageDraw.ImageDraw, centre: tuple[float, float], radius: float) -> None:
    points = []
    for number in range(10):
        reach = radius if number % 2 == 0 else radius * 0.4
        angle = math.pi * number / 5
        points.append((centre[0] + reach * math.sin(angle), centre[1] - reach * math.cos(angle)))
    draw.polygon(points, fill=255)


def _turn(image: Image.Image, angle_deg: float) -> Grey:
    return np.asarray(image.rotate(-angle_deg, Image.Resampling.BICUBIC), dtype=np.uint8)


def _ink(face: Grey, rng: np.random.Generator, faint: float) -> Grey:
    """Uneven pressure and dry spots: no seal prints whole."""
    height, width = face.shape
    pressure = cv2.resize(
        rng.uniform(0.55, 1.1, (5, 5)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    grain = cv2.GaussianBlur(rng.standard_normal((height, width)).astype(np.float32), (0, 0), 1.2)
    worn = np.clip(pressure - np.clip(grain * 1.3 - 0.25, 0, 1), 0, 1) * faint
    soft = cv2.GaussianBlur(face, (0, 0), max(0.5, width / 700))
    return np.asarray(soft.astype(np.float32) * worn * 0.92, dtype=np.uint8)
