"""both_sides: keep fronts when every back is blank, else everything; decide per document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from models.facts import Fact, FactKey
from models.side import Side
from stages import both_sides
from stages.blank_side import BlankMeasured
from stages.both_sides import BothSidesJudged, read_selection
from stages.count import Counted
from tests.stages import desk

Verdict = Literal["blank", "ink", "unsure"]
VERDICTS: tuple[Verdict, ...] = ("blank", "ink", "unsure")


def judged(
    verdicts: Sequence[Verdict],
    *,
    duplex: bool = True,
    declared: tuple[int, int, int] | None = None,
    notes: Sequence[int] = (),
) -> tuple[BothSidesJudged, tuple[int, ...]]:
    """The fact and the sides of the copy. ``notes``: sides that are extras with a note."""
    blobs = desk.Blobs()
    sides: list[Side] = [
        desk.side(n, sequence=n, note_of=1 if n in notes else None) for n in range(1, len(verdicts) + 1)
    ]
    facts: dict[FactKey, Fact] = desk.unpacked(blobs, sides)
    facts[FactKey("Counted")] = Counted(
        pages=len(sides) - len(notes), notes=len(notes), duplex=duplex, declared=declared is not None
    )
    for number, verdict in enumerate(verdicts, start=1):
        facts[FactKey("BlankMeasured", number)] = BlankMeasured(verdict=verdict, ink=0.0)
    files = [(f"f{side.number}.jpg", b"%d" % side.number) for side in sides]
    of = desk.document(blobs, files, declared=declared)
    fact = both_sides.run(desk.inputs(of, facts, len(sides)), desk.ports(blobs))
    return fact, read_selection(blobs.get(fact.selection))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(VERDICTS), st.sampled_from(VERDICTS)), min_size=1, max_size=30))
def test_rule_r1(sheets: list[tuple[Verdict, Verdict]]) -> None:
    """All backs blank: the fronts. Otherwise every side, blanks included. Never anything between."""
    fact, copy = judged([verdict for sheet in sheets for verdict in sheet])
    everything = tuple(range(1, 2 * len(sheets) + 1))
    if all(back == "blank" for _, back in sheets):
        assert (fact.rule, copy, fact.left_out) == ("fronts_only", everything[::2], len(sheets))
    else:
        assert (fact.rule, copy, fact.left_out) == ("all_sides", everything, 0)
    assert fact.pages == len(copy)
    assert {f for f in fact.flags if f.startswith("unsure_back")} == {
        f"unsure_back:{2 * n}" for n, (_, back) in enumerate(sheets, start=1) if back == "unsure"
    }
    assert {f for f in fact.flags if f.startswith("blank_front")} == {
        f"blank_front:{2 * n - 1}" for n, (front, _) in enumerate(sheets, start=1) if front == "blank"
    }


def test_without_backs_the_copy_is_as_scanned() -> None:
    """A blank side that was scanned alone was meant to be scanned."""
    fact, copy = judged(["ink", "blank", "ink"], duplex=False)
    assert (fact.rule, copy, fact.flags) == ("as_scanned", (1, 2, 3), ())


def test_scans_with_a_note_are_never_in_the_copy() -> None:
    """They stay in the batch, and do not shift fronts and backs."""
    fact, copy = judged(["ink", "ink", "blank", "ink", "blank"], notes=(2,))
    assert (fact.rule, copy) == ("fronts_only", (1, 4))
    assert fact.flags == ("note_scan:2",)


def test_a_verdict_that_the_manifest_did_not_expect_is_flagged() -> None:
    """Both ways: inked backs where none were declared, and blank ones where they were."""
    assert judged(["ink", "ink"], declared=(1, 1, 0))[0].flags == ("declared_sides:1",)
    assert judged(["ink", "blank"], declared=(1, 2, 0))[0].flags == ("declared_sides:2",)
    assert judged(["ink", "blank"], declared=(1, 1, 0))[0].flags == ()


def test_the_fact_stays_small() -> None:
    """A thousand doubtful sheets fit into a fact."""
    fact, _ = judged(["blank", "unsure"] * 1000)
    assert len(fact.model_dump_json()) < 4096
    assert fact.flags[-1].startswith("more_flags:")


def test_a_stack_that_lay_the_wrong_way_up_is_said_so() -> None:
    """Every front blank and every back written on; one front with ink, or an unsure back, and it is not that."""
    fact, copy = judged(["blank", "ink", "blank", "ink"])
    assert (fact.flags[0], fact.rule, copy) == ("fed_upside_down", "all_sides", (1, 2, 3, 4))
    assert "fed_upside_down" not in judged(["blank", "ink", "ink", "ink"])[0].flags
    assert "fed_upside_down" not in judged(["blank", "ink", "blank", "unsure"])[0].flags


def test_a_document_with_nothing_on_it_is_flagged() -> None:
    """One-sided face down, or empty paper on both sides: there is nothing to certify."""
    assert judged(["blank", "blank"], duplex=False, declared=(2, 2, 0))[0].flags == ("all_blank",)
    assert judged(["blank", "blank"])[0].flags == ("all_blank", "blank_front:1")


def test_a_blank_front_of_a_one_sided_scan_is_an_anomaly() -> None:
    """What is on the other side was not scanned."""
    assert judged(["ink", "blank", "ink"], duplex=False, declared=(3, 3, 0))[0].flags == ("blank_front:2",)
