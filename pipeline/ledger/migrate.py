"""Schema versions of the ledger: which one a database has, and bringing it up to this program's.

Every database is made by the migrations, embedded ones when they are opened. To change the schema:
edit ``schema.py``, add ``migrations/versions/NNNN_what.py``, set :data:`HEAD`; a test compares both.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, column, inspect, select, table, text

from models.errors import OperatorError
from pipeline.ledger.database import reading, transaction
from pipeline.ledger.schema import documents

HEAD = "0002"
"""The schema version that this program works with: the last of ``migrations/versions``."""

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 0x50484F41
"""PostgreSQL's advisory lock that one migration holds."""

_VERSION = table("alembic_version", column("version_num"))


def version(engine: Engine) -> str | None:
    """The schema version of a database, None before its first migration."""
    with reading(engine) as tx:
        return _version(tx)


def check_version(engine: Engine) -> None:
    """Raises ``OperatorError("ledger_not_migrated")`` unless the database has this program's schema."""
    found = version(engine)
    if found != HEAD:
        raise _wrong(found)


def migrate(engine: Engine) -> tuple[str | None, str]:
    """Bring a database to :data:`HEAD`, whole or not at all; returns the versions before and after.

    Of several processes that start at once one migrates and the others wait. Raises
    ``OperatorError("ledger_too_new")`` and ``OperatorError("ledger_unknown")``.
    """
    before = version(engine)
    if before == HEAD:  # the usual case takes no lock
        return before, HEAD
    with transaction(engine) as tx:
        if tx.dialect.name == "postgresql":
            tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        before = _version(tx)
        if before != HEAD:
            _upgrade(tx, before)
    return before, HEAD


def _version(tx: Connection) -> str | None:
    if not inspect(tx).has_table(_VERSION.name):
        return None
    found: str | None = tx.execute(select(_VERSION.c.version_num)).scalar_one_or_none()
    return found


def _upgrade(tx: Connection, before: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": tx})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    if before is None and inspect(tx).has_table(documents.name):
        raise OperatorError("ledger_unknown", "the ledger has tables but no schema version: not made by this program")
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    if before is not None and before not in known:
        raise _wrong(before)
    command.upgrade(config, "head")


def _wrong(found: str | None) -> OperatorError:
    if found is not None and found > HEAD:  # versions are numbers of four digits
        return OperatorError("ledger_too_new", f"the ledger has schema {found}, this program {HEAD}: update sohoa")
    has = f"schema {found}" if found else "no schema"
    return OperatorError("ledger_not_migrated", f"the ledger has {has}, this program needs {HEAD}: run `sohoa migrate`")
