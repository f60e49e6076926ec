"""A real PostgreSQL whose databases are made from templates in a few hundredths of a second."""

from __future__ import annotations

from benchmarks.private_postgres import PrivatePostgres
from models.errors import OperatorError
from tests.servers.missing import ServerMissing

FAST = (
    *("fsync=off", "full_page_writes=off", "synchronous_commit=on"),
    *("max_connections=200", "shared_buffers=64MB", "autovacuum=off"),
)


class Postgres(PrivatePostgres):
    """Raises ``ServerMissing``. ``fsync`` is off: the tests kill processes, they do not cut power."""

    def __init__(self) -> None:
        try:
            super().__init__(FAST)
        except OperatorError as error:
            if error.code != "postgres_missing":
                raise
            raise ServerMissing(error.message) from None
