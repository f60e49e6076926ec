"""A stage: a named function from what is known to the one fact that it adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from models.document import Document
from models.errors import Defect
from models.facts import Fact, FactKey
from models.ports import Archive, Clock, DocumentBlobs, Engine, Raster, Signer
from models.settings import Settings

F = TypeVar("F", bound=Fact)
F_co = TypeVar("F_co", bound=Fact, covariant=True)


class Scope(StrEnum):
    """What one run of a stage is about."""

    PAGE = "page"
    DOCUMENT = "document"


@dataclass(frozen=True)
class Ports:
    """Everything outside that a stage may use."""

    blobs: DocumentBlobs
    clock: Clock
    engine: Callable[[], Engine]
    """The warm OCR engine of this slot."""
    signer: Callable[[], Signer]
    archive: Callable[[], Archive]
    settings: Settings


@dataclass(frozen=True)
class Event:
    """One line of a document's history: ``at`` ISO 8601 UTC."""

    at: str
    what: str
    detail: str = ""


@dataclass(frozen=True)
class Provenance:
    """Who learned a fact and when: stage name and version, ``at`` ISO 8601 UTC."""

    stage: str
    version: int
    at: str


@dataclass(frozen=True)
class Inputs:
    """What is known when a stage runs. ``page``: the scanned side, or 0 in a document-scope stage."""

    document: Document
    page: int
    side_count: int
    facts: Mapping[FactKey, Fact]
    raster: Callable[[], Raster] | None = None
    history: tuple[Event, ...] = field(default=())
    provenance: Mapping[FactKey, Provenance] = field(default_factory=dict)
    """Of the facts that were there before this segment began."""

    def find(self, kind: type[F], page: int | None = None) -> F | None:
        """The fact of the given side (default: this step's side, else the document), or None."""
        candidates = (page,) if page is not None else (self.page, 0)
        for number in candidates:
            fact = self.facts.get(FactKey(kind.kind(), number))
            if fact is not None:
                assert isinstance(fact, kind)
                return fact
        return None

    def fact(self, kind: type[F], page: int | None = None) -> F:
        """Like :meth:`find`. Raises ``Defect("fact_missing")``: the flow's ``needs`` are wrong."""
        found = self.find(kind, page)
        if found is None:
            where = self.page if page is None else page
            raise Defect("fact_missing", f"{kind.kind()} of side {where} is needed and not there")
        return found

    def sides(self, kind: type[F]) -> tuple[F, ...]:
        """The fact of every side, in scanned order."""
        return tuple(self.fact(kind, page) for page in range(1, self.side_count + 1))

    def pixels(self) -> Raster:
        """The decoded image of this side. Raises ``Defect`` in a document-scope stage."""
        if self.raster is None:
            raise Defect("no_pixels", "only page stages have pixels")
        return self.raster()


@dataclass(frozen=True)
class Stage(Generic[F_co]):
    """One stage of the line.

    ``version`` goes up when the same input may give another fact. ``needs``: facts that must be
    there before. ``pure``: touches no port. ``repeatable``: gives the same blobs when run twice;
    where False, the blobs of a run that lost the commit are deleted.
    """

    name: str
    version: int
    scope: Scope
    needs: tuple[type[Fact], ...]
    gives: type[F_co]
    run: Callable[[Inputs, Ports], F_co]
    pure: bool = False
    repeatable: bool = True
