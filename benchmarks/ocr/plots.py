"""Small plots as inline SVG: points on two logarithmic axes, bars by group on a root axis, intervals around zero."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

COLOURS = ("#c0392b", "#2c3e50", "#2980b9", "#27ae60", "#8e44ad", "#d68910", "#7f8c8d")
_WIDTH, _LEFT, _RIGHT = 860, 130, 40
_LEAST = 0.005
"""Smallest value on a logarithmic axis: what is below, zero included, stands at its edge."""
_ROOT_TICKS = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
"""Ticks of a root axis, which starts at zero and still shows small values beside large ones."""


def svg(height: float, parts: Sequence[str], title: str) -> str:
    """A picture of the parts; ``title`` is told by screen readers."""
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" width="{_WIDTH}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def text(x: float, y: float, text: str, anchor: str = "start", colour: str = "#333") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str = "#ddd", width: float = 1) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def _decades(least: float, most: float) -> list[float]:
    """1, 2 and 5 of each power of ten from below the least to above the most."""
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))
    every = [step * 10.0**power for power in range(low, high + 1) for step in (1, 2, 5)]
    start = max((value for value in every if value <= least), default=every[0])
    end = min((value for value in every if value >= most), default=every[-1])
    return [value for value in every if start <= value <= end]


def _log(value: float, low: float, high: float) -> float:
    """Share of the way from low to high, by logarithm."""
    if low == high:
        return 0.5
    return (math.log(min(high, max(low, value))) - math.log(low)) / (math.log(high) - math.log(low))


def scatter(points: Mapping[str, tuple[float, float]], title: str, x_name: str, y_name: str) -> str:
    """Named points on two logarithmic axes. Right is more, up is more."""
    height, top, bottom = 400, 50, 350
    xs = _decades(min(0.1, *(x for x, _ in points.values())), max(10.0, *(x for x, _ in points.values())))
    ys = _decades(max(_LEAST, min(0.1, *(y for _, y in points.values()))), max(10.0, *(y for _, y in points.values())))
    right = _WIDTH - _RIGHT
    parts = [text(_LEFT, 40, y_name), text(right, height - 10, x_name, "end")]
    for value in xs:
        x = _LEFT + (right - _LEFT) * _log(value, xs[0], xs[-1])
        parts += [line(x, top, x, bottom), text(x, bottom + 16, f"{value:g}", "middle")]
    for value in ys:
        y = bottom - (bottom - top) * _log(value, ys[0], ys[-1])
        parts += [line(_LEFT, y, right, y), text(_LEFT - 8, y + 4, f"{value:g}", "end")]
    for number, (x_value, y_value) in enumerate(points.values()):
        x = _LEFT + (right - _LEFT) * _log(x_value, xs[0], xs[-1])
        y = bottom - (bottom - top) * _log(y_value, ys[0], ys[-1])
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour}" fill-opacity="0.8"/>')
    parts += _legend(list(points))
    return svg(height, parts, title)


def bars(groups: Mapping[str, Mapping[str, float]], names: Sequence[str], title: str) -> str:
    """A bar for each name in each group, as long as the root of its value; every bar tells its value."""
    most = max(0.1, *(value for group in groups.values() for value in group.values()))
    pitch, wide = 13, _WIDTH - _RIGHT - 60 - _LEFT
    parts: list[str] = []
    y = 30.0
    for group, told in groups.items():
        parts.append(text(_LEFT - 8, y + pitch * len(names) / 2 + 4, group, "end"))
        for number, name in enumerate(names):
            if name in told:
                long = max(1.0, wide * math.sqrt(told[name] / most))
                colour = COLOURS[number % len(COLOURS)]
                parts.append(f'<rect x="{_LEFT}" y="{y:.1f}" width="{long:.1f}" height="{pitch - 3}" fill="{colour}"/>')
                parts.append(text(_LEFT + long + 4, y + pitch - 3, f"{told[name]:.2f}"))
            y += pitch
        y += 10
    for value in _ROOT_TICKS:
        if value <= most:
            x = _LEFT + wide * math.sqrt(value / most)
            parts.insert(0, line(x, 24, x, y))
            parts.append(text(x, y + 14, f"{value:g}", "middle"))
    return svg(y + 26, [*parts, *_legend(names)], title)


def _legend(names: Sequence[str]) -> list[str]:
    """The names in their colours, in a row along the top."""
    return [text(_LEFT + 130 * at, 14, f"● {name}", colour=COLOURS[at % len(COLOURS)]) for at, name in enumerate(names)]


def intervals(found: Mapping[str, tuple[float, float, float]], title: str) -> str:
    """Value, low and high of each name, on a linear axis with zero marked."""
    most = max(0.1, *(abs(value) for told in found.values() for value in told)) * 1.1
    middle, half = (_LEFT + _WIDTH - _RIGHT) / 2, (_WIDTH - _RIGHT - _LEFT) / 2
    high = 26 * len(found) + 40.0
    parts = [line(middle, 20, middle, high - 24, "#333")]
    for share in (-1.0, -0.5, 0.5, 1.0):
        x = middle + share * half
        parts += [line(x, 20, x, high - 24), text(x, high - 8, f"{share * most:+.2f}", "middle")]
    parts.append(text(middle, high - 8, "0", "middle"))
    for number, (name, (value, low, top)) in enumerate(found.items()):
        y = 34 + 26 * number
        a, b, c = (middle + half * x / most for x in (low, value, top))
        colour = COLOURS[0] if low > 0 else "#27ae60" if top < 0 else COLOURS[1]
        parts += [text(_LEFT - 8, y + 4, name, "end"), line(a, y, c, y, colour, 3)]
        parts.append(f'<circle cx="{b:.1f}" cy="{y}" r="5" fill="{colour}"/>')
        parts.append(text(b, y - 8, f"{value:+.3f}", "middle", colour))
    return svg(high, parts, title)
