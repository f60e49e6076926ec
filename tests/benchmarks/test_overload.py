"""The overload benchmark's arithmetic and pictures; the run itself takes minutes and a machine of its own."""

from __future__ import annotations

import os
import random
from itertools import islice
from pathlib import Path

import pytest

from benchmarks import ledger_history
from benchmarks.overload.cluster import BULK_SIDES, MEAN_SIDES, SLOTS, arrivals
from benchmarks.overload.report import timeline
from benchmarks.overload.waits import Done, pages_per_s, read_notes, waits
from benchmarks.processes import cpu_s, family, memory_mb, waited_s
from benchmarks.simulated import SIMULATED, learned, sides_of
from models.manifest import ServiceClass
from models.settings import LedgerSettings, Settings
from models.step import Step
from pipeline.wiring import Books
from tests.servers.postgres import Postgres
from tests.support.ledgers import migrated


def page(document: str, number: int, began_s: float, ended_s: float) -> Done:
    """A finished page."""
    return Done(document, "page", number, began_s, ended_s)


def test_a_wait_counts_the_pages_of_others_that_each_slot_finished() -> None:
    """Not those of its own document, of other pools, before it was owed or after it was begun."""
    done = sorted(
        (
            page("other", 1, 0.0, 0.9),
            *(page("other", number, 1.0, 1.5) for number in range(2, 2 + SLOTS["page"])),
            Done("other", "document", 0, 1.0, 1.5),
            page("mine", 1, 1.2, 1.4),
            page("mine", 2, 2.0, 2.2),
            page("other", 9, 2.0, 2.1),
        ),
        key=lambda step: step.ended_s,
    )
    (wait,) = waits(done, {("mine", "page", 2): 1.0})
    assert (wait.pages, wait.seconds) == (1.0, 1.0)


def test_pages_are_counted_in_the_time_asked_for() -> None:
    """From its begin to before its end, pages alone."""
    done = [page("d", n, 0.0, float(n)) for n in range(10)] + [Done("d", "arrive", 0, 0.0, 2.0)]
    assert pages_per_s(done, 2.0, 6.0) == 1.0


def test_notes_come_back_in_order(tmp_path: Path) -> None:
    """Of all slot children, by end."""
    (tmp_path / "1.txt").write_text("a-1 page 1 1.0 3.0\n")
    (tmp_path / "2.txt").write_text("b-1 page 1 1.0 2.0\nb-1 archive 0 4.0 5.0\n")
    assert [(step.document, step.pool) for step in read_notes(tmp_path)] == [
        ("b-1", "page"),
        ("a-1", "page"),
        ("b-1", "archive"),
    ]


def test_arrivals_are_as_long_as_the_rate_takes_them_for() -> None:
    """The names tell the sides, and on average there are as many as the benchmark reckons with."""
    some = list(islice(arrivals("x", random.Random(1)), 5000))
    assert sum(sides_of(name) for name, _, _ in some) / 5000 == pytest.approx(MEAN_SIDES, rel=0.03)
    assert {sides_of(name) for name, _, cls in some if cls is ServiceClass.BULK} == {BULK_SIDES}


def test_a_simulated_step_gives_what_the_real_one_does() -> None:
    """Every fact of the segment; only the first says how many sides there are."""
    facts = learned(Step("x-7", 1, "arrive", 0), 7)
    assert [new.key.kind for new in facts] == [s.gives.kind() for s in SIMULATED.segments[0].stages]
    assert all(new.fact.side_count() == 7 for new in facts)
    assert all(new.fact.side_count() is None for new in learned(Step("x-7", 1, "page", 2), 7))


def test_the_backlog_is_one_that_intake_could_have_left(postgres: Postgres, tmp_path: Path) -> None:
    """Every page is owed, in order; the sweeper finds nothing to repair."""
    url = postgres.fresh_database(migrated)
    ledger_history.owe(url.replace("+psycopg", ""), 50)
    books = Books(Settings(state=tmp_path, ledger=LedgerSettings(url=url)), SIMULATED)
    assert books.views.live_steps() == 50
    assert books.dispatch.sweep(books.ledger) == 0
    assert books.views.counter_waits_s() == 0.0
    books.dispatch.beat("w", "page", 4)
    taken = books.dispatch.take(SIMULATED.pools)["page"]
    assert taken == [Step("backlog-0000000", 1, "page", n) for n in range(1, 11)] + [
        Step("backlog-0000001", 1, "page", n) for n in (1, 2)
    ]
    assert books.ledger.claim(taken[0], "w") is not None
    books.close()


def test_a_family_is_a_process_with_those_below() -> None:
    """This one is its own; a process that is not there has none."""
    assert os.getpid() in family(os.getppid())
    assert family(2**22 + 1) == frozenset()
    assert cpu_s(os.getpid()) > 0
    assert memory_mb(os.getpid()) > 1
    assert waited_s(os.getpid()) >= 0


@pytest.mark.parametrize("logarithmic", [False, True])
def test_a_timeline_stays_in_its_frame(logarithmic: bool) -> None:
    """Zeros, one high value, and names of lines that end together are told apart."""
    picture = timeline({"a": [(0, 0), (10, 1_000_000)], "b": [(0, 0), (10, 0)], "c": [(0, 1), (10, 0)]}, "t",
                       logarithmic=logarithmic)  # fmt: skip
    heights = [float(y) for points in picture.split('points="')[1:] for y in
               (pair.split(",")[1] for pair in points.split('"')[0].split())]  # fmt: skip
    assert all(14 <= y <= 204 for y in heights)
    assert picture.count("1,000,000") >= 2
