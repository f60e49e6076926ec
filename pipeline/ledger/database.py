"""Opening the ledger's database, and the one kind of transaction that it uses.

SQLite: WAL, ``synchronous=FULL``, every transaction ``BEGIN IMMEDIATE``. PostgreSQL:
``synchronous_commit=on``, READ COMMITTED with row locks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import POLLIN
from select import poll as poll_object
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Double, Engine, create_engine, event, make_url, select
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from models.errors import OperatorError, Retryable

if TYPE_CHECKING:
    import psycopg

BUSY_S = 60.0
AWAY = ("25006", "25P03")
"""SQLSTATE read_only_sql_transaction, and idle_in_transaction_session_timeout. Source: PostgreSQL manual, appendix A."""

OPTIONS = (
    "-c synchronous_commit=on -c lock_timeout=30000 "
    "-c random_page_cost=1.1 -c enable_bitmapscan=off -c enable_incremental_sort=off "
    "-c idle_in_transaction_session_timeout=15000 -c tcp_user_timeout=20000 "
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
)
"""Of each PostgreSQL session. The planner's: rows are found by key, and plans stay the same as the history grows. The
last ones: a host that went without a word in the middle of a transaction must not keep a document's lock.
"""

_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
"""A host that went without a word (a cable, a firewall) is noticed in seconds, not in the two hours of the kernel."""


def open_database(url: str) -> Engine:
    """An engine for ``sqlite:///…`` or ``postgresql+psycopg://…``; connects when first used.

    Raises ``OperatorError("bad_ledger_url")``.
    """
    parsed = address(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(url, parsed.database)
    if parsed.get_backend_name() == "postgresql":
        return _open_postgresql(url)
    raise OperatorError("bad_ledger_url", "ledger.url must start with sqlite:/// or postgresql+psycopg://")


def address(url: str) -> URL:
    """The address in its parts. Raises ``OperatorError("bad_ledger_url")``, whose message holds nothing of it."""
    try:
        return make_url(url)
    except Exception:  # noqa: BLE001 - what it says may quote the password
        raise OperatorError(
            "bad_ledger_url",
            "ledger.url is no database address: postgresql+psycopg://user:password@host/database, "
            "with @ : / ? # % in the password written as %40 %3A %2F %3F %23 %25",
        ) from None


def _open_postgresql(url: str) -> Engine:
    engine = create_engine(
        url,
        # Every connection that was needed once is kept: a new one costs the server more than a step does.
        pool_size=64,
        max_overflow=0,
        pool_use_lifo=True,
        hide_parameters=True,  # they hold what was read; an error's words land in logs and on terminals
        connect_args={"options": OPTIONS, "connect_timeout": 10, **_ALIVE},
    )

    def checkout(connection: psycopg.Connection[Any], _entry: ConnectionPoolEntry, _proxy: object) -> None:
        """An idle connection has nothing to say: one that does was closed by the server. Costs no round trip."""
        if connection.closed or _readable(connection.fileno()):
            raise DisconnectionError

    event.listen(engine, "checkout", checkout)
    return engine


def _readable(descriptor: int) -> bool:
    poll = poll_object()
    poll.register(descriptor, POLLIN)
    return bool(poll.poll(0))


def _open_sqlite(url: str, database: str | None) -> Engine:
    if not database or database == ":memory:":
        raise OperatorError("bad_ledger_url", "the ledger needs a file: sqlite:////folder/ledger.sqlite")
    Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_S, "check_same_thread": False},
        # One connection a process: threads wait for it in line; SQLite would have them sleep and try again.
        pool_size=1,
        max_overflow=0,
        pool_timeout=BUSY_S,
        hide_parameters=True,
    )

    def connect(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}").close()

    def begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("read_only", False)
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("BEGIN" if read_only else "BEGIN IMMEDIATE").close()

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", begin)
    return engine


class now(FunctionElement[float]):  # noqa: N801 - reads like the SQL function that it is
    """The database's own clock, UTC seconds since the epoch: one clock for all hosts."""

    type = Double()
    inherit_cache = True


@compiles(now, "sqlite")
def _now_sqlite(_element: now, _compiler: SQLCompiler, **_kw: object) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _now_postgresql(_element: now, _compiler: SQLCompiler, **_kw: object) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads: one consistent picture, no write lock. Raises like :func:`transaction`."""
    with transaction(engine, read_only=True) as connection:
        yield connection


@contextmanager
def transaction(engine: Engine, *, read_only: bool = False) -> Iterator[Connection]:
    """A durable transaction: committed when the block ends, undone when it raises.

    Raises ``Retryable("ledger_away", dependency="ledger")`` where the server is away or only reads (one that has
    not taken over yet), it or the pool of connections busy past its limit, or undid the transaction (deadlock,
    serialisation, a client that slept in the middle of it).
    """
    try:
        with engine.connect() as connection:
            if read_only:
                connection.execution_options(read_only=True)
            with connection.begin():
                yield connection
    except OperationalError as error:
        raise _away(error.orig) from error
    except PoolTimeout as error:  # every connection is in use, for longer than one may wait
        raise _away(error) from error
    except DBAPIError as error:
        if error.connection_invalidated or _is_away(error.orig):
            raise _away(error.orig) from error
        raise
    except engine.dialect.loaded_dbapi.OperationalError as error:  # from the driver itself: pipeline.ledger.prepared
        raise _away(error) from error
    except engine.dialect.loaded_dbapi.InternalError as error:
        if _is_away(error):
            raise _away(error) from error
        raise


def clock(engine: Engine) -> float:
    """The database's own time, UTC seconds. Raises like :func:`transaction`."""
    with reading(engine) as tx:
        return float(tx.execute(select(now())).scalar_one())


def _is_away(reason: BaseException | None) -> bool:
    """Whether a PostgreSQL answers that takes no writes, such as a standby, or has given us up."""
    return getattr(reason, "sqlstate", None) in AWAY


def _away(reason: BaseException | None) -> Retryable:
    return Retryable("ledger_away", f"the ledger does not answer: {type(reason).__name__}: {reason}", "ledger")
