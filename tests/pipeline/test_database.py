"""The ledger's transactions, where the database cannot take another one."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine

from models.errors import Retryable
from pipeline.ledger.database import transaction


def test_a_pool_without_a_free_connection_is_retryable(tmp_path: Path) -> None:
    """A thread that must go on for ever (relay, heartbeat) waits, as it does for a server that is away."""
    engine = create_engine(f"sqlite:///{tmp_path / 'l.sqlite'}", pool_size=1, max_overflow=0, pool_timeout=0.01)
    with engine.connect(), pytest.raises(Retryable) as caught, transaction(engine):
        pass
    assert (caught.value.code, caught.value.dependency) == ("ledger_away", "ledger")
    engine.dispose()
