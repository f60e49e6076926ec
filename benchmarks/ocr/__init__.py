"""``python -m benchmarks ocr``: OCR engines on the same pages in one run: how fast, how right, at what cost.

Without ``--corpus`` it prints and scans its own pages (:mod:`benchmarks.ocr.kinds`); with it, it
takes any folder of images with ``.txt`` truth beside them (:mod:`benchmarks.ocr.pages`).

Where to look: ``kinds`` and ``pages`` the papers, ``engines`` and ``child`` who reads them,
``contest`` the run, ``align`` and ``score`` the errors, ``compare`` the numbers, ``report`` and
``plots`` the picture of it.

What counts: milliseconds of processor a page, encoded image in, text with boxes out, on one pinned
core (on a busy machine wall time means little; it is told too). Rates are over all printed
characters: a line without a match is all deletions, text without a match is all insertions.
"""

from __future__ import annotations

from typing import Any


def main(quick: bool, extra: list[str]) -> dict[str, Any]:
    """Run the benchmark; ``quick``: one page of each kind, done within 50 s. ``extra``: its own arguments."""
    # Loaded here, because the engines' processes import this package and may lack what it needs.
    from benchmarks.ocr.command import run

    return run(quick, extra)
