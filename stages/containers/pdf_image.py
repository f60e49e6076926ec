"""The image of a PDF page: a JPEG's own bytes, anything else re-coded, strips joined."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Any

import pikepdf
from PIL import Image, ImageOps

from stages.containers import jpeg
from stages.containers.pdf_limits import decoded_within
from stages.containers.pdf_page import Matrix, Placed
from stages.containers.picture import Picture, Pose, Resolution, Turn, check_pixels, recode
from stages.containers.refusal import refused

POINTS_PER_INCH = 72.0
_TURNS: tuple[Turn, Turn, Turn, Turn] = (0, 90, 180, 270)
_SQUARE_DEG = 0.5
"""Columns of a matrix further than this from a right angle shear the page."""
_STRIP_GAP = 0.02
"""Strips of one page may be apart or overlap by this share of their height (rounded numbers)."""
_SAMPLE_BYTES = 8
"""Four channels of 16 bits: the most that a pixel takes."""
_SLACK_BYTES = 1_000_000
_DECODE_PLAIN = {1: (0.0, 1.0), 3: (0.0, 1.0) * 3, 4: (0.0, 1.0) * 4}
_DECODE_NEGATIVE = {1: (1.0, 0.0), 3: (1.0, 0.0) * 3}


def picture(images: list[Placed], rotate_deg: int, user_unit: float, max_pixels: int) -> Picture:
    """The picture of a page that shows these images and nothing else.

    dpi is pixels over the length of the matrix's column; the turn comes from matrix and ``/Rotate``.
    Raises ``Rejected``: ``layered_pdf``, ``several_images``, and what JPEGs and pixels raise.
    """
    if any(_masked(placed) for placed in images):
        raise refused("layered_pdf")
    for placed in images:
        check_pixels(*_size(placed), max_pixels)
    if len(images) == 1:
        found, matrix = _single(images[0], max_pixels), images[0].matrix
    else:
        found, matrix = _joined(images, max_pixels)
    a, b, c, d = (value * user_unit for value in matrix[:4])
    across, up = math.hypot(a, b), math.hypot(c, d)
    if across <= 0.0 or up <= 0.0:
        raise refused("damaged_pdf")
    lean_deg = math.degrees(math.acos(max(-1.0, min(1.0, (a * c + b * d) / (across * up)))))
    if abs(lean_deg - 90.0) > _SQUARE_DEG:
        raise refused("unsupported_image")
    resolution = Resolution(found.width_px * POINTS_PER_INCH / across, found.height_px * POINTS_PER_INCH / up)
    return replace(found, resolution=resolution, resolution_source="pdf", pose=pose_of(matrix, rotate_deg))


def pose_of(matrix: Matrix, rotate_deg: int) -> Pose:
    """How matrix and ``/Rotate`` show the pixels; a small lean is left for deskew to measure."""
    a, b, c, d = matrix[:4]
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    turn = round((-math.degrees(math.atan2(b, a)) + rotate_deg) / 90.0) % 4
    return Pose(_TURNS[turn], mirrored)


def _size(placed: Placed) -> tuple[int, int]:
    """Pixels that the dictionary declares, before anything is decoded."""
    image = placed.image if placed.inline else pikepdf.PdfImage(placed.image)
    return int(image.width), int(image.height)


def _masked(placed: Placed) -> bool:
    """Whether parts of the image are transparent, so that it is a layer and not a scan."""
    if placed.inline:
        return False
    image = placed.image
    return "/SMask" in image or "/Mask" in image or bool(image.get("/SMaskInData", 0))


def _single(placed: Placed, max_pixels: int) -> Picture:
    if not placed.inline:
        image = pikepdf.PdfImage(placed.image)
        if image.filters and image.filters[-1] == "/DCTDecode":
            return _jpeg(image, max_pixels)
    return recode(_decoded(placed))


def _jpeg(image: pikepdf.PdfImage, max_pixels: int) -> Picture:
    """The DCT stream itself, unless the PDF gives its samples another meaning than a JPEG file has."""
    found = jpeg.picture(_dct_bytes(image), max_pixels)
    colours = str(image.colorspace)
    if image.indexed or colours in ("/Separation", "/DeviceN", "/Lab"):
        raise refused("unsupported_image")
    decode = tuple(float(value) for value in image.obj.get("/Decode", ()))
    if found.recoded or not decode or decode == _DECODE_PLAIN[found.channels]:
        return found
    if decode != _DECODE_NEGATIVE[found.channels]:
        raise refused("unsupported_image")
    return recode(ImageOps.invert(_decoded(Placed(image.obj, (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)))))


def _dct_bytes(image: pikepdf.PdfImage) -> bytes:
    """The JPEG without the wrappings (Flate, ASCII85) that some writers put around it."""
    if len(image.filters) == 1:
        return image.obj.read_raw_bytes()
    with pikepdf.new() as pdf:
        wrapped = pdf.copy_foreign(image.obj)
        wrapped.Filter = pikepdf.Array([pikepdf.Name(str(name)) for name in image.filters[:-1]])
        wrapped.DecodeParms = pikepdf.Array(
            [
                parms if parms is not None else pikepdf.Dictionary()
                for parms in image.decode_parms[: len(image.filters) - 1]
            ]
        )
        with decoded_within(_most_bytes(image)):
            return wrapped.read_bytes(pikepdf.StreamDecodeLevel.specialized)


def _most_bytes(image: Any) -> int:
    """What the samples of an image can take; more is padding, or a bomb."""
    return int(image.width) * int(image.height) * _SAMPLE_BYTES + _SLACK_BYTES


def _decoded(placed: Placed) -> Image.Image:
    """All pixels, black as viewers show it. Raises ``Rejected``: ``unsupported_image``, ``damaged_image``."""
    with warnings.catch_warnings():
        # pikepdf warns of what it will not apply; a scan that needs that cannot be taken.
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            image: Any = placed.image if placed.inline else pikepdf.PdfImage(placed.image)
            with decoded_within(_most_bytes(image)):
                pixels: Image.Image = image.as_pil_image()
                pixels.load()
        except (pikepdf.UnsupportedImageTypeError, pikepdf.DependencyError, NotImplementedError, Warning) as error:
            raise refused("unsupported_image") from error
        except Image.DecompressionBombError as error:
            raise refused("too_many_pixels") from error
        except (pikepdf.PikepdfError, OSError, ValueError, SyntaxError, RuntimeError) as error:
            raise refused("truncated" if "truncated" in str(error) else "damaged_image") from error
    return pixels


def _joined(images: list[Placed], max_pixels: int) -> tuple[Picture, Matrix]:
    """Strips that some scanners cut a page into, as one picture; ``Rejected("several_images")`` otherwise."""
    strips = sorted(images, key=lambda placed: -placed.matrix[5])
    sizes = [_size(placed) for placed in strips]
    first = strips[0].matrix
    wide = sizes[0][0]
    for above, below, size in zip(strips, strips[1:], sizes[1:], strict=False):
        gap = above.matrix[5] - (below.matrix[5] + below.matrix[3])
        near = abs(gap) <= max(_STRIP_GAP * abs(below.matrix[3]), 1.0)
        aligned = abs(below.matrix[0] - first[0]) <= 1.0 and abs(below.matrix[4] - first[4]) <= 1.0
        if not (near and aligned and size[0] == wide):
            raise refused("several_images")
    if any(m[0] <= 0 or m[3] <= 0 or abs(m[1]) > 0.01 or abs(m[2]) > 0.01 for m in (s.matrix for s in strips)):
        raise refused("several_images")
    high = sum(size[1] for size in sizes)
    check_pixels(wide, high, max_pixels)
    page = Image.new("RGB", (wide, high), "white")
    top = 0
    grey = True
    for strip, size in zip(strips, sizes, strict=True):
        pixels = _decoded(strip)
        if pixels.size != size:
            raise refused("damaged_image")
        grey = grey and pixels.mode in ("1", "L")
        page.paste(pixels.convert("RGB"), (0, top))
        top += size[1]
    bottom = strips[-1].matrix[5]
    matrix = (first[0], 0.0, 0.0, first[5] + first[3] - bottom, first[4], bottom)
    return recode(page.convert("L") if grey else page), matrix
