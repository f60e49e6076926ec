"""raster: decoded once, at the right scale, never turned; a broken file is the input's fault."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from models.errors import Rejected
from models.geometry import Box
from models.side import Side
from stages.raster import open_raster, warp
from stages.upright import upright
from tests.stages import rendered

TURNS = st.sampled_from([0, 90, 180, 270])


def side(width_px: int, height_px: int) -> Side:
    """A side of this size."""
    desk = rendered.PageDesk(np.zeros((8, 8, 3), np.uint8))
    return desk.side.model_copy(update={"width_px": width_px, "height_px": height_px, "number": 7})


@pytest.mark.parametrize("kind", ["jpg", "png"])
@pytest.mark.parametrize("size", [(40, 60), (41, 61), (1, 1), (17, 300)])
def test_scales(kind: str, size: tuple[int, int]) -> None:
    """The working copy is half, rounded either way; the full grey has every pixel of the scan."""
    height, width = size
    image = np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8)
    desk = rendered.PageDesk(image, kind="jpg" if kind == "jpg" else "png")
    assert desk.raster.full_grey().shape == (height, width)
    working = desk.raster.working()
    assert abs(working.shape[0] * 2 - height) <= 1
    assert abs(working.shape[1] * 2 - width) <= 1
    assert desk.raster.grey().shape == working.shape[:2]


def test_decoded_once_and_read_only() -> None:
    """Stages share the arrays, so none of them may write into one."""
    raster = rendered.PageDesk(rendered.pixels(rendered.prose(3))).raster
    assert raster.working() is raster.working()
    assert raster.grey() is raster.grey()
    assert raster.full_grey() is raster.full_grey()
    for pixels in (raster.working(), raster.grey(), raster.full_grey()):
        with pytest.raises(ValueError, match="read-only"):
            pixels[0, 0] = 0


def test_exif_orientation_is_left_to_upright() -> None:
    """The pixels come as scanned: turning them here as well would turn them twice."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 40), "white").save(out, "JPEG", exif=exif)
    raster = open_raster(side(60, 40), out.getvalue())
    assert raster.working().shape == (20, 30, 3)
    assert raster.full_grey().shape == (40, 60)


@pytest.mark.parametrize("kind", ["jpg", "png"])
@settings(deadline=None)
@given(share=st.floats(0.0, 0.99))
def test_a_file_cut_short_is_rejected(kind: str, share: float) -> None:
    """Wherever the transfer broke off, no half page goes on as if it were whole."""
    image = rendered.pixels(rendered.prose(4, 60))
    data = rendered.encoded(image, "jpg" if kind == "jpg" else "png")
    raster = open_raster(side(image.shape[1], image.shape[0]), data[: int(len(data) * share)])
    with pytest.raises(Rejected) as error:
        raster.working()
    assert error.value.code == "unreadable_image"
    assert error.value.findings[0].page == 7
    assert "mặt 7" in error.value.message


def test_a_size_that_the_header_did_not_promise_is_rejected() -> None:
    """Boxes and matrices are computed from the header's size."""
    data = rendered.encoded(np.zeros((40, 60, 3), np.uint8))
    with pytest.raises(Rejected):
        open_raster(side(61, 90), data).full_grey()


@given(st.integers(20, 90), st.integers(20, 90), TURNS, st.floats(-5, 5), st.booleans(), st.booleans(), st.data())
def test_upright_and_back(
    width: int, height: int, turn: int, skew: float, mirrored: bool, grow: bool, data: st.DataObject
) -> None:
    """A point that goes to the upright page and back is where it was; a grown page holds every corner."""
    page = upright(width, height, turn, skew, mirrored=mirrored, grow=grow)
    x, y = data.draw(st.floats(0, width)), data.draw(st.floats(0, height))
    back = page.affine.inverse().point(*page.affine.point(x, y))
    assert back == pytest.approx((x, y), abs=1e-6)
    if grow:
        hull = page.affine.hull(Box(0, 0, width, height))
        assert hull.left >= -1e-6
        assert hull.top >= -1e-6
        assert hull.right <= page.width_px + 1e-6
        assert hull.bottom <= page.height_px + 1e-6
    inside = page.to_scan(Box(-9, -9, page.width_px + 9, page.height_px + 9), width, height)
    assert inside == Box(0, 0, width, height)


@given(st.integers(4, 40), st.integers(4, 40), TURNS, st.booleans())
def test_quarter_turns_move_pixels_exactly(width: int, height: int, turn: int, mirrored: bool) -> None:
    """Without a lean the warp is NumPy's flip and turn, pixel by pixel."""
    image = np.random.default_rng(width * height).integers(0, 255, (height, width), dtype=np.uint8)
    page = upright(width, height, turn, mirrored=mirrored)
    flipped = image[:, ::-1] if mirrored else image
    assert np.array_equal(warp(image, page), np.rot90(flipped, -(turn // 90)))


def test_one_thread() -> None:
    """A slot has one core; OpenCV must not start threads of its own."""
    rendered.PageDesk(np.zeros((8, 8, 3), np.uint8)).raster.working()
    assert cv2.getNumThreads() == 1
