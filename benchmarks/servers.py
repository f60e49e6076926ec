"""What every server of our own has in common: a temporary folder, a process, its crash and its certain end."""

from __future__ import annotations

import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.child_server import ChildServer


class PrivateServer(ABC):
    """One server process with its data in a folder of its own; address and data outlive :meth:`kill`.

    ``user``: an account to run as (only root can).
    """

    name: str
    start_s: float
    user: str | None = None

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"sohoa-{self.name.lower()}-"))
        if self.user is not None:
            shutil.chown(self.folder, self.user, self.user)

    def launch(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Start it for the first time and wait until it is ready; takes everything back when it does not start."""
        self._server = ChildServer(self.name, command, env, self.folder / "server.log")
        try:
            self.prepare()
            self._start()
        except BaseException:
            self.stop()
            raise

    @abstractmethod
    def prepare(self) -> None:
        """Put into the folder what the first start needs."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether it serves."""

    @property
    def pid(self) -> int:
        return self._server.pid

    @property
    def running(self) -> bool:
        return self._server.running

    def kill(self) -> None:
        """End it as a crash would; :meth:`restart` brings it back with its data."""
        self._server.kill()

    def restart(self) -> None:
        """Start again after :meth:`kill` (or kill first), same address and data; returns when it serves."""
        self._server.kill()
        self._start()

    def stop(self) -> None:
        """End it at once and remove its folder."""
        self._server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> None:
        self._server.start(user=self.user)
        self._server.wait_ready(self.ready, self.start_s)
