"""The ledger's contract, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, make_url, select, text, update

from benchmarks.chaos.proxy import Condition, Switchboard
from models.document import Status
from models.errors import Defect, OperatorError, Rejected, Retryable
from models.facts import Approved
from models.flow import Flow, Segment
from models.settings import DeliverySettings, LedgerSettings, Settings
from models.step import Step
from pipeline.ledger import statements as sql
from pipeline.ledger.database import now, open_database, transaction
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.prepared import change, change_all
from pipeline.ledger.rows import Claim, NewFact, fact_rows
from pipeline.ledger.schema import facts, steps
from pipeline.runner import Runner
from pipeline.task import encode_facts
from pipeline.wiring import Books
from tests.servers.postgres import Postgres
from tests.support.ledgers import BODY, FAST, do, drive, migrated, status, take
from tests.support.memory_blobs import MemoryBlobs
from tests.support.toy_flow import TOY, Looked, fact_for, toy_document
from tests.support.waiting import wait_until


def test_sides_done_before_an_upgrade_learn_what_came_with_it(books: Books) -> None:
    """A segment gained a stage while a document was at work: the side is done again, and does not wait for ever."""
    arrive, look, read, *rest = TOY.segments
    both = Segment("look", "page", look.stages + read.stages)
    newer = Ledger(books.engine, Flow((arrive, both, *rest)), books.ledger.delivery)
    books.ledger.admit(toy_document(), BODY, frozenset())
    do(books, Step("doc", 1, "arrive"))
    with transaction(books.engine) as tx:  # the version before knew no segment "read"
        looked = fact_rows("doc", 1, [NewFact(fact_for("look", 2), 1, "look", 1)], attempt=1)
        change_all(tx, sql.insert_once(tx.dialect.name, facts, "at"), looked)
        tx.execute(update(steps).where(steps.c.page == 1).values(state="done"))
    claim = newer.claim(Step("doc", 1, "look", 2), "w2")
    assert claim is not None
    assert newer.commit(claim, [NewFact(fact_for(s, 2), 2, s, 1) for s in ("look", "read")])
    assert books.views.owed_by("doc") == [Step("doc", 1, "look", 1)]
    claim = newer.claim(Step("doc", 1, "look", 1), "w2")
    assert claim is not None
    assert newer.commit(claim, [NewFact(fact_for("read", 2), 1, "read", 1)])
    assert books.views.owed_by("doc") == [Step("doc", 1, "join")]


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


def test_a_claim_whose_answer_was_lost_is_repeated(books: Books) -> None:
    """The same wish again gets the same claim, with all that belongs to it, and a lease of its full length."""
    books.ledger.admit(toy_document(), BODY, frozenset())
    step = Step("doc", 1, "arrive")
    claim = books.ledger.claim(step, "host:1:arrive#a")
    assert claim is not None
    with transaction(books.engine) as tx:
        tx.execute(update(steps).values(until=now() + 0.01))
    assert books.ledger.claim(step, "host:1:arrive#a") == claim
    assert books.dispatch.expire() == 0
    assert books.ledger.claim(step, "host:1:arrive#b") is None
    assert books.ledger.commit(claim, [NewFact(fact_for("arrive", 2), 0, "arrive", 1)])
    assert books.ledger.claim(step, "host:1:arrive#a") is None


def test_a_repeated_claim_does_not_go_round_the_fence(books: Books) -> None:
    """What expired in between is another attempt: the first one's work is lost, whoever has the step now."""
    books.ledger.admit(toy_document(), BODY, frozenset())
    step = Step("doc", 1, "arrive")
    first = books.ledger.claim(step, "host:1:arrive#a")
    wait_until(lambda: books.dispatch.expire() == 1, "the expiry")
    again = books.ledger.claim(step, "host:1:arrive#a")
    assert first is not None
    assert again is not None
    assert again.attempt == first.attempt + 1
    learned = [NewFact(fact_for("arrive", 2), 0, "arrive", 1)]
    assert not books.ledger.renew(first)
    assert not books.ledger.commit(first, learned)
    wait_until(lambda: books.dispatch.expire() == 1, "the expiry")
    assert books.ledger.claim(step, "host:2:arrive#c") is not None
    assert books.ledger.claim(step, "host:1:arrive#a") is None
    assert not books.ledger.commit(again, learned)


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
        tx.execute(update(steps).where(steps.c.page != 2).values(until=now() + 600))
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


def test_an_answer_that_a_network_loses_costs_no_lease(postgres: Postgres, tmp_path: Path) -> None:
    """PostgreSQL commits the claim and nobody hears of it: the same run asks again, and does the step."""
    url = postgres.fresh_database(migrated)
    judge = Books(Settings(state=tmp_path, ledger=LedgerSettings(url=url)), TOY)
    judge.ledger.admit(toy_document(), BODY, frozenset())
    step, parts = Step("doc", 1, "arrive"), make_url(url)
    with Switchboard() as board:
        proxy = board.open(parts.port or 0)
        through = parts.set(port=proxy.port).render_as_string(hide_password=False)
        worker = Books(Settings(state=tmp_path, ledger=LedgerSettings(url=through)), TOY)
        runner = Runner("w", TOY, worker.ledger, MemoryBlobs(), DeliverySettings())
        lost = Condition("lose_answer", pattern=b"COMMIT")
        board.behave(proxy, lost)
        runner.run(step, Arrives())
        worker.close()
    assert lost.met.is_set()
    assert judge.views.owed_by("doc") == [Step("doc", 1, "look", 1)]
    with transaction(judge.engine) as tx:
        assert tx.execute(select(steps.c.state, steps.c.attempt).where(steps.c.segment == "arrive")).one() == (
            "done",
            1,
        )
    judge.close()


class Arrives:
    """A slot child that learns of one side."""

    def run(self, task: bytes, on_tick: Callable[[], None] | None = None) -> bytes:  # noqa: ARG002
        return encode_facts([NewFact(fact_for("arrive", 1), 0, "arrive", 1)], ())


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
