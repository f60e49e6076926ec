"""From what the network thinks of a word to how often such words are right."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import OperatorError


@dataclass(frozen=True)
class Calibration:
    """``found``: confidences, 0 to 1, rising. ``right``: share of words that are right at each; straight lines between.

    ``right`` rises too, so that the more confident of two words stays the more confident. ``network``: SHA-256 of
    the trained data that it was measured with.
    """

    found: tuple[float, ...] = (0.0, 1.0)
    right: tuple[float, ...] = (0.0, 1.0)
    network: str = ""

    def __post_init__(self) -> None:
        """Raises ``ValueError`` where the knots do not rise from 0 to 1."""
        for knots in (self.found, self.right):
            if knots[:1] != (0.0,) or knots[-1:] != (1.0,) or not all(a < b for a, b in pairwise(knots)):
                raise ValueError("knots must rise from 0 to 1")
        if len(self.found) != len(self.right):
            raise ValueError("each knot needs its share")

    def __call__(self, confidences: NDArray[np.float64]) -> NDArray[np.float64]:
        """0-1 to 0-1, many at once."""
        return np.interp(confidences, self.found, self.right)

    @classmethod
    def open(cls, path: Path) -> Calibration:
        """The table that lies beside a network. Raises ``OperatorError("calibration_damaged")``."""
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            return cls(tuple(map(float, told["found"])), tuple(map(float, told["right"])), str(told["network"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise OperatorError("calibration_damaged", f"{path.name} cannot be used: install sohoa again") from error

    def write(self, path: Path) -> None:
        """Keep it as JSON."""
        told = {"network": self.network, "found": self.found, "right": self.right}
        path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
