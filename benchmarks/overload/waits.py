"""What the slot children noted and the ledger knows, put together: throughput, shares, and who waited behind whom."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.overload.cluster import SLOTS
from benchmarks.simulated import SIMULATED


class Done(NamedTuple):
    """A finished step. Times: UTC seconds, of this machine's one clock."""

    document: str
    segment: str
    page: int
    began_s: float
    ended_s: float

    @property
    def pool(self) -> str:
        return SIMULATED.segment(self.segment).pool


class Wait(NamedTuple):
    """How long a step stood owed before a slot began it, and behind how many pages of others for each slot."""

    document: str
    segment: str
    pages: float
    seconds: float


def read_notes(folder: Path) -> list[Done]:
    """Every step that the slot children have finished, by end."""
    done: list[Done] = []
    for file in folder.glob("*.txt"):
        for line in file.read_text().splitlines():
            document, segment, page, began_s, ended_s = line.split()
            done.append(Done(document, segment, int(page), float(began_s), float(ended_s)))
    return sorted(done, key=lambda step: step.ended_s)


def waits(done: Sequence[Done], owed_at: Mapping[tuple[str, str, int], float]) -> list[Wait]:
    """Of each step whose time of becoming owed is known: what finished in its pool, of other documents, before it began.

    A pool with four slots finishes four pages while a slot finishes one: the count is divided by the slots.
    """
    ends: dict[str, list[float]] = defaultdict(list)
    own: dict[tuple[str, str], list[float]] = defaultdict(list)
    for step in done:
        ends[step.pool].append(step.ended_s)
        own[step.document, step.pool].append(step.ended_s)
    found = []
    for step in done:
        at_s = owed_at.get((step.document, step.segment, step.page))
        if at_s is not None:
            before = _between(ends[step.pool], at_s, step.began_s)
            before -= _between(own[step.document, step.pool], at_s, step.began_s)
            found.append(Wait(step.document, step.segment, before / SLOTS[step.pool], step.began_s - at_s))
    return found


def pages_per_s(done: Iterable[Done], began_s: float, ended_s: float) -> float:
    """Pages that were finished in a stretch of time, for each of its seconds."""
    return sum(step.pool == "page" and began_s <= step.ended_s < ended_s for step in done) / (ended_s - began_s)


def p99(values: Sequence[float]) -> float:
    """Nearest rank."""
    return sorted(values)[-(-len(values) * 99 // 100) - 1]


def _between(ends_s: Sequence[float], first_s: float, last_s: float) -> int:
    return bisect_right(ends_s, last_s) - bisect_left(ends_s, first_s)
