"""``sohoa backup`` and ``sohoa restore``."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.settings import LedgerSettings, Settings
from pipeline.processing import output_lock
from pipeline.wiring import Books
from tests.ops.conftest import Sohoa
from tests.servers.postgres import Postgres
from tests.support.ledgers import migrated
from tests.support.toy_flow import TOY, toy_document


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An output folder whose ledger holds one document."""
    books = Books(Settings(state=tmp_path / "out" / "state"), TOY)
    books.ledger.admit(toy_document(), "b" * 64, frozenset())
    books.close()
    return tmp_path / "out"


def test_there_and_back(sohoa: Sohoa, out: Path, tmp_path: Path) -> None:
    """From an output folder into a new one."""
    file = tmp_path / "ledger.jsonl.gz"
    made = sohoa("backup", file, "--out", out, "--json")
    assert made.code == 0
    assert made.document["rows"] == 3
    assert made.document["size_bytes"] == file.stat().st_size
    done = sohoa("restore", file, "--out", tmp_path / "new", "--json")
    assert done.code == 0
    assert done.document["sha256"] == made.document["sha256"]
    assert sohoa("status", "--all", "--out", tmp_path / "new", "--json").document["listed"][0]["id"] == "doc"


def test_an_embedded_ledger_moves_to_a_cluster(sohoa: Sohoa, out: Path, tmp_path: Path, postgres: Postgres) -> None:
    """SQLite to PostgreSQL through the file, both ways of naming a ledger."""
    file, settings = tmp_path / "x", tmp_path / "settings.toml"
    url = postgres.fresh_database(migrated)
    settings.write_text(f'ledger.url = "{url}"\n')
    assert sohoa("backup", file, "--out", out).code == 0
    assert "3 rows restored" in sohoa("restore", file, "--settings", settings).out
    books = Books(Settings(ledger=LedgerSettings(url=url)), TOY)
    view = books.views.document("doc")
    books.close()
    assert view is not None
    assert view.status == "RUNNING"


def test_what_is_refused(sohoa: Sohoa, out: Path, tmp_path: Path) -> None:
    """No ledger, a file that is there, a ledger with documents, a folder at work: 64, and a code of its own."""
    file = tmp_path / "x"
    assert sohoa("backup", file, "--out", tmp_path / "none", "--json").document["error"]["code"] == "no_ledger"
    assert sohoa("backup", file, "--out", out).code == 0
    again = sohoa("backup", file, "--out", out, "--json")
    assert (again.code, again.document["error"]["code"]) == (64, "file_exists")
    assert sohoa("restore", file, "--out", out, "--json").document["error"]["code"] == "ledger_not_empty"
    with output_lock(tmp_path / "busy"):
        busy = sohoa("restore", file, "--out", tmp_path / "busy", "--json")
    assert (busy.code, busy.document["error"]["code"]) == (64, "locked")
