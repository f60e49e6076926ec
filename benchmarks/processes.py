"""Processes with all those below them: what a server or a worker with children uses."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_KB_PER_MB = 1024.0
_NS_PER_S = 1e9


def family(pid: int) -> frozenset[int]:
    """A process and everything below it."""
    parents = {member: int(stat[1]) for member, stat in _stats().items()}
    found = {pid} & parents.keys()
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return frozenset(found)


def cpu_s(pid: int) -> float:
    """CPU seconds of a process, of those below it, and of those below that have ended."""
    stats = _stats()
    return sum(sum(map(int, stats[member][11:15])) for member in family(pid) & stats.keys()) / _TICKS_PER_S


def waited_s(pid: int) -> float:
    """Seconds that threads of a process, and of those below it, were ready to run and had no core.

    0 where the kernel does not say. Source: Documentation/scheduler/sched-stats.rst, ``/proc/<pid>/schedstat``.
    """
    total_ns = 0
    for member in family(pid):
        for file in Path(f"/proc/{member}/task").glob("*/schedstat"):
            with suppress(OSError, IndexError):  # the thread has ended
                total_ns += int(file.read_text("ascii").split()[1])
    return total_ns / _NS_PER_S


def memory_mb(pid: int) -> float:
    """Memory of one process without its program files; what several share is divided between them.

    Program files are shared with whatever else runs on the machine. 0 of a process that has ended.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:"))) / _KB_PER_MB


def _stats() -> dict[int, list[str]]:
    """The fields of each process from ``state`` on, see proc(5)."""
    found: dict[int, list[str]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found[int(folder.name)] = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
    return found
