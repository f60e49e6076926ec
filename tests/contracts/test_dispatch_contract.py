"""The relay's side of the ledger, on SQLite and on PostgreSQL: credit, order, repair, and who leads."""

from __future__ import annotations

import math

import pytest
from sqlalchemy import select, update

from models.document import Status
from models.manifest import ServiceClass
from models.step import Step
from pipeline.ledger import statements as sql
from pipeline.ledger.database import now, transaction
from pipeline.ledger.rows import NewFact
from pipeline.ledger.schema import documents, steps, workers
from pipeline.wiring import Books
from tests.support.ledgers import BODY, FAST, do, drive, status
from tests.support.toy_flow import TOY, fact_for, toy_document
from tests.support.waiting import wait_until


def test_sent_hints_expire_and_give_their_credit_back(books: Books) -> None:
    """A lost message costs latency: its step is owed again and published again."""
    books.ledger.admit(toy_document(), BODY, frozenset())
    books.dispatch.beat("w", "arrive", 1)
    assert books.dispatch.take(TOY.pools) == {"arrive": [Step("doc", 1, "arrive")]}
    assert books.dispatch.take(TOY.pools) == {}
    wait_until(lambda: books.dispatch.expire() == 1, "the expiry")
    books.dispatch.beat("w", "arrive", 1)
    assert books.dispatch.take(TOY.pools) == {"arrive": [Step("doc", 1, "arrive")]}


def test_credit_bounds_what_is_published(books: Books) -> None:
    """A pool gets k times its live slots, and nothing without slots."""
    books.ledger.admit(toy_document(), BODY, frozenset())
    do(books, Step("doc", 1, "arrive"), sides=40)
    assert books.dispatch.take(("page",)) == {}
    books.dispatch.beat("w", "page", 2)
    assert len(books.dispatch.take(("page",))["page"]) == 2 * FAST.credit
    assert books.dispatch.take(("page",)) == {}


def test_patience_is_the_way_to_half_of_the_credit(books: Books) -> None:
    """While more is owed than there is credit for, half of it must come back; else only new steps matter."""
    books.ledger.admit(toy_document(), BODY, frozenset())
    do(books, Step("doc", 1, "arrive"), sides=8)
    books.dispatch.beat("w", "page", 2)
    first = books.dispatch.take(("page",))["page"]
    assert books.dispatch.patience == FAST.credit
    for step in first[: FAST.credit - 1]:
        do(books, step, sides=8)
    assert books.dispatch.take(("page",)) == {}
    assert books.dispatch.patience == 1
    do(books, first[FAST.credit - 1], sides=8)
    assert len(books.dispatch.take(("page",))["page"]) == FAST.credit
    books.dispatch.beat("w", "page", 20)
    books.dispatch.take(("page",))
    assert books.dispatch.patience == math.inf


def test_a_citizen_overtakes_bulk_and_bulk_keeps_its_share(books: Books) -> None:
    """With 200 bulk sides owed, a counter's sides are next, and one pick in ten stays with bulk."""
    books.ledger.admit(toy_document("bulk", service_class=ServiceClass.BULK), BODY, frozenset())
    do(books, Step("bulk", 1, "arrive"), sides=200)
    books.ledger.admit(toy_document("citizen"), BODY, frozenset())
    do(books, Step("citizen", 1, "arrive"), sides=40)
    books.dispatch.beat("w", "page", 10)
    picked = books.dispatch.take(("page",))["page"]
    assert [step.document for step in picked[:5]] == ["citizen"] * 5
    assert sum(step.document == "bulk" for step in picked) == len(picked) // 10


def test_long_steps_leave_a_slot_to_short_ones(books: Books) -> None:
    """More whole documents of many sides are owed than there is credit: the last slot is for a short one behind them."""
    long = [f"long-{n}" for n in range(1, 9)]
    joins = {name: Step(name, 1, "join") for name in (*long, "short")}
    for name in joins:
        sides = 1 if name == "short" else FAST.long_sides + 1
        read = [NewFact(fact_for(s, 1), page, s, 1) for page in range(1, sides + 1) for s in ("look", "read")]
        books.ledger.admit(
            toy_document(name), BODY, frozenset(), [NewFact(fact_for("arrive", sides), 0, "a", 1), *read]
        )
    books.dispatch.beat("w", "document", 2)
    assert books.dispatch.take(("document",)) == {"document": [joins["long-1"], joins["short"]]}
    assert books.dispatch.take(("document",)) == {}
    do(books, joins["long-1"])
    assert books.dispatch.take(("document",)) == {"document": [joins["long-2"]]}
    do(books, joins["long-2"])
    do(books, joins["short"])
    books.dispatch.beat("w", "document", 1)
    assert books.dispatch.take(("document",)) == {"document": [joins[name] for name in long[2:5]]}


def test_counters_share_a_pool_fairly(books: Books) -> None:
    """A small document of another counter does not wait behind a large one of the same class."""
    for name, counter, sides in (("large", "c1", 100), ("small", "c2", 3)):
        books.ledger.admit(toy_document(name, counter=counter), BODY, frozenset())
        do(books, Step(name, 1, "arrive"), sides=sides)
    books.dispatch.beat("w", "page", 3)
    picked = [step.document for step in books.dispatch.take(("page",))["page"]]
    assert picked[:6].count("small") == 3


def test_the_sweeper_repairs_what_a_crash_left(books: Books) -> None:
    """A running document whose owed steps vanished owes them again."""
    books.ledger.admit(toy_document(), BODY, frozenset())
    with transaction(books.engine) as tx:
        tx.execute(steps.delete())
        tx.execute(update(documents).values(updated_at=now() - 60))
    assert books.dispatch.sweep(books.ledger) == 1
    drive(books)
    assert status(books) is Status.ARCHIVED


@pytest.mark.parametrize("apart_s", [0.0, 0.001], ids=["of one moment", "one after another"])
def test_the_sweeper_comes_round_to_every_document(books: Books, apart_s: float) -> None:
    """A long backlog does not hold it up, and does not hide what is behind it."""
    books.ledger.admit(toy_document("stuck"), BODY, frozenset())
    with transaction(books.engine) as tx:
        tx.execute(steps.delete())
        tx.execute(update(documents).values(updated_at=now() - 60))
        (one,) = tx.execute(select(documents))
        like = {column.key: value for column, value in zip(documents.c, one, strict=True)}
        names = [f"waits-{number:04d}" for number in range(sql.SWEPT_AT_ONCE + 50)]
        at_s = one.updated_at - 60
        rows = [like | {"document": name, "updated_at": at_s + n * apart_s} for n, name in enumerate(names)]
        tx.execute(documents.insert(), rows)
        owed = {"revision": 1, "segment": "arrive", "page": 0, "pool": "arrive", "service_class": "bulk",
                "counter": "c", "state": "owed", "finish": 1.0, "owed_at": at_s}  # fmt: skip
        tx.execute(steps.insert(), [owed | {"document": name} for name in names])
    swept = [books.dispatch.sweep(books.ledger) for _ in range(4)]
    assert sum(swept) == 1
    assert swept[0] == 0


def test_the_sweeper_goes_on_behind_a_document_that_cannot_be_planned(
    books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    """It is named in the log; those behind it are repaired all the same."""
    for name in ("a", "b"):
        books.ledger.admit(toy_document(name), BODY, frozenset())
        do(books, Step(name, 1, "arrive"))
    with transaction(books.engine) as tx:
        tx.execute(steps.delete())
        tx.execute(update(documents).where(documents.c.document == "a").values(side_count=None, updated_at=now() - 90))
        tx.execute(update(documents).where(documents.c.document == "b").values(updated_at=now() - 60))
    assert books.dispatch.sweep(books.ledger) == 1
    assert [(record.document, record.code) for record in caplog.records] == [("a", "stalled")]  # type: ignore[attr-defined]
    assert [step.page for step in books.views.owed_by("b")] == [1, 2]


def test_workers_that_died_long_ago_are_forgotten(books: Books) -> None:
    """A killed container comes back under another name: the register must not grow with each. A day's are kept to see."""
    for name in ("ended", "died", "lives"):
        books.dispatch.beat(name, "page", 1)
    with transaction(books.engine) as tx:
        for name, hours in (("ended", 25), ("died", 23)):
            tx.execute(update(workers).where(workers.c.worker == name).values(seen_at=now() - hours * 3600))
    books.dispatch.sweep(books.ledger)
    assert {name for name, *_ in books.views.workers()} == {"died", "lives"}


def test_one_relay_leads_until_it_is_silent(books: Books) -> None:
    """The lead is a row that expires by itself."""
    assert books.dispatch.lead("a")
    assert not books.dispatch.lead("b")
    assert books.dispatch.lead("a")
    wait_until(lambda: books.dispatch.lead("b"), "the end of the lead")
    assert not books.dispatch.lead("a")
    books.dispatch.step_down("b")
    assert books.dispatch.lead("a")
