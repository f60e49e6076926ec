"""``sohoa status``: what it shows, and when it says that nothing moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text, update

from models.facts import Approved
from models.settings import DeliverySettings, LedgerSettings, Settings
from models.step import Step
from ops.commands.status import look, stalled
from pipeline.ledger.database import now, transaction
from pipeline.ledger.rows import NewFact
from pipeline.ledger.schema import facts, steps, workers
from pipeline.wiring import Books
from tests.ops.conftest import Sohoa
from tests.servers.postgres import Postgres
from tests.support.ledgers import migrated
from tests.support.toy_flow import TOY, fact_for, toy_document

BODY = "b" * 64
LONG_S = 301.0


@pytest.fixture(params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Books]:
    """An empty ledger on each database; one kill quarantines."""
    url = None
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.fresh_database(migrated)
    opened = Books(Settings(state=tmp_path, ledger=LedgerSettings(url=url), delivery=DeliverySettings(kills=1)), TOY)
    yield opened
    opened.close()


def shown(books: Books) -> dict[str, Any]:
    """The JSON document."""
    return look(books.views, alive_s=10.0)


def let_pass(books: Books, seconds: float) -> None:
    """Everything that has happened so far happened earlier."""
    with transaction(books.engine) as tx:
        tx.execute(update(steps).values(owed_at=steps.c.owed_at - seconds))
        tx.execute(update(facts).values(at=facts.c.at - seconds))
        tx.execute(update(workers).values(seen_at=workers.c.seen_at - seconds))


def test_an_empty_ledger_is_well(books: Books) -> None:
    """Nothing there, nothing wrong."""
    found = shown(books)
    assert found["documents"] == {"RUNNING": 0, "WAITING": 0, "ARCHIVED": 0, "REJECTED": 0, "FAILED": 0}
    assert (found["pools"], found["workers"], found["listed"], found["stalled"]) == ([], [], [], False)


def test_pools_count_what_is_owed_and_in_flight(books: Books) -> None:
    """Of three first steps one is claimed; live slots are those of workers that beat."""
    for name in ("a", "b", "c"):
        books.ledger.admit(toy_document(name), BODY, frozenset())
    assert books.ledger.claim(Step("a", 1, "arrive"), "w1") is not None
    books.dispatch.beat("w1", "arrive", 3)
    books.dispatch.beat("dead", "arrive", 5)
    with transaction(books.engine) as tx:
        tx.execute(update(workers).where(workers.c.worker == "dead").values(seen_at=now() - 60))
        tx.execute(update(steps).where(steps.c.document == "b").values(owed_at=now() - 90))
    found = shown(books)
    assert found["documents"]["RUNNING"] == 3
    (pool,) = found["pools"]
    assert (pool["pool"], pool["owed"], pool["in_flight"], pool["slots"]) == ("arrive", 2, 1, 3)
    assert 90 <= pool["oldest_owed_s"] < 150
    assert {w["worker"]: w["alive"] for w in found["workers"]} == {"w1": True, "dead": False}
    assert not found["stalled"]


def test_waiting_documents_say_what_for(books: Books) -> None:
    """A closed gate and a quarantined side, each with its reason."""
    approval = frozenset({Approved.flag})
    known = [NewFact(fact_for(s, 1), page, s, 1) for s, page in (("arrive", 0), ("look", 1), ("read", 1), ("join", 0))]
    books.ledger.admit(toy_document("gated"), BODY, approval, known)
    books.ledger.admit(toy_document("killer"), BODY, approval, known[:1])
    claim = books.ledger.claim(Step("killer", 1, "look", 1), "w1")
    assert claim is not None
    books.ledger.killed(claim, "rss", "3 GB", counted=True)
    books.ledger.admit(toy_document("moving"), BODY, approval)
    listed = {entry["id"]: entry for entry in shown(books)["listed"]}
    assert set(listed) == {"gated", "killer"}
    assert (listed["gated"]["code"], listed["gated"]["held"]) == ("gate", [])
    assert "Approved" in listed["gated"]["message"]
    assert listed["killer"]["code"] == "quarantined"
    assert listed["killer"]["held"] == [{"segment": "look", "side": 1, "code": "killed_rss"}]
    assert {entry["id"] for entry in look(books.views, 10.0, everything=True)["listed"]} == {
        "gated",
        "killer",
        "moving",
    }


def test_waiting_for_a_person_is_no_stall(books: Books) -> None:
    """Only work that waits counts, not a gate."""
    known = [NewFact(fact_for(s, 1), page, s, 1) for s, page in (("arrive", 0), ("look", 1), ("read", 1), ("join", 0))]
    books.ledger.admit(toy_document(), BODY, frozenset({Approved.flag}), known)
    let_pass(books, LONG_S)
    assert not shown(books)["stalled"]


def test_five_silent_minutes_with_work_are_a_stall(books: Books) -> None:
    """Workers that beat but finish nothing do not hide it; new work on an idle line is none."""
    books.ledger.admit(toy_document("old"), BODY, frozenset())
    claim = books.ledger.claim(Step("old", 1, "arrive"), "w1")
    assert claim is not None
    books.ledger.commit(claim, [NewFact(fact_for("arrive", 2), 0, "arrive", 1)])
    let_pass(books, LONG_S)
    books.dispatch.beat("w1", "page", 2)
    assert shown(books)["stalled"]
    claim = books.ledger.claim(Step("old", 1, "look", 1), "w1")
    assert claim is not None
    books.ledger.commit(claim, [NewFact(fact_for("look", 2), 1, "look", 1)])
    assert not shown(books)["stalled"]


def test_a_pool_without_workers_is_a_stall(books: Books) -> None:
    """However busy the other pools are: nobody would notice what piles up there."""
    books.ledger.admit(toy_document("old"), BODY, frozenset())
    let_pass(books, LONG_S)
    books.dispatch.beat("w1", "page", 2)
    books.ledger.admit(toy_document("busy"), BODY, frozenset())
    claim = books.ledger.claim(Step("busy", 1, "arrive"), "w1")
    assert claim is not None
    books.ledger.commit(claim, [NewFact(fact_for("arrive", 2), 0, "arrive", 1)])
    found = shown(books)
    assert (found["stalled"], found["unmanned"]) == (True, ["arrive"])
    books.dispatch.beat("w2", "arrive", 1)
    assert (shown(books)["stalled"], shown(books)["unmanned"]) == (False, [])


def test_a_look_reads_no_history(books: Books) -> None:
    """It is asked every minute, beside millions of steps that are done: each question about steps has its index."""
    name, plan = books.engine.dialect.name, "EXPLAIN QUERY PLAN" if books.embedded else "EXPLAIN"
    asked: list[str] = []
    event.listen(books.engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: asked.append(statement))
    shown(books)
    questions = [question for question in asked if "FROM steps" in question]
    assert len(questions) == 4
    with books.engine.connect() as tx:
        if name == "postgresql":
            tx.execute(text("SET enable_seqscan = off"))  # an empty table is read whole otherwise
        for question in questions:
            found = "\n".join(str(row) for row in tx.exec_driver_sql(f"{plan} {question}"))
            assert "steps_head" in found or "steps_tail" in found or "steps_flying" in found, found


@pytest.mark.parametrize(
    ("oldest_live_s", "idle_s", "expected"),
    [
        (0.0, None, False),
        (0.0, 9999.0, False),
        (1.0, 9999.0, False),
        (LONG_S, 1.0, False),
        (LONG_S, LONG_S, True),
        (LONG_S, None, True),
        (299.0, 299.0, False),
    ],
)
def test_the_rule(oldest_live_s: float, idle_s: float | None, expected: bool) -> None:
    """Old work and no progress."""
    assert stalled(oldest_live_s, idle_s) is expected


def test_the_command(sohoa: Sohoa, tmp_path: Path) -> None:
    """Exit 0 while things move, 75 and a word on what to do when they do not."""
    books = Books(Settings(state=tmp_path / "state"), TOY)
    books.ledger.admit(toy_document(), BODY, frozenset())
    fresh = sohoa("status", "--out", tmp_path, "--json")
    assert (fresh.code, fresh.document["stalled"], fresh.document["documents"]["RUNNING"]) == (0, False, 1)
    let_pass(books, LONG_S)
    books.close()
    assert sohoa("status", "--out", tmp_path, "--json").code == 75
    plain = sohoa("status", "--all", "--out", tmp_path)
    assert plain.code == 75
    assert "running 1" in plain.out
    assert "doc r1" in plain.out
    assert "nothing moves" in plain.err


def test_no_ledger_no_status(sohoa: Sohoa, tmp_path: Path) -> None:
    """Looking makes nothing."""
    assert sohoa("status", "--out", tmp_path / "none").code == 64
    assert not list(tmp_path.iterdir())
