"""decode: the image opens, and is what its header said."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import Rejected
from models.ports import Pixels
from stages import decode
from stages.raster import open_raster
from tests.stages import desk, rendered


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
