"""Slots when nothing much goes wrong: starting, answering, ticking, recycling, ending."""

from __future__ import annotations

import itertools
import os
import select
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.errors import Defect, Retryable
from pipeline.nursery import Nursery
from pipeline.slots import Slot, SlotKilled, SlotLimits

CHILDREN = "tests.faults.children"


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """One fork server for the whole module, as the slots of one pool share one."""
    with Nursery((CHILDREN,)) as shared:
        yield shared


def slot(nursery: Nursery, serve: str, config: bytes = b"", limits: SlotLimits | None = None) -> Slot:
    return Slot("test", f"{CHILDREN}:{serve}", config, limits or SlotLimits(), nursery=nursery)


def kill_and_wait(pid: int | None) -> None:
    """SIGKILL somebody else's child and wait until it is gone."""
    assert pid is not None
    pidfd = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    poller = select.poll()
    poller.register(pidfd, select.POLLIN)
    assert poller.poll(10_000)
    os.close(pidfd)


def test_the_child_stays_warm_between_tasks(nursery: Nursery) -> None:
    """One process answers task after task."""
    with slot(nursery, "pid") as warm:
        assert len({warm.run(b"") for _ in range(20)}) == 1
        assert warm.run(b"") == str(warm.pid).encode()


def test_a_slot_can_bring_its_own_fork_server() -> None:
    """Without a nursery the slot starts one, and ends it."""
    with Slot("alone", f"{CHILDREN}:echo", b"config ", SlotLimits()) as alone:
        assert alone.run(b"task") == b"config task"


def test_the_child_is_recycled_after_its_share_of_tasks(nursery: Nursery) -> None:
    """After ``recycle_after`` tasks another process answers."""
    with slot(nursery, "pid", limits=SlotLimits(recycle_after=3)) as recycled:
        pids = [recycled.run(b"") for _ in range(9)]
    assert pids == [pid for pid in dict.fromkeys(pids) for _ in range(3)]
    assert len(set(pids)) == 3


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 5_000_000])
def test_results_larger_than_the_pipe_arrive(nursery: Nursery, tmp_path: Path, size: int) -> None:
    """Results and tasks may be larger than what the kernel buffers."""
    with slot(nursery, "use_files", bytes(tmp_path)) as large, slot(nursery, "echo") as echo:
        assert large.run(b"large %d" % size) == bytes(size)
        assert echo.run(bytes(size)) == bytes(size)


def test_the_slot_ticks_while_it_waits(nursery: Nursery, tmp_path: Path) -> None:
    """``on_tick`` runs while the child works; here the child waits for what it does."""
    with slot(nursery, "use_files", bytes(tmp_path)) as ticking:
        assert ticking.run(b"await tick", (tmp_path / "tick").touch) == b"done await tick"


def test_an_error_in_the_tick_ends_the_task(nursery: Nursery, tmp_path: Path) -> None:
    """A lost lease ends the work at once, and its answer is not taken for the next one's."""

    def lost() -> None:
        raise Defect("lease_lost", "another worker took it")

    with slot(nursery, "use_files", bytes(tmp_path)) as leased:
        with pytest.raises(Defect) as caught:
            leased.run(b"await never", lost)
        assert caught.value.code == "lease_lost"
        assert leased.run(b"next") == b"done next"


def test_many_threads_make_slots_at_once() -> None:
    """Slots made and used by several threads on one cold fork server do not disturb each other."""

    def work(number: int) -> bytes:
        with slot(cold, "echo", b"%d " % number) as own:
            return own.run(b"x") + own.run(b"y")

    with Nursery((CHILDREN,)) as cold, ThreadPoolExecutor(8) as threads:
        assert list(threads.map(work, range(16))) == [b"%d x%d y" % (n, n) for n in range(16)]


def test_an_interrupt_ends_the_running_task_and_every_later_one(nursery: Nursery, tmp_path: Path) -> None:
    """Draining is not held against the page."""
    os.mkfifo(tmp_path / "begun")
    with slot(nursery, "use_files", bytes(tmp_path)) as drained:

        def drain() -> None:
            with (tmp_path / "begun").open("rb") as begun:
                begun.read(1)
            drained.interrupt()

        thread = threading.Thread(target=drain)
        thread.start()
        for _ in range(2):
            with pytest.raises(SlotKilled) as caught:
                drained.run(b"tell begun")
            assert (caught.value.reason, caught.value.counted) == ("drained", False)
        thread.join()


def test_stopping_twice_changes_nothing(nursery: Nursery) -> None:
    """A stopped slot stays stopped and says so."""
    stopped = slot(nursery, "echo")
    stopped.stop()
    stopped.stop()
    with pytest.raises(SlotKilled) as caught:
        stopped.run(b"")
    assert caught.value.reason == "drained"


def test_a_child_that_died_idle_is_replaced_without_a_word(nursery: Nursery, tmp_path: Path) -> None:
    """The task runs once, in a fresh child."""
    with slot(nursery, "use_files", bytes(tmp_path)) as idle:
        idle.run(b"warm up")
        for _ in range(5):
            kill_and_wait(idle.pid)
            idle.run(b"append count")
    assert (tmp_path / "count").read_bytes() == b"....."


def test_a_child_that_was_stopped_idle_is_replaced_without_a_word(nursery: Nursery, tmp_path: Path) -> None:
    """A stopped child never took the task, so it runs once, in a fresh child."""
    with slot(nursery, "use_files", bytes(tmp_path)) as idle:
        idle.run(b"warm up")
        assert idle.pid is not None
        os.kill(idle.pid, signal.SIGSTOP)
        idle.run(b"append count")
    assert (tmp_path / "count").read_bytes() == b"."


def test_a_child_that_cannot_start_is_the_hosts_fault(nursery: Nursery) -> None:
    """The message names the kind of error and the place, and not what the error said."""
    with slot(nursery, "cannot_start", b"secret") as broken, pytest.raises(Retryable) as caught:
        broken.run(b"")
    assert (caught.value.code, caught.value.dependency) == ("child_cannot_start", "worker")
    assert "RuntimeError at children.py" in caught.value.message
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("preload", ["no_such_module", CHILDREN])
def test_a_program_that_is_not_there_is_the_hosts_fault(preload: str) -> None:
    """A wrong module name blames no page, whether the server or the child finds out."""
    with Nursery((preload,)) as nursery, Slot("x", "no_such:thing", b"", SlotLimits(), nursery=nursery) as broken:
        with pytest.raises(Retryable) as caught:
            broken.run(b"")
        assert (caught.value.code, caught.value.dependency) == ("child_cannot_start", "worker")


def test_a_child_may_fail_to_start_twice(nursery: Nursery, tmp_path: Path) -> None:
    """The third try counts."""
    with slot(nursery, "starts_at_last", bytes(tmp_path / "tries")) as late:
        assert late.run(b"at last") == b"at last"


def test_an_exception_in_the_handler_crosses_without_its_message(nursery: Nursery) -> None:
    """Type and place cross; names and numbers of citizens do not; the next task runs."""
    with slot(nursery, "misbehave") as raising:
        with pytest.raises(Defect) as caught:
            raising.run(b"raise")
        assert caught.value.code == "child_error"
        assert "ValueError at children.py" in caught.value.message
        assert "Nguyễn" not in caught.value.message
        assert raising.run(b"next") == b"done next"


def test_what_a_host_sleeps_is_not_held_against_the_page(nursery: Nursery, tmp_path: Path) -> None:
    """A worker that was stopped past the wall limit, as on a machine that is being moved, gives the page its time."""
    ticks = itertools.count()

    def sleeps_then_answers() -> None:
        if next(ticks) == 0:
            time.sleep(4.0)
        else:
            (tmp_path / "awake").touch()

    limits = SlotLimits(wall_s=3.5)
    with Slot("moved", f"{CHILDREN}:use_files", bytes(tmp_path), limits, nursery=nursery) as moved:
        assert moved.run(b"await awake", sleeps_then_answers) == b"done await awake"
