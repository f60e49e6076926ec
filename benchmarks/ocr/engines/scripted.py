"""An engine that reads the truth file instead of the image, with faults on purpose: for tests of the benchmark."""

from __future__ import annotations

import os
import signal
from typing import Any

from benchmarks.ocr.engines import Line, Reader, Reading, Scan

_BOX = (0.0, 0.0, 1.0, 1.0)


class Scripted:
    """Every ``ố`` is read ``ổ``. Boxes are empty: nothing was looked at. ``dies_on``: name of a file that kills it."""

    version = "scripted 1"

    def __init__(self, dies_on: str = "") -> None:
        self._dies_on = dies_on

    def read(self, scan: Scan) -> Reading:
        if scan.path.name == self._dies_on:
            os.kill(os.getpid(), signal.SIGKILL)
        told = scan.path.with_suffix(".txt").read_text(encoding="utf-8")
        rows = [row for row in told.splitlines() if row.strip() and row not in ("[left]", "[right]")]
        lines: list[Line] = [[(word.replace("ố", "ổ"), _BOX) for word in row.split()] for row in rows]
        return Reading([lines], {"lines": float(len(lines)), "second_lines": 0.0})


def open_reader(name: str, options: dict[str, Any]) -> Reader:  # noqa: ARG001 - every engine's signature
    return Scripted(options.get("dies_on", ""))
