"""Runs the engines against each other: all of them on a page before the next page, each on the same core."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ocr.child import Answer, Child
from benchmarks.ocr.engines import ENGINES
from benchmarks.ocr.pages import OcrPage
from benchmarks.ocr.score import PageScore, score

DEADLINE_S = 120.0
_GRACE_S = 5.0
"""How long a page that was begun within the budget may take beyond it; then it is as if not begun."""


@dataclass(frozen=True)
class Plan:
    """``repeats``: times that each page is read. ``slow_pages``: pages of each kind that a slow engine reads,
    ``slow_most`` in all. ``warm_slow``: also a slow engine reads a page before the first that counts.

    ``core``: where every engine runs. ``budget_s``: no further page is begun after that time; what
    was left out is told. ``options``: see :func:`benchmarks.ocr.engines.open_reader`.
    """

    engines: tuple[str, ...]
    repeats: int
    slow_pages: int
    slow_most: int
    warm_slow: bool
    core: int
    budget_s: float
    options: dict[str, Any]


@dataclass
class Run:
    """What one engine did. Lists of milliseconds have one value for each repeat, in the order taken.

    ``cold_ms``: from the start of its process to the end of its first page, the one with the least text.
    """

    name: str
    version: str = ""
    unavailable: str = ""
    open_ms: float = 0.0
    cold_ms: float = 0.0
    peak_mb: float = 0.0
    wall_ms: dict[str, list[float]] = field(default_factory=dict)
    cpu_ms: dict[str, list[float]] = field(default_factory=dict)
    notes: dict[str, dict[str, float]] = field(default_factory=dict)
    scores: dict[str, PageScore] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    unsteady: set[str] = field(default_factory=set)
    answers: dict[str, Answer] = field(default_factory=dict)

    def cpu(self, pages: Sequence[str]) -> float:
        """Mean CPU milliseconds a page: the median of its repeats, over these pages."""
        return float(np.mean([np.median(self.cpu_ms[page]) for page in pages]))

    def wall(self, pages: Sequence[str]) -> float:
        """Mean milliseconds a page that passed: the median of its repeats, over these pages."""
        return float(np.mean([np.median(self.wall_ms[page]) for page in pages]))

    def score_of(self, pages: Sequence[str]) -> PageScore:
        """All of these pages together."""
        return PageScore.total(self.scores[page] for page in pages)


def run(pages: Sequence[OcrPage], plan: Plan) -> list[Run]:
    """Read all pages with all engines; those that cannot run here say why."""
    ends = time.monotonic() + plan.budget_s
    runs: list[Run] = []
    with ExitStack() as stack:
        children = []
        for name in plan.engines:
            child = stack.enter_context(Child(name, plan.core, plan.options))
            told = Run(name, child.version, child.unavailable, open_ms=child.open_ms)
            runs.append(told)
            if not child.unavailable:
                children.append((child, told))
        if pages:
            for child, told in children:
                if plan.warm_slow or not ENGINES[child.name].slow:
                    _warm_up(child, told, min(pages, key=lambda page: page.length))
        chosen = {told.name: _chosen(told.name, pages, plan) for told in runs}
        for repeat in range(plan.repeats):
            for number, page in enumerate(pages):
                # Each engine is first as often as any other.
                turn = (repeat + number) % max(1, len(children))
                for child, told in (*children[turn:], *children[:turn]):
                    if time.monotonic() < ends and number in chosen[told.name]:
                        _read(child, told, page, min(DEADLINE_S, ends + _GRACE_S - time.monotonic()))
    return runs


def _chosen(name: str, pages: Sequence[OcrPage], plan: Plan) -> frozenset[int]:
    """Places of the pages that an engine reads."""
    if not ENGINES[name].slow:
        return frozenset(range(len(pages)))
    some = [place for place, page in enumerate(pages) if page.number <= plan.slow_pages]
    return frozenset(some[: plan.slow_most])


def _warm_up(child: Child, told: Run, page: OcrPage) -> None:
    """A short first page: caches fill, models load; its time is the cold start."""
    began = time.perf_counter()
    child.read(page.path, page.dpi, DEADLINE_S)
    told.cold_ms = told.open_ms + (time.perf_counter() - began) * 1000


def _read(child: Child, told: Run, page: OcrPage, deadline_s: float) -> None:
    answer = child.read(page.path, page.dpi, deadline_s)
    if answer.error:
        if answer.wall_ms >= deadline_s * 1000 and deadline_s < DEADLINE_S:
            return
        told.errors[page.name] = answer.error
    told.wall_ms.setdefault(page.name, []).append(round(answer.wall_ms, 2))
    told.cpu_ms.setdefault(page.name, []).append(round(answer.cpu_ms, 2))
    told.peak_mb = max(told.peak_mb, answer.peak_mb)
    first = told.answers.setdefault(page.name, answer)
    if first is answer:
        told.notes[page.name] = answer.notes
        told.scores[page.name] = score(page.truth, answer.text)
    elif first.text != answer.text:
        told.unsteady.add(page.name)


def write_texts(folder: Path, runs: Sequence[Run]) -> None:
    """What each engine read, as ``folder/engine/kind/page.txt``."""
    for told in runs:
        for page, answer in told.answers.items():
            path = folder / told.name / f"{page}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(answer.text + "\n", encoding="utf-8")
