"""The overload as one HTML file: what was asked, what came out, and pictures of throughput, depth, age and memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.ocr import plots
from benchmarks.ocr.report import STYLE, table

Points = Sequence[tuple[float, float]]

_WIDTH, _LEFT, _RIGHT, _TOP, _HEIGHT = 860, 80, 150, 14, 190
_SMOOTH_S = 5


def write_report(path: Path, outcome: dict[str, Any]) -> None:
    """Write the report of a result of :mod:`benchmarks.overload`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html(outcome), encoding="utf-8")


def html(outcome: dict[str, Any]) -> str:
    """The page."""
    details = outcome["details"]
    title = "Ten times too much"
    quick = "<p><b>A quick run: a smoke test, not a result.</b></p>" if details["quick"] else ""
    body = f"<h1>{title}</h1><p>{_where(outcome)}</p>{quick}{_headline(outcome)}{_pictures(details)}{_waits(details)}"
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def timeline(lines: Mapping[str, Points], title: str, *, logarithmic: bool = False) -> str:
    """Values over seconds; the last value of each line stands beside it. Zero is at the lower edge."""
    seconds = [x for points in lines.values() for x, _ in points]
    first, last = min(0.0, *seconds), max(seconds)
    most = max(1.0, *(y for points in lines.values() for _, y in points))
    ticks = [10.0**power for power in range(math.ceil(math.log10(most)) + 1)] if logarithmic else _ticks(most)
    share = _log_share(ticks[-1]) if logarithmic else (lambda value: value / ticks[-1])
    right, bottom = _WIDTH - _RIGHT, _TOP + _HEIGHT

    def at(x: float, y: float) -> tuple[float, float]:
        return _LEFT + (right - _LEFT) * (x - first) / (last - first), bottom - _HEIGHT * share(y)

    parts = [plots.line(_LEFT, at(first, tick)[1], right, at(first, tick)[1]) for tick in ticks]
    parts += [plots.text(_LEFT - 8, at(first, tick)[1] + 4, f"{tick:,.10g}", "end") for tick in ticks]
    parts += [plots.text(at(x, 0)[0], bottom + 16, f"{x:g}", "middle") for x in _ticks(last) if x < 0.95 * last]
    parts.append(plots.text(right, bottom + 16, f"{last:.0f} s", "end"))
    names = sorted(lines, key=lambda name: -lines[name][-1][1])
    below = float("-inf")
    for name in names:
        colour = plots.COLOURS[list(lines).index(name) % len(plots.COLOURS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in lines[name]))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        below = max(at(*lines[name][-1])[1] + 4, below + 14)  # names of lines that end close together
        parts.append(plots.text(right + 8, below, f"{name} {lines[name][-1][1]:,.0f}", colour=colour))
    return plots.svg(max(bottom + 24, below + 10), parts, title)


def _ticks(most: float) -> list[float]:
    """Four to nine even values from zero to at least the most."""
    step = 10.0 ** math.floor(math.log10(most / 4))
    step *= next(times for times in (1, 2, 5, 10) if most / (step * times) <= 8)
    return [step * number for number in range(math.ceil(most / step) + 1)]


def _log_share(most: float) -> Callable[[float], float]:
    """Below 1 there is only zero, at the lower edge; 1 stands a little above it."""
    whole = math.log10(most) + 0.3
    return lambda value: (math.log10(value) + 0.3) / whole if value >= 1 else 0.0


def _where(outcome: dict[str, Any]) -> str:
    machine, details = outcome["machine"], outcome["details"]
    slots = ", ".join(f"{count} {pool}" for pool, count in details["slots"].items())
    return escape(
        f"A real PostgreSQL, RabbitMQ, relay and worker with slots {slots}; a page holds its slot for "
        f"{details['step_s']['page']:g} s. {details['owed_bulk_pages']:,} bulk pages are owed when the overload begins. "
        f"{details['documents']['offered']:,} documents are offered, {details['times_the_peak']} times what the slots "
        f"can do; intake turns {details['documents']['turned_away']:,} away. {machine['cores']} cores, "
        f"{machine['cpu']}, load {machine['load_1min']}."
    )


def _headline(outcome: dict[str, Any]) -> str:
    targets = outcome["details"]["targets"]
    words = {"overload_over_peak": "at least ", "counter_wait_pages": "at most ", "bulk_share": "at least "}
    rows = [
        [key, value, f"{words[key]}{targets[key]:g}" if key in targets else None]
        for key, value in outcome["headline"].items()
    ]
    return "<h2>Headline</h2>" + table(["key", "value", "target"], rows)


def _pictures(details: dict[str, Any]) -> str:
    samples = details["samples"]

    def over(value: Callable[[dict[str, Any]], float | None]) -> Points:
        told = ((sample["at_s"] - details["began_s"], value(sample)) for sample in samples)
        return [(x, y) for x, y in told if y is not None]

    def owed(cls: str) -> Points:
        return over(lambda sample: sample["owed"].get(cls, 0) if sample["owed"] else None)

    pages = {name: _smooth(counts) for name, counts in details["pages_each_s"].items()}
    total = [(x, y + pages["bulk"][at][1]) for at, (x, y) in enumerate(pages["counter"])]
    depth = {
        "owed, bulk": owed("bulk"),
        "owed, counters": owed("counter"),
        "in flight": over(lambda sample: sample["flying"]),
        "in RabbitMQ": over(lambda sample: sample["hints"]),
    }
    memory = {part: over(_memory_of(part)) for part in samples[0]["memory_mb"]}
    return "".join(
        f"<h2>{title}</h2>{picture}<p class='note'>{note}</p>"
        for title, picture, note in (
            (
                "Pages finished a second",
                timeline({"all": total, **pages}, "throughput"),
                f"Means of {_SMOOTH_S} s. The peak, measured before, is {details['pages_per_s']['peak']:g} a second.",
            ),
            (
                "Depth: steps, on a logarithmic axis",
                timeline(depth, "depth", logarithmic=True),
                (
                    f"RabbitMQ never holds more hints than the credit of all slots, {details['credit_of_all_slots']}. "
                    "Where nothing is owed to counters intake has turned all away and is about to open again."
                ),
            ),
            (
                "Age of the oldest step owed to a counter, seconds",
                timeline({"age": over(lambda sample: sample["counter_waits_s"])}, "age"),
                (
                    f"Intake takes no more above {details['counter_may_wait_s']:g} s. What came in before, ten seconds' "
                    "work in each second, has still to be worked off."
                ),
            ),
            (
                "Memory, MB",
                timeline(memory, "memory"),
                "Without program files; what processes share is divided between them.",
            ),
        )
    ) + _growth(details["memory_growth_mb"])


def _memory_of(part: str) -> Callable[[dict[str, Any]], float]:
    return lambda sample: float(sample["memory_mb"][part])


def _growth(growth: Mapping[str, float]) -> str:
    return table(["part", "last quarter less first, MB"], growth.items())


def _smooth(counts: Sequence[int]) -> list[tuple[float, float]]:
    return [(float(at), sum(counts[at - _SMOOTH_S : at]) / _SMOOTH_S) for at in range(_SMOOTH_S, len(counts) + 1)]


def _waits(details: dict[str, Any]) -> str:
    rows: Iterable[Sequence[object]] = (
        [f"{phase}, {sides} page{'s' if sides != '1' else ''}", *told.values()]
        for phase, by_sides in details["waits"].items()
        for sides, told in by_sides.items()
    )
    head = ["a counter's document", "steps", "pages p50", "pages p99", "pages most", "seconds p50", "seconds p99"]
    note = (
        "How long a step stood owed until a slot began it: in pages of other documents that each slot finished "
        f"meanwhile, and in seconds. The relay keeps {details['credit_k']} steps in flight for each slot, so a counter's "
        f"step may come {details['credit_k'] + 1} pages behind."
    )
    return f"<h2>Who waits behind whom</h2>{table(head, rows)}<p class='note'>{note}</p>"
