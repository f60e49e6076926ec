"""Slot children that never come to an end."""

from __future__ import annotations

import threading
from collections.abc import Callable

SERVE = "tests.support.stuck_work:serve"


def serve(_config: bytes) -> Callable[[bytes], bytes]:
    """What the slot child runs."""

    def handle(_task: bytes) -> bytes:
        threading.Event().wait()
        raise AssertionError

    return handle
