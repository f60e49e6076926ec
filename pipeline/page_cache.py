"""What the system mirrors in memory of files that nobody reads again soon."""

from __future__ import annotations

import os


def drop(descriptor: int) -> None:
    """Give back the memory that mirrors a file; what is not on the disk yet stays.

    Scans pass through once. Left in memory they push out what is read all day (networks, the ledger), and each
    further one needs memory that the system has to find first: on a virtual machine that gives free memory back to
    its host, that costs five times as much as the writing. A hint: nothing fails by it. Source: posix_fadvise(2).
    """
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
