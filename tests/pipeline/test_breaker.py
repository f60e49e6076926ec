"""The circuit breakers: when a pool pauses, for how long, and how it comes back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.breaker import OPENS_AFTER, Breakers

SLOTS = 4


class Clock:
    """Moves when the test says so."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def opened(clock: Clock) -> Breakers:
    """One that has just opened for a second."""
    breakers = Breakers("page", 1.0, 8.0, clock)
    for _ in range(OPENS_AFTER):
        assert breakers.slots(SLOTS) == SLOTS
        breakers.away("blobs")
    assert breakers.slots(SLOTS) == 0
    return breakers


def test_it_opens_after_a_few_in_a_row() -> None:
    """One answer between them starts the count again."""
    breakers = Breakers("page", 1.0, 8.0, Clock())
    for _ in range(3):
        for _ in range(OPENS_AFTER - 1):
            breakers.away("blobs")
        breakers.answered(["blobs"])
    assert breakers.slots(SLOTS) == SLOTS


def test_one_slot_tries_when_the_pause_is_over() -> None:
    """An answer opens all of them again, at once."""
    clock = Clock()
    breakers = opened(clock)
    clock.now_s = 1.0
    assert breakers.slots(SLOTS) == 1
    breakers.answered(["blobs"])
    assert breakers.slots(SLOTS) == SLOTS


def test_pauses_double_up_to_the_longest() -> None:
    """What was in flight when it opened does not count."""
    clock = Clock()
    breakers = opened(clock)
    pauses = []
    for _ in range(5):
        breakers.away("blobs")
        began_s = clock.now_s
        while breakers.slots(SLOTS) == 0:
            clock.now_s += 0.5
        pauses.append(clock.now_s - began_s)
        breakers.away("blobs")
    assert pauses == [1.0, 2.0, 4.0, 8.0, 8.0]


@given(st.lists(st.sampled_from(["away", "others"]), max_size=30))
def test_each_dependency_has_a_count_of_its_own(happened: list[str]) -> None:
    """Whatever else answers or is away in between: the third step in a row that found it away opens its circuit."""
    breakers = Breakers("sign", 1.0, 8.0, Clock())
    for what in happened:
        if what == "away":
            breakers.away("tsa")
        else:
            breakers.answered(["signer", "blobs", "ledger"])
            breakers.away("archive")
            breakers.answered(["archive"])
    assert breakers.pauses("tsa") == (happened.count("away") >= OPENS_AFTER)
    assert breakers.slots(SLOTS) == (0 if breakers.pauses("tsa") else SLOTS)
    assert not breakers.pauses("signer")
    breakers.answered(["tsa"])
    assert breakers.slots(SLOTS) == SLOTS
