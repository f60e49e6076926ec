"""Ledgers for tests: a PostgreSQL database with this program's schema, and what a worker does, in a line."""

from __future__ import annotations

from models.document import Status
from models.settings import DeliverySettings
from models.step import Step
from pipeline.ledger.database import open_database
from pipeline.ledger.migrate import migrate
from pipeline.ledger.rows import Claim, NewFact
from pipeline.wiring import Books
from tests.support.toy_flow import TOY, fact_for

BODY = "b" * 64
FAST = DeliverySettings(lease_s=0.2, sent_expires_s=0.2, leader_s=0.2, retry_first_s=0.01, sweep_s=0.01)


def migrated(url: str) -> None:
    """Prepare an empty database, for ``Postgres.fresh_database(migrated)``."""
    engine = open_database(url)
    migrate(engine)
    engine.dispose()


def take(books: Books, step: Step) -> Claim:
    """A claim that must succeed."""
    claim = books.ledger.claim(step, "w1")
    assert claim is not None
    return claim


def do(books: Books, step: Step, sides: int = 2) -> None:
    """Claim a step and commit what it learns."""
    claim = take(books, step)
    assert books.ledger.commit(claim, [NewFact(fact_for(step.segment, sides), step.page, step.segment, 1)])


def drive(books: Books, sides: int = 2) -> None:
    """Do owed steps until none is left."""
    for pool in TOY.pools:
        books.dispatch.beat(f"w-{pool}", pool, 4)
    while True:
        taken = [step for some in books.dispatch.take(TOY.pools).values() for step in some]
        if not taken:
            return
        for step in taken:
            do(books, step, sides)


def status(books: Books, document: str = "doc") -> Status:
    """Status of the latest revision."""
    view = books.views.document(document)
    assert view is not None
    return view.status
