"""What a document type is: how to know its pages, and how to read its fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stages.extraction.field import Field
from stages.extraction.layout import Page

Pages = Sequence[Page]
"""The sides of the copy, upright, in order."""


@dataclass(frozen=True)
class DocType:
    """``recognises``: how sure it is that these pages are of this type, 0 to 1. ``read``: its fields."""

    name: str
    recognises: Callable[[Pages], float]
    read: Callable[[Pages], tuple[Field, ...]]
