"""What tells a pen from print in the network's own view of a line: a few traits of its states, and odds by them.

``python -m benchmarks.recogniser.pen`` learns both on generated pages; they belong to one network.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import OperatorError

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Pen:
    """``inner``: traits by weights of each state of a step (see ``Plan.states``), the last a bias. ``outer``: weights of the
    traits and a bias; they give the log odds that a pen wrote a stretch, by the mean of its steps' traits.

    ``network``: SHA-256 of the trained data that they were learnt with.
    """

    inner: tuple[tuple[float, ...], ...]
    outer: tuple[float, ...]
    network: str

    def __post_init__(self) -> None:
        """Raises ``ValueError`` where the sizes do not go together."""
        if not self.inner or len({len(row) for row in self.inner}) != 1 or len(self.outer) != len(self.inner) + 1:
            raise ValueError("each trait needs as many weights, and one of its own")

    @property
    def traits(self) -> int:
        """How many there are."""
        return len(self.inner)

    @property
    def mark(self) -> str:
        """Eight characters that other weights do not share, for the names of files."""
        return f"{zlib.crc32(repr(self.inner).encode()):08x}"

    def weights(self, states: int) -> Floats:
        """``inner`` as ``(traits, states + 1)``. Raises ``OperatorError("pen_damaged")`` where it is of another network."""
        found = np.array(self.inner, np.float32)
        if found.shape[1] != states + 1:
            raise OperatorError(
                "pen_damaged", f"a pen of {found.shape[1] - 1} states, not {states}: install sohoa again"
            )
        return found

    def odds(self, means: NDArray[np.floating]) -> NDArray[np.float64]:
        """Log odds of stretches by the mean of their traits ``(stretches, traits)``."""
        outer = np.array(self.outer)
        return np.asarray(np.tanh(means) @ outer[:-1] + outer[-1], dtype=np.float64)

    @classmethod
    def open(cls, path: Path) -> Pen:
        """The weights that lie beside a network. Raises ``OperatorError("pen_damaged")``."""
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            inner = tuple(tuple(map(float, row)) for row in told["inner"])
            return cls(inner, tuple(map(float, told["outer"])), str(told["network"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise OperatorError("pen_damaged", f"{path.name} cannot be used: install sohoa again") from error

    def write(self, path: Path) -> None:
        """Keep them as JSON, a trait a line."""
        rows = ",\n".join(json.dumps(row) for row in self.inner)
        outer, network = json.dumps(self.outer), json.dumps(self.network)
        path.write_text(f'{{"network": {network},\n"outer": {outer},\n"inner": [\n{rows}]}}\n', encoding="utf-8")


def running(traits: Floats) -> NDArray[np.float64]:
    """Running sums of the traits of steps, from 0 on, for :func:`mean`."""
    return np.concatenate([np.zeros((1, traits.shape[1])), np.cumsum(traits, axis=0, dtype=np.float64)])


def mean(sums: NDArray[np.float64], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean traits of stretches of steps, ``starts`` to ``ends`` (exclusive; at least one step)."""
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts)[:, None])
