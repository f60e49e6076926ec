"""Curves as inline SVG, in the manner of :mod:`benchmarks.ocr.plots`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from benchmarks.ocr.plots import COLOURS, line, text
from benchmarks.recogniser.calibrate import Judged

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 860, 380, 70, 40, 30, 40
_EDGES = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.995)
_LEAST_WORDS = 10
"""Fewer words tell nothing of a share."""


def reliability(words: Sequence[Judged]) -> list[tuple[float, float]]:
    """Mean confidence and share of right words, by confidence."""
    found = np.array(words, np.float64).reshape(-1, 2)
    of = np.digitize(found[:, 0], _EDGES)
    bins = (found[of == number] for number in range(1, len(_EDGES) + 1))
    means = [part.mean(axis=0) for part in bins if len(part) >= _LEAST_WORDS]
    return [(float(x), float(y)) for x, y in means]


def curves(series: Mapping[str, Points], x_name: str, y_name: str, *, rising: bool = True) -> str:
    """Each series as a line with points. ``rising``: both axes from 0 to 1; else from 0 to what is needed."""
    points = [point for one in series.values() for point in one]
    x_most, y_most = (1.0, 1.0) if rising else (max(x for x, _ in points) or 1.0, max(y for _, y in points) or 1.0)

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            _LEFT + (_WIDTH - _LEFT - _RIGHT) * x / x_most,
            _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * y / y_most,
        )

    parts = [text(_LEFT, 32, y_name), text(_WIDTH - _RIGHT, _HEIGHT - 4, x_name, "end")]
    for share in np.linspace(0, 1, 6).tolist():
        (x, bottom), (left, y) = place(share * x_most, 0), place(0, share * y_most)
        parts += [line(x, _TOP, x, bottom), line(left, y, _WIDTH - _RIGHT, y)]
        parts += [
            text(x, bottom + 16, f"{share * x_most:.3g}", "middle"),
            text(left - 8, y + 4, f"{share * y_most:.3g}", "end"),
        ]
    for number, (name, told) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        at = [place(x, y) for x, y in told]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        parts.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in at if len(at) < 30]
        parts.append(text(_LEFT + 150 * number, 14, f"● {name}", colour=colour))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img" aria-label="{escape(y_name)}">'
        f"{''.join(parts)}</svg>"
    )
