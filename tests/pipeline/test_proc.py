"""Reading /proc."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.proc import ProcessStat, parse_stat


@given(st.binary(max_size=15).filter(lambda name: b"\n" not in name))
def test_any_process_name_can_be_read(name: bytes) -> None:
    """Brackets and spaces in a process name do not shift the fields."""
    fields = [b"T", *(b"%d" % n for n in range(4, 53))]
    usage = parse_stat(b"42 (" + name + b") " + b" ".join(fields) + b"\n")
    assert usage.state == "T"
    assert usage.cpu_s == pytest.approx((14 + 15) / os.sysconf("SC_CLK_TCK"))
    assert usage.rss_mb == pytest.approx(24 * os.sysconf("SC_PAGE_SIZE") / 2**20)


def test_a_process_that_ended_is_gone() -> None:
    """The open file of an ended process says None, and never shows another process."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with ProcessStat(process.pid) as stat:
        usage = stat.read()
        assert usage is not None
        process.communicate(b"\n")
        assert stat.read() is None
    with pytest.raises(ProcessLookupError):
        ProcessStat(process.pid)
