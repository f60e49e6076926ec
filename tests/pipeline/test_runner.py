"""The runner: what it records for every way that a step can end. The slot child is scripted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from models.document import Status
from models.errors import Defect, Rejected, Retryable, SohoaError
from models.facts import MAX_FACT_BYTES, Approved
from models.settings import DeliverySettings, Settings
from models.step import Step
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.rows import Claim, NewFact
from pipeline.runner import Runner
from pipeline.slots import SlotKilled
from pipeline.task import decode_task, encode_error, encode_facts
from pipeline.wiring import Books
from tests.support.memory_blobs import MemoryBlobs
from tests.support.toy_flow import TOY, Looked, fact_for, toy_document
from tests.support.waiting import wait_until

BODY = "b" * 64
ARRIVE = Step("doc", 1, "arrive")


class ScriptedChild:
    """Does what the test says instead of work."""

    def __init__(self, act: Callable[[bytes], bytes]) -> None:
        self._act = act

    def run(self, task: bytes, on_tick: Callable[[], None] | None = None) -> bytes:
        if on_tick is not None:
            on_tick()
        return self._act(task)


def good(task: bytes, fresh: tuple[str, ...] = ()) -> bytes:
    """The answer of a child that succeeded."""
    step = decode_task(task).step
    return encode_facts([NewFact(fact_for(step.segment, 1), step.page, step.segment, 1)], fresh)


def run_times(runner: Runner, step: Step, act: Callable[[bytes], bytes], times: int) -> None:
    """Hint at a step until the child has had it so often: between two attempts is a pause."""
    had: list[bytes] = []

    def noted(task: bytes) -> bytes:
        had.append(task)
        return act(task)

    def run() -> bool:
        runner.run(step, ScriptedChild(noted))
        return len(had) == times

    wait_until(run, f"{times} attempts at {step}")


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """A ledger with one admitted document."""
    opened = Books(Settings(state=tmp_path, delivery=DeliverySettings(retry_first_s=0.001)), TOY)
    opened.ledger.admit(toy_document(), BODY, frozenset())
    yield opened
    opened.close()


@pytest.fixture
def blobs() -> MemoryBlobs:
    """A blob store."""
    return MemoryBlobs()


@pytest.fixture
def runner(books: Books, blobs: MemoryBlobs) -> Runner:
    """A worker's runner."""
    return Runner("w", TOY, books.ledger, blobs, DeliverySettings())


def status(books: Books) -> tuple[Status, str]:
    """Status and code of the document."""
    view = books.views.document("doc")
    assert view is not None
    return view.status, view.code


def test_a_good_step_is_committed_and_an_old_hint_dropped(books: Books, runner: Runner) -> None:
    """The first hint does the work; the same hint again does nothing."""
    ran: list[bytes] = []

    def work(task: bytes) -> bytes:
        ran.append(task)
        return good(task)

    child = ScriptedChild(work)
    runner.run(ARRIVE, child)
    runner.run(ARRIVE, child)
    assert len(ran) == 1
    assert books.views.owed_by("doc") == [Step("doc", 1, "look", 1)]


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (Rejected("truncated", "Tệp bị cắt cụt."), (Status.REJECTED, "truncated")),
        (Retryable("archive_away", "no answer", "archive"), (Status.RUNNING, "")),
        (Defect("boom", "it broke"), (Status.RUNNING, "")),
    ],
)
def test_an_error_means_what_its_kind_says(
    books: Books, runner: Runner, error: SohoaError, ends: tuple[Status, str]
) -> None:
    """Rejected ends the revision; what may pass is owed again."""
    runner.run(ARRIVE, ScriptedChild(lambda _task: encode_error(error)))
    assert status(books) == ends


@pytest.mark.parametrize("answer", [b"", b"{}", b"nonsense", b'{"facts": [["Nothing", 0, "x", 1, {}]], "fresh": []}'])
def test_nonsense_from_a_child_is_a_defect(books: Books, runner: Runner, answer: bytes) -> None:
    """A garbled answer commits nothing and does not hurt the worker."""
    runner.run(ARRIVE, ScriptedChild(lambda _task: answer))
    assert status(books) == (Status.RUNNING, "")
    assert not books.views.facts("doc", 1)


def test_a_segment_that_gives_too_little_is_a_defect(books: Books, runner: Runner) -> None:
    """An answer without the segment's facts cannot count as done."""
    runner.run(ARRIVE, ScriptedChild(lambda _task: encode_facts([], ())))
    assert books.views.owed_by("doc") == [ARRIVE]


def test_a_fact_that_the_ledger_refuses_fails_at_the_third_attempt(books: Books) -> None:
    """It is refused again however often it comes: a step that only let its claim expire would go on for ever."""
    runner = Runner("w", TOY, books.ledger, MemoryBlobs(), DeliverySettings())

    def long_winded(_task: bytes) -> bytes:
        return encode_facts([NewFact(Looked(by="x" * MAX_FACT_BYTES), 1, "look", 1)], ())

    runner.run(ARRIVE, ScriptedChild(good))
    run_times(runner, Step("doc", 1, "look", 1), long_winded, DeliverySettings().defects)
    assert status(books) == (Status.FAILED, "fact_too_large")


def test_a_host_that_cannot_start_children_never_fails_a_document(books: Books, runner: Runner) -> None:
    """Nothing of the step has run: the pool of that host pauses, and the document waits for another one."""

    def out_of_processes(_task: bytes) -> bytes:
        raise Retryable("child_cannot_start", "processes run out", "worker")

    run_times(runner, ARRIVE, out_of_processes, DeliverySettings().defects + 1)
    assert status(books) == (Status.RUNNING, "")
    assert books.views.owed_by("doc") == [ARRIVE]
    assert books.views.obstacle() == ("child_cannot_start", "processes run out")


def test_a_drained_step_is_given_back_at_once(books: Books, runner: Runner) -> None:
    """Drain counts nothing and leaves the step owed."""

    def drained(_task: bytes) -> bytes:
        raise SlotKilled("drained", counted=False)

    runner.run(ARRIVE, ScriptedChild(drained))
    claim = books.ledger.claim(ARRIVE, "next")
    assert claim is not None
    assert claim.attempt == 2


def test_two_crashes_alone_with_a_step_quarantine_it(books: Books, runner: Runner) -> None:
    """The document waits for a person."""

    def crash(_task: bytes) -> bytes:
        raise SlotKilled("signal", counted=True, detail="SIGSEGV")

    for _ in range(2):
        runner.run(ARRIVE, ScriptedChild(crash))
    assert status(books) == (Status.WAITING, "quarantined")


def test_the_blobs_of_a_signature_that_lost_are_deleted(books: Books, runner: Runner, blobs: MemoryBlobs) -> None:
    """Two workers sign at once: the first commit wins, the other's blob goes."""
    step = signable(books)
    kept, lost = blobs.put("signed", b"first signature"), blobs.put("signed", b"second signature")

    def overtaken(task: bytes) -> bytes:
        assert books.dispatch.take_back_all() == 1
        runner.run(step, ScriptedChild(lambda again: good(again, (kept,))))
        return good(task, (lost,))

    runner.run(step, ScriptedChild(overtaken))
    assert blobs.exists("signed", kept)
    assert not blobs.exists("signed", lost)
    assert [f.kind for f in books.views.facts("signed", 1)].count("Signed") == 1


def test_a_child_whose_claim_is_gone_is_stopped(books: Books) -> None:
    """Another worker has the step by now: nothing is recorded for it, and the child works on nothing in vain."""
    runner = Runner("w", TOY, books.ledger, MemoryBlobs(), DeliverySettings(lease_s=0.001))
    ended: list[str] = []

    class Long(ScriptedChild):
        def run(self, task: bytes, on_tick: Callable[[], None] | None = None) -> bytes:
            assert on_tick is not None
            books.dispatch.take_back_all()
            assert books.ledger.claim(ARRIVE, "other") is not None
            wait_until(lambda: self._ends(on_tick), "the end of the claim")
            raise AssertionError(task)

        def _ends(self, on_tick: Callable[[], None]) -> bool:
            runner.renew()
            try:
                on_tick()
            except BaseException:
                ended.append("stopped")
                raise
            return False

    runner.run(ARRIVE, Long(good))
    assert ended == ["stopped"]
    claim = books.ledger.claim(ARRIVE, "other")
    assert claim is not None
    assert claim.attempt == 2
    assert not books.views.facts("doc", 1)


class AnswerLost(Ledger):
    """The database commits, and its answer never arrives."""

    lost = False

    def commit(self, claim: Claim, new: Sequence[NewFact]) -> bool:
        done = super().commit(claim, new)
        if not self.lost:
            self.lost = True
            raise Retryable("ledger_away", "the connection broke", "ledger")
        return done


def test_a_committed_signature_is_kept_when_the_answer_is_lost(books: Books, blobs: MemoryBlobs) -> None:
    """The second commit finds the first one: nothing was lost, and the blob that the fact names stays."""
    step = signable(books)
    signed = blobs.put("signed", b"signature")
    ledger = AnswerLost(books.engine, TOY, DeliverySettings())
    Runner("w", TOY, ledger, blobs, DeliverySettings()).run(step, ScriptedChild(lambda task: good(task, (signed,))))
    assert ledger.lost
    assert blobs.exists("signed", signed)
    assert books.views.owed_by("signed") == [Step("signed", 1, "store")]


@pytest.mark.parametrize("won", [True, False])
def test_a_blob_that_the_winner_names_is_kept(books: Books, runner: Runner, blobs: MemoryBlobs, *, won: bool) -> None:
    """The same facts give the same record: the loser must not take the winner's away, nor before it has won."""
    step = signable(books)
    same = blobs.put("signed", b"record")

    def winner(_task: bytes) -> bytes:
        naming = NewFact(Looked(by=same), 0, "sign", 1)
        return encode_facts([NewFact(fact_for("sign", 1), 0, "sign", 1), naming], (same,))

    def overtaken(task: bytes) -> bytes:
        assert books.dispatch.take_back_all() == 1
        if won:
            runner.run(step, ScriptedChild(winner))
        return good(task, (same,))

    runner.run(step, ScriptedChild(overtaken))
    assert blobs.exists("signed", same)
    assert books.views.owed_by("signed") == [Step("signed", 1, "store") if won else step]


def signable(books: Books) -> Step:
    """A document that only its signature is owed for."""
    known = [NewFact(fact_for(s, 1), int(s in ("look", "read")), s, 1) for s in ("arrive", "look", "read", "join")]
    approved = NewFact(Approved(by="officer", at=toy_document().received_at), 0, "person", 1)
    books.ledger.admit(toy_document("signed"), BODY, frozenset({Approved.flag}), [*known, approved])
    return Step("signed", 1, "sign")
