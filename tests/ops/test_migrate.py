"""``sohoa migrate``."""

from __future__ import annotations

from pathlib import Path

from pipeline.ledger.migrate import HEAD
from tests.ops.conftest import Sohoa
from tests.servers.postgres import Postgres


def test_a_cluster_is_migrated_once(sohoa: Sohoa, postgres: Postgres, tmp_path: Path) -> None:
    """Before it every command says what to run; after it they work; a second time changes nothing."""
    file = tmp_path / "settings.toml"
    file.write_text(f'state = "{tmp_path / "state"}"\nledger.url = "{postgres.fresh_database()}"\n')
    before = sohoa("status", "--settings", file, "--json")
    assert before.code == 64
    assert before.document["error"]["code"] == "ledger_not_migrated"
    assert "sohoa migrate" in before.err
    assert sohoa("migrate", "--settings", file, "--json").document == {"before": None, "after": HEAD}
    assert sohoa("migrate", "--settings", file, "--json").document == {"before": HEAD, "after": HEAD}
    assert "nothing to do" in sohoa("migrate", "--settings", file).out
    assert sohoa("status", "--settings", file, "--json").code == 0


def test_an_embedded_ledger_can_be_made_ahead(sohoa: Sohoa, tmp_path: Path) -> None:
    """The same command on SQLite; an output folder must be one already."""
    file = tmp_path / "settings.toml"
    file.write_text(f'state = "{tmp_path / "state"}"\n')
    assert sohoa("migrate", "--settings", file, "--json").document["after"] == HEAD
    assert (tmp_path / "state" / "ledger.sqlite").is_file()
    assert sohoa("migrate", "--out", tmp_path / "none").code == 64
