"""Several threads that want something done under one key: together, in order, and nobody is forgotten."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ledger.combining import MOST, Combiner
from tests.support.waiting import wait_until


class Desk:
    """Does the first thing only when it is told to."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.open = threading.Event()

    def work(self, given: Sequence[int]) -> list[int]:
        """Doubles each; a negative one breaks all of them."""
        self.groups.append(list(given))
        if len(self.groups) == 1:
            assert self.open.wait(60)
        if min(given) < 0:
            raise ValueError(str(given))
        return [2 * number for number in given]


@pytest.mark.parametrize("others", [1, MOST, MOST + 1, 3 * MOST])
def test_what_comes_meanwhile_goes_together(others: int) -> None:
    """As many as may go in one; each gets its own answer."""
    desk = Desk()
    combiner = Combiner(desk.work)
    with ThreadPoolExecutor(others + 1) as pool:
        answers = [pool.submit(combiner.run, "key", number) for number in range(others + 1)]
        wait_until(lambda: combiner.waiting("key") == others, "all of them")
        desk.open.set()
        assert [answer.result(60) for answer in answers] == [2 * number for number in range(others + 1)]
    full, rest = divmod(others, MOST)
    assert [len(group) for group in desk.groups] == [1] + full * [MOST] + ([rest] if rest else [])
    assert combiner.waiting("key") == 0


def test_an_error_reaches_all_that_went_together_and_nobody_else() -> None:
    """Those behind them are served all the same."""
    desk = Desk()
    combiner = Combiner(desk.work)
    with ThreadPoolExecutor(MOST + 2) as pool:
        first = pool.submit(combiner.run, "key", 0)
        wait_until(lambda: len(desk.groups) == 1, "the first at work")
        broken = [pool.submit(combiner.run, "key", -1) for _ in range(MOST)]
        wait_until(lambda: combiner.waiting("key") == MOST, "all of them")
        behind = pool.submit(combiner.run, "key", 5)
        wait_until(lambda: combiner.waiting("key") == MOST + 1, "one more")
        desk.open.set()
        assert first.result(60) == 0
        for answer in broken:
            with pytest.raises(ValueError, match="-1"):
                answer.result(60)
        assert behind.result(60) == 10


def test_other_keys_do_not_wait() -> None:
    """One document's commit holds up no other document's."""
    desk = Desk()
    combiner = Combiner(desk.work)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(combiner.run, "slow", 1)
        wait_until(lambda: len(desk.groups) == 1, "the slow one at work")
        assert combiner.run("fast", 2) == 4
        desk.open.set()
        assert slow.result(60) == 2


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 99)), min_size=1, max_size=40))
def test_every_call_is_answered_once(calls: list[tuple[int, int]]) -> None:
    """Whatever comes when: each is worked on exactly once, and never two of one key at a time."""
    busy: dict[int, threading.Lock] = {key: threading.Lock() for key in range(3)}
    done: list[tuple[int, int]] = []

    def work(given: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        lock = busy[given[0][0]]
        assert lock.acquire(blocking=False)
        done.extend(given)
        lock.release()
        return list(given)

    combiner = Combiner(work)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda call: combiner.run(call[0], call), calls)) == calls
    assert sorted(done) == sorted(calls)
