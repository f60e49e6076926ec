"""A RabbitMQ of our own, for one run: own folder, own ports, gone with the process that started it."""

from __future__ import annotations

import secrets
import shutil
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from models.errors import OperatorError
from pipeline.child_server import ChildServer, answers, free_ports

PACKAGE_FOLDER = Path("/usr/lib/rabbitmq/lib")
EPMD = Path("/usr/bin/epmd")
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

START_S = 90.0
"""A start takes 5 s; a machine that runs a test suite besides may need many times that."""

ERLANG = (
    "-start_epmd false "  # ours is a child; one that Erlang starts would be a daemon and stay
    "-kernel inet_dist_use_interface {127,0,0,1} "
    "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"  # no busy waiting: the cores are for the pages
)


class PrivateRabbitMq:
    """Debian's RabbitMQ on free ports of 127.0.0.1, with its data in ``folder`` (emptied at the start).

    ``config``: further lines of ``rabbitmq.conf``. Broker and port mapper are killed by the kernel
    when the thread that called :meth:`start` ends, so start it from the main thread.
    """

    def __init__(self, folder: Path, config: tuple[str, ...] = ()) -> None:
        self._folder = folder.absolute()
        self._config = config
        self._password = secrets.token_hex(16)
        self._epmd: ChildServer | None = None
        self._broker: ChildServer | None = None
        self._port = 0
        self._epmd_port = 0

    @property
    def url(self) -> str:
        """``amqp://…`` with user and password; stays the same over :meth:`restart`."""
        return f"amqp://sohoa:{self._password}@127.0.0.1:{self._port}/"

    @property
    def port(self) -> int:
        return self._port

    @property
    def pid(self) -> int:
        """Process id of the broker."""
        if self._broker is None:
            raise OperatorError("server_not_running", "the private RabbitMQ was not started")
        return self._broker.pid

    @property
    def running(self) -> bool:
        return self._broker is not None and self._broker.running

    def start(self) -> None:
        """Start and wait until it takes connections.

        Raises ``OperatorError("rabbitmq_missing")`` where the Debian package is not installed.
        """
        server = _server_script()
        self._prepare_folder()
        self._port, distribution_port, self._epmd_port = free_ports(3)
        home = {"HOME": str(self._folder), "PATH": PATH, "LANG": "C.UTF-8"}
        epmd = (str(EPMD), "-port", str(self._epmd_port), "-address", "127.0.0.1")
        self._epmd = ChildServer("epmd", epmd, home, self._folder / "epmd.log")
        self._broker = ChildServer(
            "RabbitMQ",
            (str(server),),
            home | self._environment(distribution_port),
            self._folder / "rabbitmq.log",
        )
        try:
            self.restart()
        except BaseException:
            self._broker.kill()
            self._epmd.kill()
            raise

    def restart(self) -> None:
        """Start again after :meth:`kill` (or kill first), with the same address and data."""
        if self._broker is None or self._epmd is None:
            raise OperatorError("server_not_running", "the private RabbitMQ was not started")
        self._broker.kill()
        if not self._epmd.running:
            self._epmd.start()
            self._epmd.wait_ready(lambda: answers(self._epmd_port), START_S)
        self._broker.start()
        self._broker.wait_ready(self._takes_connections, START_S)

    def kill(self) -> None:
        """End the broker as a crash would; :meth:`restart` brings it back."""
        if self._broker is not None:
            self._broker.kill()

    def stop(self) -> None:
        """End broker and port mapper."""
        if self._broker is not None:
            self._broker.stop()
        if self._epmd is not None:
            self._epmd.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _takes_connections(self) -> bool:
        """Whether the broker answers the protocol header with a frame (AMQP 0-9-1, section 4.2.2)."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=5.0) as connection:
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                return connection.recv(1) == b"\x01"
        except OSError:
            return False

    def _prepare_folder(self) -> None:
        """An empty data folder: what an earlier run left there are hints that the ledger knows better."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.rmtree(self._folder / "mnesia", ignore_errors=True)
        for name, lines in {
            "rabbitmq.conf": (
                "loopback_users = none",
                "default_user = sohoa",
                f"default_pass = {self._password}",
                "log.console = false",
                # What a replicated queue has seen stays in memory until its log is as long as this; default 512 MB.
                "raft.wal_max_size_bytes = 4000000",
                "log.file.level = warning",
                *self._config,
            ),
            "enabled_plugins": ("[].",),
            "advanced.config": ("[].",),
            "rabbitmq-env.conf": (),
        }.items():
            file = self._folder / name
            file.touch(mode=0o600)
            file.write_text("".join(f"{line}\n" for line in lines))

    def _environment(self, distribution_port: int) -> dict[str, str]:
        folder = self._folder
        return {
            "RUNNING_UNDER_SYSTEMD": "true",  # the script then becomes the broker: one process to watch
            "RABBITMQ_NODENAME": "sohoa@localhost",
            "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self._port),
            "RABBITMQ_DIST_PORT": str(distribution_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG,
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }


def _server_script() -> Path:
    """The server's own script: the one in ``/usr/sbin`` insists on the user ``rabbitmq``."""
    scripts = sorted(PACKAGE_FOLDER.glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    if not scripts or not EPMD.exists():
        raise OperatorError(
            "rabbitmq_missing",
            "RabbitMQ is not installed: run `apt-get install --no-install-recommends rabbitmq-server`, "
            "or set broker.url to a RabbitMQ that runs elsewhere",
        )
    return scripts[-1]
