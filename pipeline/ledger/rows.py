"""What goes into the ledger and comes out of it, and the two conditions that find a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_

from models.document import Status
from models.errors import Defect
from models.facts import MAX_FACT_BYTES, Fact, FactKey
from models.stage import Event
from models.step import Step
from pipeline.ledger.schema import steps

LIVE = ("owed", "sent", "claimed")


@dataclass(frozen=True)
class NewFact:
    """A fact on its way into the ledger. ``stage``: who learned it, ``version``: of that stage."""

    fact: Fact
    page: int
    stage: str
    version: int

    @property
    def key(self) -> FactKey:
        return FactKey(self.fact.kind(), self.page)


@dataclass(frozen=True)
class StoredFact:
    """A fact as it lies in the ledger; ``body`` is its JSON, ``at`` UTC seconds."""

    kind: str
    page: int
    stage: str
    version: int
    body: str
    at: float


@dataclass(frozen=True)
class Claim:
    """The right to work on one step. ``attempt`` is the fencing token; ``body`` the document's blob."""

    step: Step
    attempt: int
    body: str
    side_count: int
    facts: tuple[StoredFact, ...]
    history: tuple[Event, ...]


@dataclass(frozen=True)
class Offer:
    """What a claim is to be ended with. ``rows``: of the new facts."""

    claim: Claim
    new: tuple[NewFact, ...]
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Admission:
    """Where an admitted revision stands; ``new`` is False when it was here before.

    ``received_at``: UTC seconds, of the first time.
    """

    status: Status
    new: bool
    received_at: float


def of(table: Table, document: str, revision: int) -> ColumnElement[bool]:
    """Rows of one revision."""
    return and_(table.c.document == document, table.c.revision == revision)


def at(step: Step) -> ColumnElement[bool]:
    """The row of one step."""
    return and_(of(steps, step.document, step.revision), steps.c.segment == step.segment, steps.c.page == step.page)


def fact_rows(document: str, revision: int, new: Iterable[NewFact], attempt: int) -> list[dict[str, Any]]:
    """Rows of new facts. Raises ``Defect("fact_too_large")``."""
    rows = []
    for item in new:
        body = item.fact.model_dump_json()
        if len(body.encode()) > MAX_FACT_BYTES:
            raise Defect("fact_too_large", f"{item.key}: {len(body)} bytes; bulky results are blobs")
        rows.append(
            {
                "document": document,
                "revision": revision,
                "page": item.page,
                "kind": item.key.kind,
                "stage": item.stage,
                "version": item.version,
                "body": body,
                "attempt": attempt,
            }
        )
    return rows


def stored(row: Row[Any]) -> StoredFact:
    """A fact's row as a value."""
    return StoredFact(row.kind, row.page, row.stage, row.version, row.body, row.at)


def iso(seconds: float) -> str:
    """UTC seconds as ISO 8601."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def event(row: Row[Any]) -> Event:
    """A line of history as a value."""
    return Event(iso(row.at), row.what, row.detail)
