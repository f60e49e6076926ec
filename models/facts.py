"""Facts: frozen records of what one stage, or one person, learned. Added, never edited."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, NamedTuple

from pydantic import Field

from models.base import Model

MAX_FACT_BYTES = 4096
"""A fact is small; page text, indexes and PDFs are blobs that it refers to by hash."""


class Fact(Model):
    """Base of all facts; the class name is the fact's kind in the ledger."""

    @classmethod
    def kind(cls) -> str:
        return cls.__name__

    def side_count(self) -> int | None:
        """Sides of the document, from the one fact that learns it; the planner fans out on it."""
        return None

    def blobs(self) -> tuple[str, ...]:
        """SHA-256 of the blobs that this fact refers to."""
        return ()


class FactKey(NamedTuple):
    """Where a fact belongs: its kind, and the scanned side (from 1), or 0 for the document."""

    kind: str
    page: int = 0


class Refused(Fact):
    """A step found the input unacceptable; the document ends REJECTED once its pages are through."""

    code: str
    message: Annotated[str, Field(max_length=2000)]


class Failed(Fact):
    """A step failed through our own fault as often as is allowed; the document ends FAILED."""

    code: str
    message: Annotated[str, Field(max_length=2000)]


class Decision(Fact):
    """A gate that a person opens. ``by``: the person's account, never a citizen's name."""

    by: Annotated[str, Field(min_length=1, max_length=100)]
    at: datetime


class Approved(Decision):
    """The result was approved, so the agency's copy-certification signature may be made."""

    flag: ClassVar[str] = "approval"


class Confirmed(Decision):
    """A person confirmed the extracted values (AI only assists: 118/2025 Art 35(2)(h))."""

    flag: ClassVar[str] = "confirmation"


class PersonallySigned(Decision):
    """The officer's personal signature is on the copy (Circular 01/2023 Art 8(1))."""

    flag: ClassVar[str] = "personal_signature"
