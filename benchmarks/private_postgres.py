"""A PostgreSQL of our own, for one run: benchmarks use it as it is, tests with a faster, unsafe set-up."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from benchmarks.processes import family
from benchmarks.servers import PrivateServer
from models.errors import OperatorError
from pipeline.child_server import POLL_S, free_ports

INSTALLED = Path("/usr/lib/postgresql")
ORPHANS_S = 10.0
ENV = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}

Prepare = Callable[[str], None]
"""Gets the address of an empty database, creates tables in it, and closes its connections."""


DURABLE = ("fsync=on", "full_page_writes=on", "synchronous_commit=on", "max_connections=200")
"""As a data centre runs it; the rest are PostgreSQL's own defaults."""


class PrivatePostgres(PrivateServer):
    """PostgreSQL on a free port of 127.0.0.1, in a temporary folder. As root it runs as user ``postgres``.

    ``options``: its settings. Raises ``OperatorError("postgres_missing")``.
    """

    name = "PostgreSQL"
    start_s = 60.0

    def __init__(self, options: Sequence[str] = DURABLE) -> None:
        programs = sorted(INSTALLED.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
        if not programs:
            raise OperatorError("postgres_missing", "PostgreSQL is not installed: apt-get install postgresql")
        self._program = programs[-1]
        self.user = "postgres" if os.geteuid() == 0 else None
        super().__init__()
        (self._port,) = free_ports(1)
        self._templates: dict[Prepare | None, str] = {None: "template1"}
        self._databases = 0
        command = (
            str(self._program),
            *("-D", str(self._data), "-p", str(self._port), "-k", str(self.folder), "-h", "127.0.0.1"),
            *(word for option in options for word in ("-c", option)),
        )
        self.launch(command, ENV)

    def prepare(self) -> None:
        """An empty cluster of databases."""
        words = ("-N", "-A", "trust", "-U", "sohoa", "-E", "UTF8", "--locale=C.UTF-8", "-D", str(self._data))
        self._run("initdb", *words)

    def ready(self) -> bool:
        """Whether it takes connections."""
        try:
            psycopg.connect(self._address()).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """See :class:`PrivateServer`; when it returns, the processes of its connections have noticed."""
        below = family(self.pid)
        super().kill()
        deadline = time.monotonic() + ORPHANS_S  # a server would not start beside them
        while any(Path(f"/proc/{pid}").exists() for pid in below) and time.monotonic() < deadline:
            time.sleep(POLL_S)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def fresh_database(self, prepare: Prepare | None = None) -> str:
        """SQLAlchemy address of a new database: empty, or as ``prepare(url)`` leaves one.

        ``prepare`` runs once per server; later databases are copies of what it made.
        """
        if prepare not in self._templates:
            self._templates[prepare] = self._create("template1")
            assert prepare is not None
            prepare(self._url(self._templates[prepare]))
        return self._url(self._create(self._templates[prepare]))

    def _url(self, database: str) -> str:
        return f"postgresql+psycopg://sohoa@127.0.0.1:{self._port}/{database}"

    def _create(self, template: str) -> str:
        self._databases += 1
        name = f"test_{self._databases}"
        with psycopg.connect(self._address(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
            )
        return name

    def _address(self) -> str:
        return f"host=127.0.0.1 port={self._port} user=sohoa dbname=postgres connect_timeout=5"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._program.with_name(program)), *arguments],
            env=ENV,
            capture_output=True,
            text=True,
            check=False,
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else (),
            cwd=self.folder,
        )
        if done.returncode != 0:
            raise OperatorError("server_not_started", f"{program}: {done.stderr}")
