"""Batches that no counter should send, and some that only look so: every kind of damage, with how each may end."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.corpus.broken import declared, documents, pictures, places
from benchmarks.corpus.broken.case import Case

FLIPS = 8
"""Damaged copies of each sound file: more than 500 batches come together with the rest."""


def campaign(seed: int, flips: int = FLIPS) -> Iterator[Case]:
    """Every broken batch; ``seed`` chooses the bits that are flipped."""
    yield from pictures.cases(seed, flips)
    yield from documents.cases(seed, flips)
    yield from declared.cases()
    yield from places.cases()
