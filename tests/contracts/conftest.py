"""What several contracts need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.settings import LedgerSettings, Settings
from pipeline.wiring import Books
from tests.servers.postgres import Postgres
from tests.support.ledgers import FAST, migrated
from tests.support.toy_flow import TOY


@pytest.fixture(params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Books]:
    """An empty ledger on each database."""
    url = None
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.fresh_database(migrated)
    opened = Books(Settings(state=tmp_path, ledger=LedgerSettings(url=url), delivery=FAST), TOY)
    yield opened
    opened.close()
