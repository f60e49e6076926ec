"""The worker's end of a fork server: asks it for children, starts it again when it is gone."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Self

from models.errors import Retryable

_BOOT = (
    "import json, sys; boot = json.loads(sys.argv[2]); sys.path[:] = boot['path']; "
    "from pipeline.forkserver import main; main(int(sys.argv[1]), boot['preload'])"
)
_END_S = 2.0


class Nursery:
    """One fork server, started when the first child is asked for. Safe to share between threads.

    ``preload``: modules that children need, imported once. Make it in the process that uses it:
    a copy in a forked process would share the server.
    """

    def __init__(self, preload: Sequence[str]) -> None:
        self._preload = tuple(preload)
        self._lock = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def ask(self, serve: str, name: str) -> tuple[socket.socket, socket.socket]:
        """Order a child: its connection, and its lifeline (see :mod:`pipeline.forkserver`).

        Returns at once; the child's process number comes over the lifeline. Raises
        ``Retryable("child_cannot_start")``.
        """
        with self._lock:
            for _ in range(2):
                try:
                    return self._order(f"{serve}\n{name}".encode())
                except OSError as error:  # the server died, or has been stopped and its queue is full
                    self._end(kill=True)
                    reason = type(error).__name__
        raise Retryable(
            "child_cannot_start", f"no slot child could be ordered ({reason}): processes or files run out", "worker"
        )

    def restart(self) -> None:
        """Kill the server, and with it every child; the next order starts another."""
        with self._lock:
            self._end(kill=True)

    def close(self) -> None:
        """End the server and every child."""
        with self._lock:
            self._end(kill=False)

    @property
    def pid(self) -> int | None:
        """Process number of the running server."""
        return self._server.pid if self._server else None

    def _order(self, order: bytes) -> tuple[socket.socket, socket.socket]:
        if self._control is None:
            self._control = self._start()
        connection, theirs = socket.socketpair()
        lifeline, their_lifeline = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, their_lifeline:
            try:
                socket.send_fds(self._control, [order], [theirs.fileno(), their_lifeline.fileno()])
            except OSError:
                connection.close()
                lifeline.close()
                raise
        return connection, lifeline

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        boot = json.dumps({"path": sys.path, "preload": self._preload})
        with theirs:
            try:
                self._server = subprocess.Popen(
                    [sys.executable, "-c", _BOOT, str(theirs.fileno()), boot],
                    pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=2,  # what a library prints must not land in the worker's own output
                    start_new_session=True,  # Ctrl-C is the worker's to judge, not the child's
                )
            except OSError:
                ours.close()
                raise
        return ours

    def _end(self, *, kill: bool) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._server is not None:
            if kill:
                self._server.kill()
            try:
                self._server.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
            self._server = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
