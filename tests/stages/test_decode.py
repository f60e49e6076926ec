"""decode: the image opens, and is what its header said."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from models.errors import Finding, Rejected
from models.ports import Pixels
from models.stage import Inputs
from stages import decode
from stages.raster import open_raster
from tests.stages import desk, rendered
from tests.stages.scans import encoded, jpeg_bytes, opened, paper


def decoded(image: Pixels) -> decode.Decoded:
    page = rendered.PageDesk(image, dpi=150)
    return decode.run(page.inputs(), desk.ports(page.blobs))


def test_measures() -> None:
    """Size and dpi are the scan's, before any turn."""
    fact = decoded(rendered.pixels(rendered.prose(5, landscape=True)))
    assert (fact.width_px, fact.height_px, fact.dpi, fact.channels) == (1754, 1240, 150, 3)


def test_grey_saved_as_colour_is_grey() -> None:
    """Three equal channels do not make a colour scan."""
    assert not decoded(rendered.damaged(rendered.grey(rendered.prose()), 1)).colour
    three = np.repeat(rendered.damaged(rendered.grey(rendered.prose()), 1)[:, :, None], 3, axis=2)
    assert not decoded(three).colour


def test_a_small_stroke_of_the_pen_is_colour() -> None:
    """A signature in blue is all the colour that most papers have."""
    image = rendered.pixels(rendered.prose())
    image[1400:1406, 700:900] = (160, 60, 30)
    assert decoded(image).colour


def test_tinted_paper_is_colour() -> None:
    """The pink of a certificate is colour even where it is empty."""
    assert decoded(rendered.pixels(rendered.sheet(colour=(250, 215, 220)))).colour


def test_a_broken_image_is_rejected() -> None:
    """decode is where a damaged scan stops the side."""
    page = rendered.PageDesk(rendered.pixels(rendered.prose(3)))
    data = page.blobs.get(page.side.sha256)[:-300]
    page.raster = open_raster(page.side, data)
    with pytest.raises(Rejected):
        decode.run(page.inputs(), desk.ports(page.blobs))


def unpacked_and_decoded(data: bytes) -> decode.Decoded:
    """A received file through unpack and decode. Raises what they raise."""
    sides, blobs = opened([("0007.jpg", data)])
    raster = open_raster(sides[0], data)
    inputs = Inputs(desk.document(blobs), 1, 1, desk.unpacked(blobs, sides), lambda: raster)
    return decode.run(inputs, desk.ports(blobs))


NOISE = np.random.default_rng(1).integers(0, 256, (468, 330, 3), dtype=np.uint8)


@pytest.mark.parametrize("image", [NOISE, NOISE[:, :, 0]], ids=["colour", "grey"])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_cut_jpeg_with_an_end_marker_is_still_cut(image: Pixels, subsampling: str, share: float) -> None:
    """Some transfers close the file properly; the missing lines then decode as grey."""
    data = encoded(Image.fromarray(image), "JPEG", quality=90, subsampling=subsampling)
    unpacked_and_decoded(data)
    with pytest.raises(Rejected) as error:
        unpacked_and_decoded(data[: int(len(data) * share)] + b"\xff\xd9")
    assert error.value.findings == (
        Finding("truncated", "Tệp 0007.jpg: ảnh bị cắt cụt, không đủ dữ liệu. Hãy quét lại và gửi lại.", 1),
    )


def test_a_grey_bottom_is_not_taken_for_a_cut() -> None:
    """A whole scan whose last lines really are middle grey is accepted."""
    image = paper(mode="L")
    image.paste(128, (0, 300, 330, 468))
    assert unpacked_and_decoded(encoded(image, "JPEG", quality=95)).channels == 1


def test_a_jpeg_without_its_tables_is_damaged() -> None:
    """The markers are all in order, but no decoder can open it: the file is named."""
    data = jpeg_bytes()
    tables = data.index(b"\xff\xdb")
    empty = b"\xff\xfe" + data[tables + 2 :]  # the quantisation tables become a comment
    with pytest.raises(Rejected, match=r"Tệp 0007\.jpg") as error:
        unpacked_and_decoded(data[:tables] + empty)
    assert error.value.code == "damaged_image"
