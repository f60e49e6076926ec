"""Killing and stopping slot children at every moment: the next task runs, and nothing is left behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.errors import Defect
from pipeline.framing import Kind, encode
from pipeline.nursery import Nursery
from pipeline.slots import Slot, SlotKilled, SlotLimits

CHILDREN = "tests.faults.children"
RESULT = "kết quả".encode()
POSITIONS = range(len(encode(Kind.RESULT, RESULT)))
NEXT_TASK_S = 5.0
"""The promise is one second; the machine that runs tests is shared."""


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """One fork server for the whole module."""
    with Nursery((CHILDREN,)) as shared:
        yield shared


@pytest.fixture(scope="module")
def breaking(nursery: Nursery) -> Iterator[Slot]:
    """A slot whose child breaks its result off where the task says."""
    with Slot("breaking", f"{CHILDREN}:broken_result", RESULT, SlotLimits(), nursery=nursery) as shared:
        yield shared


def killed(slot: Slot, task: bytes) -> SlotKilled:
    """How the task ended; then the next task has to run."""
    with pytest.raises(SlotKilled) as caught:
        slot.run(task)
    began = time.monotonic()
    assert slot.run(b"next").endswith(b"next")
    assert time.monotonic() - began < NEXT_TASK_S
    return caught.value


@pytest.mark.parametrize("position", POSITIONS)
def test_sigkill_at_every_byte_of_a_result(breaking: Slot, position: int) -> None:
    """A child that dies in the middle of its answer counts against the page, and the slot lives on."""
    ended = killed(breaking, b"kill %d" % position)
    assert (ended.reason, ended.counted, ended.detail) == ("signal", True, "SIGKILL")


@pytest.mark.parametrize("position", POSITIONS)
def test_sigstop_at_every_byte_of_a_result(breaking: Slot, position: int) -> None:
    """A child that was stopped in the middle of its answer is killed; no page is blamed."""
    ended = killed(breaking, b"stop %d" % position)
    assert (ended.reason, ended.counted) == ("stopped", False)


@pytest.mark.parametrize("how", [b"kill", b"stop"])
def test_a_whole_result_counts_whatever_happens_then(breaking: Slot, how: bytes) -> None:
    """Killed or stopped after the last byte: the result stands, and the next task runs."""
    assert breaking.run(how + b" %d" % len(encode(Kind.RESULT, RESULT))) == RESULT
    assert breaking.run(b"next") == b"next"


def test_a_result_that_stalls_is_broken_off(breaking: Slot) -> None:
    """Half a result from a live child is not waited for."""
    ended = killed(breaking, b"sleep 9")
    assert (ended.reason, ended.counted) == ("stalled", False)


@pytest.mark.parametrize("position", POSITIONS)
def test_a_garbled_result_is_never_taken(breaking: Slot, position: int) -> None:
    """One wrong byte anywhere is a Defect of ours, found at once; the next task runs."""
    with pytest.raises(Defect) as caught:
        breaking.run(b"flip %d" % position)
    assert caught.value.code == "garbled_frame"
    assert breaking.run(b"next") == b"next"


@pytest.mark.parametrize(
    ("task", "limits", "reason", "counted"),
    [
        (b"hang", SlotLimits(wall_s=0.3), "wall", True),
        (b"spin", SlotLimits(cpu_s=0.3), "cpu", True),
        (b"hog", SlotLimits(rss_mb=200), "rss", True),
        (b"segfault", SlotLimits(), "signal", True),
        (b"abort", SlotLimits(), "signal", True),
        (b"terminate", SlotLimits(), "terminated", False),
        (b"exit", SlotLimits(), "exit", True),
        (b"hang-up", SlotLimits(), "exit", True),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else None,
)
def test_every_way_to_end(nursery: Nursery, task: bytes, limits: SlotLimits, reason: str, counted: bool) -> None:
    """Each limit and each death has its reason, and counts against the page or does not."""
    with Slot("bad", f"{CHILDREN}:misbehave", b"", limits, nursery=nursery) as slot:
        ended = killed(slot, task)
    assert (ended.reason, ended.counted) == (reason, counted)


def test_the_fork_server_dies_in_the_middle_of_a_task() -> None:
    """Its children die with it; no page is blamed, and a new server serves the next task."""
    with (
        Nursery((CHILDREN,)) as nursery,
        Slot("orphan", f"{CHILDREN}:misbehave", b"", SlotLimits(), nursery=nursery) as slot,
    ):

        def kill_server() -> None:
            assert nursery.pid is not None
            os.kill(nursery.pid, signal.SIGKILL)

        with pytest.raises(SlotKilled) as caught:
            slot.run(b"hang", kill_server)
        assert (caught.value.reason, caught.value.counted) == ("orphaned", False)
        assert slot.run(b"next") == b"done next"


def test_a_stopped_fork_server_is_replaced() -> None:
    """A server that answers no order is killed, and another one serves the task."""
    with (
        Nursery((CHILDREN,)) as nursery,
        Slot("still", f"{CHILDREN}:misbehave", b"", SlotLimits(start_s=0.5), nursery=nursery) as slot,
    ):
        slot.run(b"warm up")
        assert nursery.pid is not None
        os.kill(nursery.pid, signal.SIGSTOP)
        with pytest.raises(SlotKilled):
            slot.run(b"exit")
        assert slot.run(b"next") == b"done next"


def test_children_die_with_their_worker() -> None:
    """SIGKILL of the worker ends a child that hangs, and the fork server."""
    program = f"""
import sys
from pipeline.slots import *
slot = Slot("doomed", "{CHILDREN}:misbehave", b"", SlotLimits())
slot.run(b"warm up")
print(slot.pid, slot._nursery.pid, flush=True)
slot.run(b"spin")
"""
    root = Path(__file__).resolve().parents[2]
    worker = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=root)
    assert worker.stdout is not None
    pidfds = [os.pidfd_open(int(pid)) for pid in worker.stdout.readline().split()]
    assert len(pidfds) == 2
    worker.kill()
    worker.communicate()
    for pidfd in pidfds:
        poller = select.poll()
        poller.register(pidfd, select.POLLIN)
        assert poller.poll(10_000), "still alive"
        os.close(pidfd)


def test_a_thousand_kills_leave_nothing_behind() -> None:
    """No zombie, no process and no descriptor is left, here or in the fork server."""
    with (
        Nursery((CHILDREN,)) as nursery,
        Slot("killed", f"{CHILDREN}:broken_result", RESULT, SlotLimits(), nursery=nursery) as slot,
    ):
        slot.run(b"warm up")
        assert nursery.pid is not None
        before = open_files(os.getpid()), open_files(nursery.pid), len(children_of(nursery.pid))
        for number in range(1000):
            with pytest.raises(SlotKilled):
                slot.run(b"kill %d" % POSITIONS[number % len(POSITIONS)])
        slot.run(b"the server has buried all others by now")
        after = open_files(os.getpid()), open_files(nursery.pid), len(children_of(nursery.pid))
    assert after == before


def open_files(pid: int) -> int:
    """Open descriptors of a process."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def children_of(pid: int) -> list[int]:
    """Processes, zombies too, whose parent is ``pid``."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(stat[stat.rindex(b")") + 2 :].split()[1]) == pid:
                found.append(int(entry.name))
    return found
