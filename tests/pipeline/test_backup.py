"""Backup and restore of the ledger, on each database and from one to the other."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select

from models.errors import OperatorError
from models.facts import Approved
from models.settings import LedgerSettings, Settings
from models.step import Step
from pipeline.backup import Backup, backup, restore
from pipeline.ledger.database import open_database, reading, transaction
from pipeline.ledger.rows import NewFact
from pipeline.ledger.schema import events, metadata
from pipeline.wiring import Books
from tests.servers.postgres import Postgres
from tests.support.ledgers import migrated
from tests.support.toy_flow import TOY, fact_for, toy_document

BODY = "b" * 64
DATABASES = ("sqlite", "postgresql")


@dataclass
class Shelf:
    """Opens empty ledgers and closes them all."""

    request: pytest.FixtureRequest
    folder: Path
    opened: list[Books]

    def empty(self, database: str) -> Books:
        url = None
        if database == "postgresql":
            server: Postgres = self.request.getfixturevalue("postgres")
            url = server.fresh_database(migrated)
        books = Books(Settings(state=self.folder / str(len(self.opened)), ledger=LedgerSettings(url=url)), TOY)
        self.opened.append(books)
        return books


@pytest.fixture
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    """Empty ledgers on either database."""
    made = Shelf(request, tmp_path, [])
    yield made
    for books in made.opened:
        books.close()


def fill(books: Books) -> None:
    """Documents at every point of the line, workers, counters and a leader."""
    books.dispatch.lead("relay-1")
    books.dispatch.beat("w", "arrive", 2)
    for name in ("doc", "hồ-sơ".encode().hex(), "third"):
        books.ledger.admit(toy_document(name), BODY, frozenset({Approved.flag}))
    claim = books.ledger.claim(Step("doc", 1, "arrive"), "w")
    assert claim is not None
    assert books.ledger.commit(claim, [NewFact(fact_for("arrive", 3), 0, "arrive", 1)])
    books.ledger.open_gate("doc", Approved(by='Nguyễn Văn Đặng "x"\n', at=toy_document().received_at))
    books.dispatch.count("published", 7)


def rows(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the ledger."""
    with reading(engine) as tx:
        return {
            t.name: [tuple(row) for row in tx.execute(select(t).order_by(*t.primary_key.columns))]
            for t in metadata.sorted_tables
        }


@pytest.mark.parametrize("source", DATABASES)
@pytest.mark.parametrize("target", DATABASES)
def test_a_backup_restores_every_row(shelf: Shelf, tmp_path: Path, source: str, target: str) -> None:
    """Same rows, bit for bit, also on the other database; and the line works on from there."""
    old, new = shelf.empty(source), shelf.empty(target)
    fill(old)
    made = backup(old.engine, tmp_path / "ledger.backup")
    assert restore(new.engine, tmp_path / "ledger.backup") == made
    assert rows(new.engine) == rows(old.engine)
    assert made.rows == sum(map(len, rows(old.engine).values()))
    claim = new.ledger.claim(Step("doc", 1, "look", 2), "w2")
    assert claim is not None
    assert new.ledger.commit(claim, [NewFact(fact_for("look", 3), 2, "look", 1)])
    assert new.ledger.admit(toy_document("fourth"), BODY, frozenset()).new  # a new event after the old ones


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.floats(allow_nan=False, allow_infinity=False),
    detail=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40),
)
def test_any_number_and_text_survives(shelf: Shelf, tmp_path: Path, at: float, detail: str) -> None:
    """Doubles keep every bit, texts every character."""
    old, new = shelf.empty("sqlite"), shelf.empty("sqlite")
    with transaction(old.engine) as tx:
        tx.execute(insert(events).values(document="d", revision=1, at=at, what="w", detail=detail))
    file = tmp_path / f"{len(shelf.opened)}.backup"
    backup(old.engine, file)
    restore(new.engine, file)
    assert rows(new.engine)["events"] == rows(old.engine)["events"] == [(1, "d", 1, at, "w", detail)]
    for books in (old, new):
        books.close()


@pytest.mark.parametrize("database", DATABASES)
def test_a_backup_under_load_is_one_moment(shelf: Shelf, tmp_path: Path, database: str) -> None:
    """While documents are admitted, a backup has each with its first step and event, or not at all."""
    books = shelf.empty(database)
    elsewhere = open_database(books.engine.url.render_as_string(hide_password=False))  # the command's own process
    stop = threading.Event()

    def admit() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            books.ledger.admit(toy_document(f"doc-{number}"), BODY, frozenset())

    writer = threading.Thread(target=admit)
    writer.start()
    try:
        made = [backup(elsewhere, tmp_path / f"{n}.backup") for n in range(5)]
    finally:
        stop.set()
        writer.join()
        elsewhere.dispose()
    assert made == sorted(made, key=lambda b: b.rows)
    for number in range(5):
        copy = shelf.empty("sqlite")
        restore(copy.engine, tmp_path / f"{number}.backup")
        found = rows(copy.engine)
        assert len(found["documents"]) == len(found["steps"]) == len(found["events"])


@pytest.mark.parametrize("database", DATABASES)
def test_only_an_empty_ledger_is_restored_into(shelf: Shelf, tmp_path: Path, database: str) -> None:
    """What is there is never mixed with what was."""
    books = shelf.empty(database)
    fill(books)
    before = rows(books.engine)
    backup(books.engine, tmp_path / "x")
    with pytest.raises(OperatorError) as caught:
        restore(books.engine, tmp_path / "x")
    assert caught.value.code == "ledger_not_empty"
    assert rows(books.engine) == before


@pytest.mark.parametrize("database", DATABASES)
def test_damage_anywhere_restores_nothing(shelf: Shelf, tmp_path: Path, database: str) -> None:
    """Cut short, a bit flipped, lines dropped, swapped or added: refused, and the ledger stays empty."""
    old, new = shelf.empty("sqlite"), shelf.empty(database)
    fill(old)
    file = tmp_path / "x"
    backup(old.engine, file)
    packed = file.read_bytes()
    lines = gzip.decompress(packed).splitlines(keepends=True)
    bad = [packed[:cut] for cut in (0, 1, 10, len(packed) // 2, len(packed) - 1)]
    bad += [packed[:n] + bytes([packed[n] ^ 4]) + packed[n + 1 :] for n in range(30, len(packed) - 8, 97)]
    bad += [gzip.compress(b"".join(lines[:n])) for n in (0, 1, 5, len(lines) - 1)]
    bad += [gzip.compress(b"".join(lines[:n] + lines[n + 1 :])) for n in range(len(lines))]
    bad += [gzip.compress(b"".join([*lines, lines[1]])), gzip.compress(b"".join([*lines[:1], *lines[2:3], lines[1]]))]
    bad += [b"not a backup", gzip.compress(b"[]\n"), gzip.compress(b'{"format": "other"}\n')]
    for data in bad:
        (tmp_path / "bad").write_bytes(data)
        with pytest.raises(OperatorError) as caught:
            restore(new.engine, tmp_path / "bad")
        assert caught.value.code == "bad_backup"
    assert not any(rows(new.engine).values())
    restore(new.engine, file)
    assert rows(new.engine) == rows(old.engine)


def test_a_backup_of_another_schema_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    """The message says which program restores it."""
    books = shelf.empty("sqlite")
    header = orjson.dumps({"format": "sohoa-ledger-1", "schema": "0000", "at": ""}) + b"\n"
    end = orjson.dumps({"end": 0, "sha256": hashlib.sha256(header).hexdigest()}) + b"\n"
    (tmp_path / "x").write_bytes(gzip.compress(header + end))
    with pytest.raises(OperatorError, match="0000") as caught:
        restore(books.engine, tmp_path / "x")
    assert caught.value.code == "other_schema"


def test_files(shelf: Shelf, tmp_path: Path) -> None:
    """Nothing is overwritten, nothing is left behind, and only its owner reads a backup."""
    books = shelf.empty("sqlite")
    folder = tmp_path / "backups"
    folder.mkdir()
    made = backup(books.engine, folder / "x")
    assert isinstance(made, Backup)
    assert made.rows == 0
    assert [(p.name, p.stat().st_mode & 0o777) for p in folder.iterdir()] == [("x", 0o600)]
    before = (folder / "x").read_bytes()
    for file, code in ((folder / "x", "file_exists"), (tmp_path / "no" / "x", "file_unusable")):
        with pytest.raises(OperatorError) as caught:
            backup(books.engine, file)
        assert caught.value.code == code
    assert (folder / "x").read_bytes() == before
    with pytest.raises(OperatorError) as caught:
        restore(books.engine, tmp_path / "none")
    assert caught.value.code == "file_unusable"
