"""``python -m benchmarks page_stages``: what page preparation decides, held against truth, and what it costs.

Each part is a module of this package with ``measure(quick) -> Part``; the headline is that of all parts together.
``--part NAME`` (again for several) runs only those.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import Any

from benchmarks import measure

PARTS: tuple[str, ...] = ("blank",)
"""Modules of this package, in the order in which they run."""


def main(quick: bool, extra: list[str]) -> dict[str, Any]:
    """Run the parts. ``extra``: ``--part``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks page_stages")
    parser.add_argument("--part", action="append", choices=PARTS, help="run only this part; may be repeated")
    chosen = parser.parse_args(extra).part or PARTS
    headline: dict[str, object] = {}
    details: dict[str, object] = {"quick": quick}
    for name in chosen:
        part = importlib.import_module(f"benchmarks.page_stages.{name}").measure(quick)
        headline |= part.headline
        details[name] = part.details
        sys.stderr.write(part.table)
    return measure.result("page_stages", headline, details, None)
