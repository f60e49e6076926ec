"""Circuit breakers of one pool, one for each dependency: while one is away the pool pauses and an alarm is raised.

Without them a pool would try, and put off, every step that is owed, one after the other. Each dependency has its own
count: a signer that answers says nothing about the time-stamping service.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

log = logging.getLogger("sohoa.breaker")

OPENS_AFTER = 3
"""Steps in a row that found the dependency away."""


@dataclass
class _Circuit:
    """``opened``: how often in a row it was opened, 0 is closed; ``until``: the end of the pause."""

    in_a_row: int = 0
    opened: int = 0
    until: float = 0.0


class Breakers:
    """All closed, every slot works; one open, none; when its pause is over one tries. Pauses double up to ``most_s``."""

    def __init__(self, pool: str, first_s: float, most_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._first_s = first_s
        self._most_s = most_s
        self._clock = clock
        self._lock = threading.Lock()
        self._circuits: defaultdict[str, _Circuit] = defaultdict(_Circuit)

    def away(self, dependency: str) -> None:
        """A step could not be done: something that it needs does not answer."""
        with self._lock:
            circuit = self._circuits[dependency]
            circuit.in_a_row += 1
            if circuit.in_a_row < OPENS_AFTER or self._clock() < circuit.until:
                return  # what was in flight when it opened fails too, and says nothing new
            pause_s = min(self._first_s * 2 ** min(circuit.opened, 16), self._most_s)
            circuit.opened += 1
            circuit.until = self._clock() + pause_s
        told = {"pool": self._pool, "dependency": dependency, "pause_s": pause_s}
        log.error("pool pauses: a dependency is away", extra=told)

    def answered(self, dependencies: Iterable[str]) -> None:
        """A step was done that asked these."""
        with self._lock:
            answered = [(name, self._circuits.pop(name)) for name in dependencies if name in self._circuits]
        for name, circuit in answered:
            if circuit.opened:
                log.info("pool works again", extra={"pool": self._pool, "dependency": name})

    def pauses(self, dependency: str) -> bool:
        """Whether the pool pauses for this one now."""
        with self._lock:
            return dependency in self._circuits and self._clock() < self._circuits[dependency].until

    def slots(self, all_slots: int) -> int:
        """How many of its slots the pool offers now."""
        with self._lock:
            opened = [circuit for circuit in self._circuits.values() if circuit.opened]
            if any(self._clock() < circuit.until for circuit in opened):
                return 0
            return 1 if opened else all_slots
