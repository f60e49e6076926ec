"""What ``/proc`` says about a process, read cheaply enough to look many times a second."""

from __future__ import annotations

import os
from typing import NamedTuple, Self

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_MB = 1024 * 1024


class Usage(NamedTuple):
    """``state``: one letter of proc(5), ``T`` is stopped by a signal. ``cpu_s``: user and system time of all threads."""

    state: str
    cpu_s: float
    rss_mb: float


def parse_stat(line: bytes) -> Usage:
    """Reads one ``/proc/PID/stat`` line; fields are numbered as in proc(5).

    The command name (field 2) may hold spaces and brackets, so fields count from its last bracket.
    """
    fields = line[line.rindex(b")") + 2 :].split()
    cpu_ticks = int(fields[14 - 3]) + int(fields[15 - 3])
    return Usage(fields[0].decode("ascii"), cpu_ticks / _TICKS_PER_S, int(fields[24 - 3]) * _PAGE_BYTES / _MB)


class ProcessStat:
    """The open ``stat`` file of one process: it never shows another process that got the same number."""

    def __init__(self, pid: int) -> None:
        """Raises ``ProcessLookupError`` when there is no such process."""
        try:
            self._fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise ProcessLookupError(pid) from error

    def read(self) -> Usage | None:
        """Usage now, or None once the process is gone."""
        try:
            return parse_stat(os.pread(self._fd, 2048, 0))
        except ProcessLookupError:
            return None

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
