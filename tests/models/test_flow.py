"""The planner: any order, duplicates, losses and crashes lead to the same single end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.document import Status
from models.errors import Defect
from models.facts import Approved, Fact, FactKey, Failed, Refused
from models.flow import DocumentState, Flow, Plan, Segment, plan, plan_side
from models.stage import Scope, Stage
from models.step import Step
from stages import put, seal
from stages.flow import FLOW
from tests.support.toy_flow import GIVES, TOY, Joined, Looked

APPROVAL_KEY = FactKey(Approved.kind())


def given_by(step: Step) -> FactKey:
    """Key of the fact that a successful run of the step adds."""
    return FactKey(GIVES[step.segment].kind(), step.page)


def run_to_rest(
    state: DocumentState, sides: int, keys: set[FactKey], choose: st.DataObject, refused: frozenset[int]
) -> tuple[Plan, DocumentState]:
    """Do owed steps in any order, losing some and doing some twice, until nothing is owed."""
    while True:
        planned = plan(TOY, state, keys)
        if not planned.owed:
            return planned, state
        steps = sorted(planned.owed)
        some = choose.draw(st.lists(st.sampled_from(steps), min_size=1, max_size=len(steps) * 2), label="done")
        lost = choose.draw(st.sets(st.sampled_from(steps)), label="lost")
        for step in some:
            if step in lost:
                continue
            if step.segment == "read" and step.page in refused:
                keys.add(FactKey(Refused.kind(), step.page))
            else:
                keys.add(given_by(step))
            if step.segment == "arrive":
                state = DocumentState(state.document, state.revision, sides, state.flags)


@given(
    sides=st.integers(1, 6),
    refused=st.frozensets(st.integers(1, 6), max_size=2),
    flags=st.sampled_from([frozenset(), frozenset({Approved.flag})]),
    choose=st.data(),
)
def test_every_revision_ends_once(
    sides: int, refused: frozenset[int], flags: frozenset[str], choose: st.DataObject
) -> None:
    """Whatever the order, duplicates and losses, a revision ends as its input deserves, and stays ended."""
    keys: set[FactKey] = set()
    planned, state = run_to_rest(DocumentState("d", 1, None, flags), sides, keys, choose, refused)
    if any(page <= sides for page in refused):
        assert planned.status is Status.REJECTED
        assert {k.page for k in keys if k.kind == Refused.kind()} == {p for p in refused if p <= sides}
    elif flags:
        assert planned == Plan(Status.WAITING, waiting=(Approved.kind(),))
        keys.add(APPROVAL_KEY)
        planned, state = run_to_rest(state, sides, keys, choose, refused)
        assert planned.status is Status.ARCHIVED
    else:
        assert planned.status is Status.ARCHIVED
    assert plan(TOY, state, keys) == Plan(planned.status)


@given(
    keys=st.sets(st.builds(FactKey, st.sampled_from([g.kind() for g in GIVES.values()]), st.integers(0, 3))),
    end=st.sampled_from([(Failed, Status.FAILED), (Refused, Status.REJECTED)]),
)
def test_nothing_is_owed_after_a_terminal_status(keys: set[FactKey], end: tuple[type[Fact], Status]) -> None:
    """A failed or refused document owes nothing, whatever else is known."""
    kind, status = end
    planned = plan(TOY, DocumentState("d", 1, 3), keys | {FactKey(kind.kind())})
    assert planned == Plan(status)


@given(sides=st.integers(1, 5), done=st.data())
def test_one_sides_plan_is_its_part_of_the_whole(sides: int, done: st.DataObject) -> None:
    """plan_side owes exactly the page steps that plan owes for that side."""
    state = DocumentState("d", 1, sides)
    keys = {FactKey("Arrived")}
    for page in range(1, sides + 1):
        level = done.draw(st.integers(0, 2))
        keys |= {FactKey(kind, page) for kind in ("Looked", "Read")[:level]}
        if done.draw(st.booleans()):
            keys.add(FactKey(Refused.kind(), page))
    whole = plan(TOY, state, keys).owed
    for page in range(1, sides + 1):
        near = frozenset(k for k in keys if k.page in (0, page))
        assert plan_side(TOY, state, near, page) == {s for s in whole if s.page == page}


@given(st.integers(1, 4), st.sets(st.integers(1, 4)))
def test_a_document_never_stalls_without_a_closed_gate(sides: int, read: set[int]) -> None:
    """Where nothing is owed, the plan says which gate is closed, or that the document has ended."""
    keys = {FactKey("Arrived")}
    for page in range(1, sides + 1):
        keys.add(FactKey("Looked", page))
        if page in read:
            keys.add(FactKey("Read", page))
    planned = plan(TOY, DocumentState("d", 1, sides, frozenset({Approved.flag})), keys)
    assert planned.owed or planned.waiting or planned.status.terminal


def test_a_need_that_nothing_gives_is_found_when_the_flow_is_built() -> None:
    """A flow whose stage needs a fact from later on is refused at start-up."""
    early = Stage("early", 1, Scope.PAGE, (Joined,), Looked, lambda _i, _p: Looked())
    with pytest.raises(Defect, match="needs Joined"):
        Flow((Segment("early", "page", (early,)),))


def test_the_real_flow_starts_with_arrival_and_needs_no_body() -> None:
    """An admitted document owes one step, and the real flow builds."""
    planned = plan(FLOW, DocumentState("d", 1), frozenset())
    assert planned.owed == {Step("d", 1, "arrive", 0)}
    assert FLOW.pools == ("arrive", "page", "document", "sign", "archive")


def test_what_is_put_into_the_archive_was_committed_before() -> None:
    """Sealed and put in one step, a copy whose first try was killed would be sealed anew, with other bytes."""
    assert all(not {seal.STAGE, put.STAGE} <= set(segment.stages) for segment in FLOW.segments)
