"""Memory of processes that live long: what the C allocator keeps for the next page, what the collector looks at."""

from __future__ import annotations

import ctypes
import gc

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_MB = 1 << 20
_OBJECTS = 20_000
"""So many new ones before a collection (700 by default): a few MB."""


def keep_memory() -> None:
    """Let this process and its forks use the memory of one page again for the next one.

    By default glibc gives every picture back to the system and asks for it anew; the page faults of
    that took a fifth of a page's time. Peak memory grows by 5 to 15 MB. Nothing happens where the C
    library has no ``mallopt``. Source: mallopt(3).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, 32 * _MB)  # the most that it takes; an A4 page at 300 dpi in colour has 26 MB
        mallopt(_TRIM_THRESHOLD, 1024 * _MB)
        mallopt(_TOP_PAD, 64 * _MB)


def keep_objects() -> None:
    """Leave all that there is now to the end of the process: no collection looks at it again. For the end of start-up.

    Libraries are some 150,000 objects; looking at all of them stopped every thread of a worker for 100 ms, again and
    again, and in a fork it copies every shared page. What comes later is looked at less often than by default: a step
    makes tens of thousands of objects and hardly a cycle, and looking for them took a tenth of a document's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS)
