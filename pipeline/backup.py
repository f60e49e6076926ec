"""Backup of the ledger: one portable file for SQLite and PostgreSQL, so a ledger can also move between them.

A gzip of JSON lines: a header, one ``[table, {column: value}]`` a row, and at the end the number of
rows and the SHA-256 of every line before. Blobs and archive are folders or buckets with backups of their own.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, Table, exists, func, insert, select, text

from models.errors import OperatorError
from pipeline.ledger.database import reading, transaction
from pipeline.ledger.migrate import HEAD, check_version
from pipeline.ledger.schema import events, metadata

FORMAT = "sohoa-ledger-1"
BATCH_ROWS = 1000


@dataclass(frozen=True)
class Backup:
    """What a backup file holds. ``sha256``: of its lines; ``at``: ISO 8601 UTC, when it was made."""

    at: str
    schema: str
    rows: int
    sha256: str


def backup(engine: Engine, file: Path) -> Backup:
    """Write all that the ledger held at one moment; work goes on meanwhile.

    The file (mode 0600: it holds what was read) appears whole and durable. Raises
    ``OperatorError("file_exists")``, ``OperatorError("file_unusable")`` and what a ledger raises.
    """
    if file.exists():
        raise OperatorError("file_exists", f"{file} is there already; a backup is never overwritten")
    check_version(engine)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    digest, rows = hashlib.sha256(), 0
    # REPEATABLE READ is one picture for every query; a transaction of SQLite is that anyway.
    frozen = engine if engine.dialect.name == "sqlite" else engine.execution_options(isolation_level="REPEATABLE READ")
    with _appearing(file) as out, reading(frozen) as tx:
        for line in _lines(tx, at):
            digest.update(line)
            rows += 1
            out.write(line)
        made = Backup(at, HEAD, rows - 1, digest.hexdigest())
        out.write(_line({"end": made.rows, "sha256": made.sha256}))
    return made


def restore(engine: Engine, file: Path) -> Backup:
    """Fill an empty ledger from a backup, whole or not at all.

    Raises ``OperatorError``: ``ledger_not_empty``, ``file_unusable``, ``bad_backup`` (not one, cut
    short or changed), ``other_schema`` (made by another version of sohoa).
    """
    check_version(engine)
    made = _checked(file)
    with transaction(engine) as tx:
        taken = [table.name for table in metadata.sorted_tables if tx.execute(select(exists(table))).scalar_one()]
        if taken:
            raise OperatorError("ledger_not_empty", f"the ledger has {', '.join(taken)}; restore into an empty one")
        _load(tx, file, made.rows)
        if tx.dialect.name == "postgresql":
            _count_on(tx)
    return made


def _lines(tx: Connection, at: str) -> Iterator[bytes]:
    yield _line({"format": FORMAT, "schema": HEAD, "at": at})
    for table in metadata.sorted_tables:  # parents come before their children
        names = [str(column.name) for column in table.columns]
        rows = tx.execution_options(yield_per=BATCH_ROWS).execute(select(table).order_by(*table.primary_key.columns))
        for row in rows:
            yield _line([table.name, dict(zip(names, row, strict=True))])


def _line(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def _checked(file: Path) -> Backup:
    """Read the whole file and compare its checksum, before a row of it is believed."""
    digest, count, last = hashlib.sha256(), 0, b""
    header: dict[str, Any] = {}
    try:
        with gzip.open(file, "rb") as lines:
            for line in lines:
                if count == 0:
                    header = _header(file, line)
                else:
                    digest.update(last)
                count, last = count + 1, line
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _bad(file, "it is damaged or cut short") from error
    except OSError as error:
        raise OperatorError("file_unusable", f"{file}: {error.strerror}") from error
    rows, sha256 = count - 2, digest.hexdigest()
    if last != _line({"end": rows, "sha256": sha256}):
        raise _bad(file, "it is cut short, or its checksum does not fit")
    return Backup(header["at"], header["schema"], rows, sha256)


def _header(file: Path, line: bytes) -> dict[str, Any]:
    try:
        header = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _bad(file, "it is no backup of a ledger") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise _bad(file, "it is no backup of a ledger")
    if header["schema"] != HEAD:
        raise OperatorError(
            "other_schema",
            f"the backup has schema {header['schema']}, this program {HEAD}: "
            "restore it with the sohoa that made it, then run `sohoa migrate`",
        )
    return header


def _load(tx: Connection, file: Path, rows: int) -> None:
    """Insert all rows, a batch of one table at a time."""
    waiting: list[dict[str, Any]] = []
    into: Table | None = None
    with gzip.open(file, "rb") as lines:
        for line in islice(lines, 1, rows + 1):
            name, row = orjson.loads(line)
            table = metadata.tables[name]
            if table is not into or len(waiting) == BATCH_ROWS:
                _insert(tx, into, waiting)
                into, waiting = table, []
            waiting.append({column.key: row[column.name] for column in table.columns})
    _insert(tx, into, waiting)


def _insert(tx: Connection, table: Table | None, rows: list[dict[str, Any]]) -> None:
    if table is not None and rows:
        tx.execute(insert(table), rows)


def _count_on(tx: Connection) -> None:
    """Numbers of new events go on after the restored ones."""
    last = tx.execute(select(func.coalesce(func.max(events.c.id), 0))).scalar_one()
    tx.execute(text("SELECT setval(pg_get_serial_sequence('events', 'id'), :next, false)"), {"next": last + 1})


def _bad(file: Path, why: str) -> OperatorError:
    return OperatorError("bad_backup", f"{file} cannot be restored: {why}; take another backup")


@contextmanager
def _appearing(file: Path) -> Iterator[gzip.GzipFile]:
    """Write beside the file, make durable, link into place: it is whole, and nothing is overwritten."""
    part = file.with_name(f".{file.name}.{secrets.token_hex(8)}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OperatorError("file_unusable", f"{file}: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as raw:
            with gzip.GzipFile(fileobj=raw, mode="wb", filename="") as out:
                yield out
            raw.flush()
            os.fsync(raw.fileno())
        os.link(part, file)
    except FileExistsError as error:
        raise OperatorError("file_exists", f"{file} appeared meanwhile; a backup is never overwritten") from error
    except OSError as error:
        raise OperatorError("file_unusable", f"{file}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    folder = os.open(file.absolute().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
