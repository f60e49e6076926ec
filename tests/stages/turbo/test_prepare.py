"""Page preparation: paper, colour and scale."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.geometry import Box
from models.ports import Pixels
from stages.ocr.turbo.prepare import CleanPage, prepare
from tests.stages import rendered
from tests.stages.turbo.pages import grey, halved

_SEAL, _PEN, _BLACK = (50, 50, 215), (190, 70, 40), (25, 25, 30)


def _clean(full: Pixels, dpi: int = 300) -> CleanPage:
    return prepare(halved(full), dpi, lambda: grey(full))


def _sheet() -> Pixels:
    """White A4 at 300 dpi with black print enough to be a page of black print."""
    return rendered.pixels(rendered.prose(24, 300))


def test_shade_becomes_white() -> None:
    """Paper that darkens towards one side is white everywhere afterwards, and print stays dark."""
    full = _sheet()
    shade = np.linspace(0.6, 1.0, full.shape[1])[None, :, None]
    clean = _clean((full * shade).astype(np.uint8)).grey
    left, right = clean[:, :60], clean[:, -60:]
    assert left.min() > 235
    assert right.min() > 235
    assert clean.min() < 80


def test_seal_goes_and_print_under_it_stays() -> None:
    """Red ink is lifted to the paper; a black stroke that it crosses is still black."""
    full = _sheet()
    cv2.circle(full, (1700, 2900), 200, _SEAL, 24)
    cv2.line(full, (1400, 2900), (2000, 2900), _BLACK, 12)
    clean = _clean(full).grey
    assert clean[1350, 850] > 215  # the top of the ring
    assert clean[1450, 750] < 100  # the stroke where it crosses the ring
    assert clean[1450, 850] < 100


def test_blue_pen_goes() -> None:
    """What a ballpoint wrote is not print."""
    full = _sheet()
    cv2.line(full, (500, 2950), (900, 3050), _PEN, 10)
    page = _clean(full)
    assert page.grey[1450:1550, 240:460].min() > 170
    assert page.pen is not None
    assert page.pen[1450:1550, 240:460].any()


def test_print_in_colour_stays() -> None:
    """A page that is wholly printed in red keeps its print."""
    full = _sheet()
    red = full.copy()
    red[grey(full) < 128] = _SEAL
    page = _clean(red)
    assert page.pen is None
    assert page.grey.min() < 150


def test_half_scale_where_the_scan_is_fine_enough() -> None:
    """300 dpi is worked on at half, 200 dpi keeps the full picture for the crops."""
    fine, coarse = _clean(_sheet(), 300), _clean(rendered.pixels(rendered.prose(24, 200)), 200)
    assert fine.scale == 2.0
    assert fine.fine is None
    assert coarse.fine is not None
    assert coarse.dpi == 150
    assert coarse.grey.shape[1] == round(coarse.fine.shape[1] * 150 / 200)


def test_crop_of_the_full_picture_is_cleaned_alike() -> None:
    """A crop at full scale is as light on paper, and as free of seals, as the working copy."""
    full = _sheet()
    cv2.circle(full, (1700, 2900), 200, _SEAL, 24)
    crop = _clean((full * 0.8).astype(np.uint8)).crop(Box(1400, 2600, 2000, 3200))
    assert crop.shape == (600, 600)
    assert crop[100, 300] > 200
    assert np.median(crop) > 245


def test_red_print_stays() -> None:
    """The red title of a certificate is print; a seal on the same page is not."""
    sheet = rendered.sheet(300)
    rendered.write(sheet, ["GIẤY CHỨNG NHẬN"], (60, 40), 300, 20)
    red = rendered.pixels(sheet)
    red[(red < 128).all(axis=2)] = _SEAL
    full = np.minimum(_sheet(), np.roll(red, -200, axis=0))
    cv2.circle(full, (1200, 2900), 200, _SEAL, 8)
    clean = _clean(full).grey
    assert clean[100:200, 300:1000].min() < 150
    assert clean[1300:1600, 450:750].min() > 200


@settings(max_examples=30, deadline=None)
@given(st.integers(100, 140), st.integers(100, 140), st.integers(0, 99))
def test_a_page_of_200_dpi_is_averaged(half_width: int, half_height: int, seed: int) -> None:
    """At 200 dpi the page is looked at on an average of four pixels to three, whatever its size leaves over."""
    noise = np.random.default_rng(seed).integers(0, 255, (half_height // 2, half_width // 2), dtype=np.uint8)
    full = cv2.resize(noise, (2 * half_width, 2 * half_height), interpolation=cv2.INTER_CUBIC)
    half = np.full((half_height, half_width, 3), 255, np.uint8)
    clean = prepare(half, 200, lambda: np.asarray(full, dtype=np.uint8))
    assert clean.grey.shape == (round(half_height * 1.5), round(half_width * 1.5))
    assert clean.fine is not None
    columns, rows = (side // 4 * 4 for side in clean.fine.shape[::-1])
    wanted = cv2.resize(clean.fine[:rows, :columns], (columns // 4 * 3, rows // 4 * 3), interpolation=cv2.INTER_AREA)
    found = clean.grey[: wanted.shape[0], : wanted.shape[1]]
    assert np.abs(found.astype(int) - wanted).max() <= 1
