"""A lone ``I`` is told from ``1`` by its head, in the faces that offices print with."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from models.geometry import Box
from stages.ocr.turbo.line_image import LineImage
from stages.ocr.turbo.numeral import as_numeral
from stages.ocr.turbo.words import ReadLine, ReadWord

_FACES = ("LiberationSerif-Regular", "LiberationSerif-Bold", "LiberationSans-Regular", "LiberationSans-Bold")


def _line(letter: str, face: str, size_px: float, blur_px: float, angle_deg: float = 0.0) -> LineImage:
    font = ImageFont.truetype(f"/usr/share/fonts/truetype/liberation2/{face}.ttf", size_px)
    image = Image.new("L", (100, 100), 255)
    ImageDraw.Draw(image).text((40.3, 20.6), letter, fill=20, font=font)
    pixels = np.asarray(image.rotate(angle_deg, Image.Resampling.BICUBIC, fillcolor=255))
    pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), blur_px), dtype=np.uint8)
    return LineImage(pixels, Box(0, 0, 100, 100), 70.0, size_px / 2, 1.0)


def _read(text: str) -> ReadLine:
    return ReadLine(tuple(ReadWord(word, 40.0, 50.0, 0.8) for word in text.split()), 0.8)


@pytest.mark.parametrize("face", _FACES)
@pytest.mark.parametrize("size_px", [28, 37, 54])
@pytest.mark.parametrize("blur_px", [0.5, 1.3])
def test_the_numeral_is_told_from_the_digit(face: str, size_px: float, blur_px: float) -> None:
    assert as_numeral(_line("I", face, size_px, blur_px), _read("1")).text == "I"
    assert as_numeral(_line("1", face, size_px, blur_px), _read("1")).text == "1"


@pytest.mark.parametrize("face", ["LiberationSerif-Italic", "LiberationSans-Italic"])
def test_a_digit_that_leans_stays_one(face: str) -> None:
    for size_px in range(26, 60, 3):
        assert as_numeral(_line("1", face, size_px, 0.8), _read("1")).text == "1"


def test_only_lone_letters_are_looked_at() -> None:
    line = _line("I", _FACES[0], 37, 0.8)
    assert as_numeral(line, _read("1 1")).text == "1 1"
    assert as_numeral(line, _read("2")).text == "2"
    assert as_numeral(line, ReadLine((), 0.0)).text == ""
