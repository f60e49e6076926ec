"""Rendered pages of Vietnamese text, turned, leant and damaged, and page stages run on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal, cast

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.facts import Fact, FactKey
from models.ports import Pixels, Raster
from models.side import Side
from models.stage import Inputs
from stages.raster import open_raster
from tests.stages import desk

FONT = "/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf"
PROSE = (
    "Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015; Luật sửa đổi, bổ sung một số điều "
    "của Luật Tổ chức Chính phủ và Luật Tổ chức chính quyền địa phương; Theo đề nghị của Giám đốc Sở Giao thông "
    "vận tải tại Tờ trình số 06; Công bố kèm theo Quyết định này danh mục thủ tục hành chính mới ban hành thuộc "
    "thẩm quyền giải quyết của Ủy ban nhân dân cấp huyện, cấp xã trên địa bàn tỉnh"
)
WORDS = PROSE.split()
LINES = ("QUYẾT ĐỊNH", "Về việc công bố danh mục", "thủ tục hành chính mới ban hành", "thuộc thẩm quyền giải quyết")
WHITE = (255, 255, 255)


def sheet(dpi: int = 150, colour: tuple[int, int, int] = WHITE, *, landscape: bool = False) -> Image.Image:
    """An empty A4 sheet."""
    size = (round(8.27 * dpi), round(11.69 * dpi))
    return Image.new("RGB", size[::-1] if landscape else size, colour)


def write(image: Image.Image, lines: Sequence[str], at_mm: tuple[float, float], dpi: int = 150, pt: float = 13) -> None:
    """Black lines of text from a point on."""
    font = ImageFont.truetype(FONT, round(pt * dpi / 72))
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        left, top = (round(mm * dpi / 25.4) for mm in at_mm)
        draw.text((left, top + round(number * 1.5 * pt * dpi / 72)), line, fill=(20, 20, 20), font=font)


def prose(lines: int = 24, dpi: int = 150, *, landscape: bool = False) -> Image.Image:
    """A page of text, ragged at the right."""
    image = sheet(dpi, landscape=landscape)
    step = 17 if landscape else 11
    texts = [" ".join((WORDS * 9)[n * step : (n + 1) * step]) for n in range(lines)]
    write(image, texts, (30, 25), dpi)
    return image


def table(dpi: int = 150) -> Image.Image:
    """A ruled landscape table with narrow columns."""
    image = sheet(dpi, landscape=True)
    draw = ImageDraw.Draw(image)
    edges = [20, 60, 110, 160, 210, 275]
    for left, right in pairwise(edges):
        for row in range(3):
            corners = [round(mm * dpi / 25.4) for mm in (left, 40 + 45 * row, right, 85 + 45 * row)]
            draw.rectangle(corners, outline="black", width=2)
            texts = [" ".join((WORDS * 3)[n * 4 + row : n * 4 + row + 4])[:18] for n in range(6)]
            write(image, texts, (left + 2, 42 + 45 * row), dpi, 11)
    return image


def pixels(image: Image.Image) -> Pixels:
    """BGR."""
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def grey(image: Image.Image) -> Pixels:
    return np.asarray(image.convert("L"))


def grey_of(picture: Pixels) -> Pixels:
    """Of pixels, grey or BGR."""
    return picture if picture.ndim == 2 else np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def leaning(image: Pixels, angle_deg: float) -> Pixels:
    """The page put on the glass so that its lines lean clockwise by this angle."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -angle_deg, 1)
    turned = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=WHITE)
    return np.asarray(turned, dtype=np.uint8)


def damaged(image: Pixels, seed: int) -> Pixels:
    """Noise, blur, shade and JPEG, as a worn scanner adds them."""
    width = image.shape[1]
    shade = np.linspace(0.85, 1.0, width).reshape((1, width) + (1,) * (image.ndim - 2))
    noise = np.random.default_rng(seed).normal(0, 9, image.shape)
    worn = np.clip(cv2.GaussianBlur(image, (0, 0), 0.7) * shade + noise, 0, 255).astype(np.uint8)
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", worn, [1, 65])[1], cv2.IMREAD_UNCHANGED), dtype=np.uint8)


def scanned(image: Pixels, turn_deg: int) -> Pixels:
    """The scan that has to be turned clockwise by ``turn_deg`` to show this picture."""
    return cast("Pixels", np.ascontiguousarray(np.rot90(image, turn_deg // 90)))


def encoded(image: Pixels, kind: Literal["jpg", "png"] = "jpg") -> bytes:
    return bytes(cv2.imencode(f".{kind}", image, [1, 90] if kind == "jpg" else [])[1])


class PageDesk:
    """One scanned side on the desk: its inputs with the facts so far, and blobs in memory.

    ``data``: the file of the picture, where it is not to be encoded here.
    """

    def __init__(
        self,
        image: Pixels,
        *,
        dpi: int = 150,
        kind: Literal["jpg", "png"] = "jpg",
        turn_deg: Literal[0, 90, 180, 270] = 0,
        mirrored: bool = False,
        data: bytes | None = None,
    ) -> None:
        self.blobs = desk.Blobs()
        data = encoded(image, kind) if data is None else data
        self.side = Side(
            number=1,
            sha256=self.blobs.put(data),
            media="image/jpeg" if kind == "jpg" else "image/png",
            width_px=image.shape[1],
            height_px=image.shape[0],
            channels=3 if image.ndim == 3 else 1,
            dpi=dpi,
            dpi_source="declared",
            turn_deg=turn_deg,
            mirrored=mirrored,
            source="scan001",
        )
        self.raster: Raster = open_raster(self.side, data)

    def inputs(self, *facts: Fact) -> Inputs:
        """The step's inputs: the batch's facts and these of the side."""
        known: Mapping[FactKey, Fact] = desk.unpacked(self.blobs, [self.side])
        known = dict(known) | {FactKey(fact.kind(), 1): fact for fact in facts}
        return Inputs(desk.document(self.blobs), 1, 1, known, lambda: self.raster)
