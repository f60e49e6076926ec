"""Leases: a claim that is held is renewed, and what works under one that is gone is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from models.errors import Retryable
from models.settings import Settings
from models.step import Step
from pipeline.leases import ClaimGone, Leases
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.rows import Claim
from pipeline.wiring import Books
from tests.support.ledgers import BODY, take
from tests.support.toy_flow import TOY, toy_document

LEASE_S = 30.0
ARRIVE = Step("doc", 1, "arrive")


class Clock:
    """Moves when the test says so."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Sometimes(Ledger):
    """A ledger that can be away, and counts renewals."""

    away = False
    renewed = 0

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, TOY, Settings().delivery)

    def renew(self, claim: Claim) -> bool:
        if self.away:
            raise Retryable("ledger_away", "the connection broke", "ledger")
        self.renewed += 1
        return super().renew(claim)


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """A ledger with one admitted document."""
    opened = Books(Settings(state=tmp_path), TOY)
    opened.ledger.admit(toy_document(), BODY, frozenset())
    yield opened
    opened.close()


def test_a_claim_is_renewed_when_a_third_of_it_is_over(books: Books) -> None:
    """Short steps cost no renewal; a claim that is no longer held is not renewed."""
    clock, ledger = Clock(), Sometimes(books.engine)
    leases = Leases(ledger, LEASE_S, clock)
    with leases.holding(take(books, ARRIVE), leases.now()) as look:
        for clock.now_s in range(100):
            leases.renew()
            look()
    assert ledger.renewed == 9
    clock.now_s = 200.0
    leases.renew()
    assert ledger.renewed == 9


def test_work_stops_when_somebody_else_has_the_step(books: Books) -> None:
    """The next renewal finds it out."""
    clock = Clock()
    leases = Leases(books.ledger, LEASE_S, clock)
    with leases.holding(take(books, ARRIVE), leases.now()) as look:
        books.dispatch.take_back_all()
        take(books, ARRIVE)
        clock.now_s = LEASE_S / 2
        look()
        leases.renew()
        with pytest.raises(ClaimGone):
            look()


@pytest.mark.parametrize("back", [True, False])
def test_a_ledger_that_is_away_ends_the_work_when_the_claim_has_run_out(books: Books, *, back: bool) -> None:
    """Before that it may come back; after that somebody else has the step, whether we hear of it or not."""
    clock, ledger = Clock(), Sometimes(books.engine)
    leases = Leases(ledger, LEASE_S, clock)
    with leases.holding(take(books, ARRIVE), leases.now()) as look:
        ledger.away = True
        clock.now_s = LEASE_S - 1
        leases.renew()
        look()
        ledger.away = not back
        leases.renew()
        clock.now_s = LEASE_S + 1
        if back:
            look()
        else:
            with pytest.raises(ClaimGone):
                look()
