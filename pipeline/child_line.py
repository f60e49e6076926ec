"""The slot's end of one child: what arrives from it, what goes to it, how it ended. Never blocks on it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from collections.abc import Callable

from pipeline.forkserver import PID, STATUS
from pipeline.framing import Frame, FrameReader, Kind, encode
from pipeline.proc import ProcessStat, Usage

_READ_BYTES = 65536


class ChildLine:
    """One child process as its slot sees it.

    ``ready``: the handler is built. ``status``: exit status, or minus the signal, once it ended.
    ``orphaned``: the fork server ended, so the kernel killed the child and nobody can say how it was.
    """

    def __init__(self, connection: socket.socket, lifeline: socket.socket, config: bytes, wake_fd: int) -> None:
        self._connection = connection
        self._lifeline = lifeline
        self._reader = FrameReader()
        self._outbox = bytearray(encode(Kind.CONFIG, config))
        self._pidfd: int | None = None
        self._stat: ProcessStat | None = None
        self.pid: int | None = None
        self.status: int | None = None
        self.orphaned = False
        self.hung_up = False
        self.ready = False
        self.tasks = 0
        self._poller = select.poll()
        for sock in (connection, lifeline):
            sock.setblocking(False)
        self._poller.register(connection, select.POLLIN | select.POLLOUT)
        self._writing = True
        self._poller.register(lifeline, select.POLLIN)
        self._poller.register(wake_fd, select.POLLIN)

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self.status is not None or self.orphaned

    @property
    def pending(self) -> bool:
        """Whether part of a frame has arrived."""
        return self._reader.pending

    def send(self, kind: Kind, payload: bytes) -> None:
        """Queue a frame; :meth:`pump` writes it as the child takes it."""
        self._outbox += encode(kind, payload)
        self._write()

    def pump(self, timeout_s: float) -> None:
        """Wait up to ``timeout_s`` for something to happen, then move every byte that can move."""
        if not self._poller.poll(max(0.0, timeout_s) * 1000):
            return
        self._hear()  # first how it ended: after that, all it ever wrote is there to be read
        self._read()
        self._write()

    def take(self) -> Frame | None:
        """The next whole frame, or None. Raises ``Defect("garbled_frame")``."""
        return self._reader.take()

    def usage(self) -> Usage | None:
        """CPU, memory and state now; None once the process is gone, or before its number is known."""
        return self._stat.read() if self._stat else None

    def kill(self) -> None:
        """SIGKILL; through the pidfd, so that it can hit no other process. Works on a stopped one."""
        if self._pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def close(self) -> None:
        """Kill the child and give every descriptor back. A child that is still starting ends at EOF."""
        self.kill()
        self._connection.close()
        self._lifeline.close()
        if self._stat is not None:
            self._stat.close()
            self._stat = None
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None

    def wait_status(self, now: Callable[[], float], within_s: float) -> None:
        """Wait until the fork server has said how the child ended, at most ``within_s``."""
        deadline = now() + within_s
        poller = select.poll()
        poller.register(self._lifeline, select.POLLIN)
        while not self.ended and now() < deadline:
            poller.poll(max(0.0, deadline - now()) * 1000)
            self._hear()

    def _hear(self) -> None:
        while not self.ended:
            try:
                message, fds, _, _ = socket.recv_fds(self._lifeline, 64, 1)
            except BlockingIOError:
                return
            except OSError:
                message, fds = b"", []
            if not message:
                self.orphaned = True
            elif fds:
                (self.pid,), self._pidfd = PID.unpack(message), fds[0]
                with contextlib.suppress(ProcessLookupError):  # it ended already: the status follows
                    self._stat = ProcessStat(self.pid)
            else:
                (self.status,) = STATUS.unpack(message)
        with contextlib.suppress(KeyError):
            self._poller.unregister(self._lifeline)  # its end would wake every later poll

    def _read(self) -> None:
        while not self.hung_up:
            try:
                data = self._connection.recv(_READ_BYTES)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if data:
                self._reader.feed(data)
            else:
                self.hung_up = True
                self._poller.unregister(self._connection)

    def _write(self) -> None:
        if self.hung_up:
            return
        while self._outbox:
            try:
                sent = self._connection.send(self._outbox)
            except BlockingIOError:
                break
            except OSError:
                self._outbox.clear()  # the child is gone; the lifeline says how
            else:
                del self._outbox[:sent]
        if self._writing != bool(self._outbox):
            self._writing = not self._writing
            self._poller.modify(self._connection, select.POLLIN | (select.POLLOUT if self._writing else 0))
