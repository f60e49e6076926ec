"""The benchmark of order: it sees wrong verdicts, and its documents are what they say."""

from __future__ import annotations

import pytest

from benchmarks.corpus.batch import BatchSpec, make_batch
from benchmarks.page_stages import order
from benchmarks.page_stages.dossier import BLANK, Outcome, Typist, judge
from benchmarks.page_stages.faulty import FAULTY
from benchmarks.page_stages.healthy import HEALTHY, Case, backed, decree, duplex, simplex


def test_the_quick_run_finds_nothing_wrong() -> None:
    """Two documents of every kind, none of them refused wrongly; the headline has the issue's keys."""
    part = order.measure(quick=True)
    assert part.headline == {
        "false_reject": 0,
        "count_verdicts_wrong": 0,
        "order_documents": 2 * (len(HEALTHY) + len(FAULTY)),
    }
    assert part.details["wrong"] == []


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome(codes=("page_missing",)), "refused"),
        (Outcome(selected=(1, 2)), "copy has"),
        (Outcome(selected=(1, 3), flags=("sequence_gap:3",)), "not flagged: backs_not_sent"),
        (Outcome(selected=(1, 3), flags=("backs_not_sent",)), ""),
    ],
)
def test_a_wrong_verdict_is_called_wrong(outcome: Outcome, said: str) -> None:
    """A refusal, another copy, a flag that is not there."""
    leaves = backed(decree(Typist(1), 2))
    case = Case(duplex(leaves), copy=(0, 2), flags=("backs_not_sent",))
    assert order.verdict_wrong(case, outcome).startswith(said)
    assert bool(order.verdict_wrong(case, outcome)) is bool(said)


def test_a_refusal_for_another_reason_is_wrong() -> None:
    case = Case(simplex([BLANK]), code="missing_side")
    assert order.verdict_wrong(case, Outcome(codes=("extra_side",))) == "not refused as missing_side"


def test_documents_are_the_same_for_the_same_seed() -> None:
    """Two runs compare the same documents."""
    for kind in (*HEALTHY, *FAULTY):
        assert kind(Typist(3)) == kind(Typist(3))
    assert judge(HEALTHY[0](Typist(3)).dossier) == judge(HEALTHY[0](Typist(3)).dossier)


def test_a_sheet_captured_in_place_of_the_next_keeps_count_and_names() -> None:
    """As many files as declared, numbered without a gap; two of them show one page."""
    images, manifest, truth = make_batch(BatchSpec("s1-decision-0001", "decision", pages=4, fault="recaptured"), 1)
    assert len(images) == manifest.sides == len(truth.sides)
    assert [image.sequence for image in images] == list(range(1, len(images) + 1))
    numbers = [side.printed_number for side in truth.sides]
    assert len(set(numbers)) == len(numbers) - 1
    assert len({image.data for image in images}) == len(images), "the bytes of another capture are other bytes"
