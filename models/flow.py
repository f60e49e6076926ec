"""The planner: what a document owes, given which facts exist. Pure and free of order.

``plan`` is the scheduler and the fan-in. It reads which facts exist and the document's counters,
never bodies; running it twice, late, or on another host gives the same answer.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from models.document import Status
from models.errors import Defect
from models.facts import Approved, Confirmed, Decision, Fact, FactKey, Failed, PersonallySigned, Refused
from models.stage import Scope, Stage
from models.step import Step


@dataclass(frozen=True)
class Gate:
    """A fact that only a person adds; it holds a segment back when the document carries the flag."""

    fact: type[Decision]
    flag: str


APPROVAL = Gate(Approved, Approved.flag)
CONFIRMATION = Gate(Confirmed, Confirmed.flag)
PERSONAL_SIGNATURE = Gate(PersonallySigned, PersonallySigned.flag)


@dataclass(frozen=True)
class Segment:
    """Stages that run back to back in one message, one process, on one decoded image."""

    name: str
    pool: str
    stages: tuple[Stage[Fact], ...]
    gates: tuple[Gate, ...] = ()

    @property
    def scope(self) -> Scope:
        return self.stages[0].scope

    @property
    def needs(self) -> tuple[type[Fact], ...]:
        """What has to exist before the segment: needs that no stage inside it gives."""
        given = {stage.gives for stage in self.stages}
        return tuple(dict.fromkeys(n for stage in self.stages for n in stage.needs if n not in given))


@dataclass(frozen=True)
class Flow:
    """The segments of a line. Checked when built: every ``needs`` has an earlier ``gives``.

    Raises ``Defect("bad_flow")``.
    """

    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        scope_of: dict[type[Fact], Scope] = {}
        for segment in self.segments:
            for stage in segment.stages:
                if stage.scope is not segment.scope:
                    raise Defect("bad_flow", f"{stage.name}: {stage.scope} in the {segment.name} segment")
                for need in stage.needs:
                    if need not in scope_of:
                        raise Defect("bad_flow", f"{stage.name} needs {need.kind()}, which nothing gives before it")
                if stage.gives in scope_of:
                    raise Defect("bad_flow", f"{stage.gives.kind()} is given twice")
                scope_of[stage.gives] = stage.scope
        names = [segment.name for segment in self.segments]
        if not names or len(set(names)) != len(names):
            raise Defect("bad_flow", "segments need names of their own")

    def segment(self, name: str) -> Segment:
        """The segment of that name. Raises ``Defect("unknown_segment")`` (an older or newer program)."""
        for segment in self.segments:
            if segment.name == name:
                return segment
        raise Defect("unknown_segment", f"no segment {name!r} in this flow: is every worker on one version?")

    @property
    def pools(self) -> tuple[str, ...]:
        """Pool names in the order of the line."""
        return tuple(dict.fromkeys(segment.pool for segment in self.segments))

    def fact_types(self) -> dict[str, type[Fact]]:
        """Every fact that can be in the ledger, by kind."""
        own = {stage.gives.kind(): stage.gives for segment in self.segments for stage in segment.stages}
        shared: tuple[type[Fact], ...] = (Refused, Failed, Approved, Confirmed, PersonallySigned)
        return own | {fact.kind(): fact for fact in shared}

    def scopes(self) -> dict[str, Scope]:
        """Scope of every given fact, by kind."""
        return {stage.gives.kind(): stage.scope for segment in self.segments for stage in segment.stages}


@dataclass(frozen=True)
class DocumentState:
    """All that the planner knows of a revision besides fact keys. ``side_count`` None: not counted yet."""

    document: str
    revision: int
    side_count: int | None = None
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Plan:
    """What a revision owes now. ``waiting``: kinds of the closed gates that hold it."""

    status: Status
    owed: frozenset[Step] = frozenset()
    waiting: tuple[str, ...] = ()


def plan(flow: Flow, state: DocumentState, keys: Set[FactKey]) -> Plan:
    """Every step that is not done and could run now.

    A segment is done on a side when all its facts are there, or when the side was refused. It can
    run when what it needs is there and its gates are open. Once a side is refused nothing of
    document scope starts any more, but page segments go on, so that all bad pages are named at once.
    """
    if FactKey(Failed.kind()) in keys:
        return Plan(Status.FAILED)
    if FactKey(Refused.kind()) in keys:
        return Plan(Status.REJECTED)
    if FactKey(flow.segments[-1].stages[-1].gives.kind()) in keys:
        return Plan(Status.ARCHIVED)
    refused = any(key.kind == Refused.kind() for key in keys)
    segments = tuple(s for s in flow.segments if not (refused and s.scope is Scope.DOCUMENT))
    sides = range(1, (state.side_count or 0) + 1)
    owed, waiting = _ready(flow, segments, state, keys, sides)
    if owed:
        return Plan(Status.RUNNING, owed, waiting)
    if refused:
        return Plan(Status.REJECTED)
    if waiting:
        return Plan(Status.WAITING, waiting=waiting)
    raise Defect("stalled", f"{state.document}/r{state.revision} owes nothing, waits for nothing and has not ended")


def plan_side(flow: Flow, state: DocumentState, keys: Set[FactKey], side: int) -> frozenset[Step]:
    """The part of :func:`plan` that one side owes; ``keys`` need only hold that side and the document.

    Keeps a commit's cost independent of the document's length while other sides are still at work.
    """
    segments = tuple(segment for segment in flow.segments if segment.scope is Scope.PAGE)
    return _ready(flow, segments, state, keys, range(side, side + 1))[0]


def _ready(
    flow: Flow, segments: tuple[Segment, ...], state: DocumentState, keys: Set[FactKey], sides: range
) -> tuple[frozenset[Step], tuple[str, ...]]:
    """Steps that can run now, and the closed gates that hold others back."""
    scopes = flow.scopes()
    owed: set[Step] = set()
    waiting: list[str] = []
    for segment in segments:
        kinds = [stage.gives.kind() for stage in segment.stages]
        where = sides if segment.scope is Scope.PAGE else range(1)
        ready = [
            page
            for page in where
            if FactKey(Refused.kind(), page) not in keys
            and any(FactKey(kind, page) not in keys for kind in kinds)
            and _fed(segment, state, keys, scopes, page)
        ]
        if not ready:
            continue
        closed = [g.fact.kind() for g in segment.gates if g.flag in state.flags and FactKey(g.fact.kind()) not in keys]
        waiting.extend(closed)
        if not closed:
            owed.update(Step(state.document, state.revision, segment.name, page) for page in ready)
    return frozenset(owed), tuple(dict.fromkeys(waiting))


def _fed(segment: Segment, state: DocumentState, keys: Set[FactKey], scopes: dict[str, Scope], page: int) -> bool:
    """Whether everything that the segment needs for this side is there."""
    for need in segment.needs:
        if scopes[need.kind()] is Scope.DOCUMENT:
            where = range(1)
        elif segment.scope is Scope.PAGE:
            where = range(page, page + 1)
        elif state.side_count is None:
            return False
        else:
            where = range(1, state.side_count + 1)
        if any(FactKey(need.kind(), number) not in keys for number in where):
            return False
    return True
