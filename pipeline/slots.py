"""Slots: heavy work in one warm child process each, under limits that hold even against C code.

The slot's thread never blocks on its child: it polls, looks at ``/proc``, and kills. What a kill means
is in :class:`SlotKilled`.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Self

from models.errors import Defect, Retryable, SohoaError
from pipeline.child_line import ChildLine
from pipeline.forkserver import ended_how
from pipeline.framing import Frame, Kind
from pipeline.nursery import Nursery
from pipeline.proc import Usage

WATCH_S = 0.25
"""Between two looks at a child's limits; what it says is heard at once. Each look wakes a core for nothing."""
TICK_S = 1.0
ASLEEP_S = 2.0
"""Between two looks at a child: longer, and it was the worker that stood still, perhaps the whole machine."""
STATUS_S = 1.0
"""How long the fork server may take to say how a child ended that hung up."""
STARTS = 3
"""Children that may fail to start in a row."""

Reason = Literal["wall", "cpu", "rss", "signal", "exit", "stopped", "stalled", "terminated", "orphaned", "drained"]

_ASKED_TO_END = (-signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP)


class SlotKilled(SohoaError):
    """The child ended, or was ended, in the middle of a task. ``counted``: it counts against the page.

    Counted, because the page may have done it: ``wall``, ``cpu``, ``rss`` (a limit), ``signal`` (a crash, or
    SIGKILL, where the kernel's memory killer and a person look alike), ``exit`` (ended by itself, or
    hung up). Not counted, because something else did: ``stopped`` (found in state T), ``stalled`` (a
    result broke off: the handler was through by then), ``terminated`` (asked to end: SIGTERM, SIGINT,
    SIGHUP), ``orphaned`` (the fork server died), ``drained`` (:meth:`Slot.interrupt`).
    """

    def __init__(self, reason: Reason, *, counted: bool, detail: str = "") -> None:
        super().__init__(f"slot_{reason}", detail or reason)
        self.reason = reason
        self.counted = counted
        self.detail = detail


@dataclass(frozen=True)
class SlotLimits:
    """What one task may use. ``rss_mb``: resident memory of the whole child, engines included.

    ``recycle_after``: tasks until a fresh child takes over; 0 for never. ``stall_s``: a result once
    begun must be complete within this. ``start_s``: building the handler may take this long.
    """

    wall_s: float = 300.0
    cpu_s: float = 240.0
    rss_mb: float = 2048.0
    recycle_after: int = 1000
    stall_s: float = 0.5
    start_s: float = 60.0


class Slot:
    """One child process at a time, for one thread at a time.

    ``serve``: ``module:function``, a factory ``function(config) -> Handler`` that runs in the child.
    ``nursery``: forks the children; slots of one pool share one. Without it the slot has its own.
    """

    def __init__(
        self, name: str, serve: str, config: bytes, limits: SlotLimits, *, nursery: Nursery | None = None
    ) -> None:
        self.name = name
        self._serve = serve
        self._config = config
        self._limits = limits
        self._nursery = nursery or Nursery((serve.partition(":")[0],))
        self._owns_nursery = nursery is None
        self._busy = threading.Lock()
        self._wake_lock = threading.Lock()
        self._wake_fd: int | None = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._drained = False
        self._child: ChildLine | None = None
        self._replace()

    @property
    def pid(self) -> int | None:
        """Process number of the child, once one is known."""
        child = self._child
        return child.pid if child else None

    def run(self, task: bytes, on_tick: Callable[[], None] | None = None) -> bytes:
        """Let the child answer one task.

        ``on_tick`` is called about once a second meanwhile; what it raises ends the task and goes up. A
        child that ended before it had the task is replaced without a word. Raises ``SlotKilled``;
        ``Defect``: ``child_error`` (the handler raised), ``garbled_frame``; and ``Retryable``:
        ``child_cannot_start`` (three times in a row), which says nothing about the task.
        """
        with self._busy:
            ticker = _Ticker(on_tick)
            try:
                self._stay_unless_drained()
                for _ in range(STARTS):
                    answer = self._converse(self._warm_child(ticker), task, ticker)
                    if answer is not None:
                        return self._settle(answer)
                    self._replace()
            except BaseException:
                # Whatever ended this task, its answer must never be taken for the next one's.
                self._replace()
                raise
        raise _no_child(f"slot {self.name}: {STARTS} children ended before they took their task")

    def interrupt(self) -> None:
        """Drain, from any thread, for good: the running and every later ``run`` raises ``SlotKilled``."""
        with self._wake_lock:
            self._drained = True
            if self._wake_fd is not None:
                os.eventfd_write(self._wake_fd, 1)

    def stop(self) -> None:
        """Interrupt, end the child, and give everything back. Doing it twice changes nothing."""
        self.interrupt()
        with self._busy:
            self._discard()
            if self._owns_nursery:
                self._nursery.close()
            with self._wake_lock:
                if self._wake_fd is not None:
                    os.close(self._wake_fd)
                    self._wake_fd = None

    def _warm_child(self, ticker: _Ticker) -> ChildLine:
        """A child whose handler is built: the one at hand, unless it died idle, or a fresh one."""
        child = self._child
        if child is not None and child.ready:
            child.pump(0)
            if not child.ended and not child.hung_up:
                return child
            self._replace()
        trouble: str | None = None
        for _ in range(STARTS):
            child = self._child or self._ask()
            trouble = self._start(child, ticker)
            if trouble is None:
                return child
            self._replace()
        raise _no_child(f"slot {self.name}: no child starts, {STARTS} tries; the last: {trouble}")

    def _start(self, child: ChildLine, ticker: _Ticker) -> str | None:
        """Wait until the handler is built. None when it is, else what is wrong."""
        deadline = time.monotonic() + self._limits.start_s
        while True:
            frame = child.take()
            if frame is not None and frame.kind is Kind.ERROR:
                return frame.payload.decode(errors="replace")
            child.ready = child.ready or (frame is not None and frame.kind is Kind.READY)
            if child.ready and child.pid is not None:
                return None
            if child.ended:
                return "the fork server ended" if child.status is None else ended_how(child.status)
            if child.hung_up:
                child.wait_status(time.monotonic, STATUS_S)
                return "it hung up" if child.status is None else ended_how(child.status)
            if time.monotonic() > deadline:
                if child.pid is None:
                    self._nursery.restart()  # the fork server itself hangs
                return f"not ready after {self._limits.start_s:g} s"
            self._stay_unless_drained()
            child.pump(WATCH_S)
            ticker.tick()

    def _converse(self, child: ChildLine, task: bytes, ticker: _Ticker) -> Frame | None:
        """Send the task and wait for its answer under the limits.

        None when the child was lost before it had the task: nothing of it has run.
        """
        before = child.usage()
        started = watch_at = looked = time.monotonic()
        torn_since: float | None = None
        breach: SlotKilled | None = None
        begun = False
        child.send(Kind.TASK, task)
        while True:
            frame = child.take()
            if frame is not None and frame.kind is not Kind.BEGUN:
                return frame
            if frame is not None:
                begun = True
                continue
            self._stay_unless_drained()
            if breach or child.ended or child.hung_up:
                if not begun and (child.ended or child.hung_up):
                    return None
                raise breach or self._post_mortem(child)
            now = time.monotonic()
            if now - looked > ASLEEP_S:
                started += now - looked
                torn_since = None
            looked = now
            torn_since = (torn_since or now) if child.pending else None
            if now >= watch_at:
                watch_at = now + WATCH_S
                torn_s = now - torn_since if torn_since else 0.0
                breach = self._breach(before, child.usage(), now - started, torn_s)
            if breach:
                # Only a dead child has said all that it will say; what it said decides.
                child.kill()
                child.wait_status(time.monotonic, STATUS_S)
            ticker.tick()  # before the child is heard: what it has said by then decides, whatever the tick would say
            child.pump(0 if breach else WATCH_S)

    def _breach(self, before: Usage | None, usage: Usage | None, wall_s: float, torn_s: float) -> SlotKilled | None:
        """The first limit that the task has passed, or None."""
        limits = self._limits
        if wall_s > limits.wall_s:
            return SlotKilled("wall", counted=True, detail=f"over {limits.wall_s:g} s")
        if usage is not None and usage.state == "T":
            return SlotKilled("stopped", counted=False, detail="a signal had stopped the child")
        if usage is not None and before is not None and usage.cpu_s - before.cpu_s > limits.cpu_s:
            return SlotKilled("cpu", counted=True, detail=f"over {limits.cpu_s:g} s of CPU")
        if usage is not None and usage.rss_mb > limits.rss_mb:
            return SlotKilled("rss", counted=True, detail=f"over {limits.rss_mb:g} MB resident")
        if torn_s > limits.stall_s:
            return SlotKilled("stalled", counted=False, detail=f"half a result for {torn_s:.1f} s")
        return None

    def _post_mortem(self, child: ChildLine) -> SlotKilled:
        """What it means that the child is gone in the middle of its task."""
        if not child.ended:
            child.wait_status(time.monotonic, STATUS_S)
        if self._drained:
            return SlotKilled("drained", counted=False)
        if child.orphaned:
            return SlotKilled("orphaned", counted=False, detail="the fork server ended, and its children with it")
        if child.status is None:
            return SlotKilled("exit", counted=True, detail="it hung up without a result")
        how = ended_how(child.status)
        if child.status in _ASKED_TO_END:
            return SlotKilled("terminated", counted=False, detail=how)
        return SlotKilled("signal" if child.status < 0 else "exit", counted=True, detail=how)

    def _settle(self, answer: Frame) -> bytes:
        """The task is through: hand out what it gave."""
        child = self._child
        assert child is not None
        child.tasks += 1
        if answer.kind is not Kind.RESULT:
            raise Defect("child_error", f"slot {self.name}: {answer.payload.decode(errors='replace')}")
        if child.tasks == self._limits.recycle_after:
            self._replace()
        return answer.payload

    def _stay_unless_drained(self) -> None:
        if self._drained:
            raise SlotKilled("drained", counted=False)

    def _ask(self) -> ChildLine:
        """Order a child. Raises ``Retryable("child_cannot_start")``."""
        connection, lifeline = self._nursery.ask(self._serve, self.name)
        assert self._wake_fd is not None
        self._child = ChildLine(connection, lifeline, self._config, self._wake_fd)
        return self._child

    def _replace(self) -> None:
        """End the child and order the next one at once, so that it warms up before it is needed."""
        self._discard()
        if not self._drained:
            with suppress(Retryable):  # the next run tries again, and tells
                self._ask()

    def _discard(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _no_child(why: str) -> Retryable:
    """The host's fault, never the page's: another host may do the step."""
    return Retryable("child_cannot_start", why, "worker")


class _Ticker:
    """Calls ``on_tick`` once a second, between two looks at the child."""

    def __init__(self, on_tick: Callable[[], None] | None) -> None:
        self._on_tick = on_tick
        self._due = time.monotonic() + TICK_S

    def tick(self) -> None:
        if self._on_tick is not None and time.monotonic() >= self._due:
            self._on_tick()
            self._due = time.monotonic() + TICK_S
