"""The only message: ids of one piece of work. Losing it costs latency, never work."""

from __future__ import annotations

from typing import NamedTuple

SCHEMA = 1


class Step(NamedTuple):
    """One segment of the flow for one document revision and one side (``page`` 0: the document)."""

    document: str
    revision: int
    segment: str
    page: int = 0

    def __str__(self) -> str:
        return f"{self.document}/r{self.revision}/{self.segment}/{self.page}"
