"""One picture out of a container, and the lossless way to re-code one that cannot stay as it is."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageFile

from models.errors import Rejected
from stages.containers.refusal import refused
from stages.paper import ASSUMED_DPI, dpi_from_paper, paper_name, size_mm

Turn = Literal[0, 90, 180, 270]
DpiSource = Literal["declared", "pdf", "paper", "assumed"]

DPI_TOLERANCE = 0.02
"""Both axes, and a declared against a known resolution (design section 6)."""
PLAUSIBLE_DPI = (50.0, 2400.0)
PLACEHOLDER_DPI = (72, 96)
"""What software writes when it knows nothing: never believed against a known paper size."""


class Resolution(NamedTuple):
    """Dots per inch as the container states them, along the width and the height of the pixels."""

    x_dpi: float
    y_dpi: float


class Pose(NamedTuple):
    """How the container says the pixels are to be shown: flip left to right, then turn clockwise."""

    turn_deg: Turn = 0
    mirrored: bool = False


UPRIGHT = Pose()


@dataclass(frozen=True)
class Picture:
    """One side's picture. ``data``: the encoded image, the received bytes themselves where possible.

    ``recoded``: ``data`` was made by us, without loss, because the received encoding cannot go into
    a PDF/A as it is.
    """

    data: bytes
    media: Literal["image/jpeg", "image/png"]
    width_px: int
    height_px: int
    channels: Literal[1, 3]
    resolution: Resolution | None = None
    resolution_source: Literal["declared", "pdf"] = "declared"
    pose: Pose = UPRIGHT
    recoded: bool = False


_DAMAGED = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    Image.DecompressionBombError,
)
"""What parsers of damaged headers have been seen to raise."""

_POSES: dict[int, Pose] = {
    1: UPRIGHT,
    2: Pose(0, True),
    3: Pose(180),
    4: Pose(180, True),
    5: Pose(270, True),
    6: Pose(90),
    7: Pose(90, True),
    8: Pose(270),
}
"""EXIF orientation (tag 0x0112): where row 0 and column 0 of the pixels are on the page."""


def exif_pose(image: Image.Image) -> Pose:
    """The pose that EXIF declares; upright where there is none, or where it is damaged."""
    try:
        with pillow():
            orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Rejected:
        return UPRIGHT
    return _POSES.get(orientation, UPRIGHT) if isinstance(orientation, int) else UPRIGHT


def resolution_of(image: Image.Image) -> Resolution | None:
    """What Pillow found in JFIF, EXIF, pHYs or TIFF tags; None where it is missing or senseless."""
    found = image.info.get("dpi")
    if not isinstance(found, tuple) or len(found) != 2:
        return None
    try:
        resolution = Resolution(float(found[0]), float(found[1]))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    low, high = PLAUSIBLE_DPI
    return resolution if all(low <= dpi <= high for dpi in resolution) else None


def effective_dpi(picture: Picture, axes_tolerance: float = DPI_TOLERANCE) -> tuple[int, DpiSource]:
    """Dots per inch of the picture, and how they are known.

    What the container states wins unless it contradicts a known paper size; then the paper wins.
    Raises ``Rejected("uneven_dpi")`` when the two axes differ by more than ``axes_tolerance`` (a share).
    """
    known = dpi_from_paper(picture.width_px, picture.height_px)
    if picture.resolution is not None:
        x_dpi, y_dpi = picture.resolution
        if abs(x_dpi / y_dpi - 1.0) > axes_tolerance:
            raise refused("uneven_dpi", f"{x_dpi:.0f} × {y_dpi:.0f} dpi")
        stated = (x_dpi + y_dpi) / 2
        fits = paper_name(*size_mm(picture.width_px, picture.height_px, stated)) != "other"
        if known is None or abs(stated / known - 1.0) <= DPI_TOLERANCE:
            return round(stated), picture.resolution_source
        if fits and round(stated) not in PLACEHOLDER_DPI:
            return round(stated), picture.resolution_source
    return (known, "paper") if known is not None else (ASSUMED_DPI, "assumed")


def check_pixels(width_px: int, height_px: int, max_pixels: int) -> None:
    """Raises ``Rejected``: ``too_many_pixels`` before anything is decoded, or ``damaged_image``."""
    if width_px <= 0 or height_px <= 0:
        raise refused("damaged_image")
    if width_px * height_px > max_pixels:
        raise refused("too_many_pixels", f"{width_px} × {height_px} điểm ảnh")


@contextmanager
def pillow(code: str = "damaged_image") -> Iterator[None]:
    """Run Pillow on bytes that may be damaged; what it raises becomes ``Rejected``: ``truncated`` or ``code``.

    Its warnings (odd tags, its own pixel limit) are silenced: our limit was checked on the header.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except _DAMAGED as error:
            raise refused("truncated" if "truncated" in str(error) else code) from error


def load(image: ImageFile.ImageFile) -> None:
    """Decode every pixel. Raises ``Rejected``: ``truncated`` or ``damaged_image``."""
    with pillow():
        image.load()


def recode(image: Image.Image) -> Picture:
    """The same pixels as an 8-bit grey or RGB PNG; transparency lies on white, as on paper.

    Raises ``Rejected("unsupported_image")`` for samples that no scanner makes (floating point).
    """
    plain = _plain(image)
    out = io.BytesIO()
    plain.save(out, "PNG")
    return Picture(out.getvalue(), "image/png", plain.width, plain.height, 1 if plain.mode == "L" else 3, recoded=True)


def _plain(image: Image.Image) -> Image.Image:
    """Grey ``L`` or ``RGB``, without the metadata that ``save`` would carry over."""
    mode = image.mode
    if mode in ("L", "1"):
        plain = image.convert("L")
    elif mode.startswith("I"):
        # 16-bit samples: a scanner's eight high bits are what a viewer shows.
        samples = np.asarray(image).astype(np.int64) >> 8
        plain = Image.fromarray(np.clip(samples, 0, 255).astype(np.uint8))
    elif mode in ("LA", "PA", "La", "RGBA", "RGBa") or "transparency" in image.info:
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image.convert("RGBA"))
        plain = paper.convert("L" if mode in ("LA", "La") else "RGB")
    elif mode in ("RGB", "P", "CMYK", "YCbCr", "LAB", "HSV", "RGBX"):
        plain = image.convert("RGB")
    else:
        raise refused("unsupported_image")
    plain.info = {}
    return plain
