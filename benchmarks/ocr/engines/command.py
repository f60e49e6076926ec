"""Tesseract's own command line: one process a page, words with boxes as TSV."""

from __future__ import annotations

import csv
import shutil
import subprocess
from typing import Any

from benchmarks.ocr.engines import Block, Reader, Reading, Scan, Unavailable

_PAGE_S = 300


class CommandLine:
    """``tesseract FILE - --psm 3 tsv``."""

    def __init__(self, program: str, languages: str) -> None:
        self._program = program
        self._languages = languages
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=30)
        self.version = told.stdout.split("\n", 1)[0]

    def read(self, scan: Scan) -> Reading:
        arguments = [str(scan.path), "-", "-l", self._languages, "--psm", "3", "--dpi", str(scan.dpi), "tsv"]
        told = subprocess.run([self._program, *arguments], capture_output=True, text=True, check=True, timeout=_PAGE_S)
        return Reading(blocks_of_tsv(told.stdout), {})


def blocks_of_tsv(table: str) -> list[Block]:
    """Words of Tesseract's TSV, by block and line."""
    blocks: dict[tuple[str, ...], dict[tuple[str, ...], list[Any]]] = {}
    for row in csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = (row["text"] or "").strip()
        if row["level"] != "5" or not text:
            continue
        left, top, width, height = (float(row[key]) for key in ("left", "top", "width", "height"))
        lines = blocks.setdefault((row["block_num"],), {})
        word = (text, (left, top, left + width, top + height))
        lines.setdefault((row["par_num"], row["line_num"]), []).append(word)
    return [list(lines.values()) for lines in blocks.values()]


def open_reader(name: str, options: dict[str, Any]) -> Reader:
    program = shutil.which("tesseract")
    if program is None:
        raise Unavailable(f"{name}: the program tesseract is not installed (Debian package tesseract-ocr)")
    return CommandLine(program, options["languages"])
