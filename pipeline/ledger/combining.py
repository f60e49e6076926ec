"""Commits to one document that come while another one is on its way go together, in one transaction.

The sides of a document end at about the same time, and each commit holds the document's lock until the disk has it:
one after the other, the last of ten would wait for ten disks. Nobody waits for company: who comes alone goes at once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

MOST = 16
"""Commits of one transaction: none is held up by an endless queue of others."""


@dataclass
class _Call(Generic[T, R]):
    """What one thread wants done. ``turn``: it was done, or this thread is to do it and what waits with it."""

    given: T
    turn: threading.Event = field(default_factory=threading.Event)
    answer: R | None = None
    error: BaseException | None = None
    done: bool = False


class Combiner(Generic[T, R]):
    """``work`` gets what several threads want done, and answers each of them in order.

    What it raises goes to all of them: ``work`` must have done nothing then.
    """

    def __init__(self, work: Callable[[Sequence[T]], Sequence[R]]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, deque[_Call[T, R]]] = {}
        """By what must be done one after the other; an entry is there as long as somebody is at work on it."""

    def run(self, key: Hashable, given: T) -> R:
        """Do it, alone or together with what others want done under the same key. Raises what ``work`` raises."""
        call: _Call[T, R] = _Call(given)
        with self._lock:
            queue = self._waiting.get(key)
            if queue is None:
                self._waiting[key] = deque()
            else:
                queue.append(call)
        if queue is not None:
            call.turn.wait()
        if not call.done:
            self._lead(key, call)
        if call.error is not None:
            raise call.error
        return call.answer  # type: ignore[return-value]  # done without an error

    def waiting(self, key: Hashable) -> int:
        """How many wait for the one that is at work."""
        with self._lock:
            return len(self._waiting.get(key, ()))

    def _lead(self, key: Hashable, mine: _Call[T, R]) -> None:
        """Work for this thread and those that wait; then one of those who came meanwhile leads."""
        with self._lock:
            queue = self._waiting[key]
            calls = [mine, *(queue.popleft() for _ in range(min(len(queue), MOST - 1)))]
        try:
            for call, answer in zip(calls, self._work([call.given for call in calls]), strict=True):
                call.answer = answer
        except BaseException as error:  # noqa: BLE001 - raised again, by each thread that waits for it
            for call in calls:
                call.error = error
        finally:
            with self._lock:
                following = queue.popleft() if queue else None
                if following is None:
                    del self._waiting[key]
            for call in calls:
                call.done = True
                call.turn.set()
            if following is not None:
                following.turn.set()
