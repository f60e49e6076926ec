"""The process that forks slot children: heavy imports done once, one thread, nothing else open.

A worker has threads, so it must not fork itself; starting a fresh interpreter for each child takes a
second of imports. (``multiprocessing``'s fork server imports the parent's ``__main__`` again and is one
per process by global state.) Descriptor 3 is the line to the worker; at its end the server ends, and
the kernel ends its children with it.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import signal
import socket
import struct
import traceback
from collections.abc import Sequence

from pipeline.allocator import keep_memory, keep_objects
from pipeline.child import CONNECTION_FD, become_child, live

ORDER_BYTES = 4096
PID = struct.Struct("<i")
"""First message on a child's lifeline, with a pidfd beside it."""
STATUS = struct.Struct("<i")
"""Last message on a child's lifeline: exit status, or minus the signal that ended the child."""


def main(control_fd: int, preload: Sequence[str]) -> None:
    """Import ``preload``, then fork a child for every order until the worker is gone."""
    os.dup2(control_fd, CONNECTION_FD, inheritable=False)
    if control_fd != CONNECTION_FD:
        os.close(control_fd)
    # A slot is one core's worth of work; these libraries would each start a thread per core.
    for variable in ("OMP_THREAD_LIMIT", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = "1"
    keep_memory()
    for module in preload:
        importlib.import_module(module)
    keep_objects()
    _Server(socket.socket(fileno=CONNECTION_FD)).run()


class _Server:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, tuple[int, socket.socket]] = {}
        """pidfd to process number and lifeline."""
        self._poller = select.poll()
        self._poller.register(control, select.POLLIN)

    def run(self) -> None:
        while True:
            for fd, _ in self._poller.poll():
                if fd != CONNECTION_FD:
                    self._bury(fd)
                elif not self._take_order():
                    return

    def _take_order(self) -> bool:
        """Fork one child; False when the worker is gone. An order is ``serve``, newline, ``name``."""
        order, fds, _, _ = socket.recv_fds(self._control, ORDER_BYTES, 2)
        if not order:
            return False
        serve, name = order.decode().split("\n")
        connection, lifeline = (socket.socket(fileno=fd) for fd in fds)
        server_pid = os.getpid()
        try:
            pid = os.fork()
        except OSError:
            traceback.print_exc()  # the lifeline ends without a word: the slot tries again
            connection.close()
            lifeline.close()
        else:
            if pid == 0:
                self._be_child(connection, lifeline, serve, name, server_pid)
            connection.close()
            pidfd = os.pidfd_open(pid)
            self._children[pidfd] = (pid, lifeline)
            self._poller.register(pidfd, select.POLLIN)
            with contextlib.suppress(OSError):  # the slot may have given up already
                socket.send_fds(lifeline, [PID.pack(pid)], [pidfd])
        return True

    def _be_child(
        self, connection: socket.socket, lifeline: socket.socket, serve: str, name: str, server_pid: int
    ) -> None:
        """Everything that a child does; never returns into the server's loop."""
        status = 1
        try:
            become_child(name, server_pid)
            # A lifeline held open here would hide the server's death from its slot.
            lifeline.close()
            for pidfd, (_, other) in self._children.items():
                os.close(pidfd)
                other.close()
            self._control.detach()
            os.dup2(connection.fileno(), CONNECTION_FD, inheritable=False)
            connection.close()
            live(socket.socket(fileno=CONNECTION_FD), serve)
            status = 0
        except OSError:
            status = 0  # the slot is gone in the middle of a frame: nobody is left to tell
        except SystemExit:
            pass
        except BaseException:  # noqa: BLE001 a child must not fall back into the server's loop
            traceback.print_exc()
        finally:
            os._exit(status)

    def _bury(self, pidfd: int) -> None:
        """Reap one child and tell its slot how it ended."""
        self._poller.unregister(pidfd)
        pid, lifeline = self._children.pop(pidfd)
        _, wait_status = os.waitpid(pid, 0)
        with contextlib.suppress(OSError):  # the slot that killed it does not wait to hear of it
            lifeline.send(STATUS.pack(os.waitstatus_to_exitcode(wait_status)), socket.MSG_DONTWAIT)
        lifeline.close()
        os.close(pidfd)


def ended_how(status: int) -> str:
    """A child's exit status in words."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
