"""The circuit breaker: when a pool pauses, for how long, and how it comes back."""

from __future__ import annotations

from pipeline.breaker import OPENS_AFTER, Breaker

SLOTS = 4


class Clock:
    """Moves when the test says so."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def opened(clock: Clock) -> Breaker:
    """One that has just opened for a second."""
    breaker = Breaker("page", 1.0, 8.0, clock)
    for _ in range(OPENS_AFTER):
        assert breaker.slots(SLOTS) == SLOTS
        breaker.away("store")
    assert breaker.slots(SLOTS) == 0
    return breaker


def test_it_opens_after_a_few_in_a_row() -> None:
    """One answer between them starts the count again."""
    breaker = Breaker("page", 1.0, 8.0, Clock())
    for _ in range(3):
        for _ in range(OPENS_AFTER - 1):
            breaker.away("store")
        breaker.answered()
    assert breaker.slots(SLOTS) == SLOTS


def test_one_slot_tries_when_the_pause_is_over() -> None:
    """An answer opens all of them again, at once."""
    clock = Clock()
    breaker = opened(clock)
    clock.now_s = 1.0
    assert breaker.slots(SLOTS) == 1
    breaker.answered()
    assert breaker.slots(SLOTS) == SLOTS


def test_pauses_double_up_to_the_longest() -> None:
    """What was in flight when it opened does not count."""
    clock = Clock()
    breaker = opened(clock)
    pauses = []
    for _ in range(5):
        breaker.away("store")
        began_s = clock.now_s
        while breaker.slots(SLOTS) == 0:
            clock.now_s += 0.5
        pauses.append(clock.now_s - began_s)
        breaker.away("store")
    assert pauses == [1.0, 2.0, 4.0, 8.0, 8.0]
