"""The ledger's contract, on SQLite and on PostgreSQL."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select, text, update

from models.document import Status
from models.errors import Defect, OperatorError, Rejected, Retryable
from models.facts import Approved
from models.flow import Flow
from models.manifest import ServiceClass
from models.settings import DeliverySettings, LedgerSettings, Settings
from models.step import Step
from pipeline.ledger import statements as sql
from pipeline.ledger.database import now, open_database, transaction
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.prepared import change
from pipeline.ledger.rows import Claim, NewFact
from pipeline.ledger.schema import documents, steps
from pipeline.wiring import Books
from tests.servers.postgres import Postgres
from tests.support.ledgers import migrated
from tests.support.toy_flow import TOY, Looked, fact_for, toy_document
from tests.support.waiting import wait_until

BODY = "b" * 64
FAST = DeliverySettings(lease_s=0.2, sent_expires_s=0.2, leader_s=0.2, retry_first_s=0.01, sweep_s=0.01)


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


def test_a_document_goes_through_and_waits_at_its_gate(books: Books) -> None:
    """Admission owes the first step, facts owe the next, a closed gate waits, an open one archives."""
    assert books.ledger.admit(toy_document(), BODY, frozenset({Approved.flag})).new
    drive(books)
    assert status(books) is Status.WAITING
    approved = Approved(by="officer-7", at=toy_document().received_at)
    assert books.ledger.open_gate("doc", approved) is Status.RUNNING
    assert books.ledger.open_gate("doc", approved) is Status.RUNNING
    drive(books)
    assert status(books) is Status.ARCHIVED
    assert books.views.live_steps() == 0
    with pytest.raises(OperatorError):
        books.ledger.open_gate("doc", approved)


def test_admitting_twice_changes_nothing_and_other_files_are_refused(books: Books) -> None:
    """The same batch is the same document; other content under its id is a conflict."""
    document = toy_document()
    assert books.ledger.admit(document, BODY, frozenset()).new
    assert not books.ledger.admit(document, BODY, frozenset()).new
    source = document.sources[0].model_copy(update={"sha256": "1" * 64})
    with pytest.raises(Rejected) as caught:
        books.ledger.admit(document.model_copy(update={"sources": (source,)}), BODY, frozenset())
    assert caught.value.code == "revision_conflict"
    assert books.views.live_steps() == 1


def test_only_one_of_many_claims_succeeds(books: Books) -> None:
    """Fifty workers with the same hint: one claim."""
    books.ledger.admit(toy_document(), BODY, frozenset())
    step = Step("doc", 1, "arrive")
    with ThreadPoolExecutor(50) as pool:
        claims = list(pool.map(lambda n: books.ledger.claim(step, f"w{n}"), range(50)))
    assert sum(claim is not None for claim in claims) == 1


def test_a_lost_claim_commits_nothing(books: Books) -> None:
    """A worker that was silent too long cannot commit over the one that took its place."""
    books.ledger.admit(toy_document(), BODY, frozenset())
    step = Step("doc", 1, "arrive")
    slow = take(books, step)
    wait_until(lambda: books.dispatch.expire() == 1, "the expiry")
    quick = take(books, step)
    assert quick.attempt == slow.attempt + 1
    assert not books.ledger.renew(slow)
    assert not books.ledger.commit(slow, [NewFact(fact_for("arrive", 9), 0, "arrive", 1)])
    assert books.ledger.commit(quick, [NewFact(fact_for("arrive", 2), 0, "arrive", 1)])
    assert not books.ledger.commit(slow, [NewFact(fact_for("arrive", 9), 0, "arrive", 1)])
    view = books.views.document("doc")
    assert view is not None
    assert view.sides == 2


def test_a_commit_whose_answer_was_lost_is_repeated(books: Books) -> None:
    """The same attempt again is told that it is done, also after the end; it adds nothing."""
    books.ledger.admit(toy_document(), BODY, frozenset())
    for segment in TOY.segments:
        step = Step("doc", 1, segment.name, int(segment.name in ("look", "read")))
        claim = take(books, step)
        new = [NewFact(fact_for(step.segment, 1), step.page, step.segment, 1)]
        assert books.ledger.commit(claim, new)
        left = books.views.facts("doc", 1), books.views.owed_by("doc")
        assert books.ledger.commit(claim, new)
        assert (books.views.facts("doc", 1), books.views.owed_by("doc")) == left
    assert status(books) is Status.ARCHIVED


def test_a_renewed_claim_does_not_expire(books: Books) -> None:
    """Heartbeats keep a long step's claim."""
    books.ledger.admit(toy_document(), BODY, frozenset())
    claim = take(books, Step("doc", 1, "arrive"))
    for _ in range(5):
        assert books.ledger.renew(claim)
        assert books.dispatch.expire() == 0


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


def test_a_lost_connection_is_retryable(books: Books) -> None:
    """What the driver itself raises in the middle of a transaction is a ledger that is away; the next one works."""
    books.ledger.admit(toy_document(), BODY, frozenset())
    step = Step("doc", 1, "arrive")
    other = open_database(books.engine.url.render_as_string(hide_password=False))

    def lose() -> None:
        with transaction(books.engine, read_only=True) as tx, ExitStack() as stack:
            if books.embedded:
                tx.exec_driver_sql("PRAGMA busy_timeout=1")
                stack.enter_context(transaction(other))  # the write lock is taken
            else:
                backend = tx.scalar(text("SELECT pg_backend_pid()"))
                with transaction(other) as theirs:
                    theirs.execute(text("SELECT pg_terminate_backend(:backend)"), {"backend": backend})
            change(tx, sql.UNSEND, sql.key(step))

    with pytest.raises(Retryable, match="ledger_away"):
        lose()
    other.dispose()
    assert take(books, step).attempt == 1


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
    """Whole documents of many sides are owed, more than there are slots: the last slot waits for a short one."""
    joins = {name: Step(name, 1, "join") for name in ("long-1", "long-2", "long-3", "short")}
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
    assert books.dispatch.take(("document",)) == {"document": [joins["long-3"]]}


def test_counters_share_a_pool_fairly(books: Books) -> None:
    """A small document of another counter does not wait behind a large one of the same class."""
    for name, counter, sides in (("large", "c1", 100), ("small", "c2", 3)):
        books.ledger.admit(toy_document(name, counter=counter), BODY, frozenset())
        do(books, Step(name, 1, "arrive"), sides=sides)
    books.dispatch.beat("w", "page", 3)
    picked = [step.document for step in books.dispatch.take(("page",))["page"]]
    assert picked[:6].count("small") == 3


def test_a_rejected_document_names_all_its_bad_sides(books: Books) -> None:
    """Other sides go on after a refusal; the end names every bad side, and nothing is owed."""
    books.ledger.admit(toy_document(), BODY, frozenset())
    do(books, Step("doc", 1, "arrive"), sides=3)
    for page in (1, 3):
        assert books.ledger.refuse(
            take(books, Step("doc", 1, "look", page)), Rejected("blurred", f"Mặt {page} mờ.", page)
        )
    assert status(books) is Status.RUNNING
    do(books, Step("doc", 1, "look", 2))
    do(books, Step("doc", 1, "read", 2))
    view = books.views.document("doc")
    assert view is not None
    assert (view.status, view.code, view.message) == (Status.REJECTED, "blurred", "Mặt 1 mờ. Mặt 3 mờ.")
    assert books.views.live_steps() == 0


def test_a_defect_fails_at_its_third_attempt(books: Books) -> None:
    """Two faults are tried again, the third ends the revision, and no step is left."""
    books.ledger.admit(toy_document(), BODY, frozenset())
    step = Step("doc", 1, "arrive")
    for _ in range(3):
        assert status(books) is Status.RUNNING
        with transaction(books.engine) as tx:
            tx.execute(update(steps).values(not_before=0))
        claim = take(books, step)
        assert books.ledger.defect(claim, Defect("boom", "it broke"))
    view = books.views.document("doc")
    assert view is not None
    assert (view.status, view.code, view.message) == (Status.FAILED, "boom", "arrive: it broke")
    assert books.views.live_steps() == 0


def test_a_dependency_that_is_away_never_fails_a_document(books: Books) -> None:
    """Retryable errors are without number; the step is owed again after a pause."""
    books.ledger.admit(toy_document(), BODY, frozenset())
    step = Step("doc", 1, "arrive")
    for _ in range(4):
        with transaction(books.engine) as tx:
            tx.execute(update(steps).values(not_before=0))
        assert books.ledger.retry_later(take(books, step), Retryable("signer_away", "token away", "signer"))
    assert status(books) is Status.RUNNING
    with transaction(books.engine) as tx:
        assert tx.execute(select(steps.c.retries, steps.c.not_before > 0)).one() == (4, True)
        tx.execute(update(steps).values(not_before=now() + 60))
    assert books.ledger.claim(step, "w") is None


def test_two_counted_kills_quarantine_a_side(books: Books) -> None:
    """The document waits for a person; uncounted kills do not matter; a release lets it go on."""
    books.ledger.admit(toy_document(), BODY, frozenset())
    do(books, Step("doc", 1, "arrive"), sides=1)
    step = Step("doc", 1, "look", 1)
    for counted in (False, False, True, True):
        assert status(books) is Status.RUNNING
        with transaction(books.engine) as tx:
            tx.execute(update(steps).values(not_before=0))
        assert books.ledger.killed(take(books, step), "signal", "SIGSEGV", counted=counted)
    view = books.views.document("doc")
    assert view is not None
    assert (view.status, view.code) == (Status.WAITING, "quarantined")
    assert books.views.held("doc", 1) == [(step, "killed_signal", "SIGSEGV")]
    assert books.ledger.claim(step, "w") is None
    assert books.ledger.release_held("doc", 1) == 1
    drive(books, sides=1)
    assert status(books) is Status.ARCHIVED


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


def test_one_relay_leads_until_it_is_silent(books: Books) -> None:
    """The lead is a row that expires by itself."""
    assert books.dispatch.lead("a")
    assert not books.dispatch.lead("b")
    assert books.dispatch.lead("a")
    wait_until(lambda: books.dispatch.lead("b"), "the end of the lead")
    assert not books.dispatch.lead("a")
    books.dispatch.step_down("b")
    assert books.dispatch.lead("a")


def test_a_fact_larger_than_4_kb_is_a_defect(books: Books) -> None:
    """Bulky results are blobs."""
    books.ledger.admit(toy_document(), BODY, frozenset())
    do(books, Step("doc", 1, "arrive"), sides=1)
    claim = take(books, Step("doc", 1, "look", 1))
    with pytest.raises(Defect, match="fact_too_large"):
        books.ledger.commit(claim, [NewFact(Looked(by="x" * 5000), 1, "look", 1)])
    assert books.ledger.renew(claim)


@pytest.mark.timeout(900)
def test_workers_that_finish_the_last_sides_together_join_once(books: Books, rounds: int) -> None:
    """Fifty workers commit the last sides of one document at the same moment, again and again: one join each."""
    sides = 50
    known = [NewFact(fact_for("arrive", sides), 0, "arrive", 1)]
    known += [NewFact(Looked(), page, "look", 1) for page in range(1, sides + 1)]
    with ThreadPoolExecutor(sides) as pool:
        for number in range(rounds):
            name = f"doc-{number}"
            books.ledger.admit(toy_document(name), BODY, frozenset(), known)
            with transaction(books.engine) as tx:
                tx.execute(
                    update(steps).where(steps.c.document == name).values(state="claimed", attempt=1, until=now() + 600)
                )
            together = threading.Barrier(sides)

            def finish(page: int, name: str = name, together: threading.Barrier = together) -> bool:
                claim = Claim(Step(name, 1, "read", page), 1, BODY, sides, (), ())
                together.wait()
                return books.ledger.commit(claim, [NewFact(fact_for("read", sides), page, "read", 1)])

            assert all(pool.map(finish, range(1, sides + 1)))
            assert books.views.owed_by(name) == [Step(name, 1, "join")]
            do(books, Step(name, 1, "join"))
            assert books.views.owed_by(name) == [Step(name, 1, "sign")]


def test_sides_that_end_together_go_in_one_transaction(books: Books) -> None:
    """While one commit is under way others come: a lost claim among them adds nothing, every other side is there."""
    sides = 9
    books.ledger.admit(toy_document(), BODY, frozenset())
    do(books, Step("doc", 1, "arrive"), sides)
    claims = [take(books, Step("doc", 1, "look", side)) for side in range(1, sides + 1)]
    with transaction(books.engine) as tx:  # the second side's claim expires
        tx.execute(update(steps).where(steps.c.page == 2).values(until=1.0))
    assert books.dispatch.expire() == 1
    busy = SlowToLock(books.engine, TOY, FAST, together=sides - 1)

    def commit(claim: Claim) -> bool:
        busy.arrived.release()
        return busy.commit(claim, [NewFact(Looked(by=str(claim.step.page)), claim.step.page, "look", 1)])

    with ThreadPoolExecutor(sides) as pool:
        held = list(pool.map(commit, claims))
    assert held == [claim.step.page != 2 for claim in claims]
    assert busy.locked == 2
    looked = {fact.page for fact in books.views.facts("doc", 1) if fact.kind == "Looked"}
    assert looked == set(range(1, sides + 1)) - {2}
    assert {s for s in books.views.owed_by("doc") if s.segment == "read"} == {Step("doc", 1, "read", n) for n in looked}


class SlowToLock(Ledger):
    """The first commit holds on until all others are there."""

    def __init__(self, engine: Engine, flow: Flow, delivery: DeliverySettings, together: int) -> None:
        super().__init__(engine, flow, delivery)
        self.arrived = threading.Semaphore(0)
        self.locked = 0
        self._together = together

    def _lock(self, tx: Connection, document: str, revision: int | None = None) -> Any:
        self.locked += 1
        if self.locked == 1:
            for _ in range(self._together + 1):
                assert self.arrived.acquire(timeout=60)
            wait_until(lambda: self._combined.waiting(("doc", 1)) == self._together, "the other sides")
        return super()._lock(tx, document, revision)


def test_a_crash_of_the_database_is_over_when_it_is_back(postgres: Postgres, tmp_path: Path) -> None:
    """Idle connections that the crash has closed are seen before they are used: no call fails by them."""
    url = postgres.fresh_database(migrated)
    books = Books(Settings(state=tmp_path, ledger=LedgerSettings(url=url), delivery=FAST), TOY)
    with ThreadPoolExecutor(4) as pool:
        admitted = pool.map(lambda n: books.ledger.admit(toy_document(f"doc-{n}"), BODY, frozenset()).new, range(8))
        assert all(admitted)
    postgres.kill()
    with pytest.raises(Retryable) as caught:
        books.ledger.claim(Step("doc-0", 1, "arrive"), "w1")
    assert caught.value.dependency == "ledger"
    postgres.restart()
    for number in range(8):
        do(books, Step(f"doc-{number}", 1, "arrive"))
    books.close()
