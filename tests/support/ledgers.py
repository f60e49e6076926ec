"""Ledgers for tests: a PostgreSQL database with this program's schema."""

from __future__ import annotations

from pipeline.ledger.database import open_database
from pipeline.ledger.migrate import migrate


def migrated(url: str) -> None:
    """Prepare an empty database, for ``Postgres.fresh_database(migrated)``."""
    engine = open_database(url)
    migrate(engine)
    engine.dispose()
