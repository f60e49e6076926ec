"""The reduced picture that page stages measure on, made once a side. Pure."""

from __future__ import annotations

from typing import NamedTuple

from models.ports import Pixels, Raster
from stages import ink

SHORT_PX = 800
"""The reduced picture's shorter side is this long, to a third more: A4 at about 100 dpi."""


class Survey(NamedTuple):
    """One side at about 100 dpi, as scanned (never turned or flipped). Shared, not to be changed.

    ``small``: BGR. ``paper``: how light the paper is at each pixel, BGR. ``contrast``: by how much each pixel is
    darker than its paper, 0–255 for all of it (:func:`stages.ink.contrast`). ``dpi``: of these pictures.
    """

    small: Pixels
    paper: Pixels
    contrast: Pixels
    dpi: float


def survey(raster: Raster) -> Survey:
    """Ask for it as ``raster.once(survey)``."""
    return of(raster.working(), raster.dpi * raster.working().shape[1] / raster.width_px)


def of(image: Pixels, dpi: float) -> Survey:
    """The same for a picture at hand. ``dpi``: of this picture."""
    small = ink.reduced(image, SHORT_PX)
    under = ink.paper(small)
    return Survey(small, under, ink.contrast(small, under), dpi * small.shape[1] / image.shape[1])
