"""Engines of the product: the bytes go through the line's own decoder, and its deskew where the line has one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks.ocr.engines import Block, Reader, Reading, Scan, Unavailable
from models.errors import OperatorError
from models.ports import Engine
from models.settings import OcrSettings
from models.side import Side
from models.text import PageText
from pipeline.adapters.disk_models import DiskModels
from stages.deskew import Deskewed, pose
from stages.ocr import open_engine
from stages.ocr.sheet import Picture
from stages.ocr.stage import read
from stages.raster import open_raster

_MEDIA = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png"}
_REFERENCE = "tesseract"
CACHE = Path("build/ocr-cache")
"""Converted networks stay there from one run to the next."""


class Line:
    """Decode, deskew and red ink as the page steps do them, then the engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.version = f"{engine.name} {engine.version}"

    def read(self, scan: Scan) -> Reading:
        began = time.perf_counter()
        raster = open_raster(_side(scan), scan.data)
        grey = raster.grey()
        posed = Deskewed(**pose(grey, raster.dpi * grey.shape[1] / raster.width_px, 0)._asdict())
        ready = time.perf_counter()
        found = read(raster, posed, self._engine)
        notes = {"prepare_ms": (ready - began) * 1000, "read_ms": (time.perf_counter() - ready) * 1000}
        return Reading(_blocks(found), notes | _told(self._engine))


class Reference:
    """The engine alone on full-resolution grey from the line's decoder: no deskew, no care for red ink."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.version = f"{engine.name} {engine.version}"

    def read(self, scan: Scan) -> Reading:
        raster = open_raster(_side(scan), scan.data)
        # A picture of grey has no red to take out: what its half scale costs is 3 ms of a second.
        return Reading(_blocks(self._engine.read(Picture(raster.full_grey(), raster.dpi))), {})


def _side(scan: Scan) -> Side:
    """What unpack would say of the file."""
    import io

    from PIL import Image

    with Image.open(io.BytesIO(scan.data)) as image:
        width, height = image.size
        channels = 1 if image.mode == "L" else 3
    return Side(
        number=1,
        sha256="0" * 64,
        media=_MEDIA[scan.path.suffix.lower().lstrip(".")],
        width_px=width,
        height_px=height,
        channels=channels,
        dpi=scan.dpi,
        dpi_source="declared",
        source=scan.path.name,
    )


def _blocks(found: PageText) -> list[Block]:
    """What is printed: a truth does not say what a hand wrote."""
    return [
        [[(word.text, word.box) for word in line.printed] for line in block.lines if line.printed]
        for block in found.blocks
    ]


def _told(engine: Engine) -> dict[str, float]:
    """What the engine tells of its last page: ``lines`` read and ``second_lines`` read a second time."""
    told = getattr(engine, "last_page", None)
    return {key: float(value) for key, value in told.items()} if told else {}


def open_reader(name: str, options: dict[str, Any]) -> Reader:
    wanted = name.removesuffix("-line")
    settings = OcrSettings(engine=wanted, languages=options["languages"])
    if options.get("tessdata"):
        settings = settings.model_copy(update={"tessdata": Path(options["tessdata"])})
    try:
        engine = open_engine(settings, DiskModels(CACHE))
    except OperatorError as error:
        raise Unavailable(f"{name}: {error.message}") from error
    return Reference(engine) if name == _REFERENCE else Line(engine)
