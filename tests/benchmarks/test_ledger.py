"""The ledger benchmark: its past is one that the line could have, and its numbers come from real steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import ledger, ledger_history
from models.document import Status
from models.settings import LedgerSettings, Settings
from pipeline.wiring import Books
from stages.flow import FLOW
from tests.servers.postgres import Postgres
from tests.support.ledgers import migrated


@pytest.fixture
def address(postgres: Postgres) -> str:
    """An empty ledger."""
    return postgres.fresh_database(migrated)


def test_the_past_is_one_that_the_line_could_have(address: str, tmp_path: Path) -> None:
    """Loaded documents are archived for the planner too, with every step done and nothing owed."""
    ledger_history.load(address.replace("+psycopg", ""), 0, 3)
    ledger_history.load(address.replace("+psycopg", ""), 3, 1)
    books = Books(Settings(state=tmp_path, ledger=LedgerSettings(url=address)), FLOW)
    assert books.views.counts() == {Status.ARCHIVED: 4}
    assert books.ledger.replan("past-0000003", 1) is Status.ARCHIVED
    assert books.views.live_steps() == 0
    assert books.dispatch.take(FLOW.pools) == {}
    books.close()


def test_every_hot_statement_goes_by_an_index(address: str) -> None:
    """In both ways of planning; what looks for one step goes by its key, whatever the queue's statistics say."""
    plain = address.replace("+psycopg", "")
    ledger_history.load(plain, 0, 200)
    found = ledger_history.plans(plain)
    assert found.keys() == {f"{name} {mode}" for name in ledger_history.HOT for mode in ("custom", "generic")}
    by_key = {"CLAIM": "steps_pkey", "RENEW": "steps_pkey", "DONE": "steps_pkey", "SEND": "steps_pkey",
              "UNSEND": "steps_pkey", "HEAD": "steps_head", "QUEUE_ENDS": "steps_tail"}  # fmt: skip
    for name, index in by_key.items():
        for mode in ("custom", "generic"):
            assert index in found[f"{name} {mode}"], found[f"{name} {mode}"]
            assert "Seq Scan" not in found[f"{name} {mode}"]


def test_a_short_run_counts_real_steps(postgres: Postgres, address: str) -> None:
    """Steps that were committed, and the CPU of both sides."""
    told = ledger.run(postgres, address, seconds=1.0, step_s=0.0, warm_s=0.5)
    assert told["steps"] > 0
    assert told["cpu_ms_per_step"] >= told["client_cpu_ms_per_step"] > 0
    assert told["server_cpu_ms_per_step"] > 0
    assert told["commit_p99_ms"] >= told["commit_p50_ms"] > 0
