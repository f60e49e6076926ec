"""Guards are shown necessary: for each, a schedule of faults that the line survives with it, and not without it.

Random faults seldom meet the one moment that a guard is for; here they are directed at it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import psycopg
from sqlalchemy import Connection, delete, event, select

from benchmarks.chaos.campaign import at_rest, progress, settle, wait_until
from benchmarks.chaos.checker import Verdict, check
from benchmarks.chaos.cluster import DELIVERY, Cluster, Host, Service
from benchmarks.chaos.evidence import gather
from benchmarks.chaos.faults import comm, descendants, parent, send
from benchmarks.chaos.guards import UnlockedLedger
from benchmarks.chaos.papers import Expected, Kind, make_paper, write
from benchmarks.chaos.producers import OFFICER
from benchmarks.chaos.proxy import Condition, Switchboard
from benchmarks.chaos.servers import Servers
from models.document import Status
from models.errors import Defect, SohoaError
from models.facts import Approved
from pipeline.ledger.database import open_database, reading, transaction
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.schema import steps
from stages.flow import FLOW

PATIENCE_S = 90.0
"""Without anything learned or answered: a busy machine may take longer, as long as it gets anywhere."""
STUCK_S = 60.0
TRIES = 8
PLAYS = 2
"""How often a schedule may fail to be set before the guard counts as not shown."""
RECORD = b"/record.json HTTP"
"""Part of the first line of the request that puts a record."""


@dataclass(frozen=True)
class Shown:
    """One guard: what its schedule does to the line with it, and without it."""

    guard: str
    schedule: str
    kept: Verdict
    taken_out: Verdict
    notes: tuple[str, ...] = ()
    """Why a play had to be given up."""

    @property
    def needed(self) -> bool:
        return not self.notes and self.kept.ok and not self.taken_out.ok

    def plain(self) -> dict[str, object]:
        """As JSON."""
        return {
            "guard": self.guard,
            "schedule": self.schedule,
            "with_it": plainly(self.kept),
            "without_it": plainly(self.taken_out),
            "notes": list(self.notes),
            "needed": self.needed,
        }


def plainly(verdict: Verdict) -> list[list[str]]:
    """Violations as JSON."""
    return [[v.fault.value, v.document, v.what] for v in verdict.violations]


class Stage:
    """A small cluster: one counter, and one or two hosts that work."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        incoming = cluster.folder / "in"
        incoming.mkdir(parents=True)
        self.counter = cluster.host("counter", ("intake", "relay"), incoming)
        self.first = cluster.host("pool-1", ("worker",))
        self.handed_in: list[tuple[str, Expected]] = []

    @property
    def relay(self) -> Service:
        return self.counter.service("relay")

    def hand_in(self) -> str:
        """A sound document of two sides; its id, when it is in the ledger."""
        number = len(self.handed_in)
        paper = make_paper(f"guard-{number}", Kind.HEALTHY, np.random.default_rng(number), sides=2)
        assert self.counter.incoming is not None
        self.handed_in.append((paper.expected.document, paper.expected))
        write(paper, self.counter.incoming / paper.expected.document)
        self.until(partial(self.is_now, paper.expected.document), "the document in the ledger")
        return paper.expected.document

    def approve(self, document: str, ledger: Ledger | None = None) -> None:
        """As an officer does."""
        gate = Approved(by=OFFICER, at=datetime.now(UTC))
        (ledger or self.cluster.books.ledger).open_gate(document, gate, 1)

    def is_now(self, document: str, *statuses: Status) -> bool:
        """Whether the document is in the ledger, in one of these statuses if any are given."""
        view = self.cluster.books.views.document(document)
        return view is not None and (not statuses or view.status in statuses)

    def step_is(self, document: str, segment: str, *states: str) -> bool:
        """Whether a document's step is there, in one of these states."""
        query = select(steps.c.state).where(steps.c.document == document, steps.c.segment == segment)
        with reading(self.cluster.books.engine) as tx:
            return tx.execute(query).scalars().first() in states

    def until(self, probe: Callable[[], bool], what: str) -> None:
        """Raises ``Defect("stage_not_set")`` when it does not become true, and nothing else moves either."""
        if not settle(lambda: wait_until(probe, 2.0, 0.01), lambda: progress(self.cluster), PATIENCE_S):
            raise Defect("stage_not_set", f"the stage for a directed schedule could not be set: {what}")

    def hold_record(self, document: str) -> Condition:
        """Let the first worker's archive step come to where the record is put and nobody has heard of it yet."""
        held = Condition("hold_answer", pattern=RECORD)
        self.cluster.board.behave(self.first.proxies["store"], held)
        self.approve(document)
        self.until(held.met.is_set, "a record whose answer is held")
        return held

    def kill_child(self, host: Host, pool: str) -> None:
        """kill -9 of the slot child that works for a pool; returns when it is gone and its worker can hear of it."""
        worker = host.service("worker").pid
        assert worker is not None
        children = [pid for pid in descendants(worker) if comm(pid).startswith(f"{pool}-")]
        for pid in children:
            send(pid, signal.SIGKILL)
        self.until(lambda: not any(map(parent, children)), "the end of a child")

    def judge(self) -> Verdict:
        """Heal, drain, judge."""
        self.cluster.heal()
        settle(lambda: at_rest(self.cluster, len(self.handed_in)), lambda: progress(self.cluster), STUCK_S)
        self.cluster.stop()
        return check(self.handed_in, gather(self.cluster))


def answer_lost(stage: Stage) -> None:
    """The archive has the record, and its answer is lost: the copy is put again."""
    lost = Condition("lose_answer", pattern=RECORD)
    document = stage.hand_in()
    stage.cluster.board.behave(stage.first.proxies["store"], lost)
    stage.approve(document)
    stage.until(lost.met.is_set, "a record whose answer is lost")


def killed_between(stage: Stage) -> None:
    """The archive has the record, and the child that put it is killed before it can tell."""
    document = stage.hand_in()
    stage.hold_record(document)
    stage.kill_child(stage.first, "archive")
    stage.cluster.board.heal(stage.first.proxies["store"])


def stopped_past_lease(stage: Stage) -> None:
    """A worker sleeps in the middle of a step, another one does it and ends the document, the first one wakes."""
    document = stage.hand_in()
    stage.hold_record(document)
    worker = stage.first.service("worker")
    worker.signal(signal.SIGSTOP)
    stage.cluster.host("pool-2", ("worker",))
    stage.until(partial(stage.is_now, document, Status.ARCHIVED), "the copy that the second worker made")
    stage.kill_child(stage.first, "archive")
    stage.cluster.board.heal(stage.first.proxies["store"])
    worker.signal(signal.SIGCONT)


def outbox_row_lost(stage: Stage) -> None:
    """An owed step vanishes from the ledger, as by a restore of one table, or an operator's hand."""
    stage.relay.signal(signal.SIGSTOP)
    document = stage.hand_in()
    stage.approve(document)
    with transaction(stage.cluster.books.engine) as tx:
        tx.execute(delete(steps).where(steps.c.document == document))
    stage.relay.signal(signal.SIGCONT)


def approved_at_the_gate(stage: Stage) -> None:
    """The officer's approval is about to be committed when the step commits that brings the document to its gate.

    Without the lock the step has then read what it goes by, before the approval was there to be read.
    """
    document = _before_extract(stage)
    reached, released = threading.Event(), threading.Event()

    def pause(connection: Connection) -> None:
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        reached.set()
        released.wait(PATIENCE_S)

    engine = open_database(stage.cluster.ledger_url)
    event.listen(engine, "commit", pause)
    made = UnlockedLedger if stage.cluster.guard == "document_lock" else Ledger
    officer = threading.Thread(target=stage.approve, args=(document, made(engine, FLOW, DELIVERY)))
    officer.start()
    try:
        stage.until(reached.is_set, "an approval that is about to be committed")
        stage.relay.signal(signal.SIGCONT)
        stage.until(partial(_somebody_waits, stage.cluster.ledger_url), "a worker who waits for the document")
    finally:
        released.set()
        officer.join()
        engine.dispose()


def _before_extract(stage: Stage) -> str:
    """A document whose extraction is owed, and cannot begin because the relay is stopped."""
    for _ in range(TRIES):
        document = stage.hand_in()
        stage.until(partial(stage.step_is, document, "document", "claimed", "done"), "assembly")
        stage.relay.signal(signal.SIGSTOP)
        stage.until(partial(stage.step_is, document, "document", "done"), "the end of assembly")
        if stage.step_is(document, "extract", "owed"):
            return document
        stage.relay.signal(signal.SIGCONT)
        stage.until(partial(stage.is_now, document, Status.WAITING), "a document at its gate")
        stage.approve(document)
    raise Defect("stage_not_set", f"the relay was faster, {TRIES} times")


def _somebody_waits(url: str) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with closing(psycopg.connect(url.replace("+psycopg", ""))) as judge:
        row = judge.execute(query).fetchone()
    return row is not None and row[0] > 0


SCHEDULES: dict[str, Callable[[Stage], None]] = {
    "conditional_put": answer_lost,
    "seal": killed_between,
    "fencing": stopped_past_lease,
    "document_lock": approved_at_the_gate,
    "sweeper": outbox_row_lost,
}
"""By guard: what shows that it is needed."""


def show(guard: str, folder: Path, servers: Servers, board: Switchboard) -> Shown:
    """Play the guard's schedule twice: with it, and without it."""
    notes: list[str] = []
    kept = _played(guard, None, folder / f"{guard}-kept", servers, board, notes)
    taken_out = _played(guard, guard, folder / f"{guard}-out", servers, board, notes)
    return Shown(guard, (SCHEDULES[guard].__doc__ or "").split("\n")[0], kept, taken_out, tuple(notes))


def play(guard: str, folder: Path, servers: Servers, board: Switchboard) -> Verdict:
    """The guard's schedule without it; nothing was violated where it could not be set."""
    return _played(guard, guard, folder / f"{guard}-out", servers, board, [])


def _played(
    guard: str, out: str | None, folder: Path, servers: Servers, board: Switchboard, notes: list[str]
) -> Verdict:
    """A campaign of half an hour is not thrown away because a stage could not be set: ``notes`` says so."""
    failed = []
    for number in range(PLAYS):
        try:
            return _play(guard, out, folder.with_name(f"{folder.name}-{number}"), servers, board)
        except SohoaError as error:
            failed.append(f"{'without' if out else 'with'} it: {error.message}")
    notes += failed
    return Verdict((), 0, {})


def _play(guard: str, out: str | None, folder: Path, servers: Servers, board: Switchboard) -> Verdict:
    with Cluster(folder, servers, board, out) as cluster:
        stage = Stage(cluster)
        SCHEDULES[guard](stage)
        return stage.judge()
