"""When which fault strikes: drawn from a seed, so that a campaign can be run again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FaultKind:
    """``group``: what it strikes (``worker``, ``broker``, …). ``subject``: of one subject there is one fault at a time.

    It lasts between ``least_s`` and ``most_s``.
    """

    name: str
    group: str
    subject: str
    least_s: float
    most_s: float


@dataclass(frozen=True)
class Strike:
    """One fault of a schedule. ``chance``: seeds what it chooses (host, process, page)."""

    kind: FaultKind
    at_s: float
    lasts_s: float
    chance: int

    @property
    def until_s(self) -> float:
        return self.at_s + self.lasts_s


def draw(
    seed: int, kinds: Sequence[FaultKind], duration_s: float, lanes: int = 2, gap_s: tuple[float, float] = (0.5, 3.0)
) -> tuple[Strike, ...]:
    """A schedule in order of time; every strike is over by ``duration_s``.

    ``lanes``: faults at the same time, never two of one subject. Kinds come in rounds: each once, in an order of
    chance, before any comes again; in the first round the first of each group come first, so that a short campaign
    has struck everywhere.
    """
    rng = random.Random(seed)  # noqa: S311 - a campaign, not a secret
    free_at = [0.0] * lanes
    busy_until: dict[str, float] = {}
    deck: list[FaultKind] = []
    found: list[Strike] = []
    first = True
    while True:
        if not deck:
            deck = _dealt(rng, kinds, by_group=first)
            first = False
        lane = min(range(lanes), key=free_at.__getitem__)
        at_s = free_at[lane] + rng.uniform(*gap_s)
        kind = next((k for k in deck if busy_until.get(k.subject, 0.0) <= at_s), None)
        if kind is None:  # all that is left is busy: the lane waits for the first that is not
            free_at[lane] = min(busy_until[k.subject] for k in deck)
            continue
        lasts_s = rng.uniform(kind.least_s, kind.most_s)
        if at_s + lasts_s > duration_s:
            return tuple(sorted(found, key=lambda strike: strike.at_s))
        deck.remove(kind)
        found.append(Strike(kind, round(at_s, 3), round(lasts_s, 3), rng.randrange(2**31)))
        free_at[lane] = busy_until[kind.subject] = found[-1].until_s


def _dealt(rng: random.Random, kinds: Sequence[FaultKind], *, by_group: bool) -> list[FaultKind]:
    deck = rng.sample(list(kinds), len(kinds))
    if not by_group:
        return deck
    firsts = {kind.group: kind for kind in reversed(deck)}.values()
    return [k for k in deck if k in firsts] + [k for k in deck if k not in firsts]
