"""pytesseract, as most Python programs call it: image_to_data on a PIL image."""

from __future__ import annotations

import importlib
import io
import shutil
from typing import Any

from benchmarks.ocr.engines import Reader, Reading, Scan, Unavailable
from benchmarks.ocr.engines.command import blocks_of_tsv


class Wrapper:
    """``pytesseract.image_to_data``: the decoded image goes to the program as a PNG file."""

    def __init__(self, pytesseract: Any, image: Any, languages: str) -> None:
        self._pytesseract = pytesseract
        self._image = image
        self._languages = languages
        self.version = f"pytesseract {pytesseract.__version__}, tesseract {pytesseract.get_tesseract_version()}"

    def read(self, scan: Scan) -> Reading:
        image = self._image.open(io.BytesIO(scan.data))
        config = f"--psm 3 --dpi {scan.dpi}"
        return Reading(blocks_of_tsv(self._pytesseract.image_to_data(image, lang=self._languages, config=config)), {})


def open_reader(name: str, options: dict[str, Any]) -> Reader:
    try:
        # By name: it is no dependency of this project and need not be there to check the types.
        pytesseract, image = (importlib.import_module(module) for module in ("pytesseract", "PIL.Image"))
    except ImportError as error:
        raise Unavailable(f"{name}: {error.name} is not installed (see --tools)") from error
    if shutil.which("tesseract") is None:
        raise Unavailable(f"{name}: the program tesseract is not installed (Debian package tesseract-ocr)")
    return Wrapper(pytesseract, image, options["languages"])
