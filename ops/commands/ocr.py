"""``sohoa ocr``: what stands on these images, in reading order."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from models.errors import OperatorError, Rejected
from models.ports import Engine
from models.settings import Settings
from models.text import Line, PageText
from ops.output import Output
from ops.pages import Page, entry_head, open_file, trouble
from pipeline.wiring import Adapters
from stages import blank_side, decode, deskew
from stages.ocr import stage as ocr

HELP = "read the text of images; never refuses for quality"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="JPEG, PNG, TIFF, or PDF of scans")
    parser.add_argument("--engine", metavar="NAME", help="OCR engine (default: the settings' ocr.engine)")


def run(args: argparse.Namespace, settings: Settings, out: Output) -> int:
    """Exit 0 if every image was read, else the exit code of the first error."""
    if args.engine:
        settings = settings.model_copy(update={"ocr": settings.ocr.model_copy(update={"engine": args.engine})})
    engine = Adapters(settings).engine
    entries: list[dict[str, object]] = []
    code = 0
    for path in args.images:
        try:
            for entry in read(path, settings, engine):
                entries.append(entry)
                out.say(f"{entry['path']} ({entry['seconds']} s)\n{entry['text']}\n")
        except (Rejected, OperatorError) as error:
            entries.append({"path": str(path), "engine": engine.name, "error": trouble(error)})
            out.warn(f"sohoa ocr: {path}: {error.message} [{error.code}]")
            code = code or error.exit_code
    out.document(entries)
    return code


def read(path: Path, settings: Settings, engine: Engine) -> Iterator[dict[str, object]]:
    """One entry for each side of a file. ``seconds``: decoding, page measures and reading."""
    for page in open_file(path, settings, lambda: engine):
        started = time.perf_counter()
        text = _text(page)
        yield entry_head(path, page) | {
            "engine": engine.name,
            "seconds": round(time.perf_counter() - started, 3),
            "text": text.text,
            "lines": [_line(line) for line in text.lines()],
        }


def _text(page: Page) -> PageText:
    """The stages of the line, but for quality, which could refuse."""
    page.run(decode.STAGE)
    page.run(deskew.STAGE)
    page.run(blank_side.STAGE)
    return PageText.model_validate_json(page.ports.blobs.get(page.run(ocr.STAGE).text))


def _line(line: Line) -> dict[str, object]:
    box = [round(line.box.left), round(line.box.top), round(line.box.right), round(line.box.bottom)]
    return {"text": line.text, "box": box, "confidence": round(line.confidence, 4)}
