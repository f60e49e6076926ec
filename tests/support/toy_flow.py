"""A small flow without pixels: the same shape as the real one, for ledger and planner tests."""

from __future__ import annotations

from datetime import UTC, datetime

from models.document import Document, Source, archive_key
from models.facts import Fact
from models.flow import APPROVAL, Flow, Segment
from models.manifest import Agency, ServiceClass
from models.stage import Inputs, Ports, Scope, Stage


class Arrived(Fact):
    """How many sides there are."""

    sides: int

    def side_count(self) -> int:
        return self.sides


class Looked(Fact):
    """One side was looked at."""

    by: str = ""


class Read(Fact):
    """One side was read."""


class Joined(Fact):
    """All sides came together."""


class Signed(Fact):
    """Behind the gate."""


class Stored(Fact):
    """The end."""


def _never(_inputs: Inputs, _ports: Ports) -> Fact:
    raise AssertionError("the planner runs nothing")


def _stage(name: str, scope: Scope, needs: tuple[type[Fact], ...], gives: type[Fact]) -> Stage[Fact]:
    return Stage(name, 1, scope, needs, gives, _never)


TOY = Flow(
    (
        Segment("arrive", "arrive", (_stage("arrive", Scope.DOCUMENT, (), Arrived),)),
        Segment("look", "page", (_stage("look", Scope.PAGE, (Arrived,), Looked),)),
        Segment("read", "page", (_stage("read", Scope.PAGE, (Looked,), Read),)),
        Segment("join", "document", (_stage("join", Scope.DOCUMENT, (Read,), Joined),)),
        Segment("sign", "sign", (_stage("sign", Scope.DOCUMENT, (Joined,), Signed),), gates=(APPROVAL,)),
        Segment("store", "archive", (_stage("store", Scope.DOCUMENT, (Signed,), Stored),)),
    )
)

GIVES: dict[str, type[Fact]] = {s.name: s.stages[0].gives for s in TOY.segments}


def fact_for(segment: str, sides: int) -> Fact:
    """What a successful run of the segment learns."""
    return Arrived(sides=sides) if segment == "arrive" else GIVES[segment]()


def toy_document(
    name: str = "doc", revision: int = 1, counter: str = "c1", service_class: ServiceClass = ServiceClass.COUNTER
) -> Document:
    """An accepted document with one file that does not exist."""
    received_at = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    agency = Agency(code="H49", name="Ủy ban nhân dân tỉnh")
    return Document(
        id=name,
        revision=revision,
        agency=agency,
        counter=counter,
        service_class=service_class,
        received_at=received_at,
        archive_key=archive_key(agency.code, received_at, name, revision),
        sources=(Source(name="a.jpg", size_bytes=1, sha256="0" * 64, sequence=1),),
    )
