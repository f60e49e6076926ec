"""OCRmyPDF: an image becomes a searchable PDF. Its time counts until the PDF is there, not what reads it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.ocr.engines import Line, Reader, Reading, Scan, Unavailable

_PAGE_S = 300
_NOWHERE = (0.0, 0.0, 0.0, 0.0)


class OcrMyPdf:
    """``ocrmypdf --deskew --jobs 1``; the text comes from its sidecar file, the boxes stay in the PDF."""

    def __init__(self, program: str, languages: str) -> None:
        self._program = program
        self._languages = languages
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=60)
        self.version = f"ocrmypdf {told.stdout.strip()}"

    def read(self, scan: Scan) -> Reading:
        with tempfile.TemporaryDirectory() as folder:
            text, out = Path(folder) / "text.txt", Path(folder) / "out.pdf"
            arguments = ["-l", self._languages, "--deskew", "--jobs", "1", "--output-type", "pdf", "--quiet"]
            arguments += ["--image-dpi", str(scan.dpi), "--sidecar", str(text), str(scan.path), str(out)]
            subprocess.run([self._program, *arguments], capture_output=True, check=True, timeout=_PAGE_S)
            told = text.read_text(encoding="utf-8")
        lines: list[Line] = [[(line, _NOWHERE)] for line in told.replace("\f", "\n").splitlines() if line.strip()]
        return Reading([lines], {})


def open_reader(name: str, options: dict[str, Any]) -> Reader:
    for program in ("ocrmypdf", "tesseract"):
        if shutil.which(program) is None:
            raise Unavailable(f"{name}: the program {program} is not installed (see --tools)")
    try:
        return OcrMyPdf(str(shutil.which("ocrmypdf")), options["languages"])
    except subprocess.SubprocessError as error:
        raise Unavailable(f"{name}: ocrmypdf does not start: {error}") from error
