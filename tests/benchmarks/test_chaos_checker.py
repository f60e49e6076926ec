"""The checker of the fault campaign: silent over a campaign that went well, and loud over each thing that can go wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.chaos.checker import Copy, Evidence, Fault, Revision, check
from benchmarks.chaos.papers import Expected, Kind

HEALTHY = Expected("good", Kind.HEALTHY, "ARCHIVED", "", ("a", "b", "c"), ("m1", "m2", "m3"), certified=True, sides=3)
TWICE = Expected("twice", Kind.DOUBLED, "ARCHIVED", "", ("d",), ("m4",), certified=True, copies=2, sides=1)
BAD = Expected("bad", Kind.MISSING, "REJECTED", "missing_side", sides=1)
WAITS = Expected("waits", Kind.WAITING, "WAITING", "gate", sides=1)
POISON = Expected("poison", Kind.SEGFAULT, "WAITING", "quarantined", sides=1)
REFUSED = Expected("refused", Kind.ALTERED, "REFUSED", "hash_mismatch", sides=1)
HANDED_IN = [
    ("good", HEALTHY), ("twice", TWICE), ("twice-again", TWICE), ("bad", BAD), ("waits", WAITS), ("poison", POISON),
    ("refused", REFUSED),
]  # fmt: skip
WRITTEN = {"document.pdf": 1, "record.json": 1}
GOOD_COPY = Copy("k/good/r1", WRITTEN, ("a", "b", "c"), ("m1", "m2", "m3"), ("a", "b", "c"), certified=True)
TWICE_COPY = Copy("k/twice/r1", WRITTEN, ("d",), ("m4",), ("d",), certified=True)


def row(document: str, status: str, code: str = "") -> Revision:
    return Revision(document, 1, status, code, "", f"k/{document}/r1")


WELL = Evidence(
    receipts={batch: wanted.document for batch, wanted in HANDED_IN if wanted is not REFUSED},
    refusals={"refused": "hash_mismatch"},
    revisions=(
        row("good", "ARCHIVED"), row("twice", "ARCHIVED"), row("bad", "REJECTED", "missing_side"),
        row("waits", "WAITING", "gate"), row("poison", "WAITING", "quarantined"),
    ),
    copies=(GOOD_COPY, TWICE_COPY),
    owed={},
    queues={"page": 0},
)  # fmt: skip


def with_copy(copy: Copy | None) -> Evidence:
    """The archive with another copy of the healthy document, or none."""
    return replace(WELL, copies=(TWICE_COPY,) if copy is None else (copy, TWICE_COPY))


def with_row(changed: Revision) -> Evidence:
    """The ledger with another row of a document."""
    rows = tuple(changed if old.document == changed.document else old for old in WELL.revisions)
    return replace(WELL, revisions=rows)


def without(evidence: Evidence, batch: str) -> Evidence:
    return replace(evidence, receipts={b: d for b, d in evidence.receipts.items() if b != batch})


WRONG: dict[str, tuple[Fault, Evidence]] = {
    "no row in the ledger": (
        Fault.LOST, replace(WELL, revisions=tuple(r for r in WELL.revisions if r.document != "waits"))),
    "still running": (Fault.LOST, with_row(row("waits", "RUNNING"))),
    "no copy": (Fault.LOST, with_copy(None)),
    "a copy without its record": (Fault.LOST, with_copy(replace(GOOD_COPY, versions={"document.pdf": 1}))),
    "a lost page": (Fault.LOST, with_copy(replace(GOOD_COPY, pages=("a", "c"), texts=("m1", "m3")))),
    "a lost page in the record": (Fault.LOST, with_copy(replace(GOOD_COPY, record=("a", "c")))),
    "a page twice": (
        Fault.DUPLICATED, with_copy(replace(GOOD_COPY, pages=("a", "b", "b", "c"), texts=("m1", "m2", "m2", "m3")))),
    "a record written twice": (
        Fault.DUPLICATED, with_copy(replace(GOOD_COPY, versions={"document.pdf": 1, "record.json": 2}))),
    "a second revision": (
        Fault.DUPLICATED, replace(WELL, revisions=(*WELL.revisions, replace(row("good", "ARCHIVED"), revision=2)))),
    "a copy of a rejected document": (
        Fault.DUPLICATED, replace(WELL, copies=(*WELL.copies, replace(TWICE_COPY, key="k/bad/r1")))),
    "swapped pages": (Fault.OUT_OF_ORDER, with_copy(replace(GOOD_COPY, pages=("b", "a", "c")))),
    "swapped sides in the record": (Fault.OUT_OF_ORDER, with_copy(replace(GOOD_COPY, record=("b", "a", "c")))),
    "swapped texts": (Fault.OUT_OF_ORDER, with_copy(replace(GOOD_COPY, texts=("m2", "m1", "m3")))),
    "a healthy document failed": (Fault.WRONG_OUTCOME, with_row(row("good", "FAILED", "child_error"))),
    "a bad one archived": (Fault.WRONG_OUTCOME, with_row(row("bad", "ARCHIVED"))),
    "rejected for another reason": (Fault.WRONG_OUTCOME, with_row(row("bad", "REJECTED", "truncated"))),
    "a copy that is not certified": (Fault.WRONG_OUTCOME, with_copy(replace(GOOD_COPY, certified=False))),
    "a refusal for a sound batch": (
        Fault.WRONG_OUTCOME, replace(without(WELL, "good"), refusals=WELL.refusals | {"good": "bad_manifest"})),
    "a receipt for a broken batch": (
        Fault.WRONG_OUTCOME, replace(WELL, receipts=WELL.receipts | {"refused": "refused"}, refusals={})),
    "receipt and refusal": (Fault.WRONG_OUTCOME, replace(WELL, refusals=WELL.refusals | {"good": "bad_manifest"})),
    "a healthy page in quarantine": (Fault.QUARANTINED, with_row(row("good", "WAITING", "quarantined"))),
    "no answer": (Fault.UNANSWERED, without(WELL, "twice-again")),
    "a broken signature": (Fault.UNVERIFIED, with_copy(replace(GOOD_COPY, problems=("changed after signing",)))),
    "a revision that nobody sent": (
        Fault.STRANGER, replace(WELL, revisions=(*WELL.revisions, row("ghost", "WAITING", "gate")))),
    "an object that nobody knows": (Fault.STRANGER, with_copy(replace(GOOD_COPY, versions=WRITTEN | {"x": 1}))),
    "an owed step": (Fault.OWED, replace(WELL, owed={"good": 1})),
    "a message left": (Fault.OWED, replace(WELL, queues={"page": 3})),
}  # fmt: skip


def test_a_campaign_that_went_well_has_no_violation() -> None:
    """Archived, rejected, waiting and quarantined as they should; two receipts for one document are fine."""
    verdict = check(HANDED_IN, WELL)
    assert verdict.violations == ()
    assert verdict.receipts == 5
    assert verdict.ends == {"ARCHIVED": 2, "REJECTED": 1, "WAITING": 2}
    assert sum(verdict.ends.values()) == verdict.receipts


@pytest.mark.parametrize("what", WRONG)
def test_everything_that_can_go_wrong_is_found(what: str) -> None:
    """Each kind of violation, under its own name."""
    fault, evidence = WRONG[what]
    verdict = check(HANDED_IN, evidence)
    assert fault in {v.fault for v in verdict.violations}
    assert verdict.count(fault) == 1
    assert not verdict.ok


def test_every_kind_of_violation_is_tried() -> None:
    """No name in the list without a case."""
    assert {fault for fault, _ in WRONG.values()} == set(Fault)


_NOISE: list[Callable[[tuple[str, ...], int], tuple[str, ...]]] = [
    lambda pages, at: pages[:at] + pages[at + 1 :],
    lambda pages, at: (*pages[:at], pages[at], *pages[at:]),
    lambda pages, at: (*pages[:at], "strange", *pages[at + 1 :]),
    lambda pages, at: (*pages[:at][::-1], *pages[at:][::-1]),
]


@given(st.integers(2, 6), st.data())
def test_no_change_to_the_pages_goes_unseen(count: int, data: st.DataObject) -> None:
    """Lost, doubled, exchanged or moved pages: the copy is right only if it is exactly what was handed in."""
    pages = tuple(f"p{n}" for n in range(count))
    wanted = replace(HEALTHY, pages=pages, marks=pages)
    changed = pages
    for change in data.draw(st.lists(st.sampled_from(_NOISE), max_size=3)):
        changed = change(changed, data.draw(st.integers(0, len(changed) - 1))) if changed else changed
    copy = Copy("k/good/r1", WRITTEN, changed, changed, changed, certified=True)
    seen = Evidence({"good": "good"}, {}, (row("good", "ARCHIVED"),), (copy,))
    assert check([("good", wanted)], seen).ok == (changed == pages)
