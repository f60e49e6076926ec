"""How much more N processes of an engine read together than one alone, each on a core of its own."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from benchmarks.ocr.child import Child
from benchmarks.ocr.contest import DEADLINE_S
from benchmarks.ocr.pages import OcrPage

ROUNDS = 3


def crowd(name: str, pages: Sequence[OcrPage], cores: Sequence[int], options: dict[str, Any]) -> dict[str, Any]:
    """Pages per second of wall time of 1 to as many processes as there are cores; every round is kept.

    Each process reads all of ``pages``. Empty where the engine cannot run here.
    """
    rates: dict[int, list[float]] = {count: [] for count in range(1, len(cores) + 1)}
    with ExitStack() as stack:
        children = [stack.enter_context(Child(name, core, options)) for core in cores]
        if any(child.unavailable for child in children):
            return {}
        for child in children:
            _read_all(child, pages[:1])
        for turn in range(ROUNDS):
            for count in (*rates,) if turn % 2 == 0 else (*reversed(rates),):
                rates[count].append(_pages_per_second(children[:count], pages))
    # Round by round, so that a machine that gets busier does not look like one that scales badly.
    ratios = {count: statistics.median(map(_ratio, many, rates[1])) for count, many in rates.items()}
    return {
        str(count): {"pages_per_second": [round(rate, 3) for rate in many], "to_one": round(ratios[count], 3)}
        for count, many in rates.items()
    }


def _ratio(many: float, one: float) -> float:
    return many / one


def _pages_per_second(children: Sequence[Child], pages: Sequence[OcrPage]) -> float:
    with ThreadPoolExecutor(len(children)) as pool:
        began = time.perf_counter()
        for done in [pool.submit(_read_all, child, pages) for child in children]:
            done.result()
        return len(children) * len(pages) / (time.perf_counter() - began)


def _read_all(child: Child, pages: Sequence[OcrPage]) -> None:
    for page in pages:
        child.read(page.path, page.dpi, DEADLINE_S)
