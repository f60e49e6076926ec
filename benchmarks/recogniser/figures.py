"""Curves as inline SVG, in the manner of :mod:`benchmarks.ocr.plots`."""

from __future__ import annotations

import math
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
    xs, ys = (_ticks(1.0 if rising else most) for most in (max(x for x, _ in points), max(y for _, y in points)))
    parts = _axes([(tick, tick / xs[-1]) for tick in xs], [(tick, tick / ys[-1]) for tick in ys], x_name, y_name)
    for number, (name, told) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        at = [_place(x / xs[-1], y / ys[-1]) for x, y in told]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        parts.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in at if len(at) < 30]
        if len(series) > 1:
            parts.append(text(_LEFT + 150 * number, 14, f"● {name}", colour=colour))
    return _svg(parts, y_name)


def named_points(points: Mapping[str, tuple[float, float]], x_name: str, y_name: str) -> str:
    """Points with their names beside them; x from 0, y by its logarithm."""
    xs = _ticks(max(x for x, _ in points.values()) * 1.15)
    values = [y for _, y in points.values()]
    steps = [step * 10.0**power for power in range(-3, 3) for step in (1, 2, 5)]
    low = max(step for step in steps if step <= min(values) or step == steps[0])
    high = min(step for step in steps if step >= max(values) or step == steps[-1])
    wide = math.log(high / low) or 1.0
    ys = [(step, math.log(step / low) / wide) for step in steps if low <= step <= high]
    parts = _axes([(tick, tick / xs[-1]) for tick in xs], ys, x_name, y_name)
    for number, (name, (x, y)) in enumerate(points.items()):
        colour = COLOURS[number % len(COLOURS)]
        across, down = _place(x / xs[-1], math.log(y / low) / wide)
        parts.append(f'<circle cx="{across:.1f}" cy="{down:.1f}" r="5" fill="{colour}"/>')
        parts.append(text(across + 9, down - 6, name, colour=colour))
    return _svg(parts, y_name)


def _ticks(most: float) -> list[float]:
    """About five round steps from 0 to ``most`` or a little above."""
    rough = (most or 1.0) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    return [step * number for number in range(math.ceil(most / step - 1e-9) + 1)] if most else [0.0, 1.0]


def _place(across: float, up: float) -> tuple[float, float]:
    """Shares of the axes to pixels."""
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * across, _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * up


def _axes(xs: Points, ys: Points, x_name: str, y_name: str) -> list[str]:
    """Grid and names; each tick with its share of the axis."""
    parts = [text(_LEFT, 32, y_name), text(_WIDTH - _RIGHT, _HEIGHT - 4, x_name, "end")]
    for value, share in xs:
        x, bottom = _place(share, 0)
        parts += [line(x, _TOP, x, bottom), text(x, bottom + 16, f"{value:.3g}", "middle")]
    for value, share in ys:
        left, y = _place(0, share)
        parts += [line(left, y, _WIDTH - _RIGHT, y), text(left - 8, y + 4, f"{value:.3g}", "end")]
    return parts


def _svg(parts: Sequence[str], title: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )
