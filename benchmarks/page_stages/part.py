"""What one part of the benchmark found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """``headline``: the keys that people compare. ``details``: JSON, every case. ``table``: text for the terminal."""

    headline: Mapping[str, object]
    details: Mapping[str, object]
    table: str = ""
