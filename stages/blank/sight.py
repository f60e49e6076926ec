"""A small network looks at what is doubtful on a side: what scanner, paper and binding leave, or ink. Pure functions.

It looks through the windows of :mod:`stages.blank.windows`; what it says of generated sides is in the README.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.ports import Pixels
from stages import ink
from stages.blank import windows
from stages.blank.windows import Places, Windows
from stages.survey import Survey

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Floats = NDArray[np.float32]
_, _THROUGH, _INK = range(3)
_MAYBE, _ALONE = 0.25, 0.5
"""Ink is not ruled out from this likelihood on; or this, if nothing can shine through."""


def judged(seen: Windows) -> Floats:
    """How likely each place holds dirt, print that shines through, ink: ``(n, 3)``, each row sums to 1."""
    if not len(seen.near):
        return np.zeros((0, 3), np.float32)
    cells = {name: part.astype(np.float32) / 127 for name, part in seen._asdict().items()}
    return np.asarray(_session().run(None, cells)[0], dtype=np.float32)


@cache
def _session() -> InferenceSession:
    """The network that ``benchmarks.page_stages.sight_train`` trained."""
    from stages.ocr.turbo.network import session

    return session(resources.files("stages").joinpath("blank/data/sight.onnx").read_bytes())


class Looked(NamedTuple):
    """``at``: places, in the survey's pixels; ``likely``: what is there, ``(n, 3)``, as :func:`judged` says it."""

    at: Places
    likely: Floats

    @property
    def inked(self) -> float:
        """How likely the likeliest ink is."""
        return float(self.likely[:, _INK].max(initial=0.0))

    @property
    def inked_together(self) -> float:
        """How many of the places hold ink, as far as one can tell."""
        return float(self.likely[:, _INK].sum())

    @property
    def through(self) -> float:
        """The same of what shines through."""
        return float(self.likely[:, _THROUGH].max(initial=0.0))

    @property
    def clean(self) -> ink.Bools:
        """Which places hold no ink, whatever is on the sheet's other side."""
        dirt, _, found = self.likely.T
        return np.asarray((found < _MAYBE) & (found < _ALONE * (found + dirt)), dtype=np.bool_)

    @property
    def printed_behind(self) -> ink.Bools:
        """Which places hold no ink if something is printed on the other side there."""
        return np.asarray((self.likely[:, _INK] < _MAYBE) & ~self.clean, dtype=np.bool_)


def look(seen: Survey, full_grey: Callable[[], Pixels], at: Places) -> Looked:
    """What is at these places of a side. ``full_grey``: all its pixels."""
    return Looked(at, judged(windows.windows(seen, full_grey(), at) if len(at) else windows.NONE))


def around(at: Places, shape: tuple[int, ...], mm: float) -> Pixels:
    """255 in the squares of 6 mm that these places stand for."""
    size = windows.square_px(mm)
    found = np.zeros(shape, np.uint8)
    for x, y in (at // size * size).astype(int):
        found[y : y + size, x : x + size] = 255
    return found
