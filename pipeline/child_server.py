"""Servers that run as children of this process: their ports, their log, and their certain end."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from models.errors import OperatorError

DIES_WITH_PARENT = ("/usr/bin/setpriv", "--pdeathsig", "KILL")
"""Prefix of a command: the kernel kills it when its parent is gone, however that ended."""

FIRST_PORT, LAST_PORT = 20000, 31999
"""Below the ports that the kernel lends to outgoing connections, so that none takes ours in between."""

POLL_S = 0.02


def free_ports(count: int) -> tuple[int, ...]:
    """Different TCP ports that nothing on this machine uses at the moment."""
    chance = random.SystemRandom()
    ports: list[int] = []
    while len(ports) < count:
        port = chance.randint(FIRST_PORT, LAST_PORT)
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return tuple(ports)


def answers(port: int) -> bool:
    """Whether something accepts connections on 127.0.0.1."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return True
    except OSError:
        return False


class ChildServer:
    """One server process. Start it from a thread that lives as long as the server shall live:

    the kernel takes the end of that thread for the end of the parent.
    """

    def __init__(self, name: str, command: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        self._name = name
        self._command = (*DIES_WITH_PARENT, *command)
        self._env = dict(env)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id. Raises ``OperatorError("server_not_running")``."""
        if self._process is None:
            raise OperatorError("server_not_running", f"{self._name} is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, *, user: str | None = None) -> None:
        """Start the process; ``user``: an account to run as (only root can). It may not be ready yet."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                user=user,
                group=user,
                extra_groups=None if user is None else (),
                start_new_session=True,  # Ctrl-C in a terminal is for us; we stop our servers ourselves
            )

    def wait_ready(self, ready: Callable[[], bool], timeout_s: float) -> None:
        """Poll until ``ready()``. Raises ``OperatorError("server_not_started")`` with the end of the log."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            if not self.running or time.monotonic() > deadline:
                why = f"not ready after {timeout_s:g} s" if self.running else "it ended by itself"
                self.kill()
                raise OperatorError("server_not_started", f"{self._name}: {why}; {self._log}:\n{self._last_lines()}")
            time.sleep(POLL_S)

    def stop(self, timeout_s: float = 15.0) -> None:
        """Ask it to end, and kill it when it does not."""
        if self._process is not None and self.running:
            self._process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout_s)
        self.kill()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _last_lines(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])
