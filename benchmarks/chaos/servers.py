"""The real servers of a campaign: RabbitMQ, PostgreSQL, S3, and a time-stamping service; killed and brought back."""

from __future__ import annotations

import itertools
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from benchmarks.private_postgres import PrivatePostgres
from benchmarks.private_s3 import PrivateS3
from benchmarks.time_authority import time_authority
from models.errors import OperatorError
from pipeline.ledger.database import open_database
from pipeline.ledger.migrate import migrate
from pipeline.private_rabbitmq import PACKAGE_FOLDER, PATH, PrivateRabbitMq

ServerName = Literal["broker", "ledger", "store"]
CONTROL_S = 60


class Broker(PrivateRabbitMq):
    """The private RabbitMQ, and RabbitMQ's own program to control it."""

    def control(self, *words: str) -> str:
        """Run ``rabbitmqctl``; what it printed. Raises ``OperatorError("rabbitmqctl_failed")``."""
        program = max(PACKAGE_FOLDER.glob("rabbitmq_server-*/sbin/rabbitmqctl"))
        env = {
            "HOME": str(self._folder),
            "PATH": PATH,
            "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": "sohoa@localhost",
            "RABBITMQ_CONF_ENV_FILE": str(self._folder / "rabbitmq-env.conf"),
            "ERL_EPMD_PORT": str(self._epmd_port),
        }
        done = subprocess.run(
            [str(program), *words], env=env, capture_output=True, text=True, check=False, timeout=CONTROL_S
        )
        if done.returncode:
            raise OperatorError("rabbitmqctl_failed", (done.stderr or done.stdout)[-500:])
        return done.stdout


class Servers:
    """Use as a context manager. ``folder``: for RabbitMQ's data.

    The kernel ends a server with the thread that started it, so each has a thread that lives as long as it must.
    """

    def __init__(self, folder: Path) -> None:
        self._stack = ExitStack()
        self._hands = {name: ThreadPoolExecutor(1, f"hand-{name}") for name in ("broker", "ledger", "store")}
        self.broker = Broker(folder / "rabbitmq")
        self.ledger: PrivatePostgres
        self.store: PrivateS3
        self.tsa_port = 0
        self._names = itertools.count(1)

    def __enter__(self) -> Self:
        try:
            starts = [
                self._hands["broker"].submit(self.broker.start),
                self._hands["ledger"].submit(self._open_ledger),
                self._hands["store"].submit(self._open_store),
            ]
            for start in starts:
                start.result()
            authority = self._stack.enter_context(time_authority())
            self.tsa_port = urlsplit(authority.url).port or 0
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self.broker.kill()
        self.broker.stop()
        for hand in self._hands.values():
            hand.shutdown()

    def _open_ledger(self) -> None:
        self.ledger = PrivatePostgres()
        self._stack.callback(self.ledger.stop)

    def _open_store(self) -> None:
        self.store = PrivateS3()
        self._stack.callback(self.store.stop)

    def kill(self, name: ServerName) -> None:
        """End one at once, as a crash would."""
        self._server(name).kill()

    def restart(self, name: ServerName) -> None:
        """Bring it back with its data; returns when it serves."""
        self._hands[name].submit(self._server(name).restart).result()

    def _server(self, name: ServerName) -> Broker | PrivatePostgres | PrivateS3:
        found: dict[ServerName, Broker | PrivatePostgres | PrivateS3] = {
            "broker": self.broker,
            "ledger": self.ledger,
            "store": self.store,
        }
        return found[name]

    def fresh_ledger(self) -> str:
        """Address of an empty ledger with this program's schema."""
        url = self.ledger.fresh_database()
        engine = open_database(url)
        migrate(engine)
        engine.dispose()
        return url

    def fresh_bucket(self, purpose: str, *, object_lock: bool = False) -> str:
        """Name of a new bucket."""
        return self.store.bucket(f"{purpose}-{next(self._names)}", object_lock=object_lock)
