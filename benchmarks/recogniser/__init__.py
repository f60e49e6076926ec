"""Trains the network that reads government paper, and measures it: ``python -m benchmarks recogniser``.

In order: ``texts`` (with ``rare``) writes, ``sheet`` and ``render`` print, ``damage`` scans, ``cut`` cuts pages by
sohoa's own segmentation into lines, ``shards`` keeps them, ``model`` and ``train`` learn, ``export`` hands the weights to
the engine. Training needs PyTorch (dependency group ``train``); nothing else does.
"""

from __future__ import annotations

from typing import Any


def main(quick: bool, extra: list[str]) -> dict[str, Any]:
    """Measure weights against stock; ``quick``: few generated pages. ``extra``: its own arguments."""
    from benchmarks.recogniser.evaluate import run

    return run(quick, extra)
