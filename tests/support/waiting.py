"""Waiting for something to become true, with a deadline instead of a lucky sleep."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_S = 0.01


def wait_until(probe: Callable[[], T], what: str, *, timeout_s: float = 60.0) -> T:
    """Poll ``probe`` until its answer is true, and return it.

    Raises ``AssertionError`` naming ``what`` after ``timeout_s``: a limit for a broken program, far
    above what a working one needs, so that a busy machine fails no test.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(POLL_S)
