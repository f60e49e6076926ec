"""A circuit breaker for one pool: while something that its steps need is away, the pool pauses and an alarm is raised.

Without it a pool would try, and put off, every step that is owed, one after the other.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger("sohoa.breaker")

OPENS_AFTER = 3
"""Steps in a row that found their dependency away."""


class Breaker:
    """Closed, every slot works; open, none; when a pause is over one tries. Pauses double up to ``most_s``."""

    def __init__(self, pool: str, first_s: float, most_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._first_s = first_s
        self._most_s = most_s
        self._clock = clock
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._opened = 0
        """How often in a row it was opened; 0: closed."""
        self._until = 0.0

    def away(self, dependency: str) -> None:
        """A step could not be done: something that it needs does not answer."""
        with self._lock:
            self._in_a_row += 1
            if self._in_a_row < OPENS_AFTER or self._clock() < self._until:
                return  # what was in flight when it opened fails too, and says nothing new
            pause_s = min(self._first_s * 2 ** min(self._opened, 16), self._most_s)
            self._opened += 1
            self._until = self._clock() + pause_s
        told = {"pool": self._pool, "dependency": dependency, "pause_s": pause_s}
        log.error("pool pauses: a dependency is away", extra=told)

    def answered(self) -> None:
        """A step was done, or failed for another reason."""
        with self._lock:
            was_open = self._opened > 0
            self._in_a_row, self._opened, self._until = 0, 0, 0.0
        if was_open:
            log.info("pool works again", extra={"pool": self._pool})

    def slots(self, all_slots: int) -> int:
        """How many of its slots the pool offers now."""
        with self._lock:
            if not self._opened:
                return all_slots
            return 0 if self._clock() < self._until else 1
