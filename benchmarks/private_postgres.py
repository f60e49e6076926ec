"""A PostgreSQL of our own, for one run: benchmarks use it as it is, tests with a faster, unsafe set-up."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from models.errors import OperatorError
from pipeline.child_server import ChildServer, free_ports

INSTALLED = Path("/usr/lib/postgresql")
ENV = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
START_S = 60.0

Prepare = Callable[[str], None]
"""Gets the address of an empty database, creates tables in it, and closes its connections."""


DURABLE = ("fsync=on", "full_page_writes=on", "synchronous_commit=on", "max_connections=200")
"""As a data centre runs it; the rest are PostgreSQL's own defaults."""


class PrivatePostgres:
    """PostgreSQL on a free port of 127.0.0.1, in a temporary folder. As root it runs as user ``postgres``.

    ``options``: its settings. Raises ``OperatorError("postgres_missing")``.
    """

    def __init__(self, options: Sequence[str] = DURABLE) -> None:
        programs = sorted(INSTALLED.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
        if not programs:
            raise OperatorError("postgres_missing", "PostgreSQL is not installed: apt-get install postgresql")
        self._program = programs[-1]
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="sohoa-postgres-"))
        (self._port,) = free_ports(1)
        self._templates: dict[Prepare | None, str] = {None: "template1"}
        self._databases = 0
        data = self._folder / "data"
        command = (
            str(self._program),
            *("-D", str(data), "-p", str(self._port), "-k", str(self._folder), "-h", "127.0.0.1"),
            *(word for option in options for word in ("-c", option)),
        )
        self._log = self._folder / "server.log"
        self._server = ChildServer("PostgreSQL", command, ENV, self._log)
        try:
            if self._user is not None:
                shutil.chown(self._folder, self._user, self._user)
            self._run("initdb", "-N", "-A", "trust", "-U", "sohoa", "-E", "UTF8", "--locale=C.UTF-8", "-D", str(data))
            self._start()
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        return self._server.pid

    def fresh_database(self, prepare: Prepare | None = None) -> str:
        """SQLAlchemy address of a new database: empty, or as ``prepare(url)`` leaves one.

        ``prepare`` runs once per server; later databases are copies of what it made.
        """
        if prepare not in self._templates:
            self._templates[prepare] = self._create("template1")
            assert prepare is not None
            prepare(self._url(self._templates[prepare]))
        return self._url(self._create(self._templates[prepare]))

    def kill(self) -> None:
        """End it as a crash would."""
        self._server.kill()

    def restart(self) -> None:
        """Start again after :meth:`kill`, same address and data."""
        self._server.kill()
        self._start()

    def stop(self) -> None:
        """End it and remove its folder."""
        self._server.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

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

    def _start(self) -> None:
        self._server.start(user=self._user)
        self._server.wait_ready(self._takes_connections, START_S)

    def _takes_connections(self) -> bool:
        try:
            psycopg.connect(self._address()).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._program.with_name(program)), *arguments],
            env=ENV,
            capture_output=True,
            text=True,
            check=False,
            user=self._user,
            group=self._user,
            extra_groups=None if self._user is None else (),
            cwd=self._folder,
        )
        if done.returncode != 0:
            raise OperatorError("server_not_started", f"{program}: {done.stderr}")
