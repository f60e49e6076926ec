"""The result as one HTML file: tables and inline SVG, no scripts, nothing from elsewhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.ocr.plots import line, text
from benchmarks.ocr.report import STYLE, table

WIDTH, LEFT, RIGHT, TOP, LOW = 1060, 120, 20, 30, 250
ROW = 18
STATES = {"ARCHIVED": "#27ae60", "REJECTED": "#8e44ad", "WAITING": "#2980b9", "FAILED": "#c0392b", "RUNNING": "#bdc3c7"}
"""From the bottom of the plot to its top; what runs lies on what has ended."""
MARK = "#d35400"
MINUTE_S = 60


def write_report(path: Path, outcome: dict[str, Any]) -> None:
    """Write the report of a result of :mod:`benchmarks.chaos`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html(outcome), encoding="utf-8")


def html(outcome: dict[str, Any]) -> str:
    """The page."""
    details, headline = outcome["details"], outcome["headline"]
    if "runs" in details:
        return _page("Guards", _repeats(outcome))
    parts = [
        f"<h1>Fault campaign</h1><p>{_where(outcome)}</p>",
        "<p><b>A quick run: a smoke test, not a result.</b></p>" if details["quick"] else "",
        "<h2>Headline</h2>" + table(["key", "value"], [(k, v) for k, v in headline.items() if k != "faults"]),
        "<h2>Documents by state, and every fault</h2>" + timeline(details["samples"], details["faults"]),
        '<p class="note">Each bar is a fault from its start to where it was healed.</p>',
        _faults(details),
        _guards(details["guards"]),
        _documents(details),
        _violations(details["violations"]),
        _notes(details),
    ]
    return _page("Fault campaign", parts)


def _page(title: str, parts: Sequence[str]) -> str:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE} td,th{{text-align:left}}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _repeats(outcome: dict[str, Any]) -> list[str]:
    """The page of the runs without a guard."""
    machine, details = outcome["machine"], outcome["details"]
    where = (
        f"Seed {details['seed']}. The same faults, {details['faults_s'] / MINUTE_S:.1f} minutes of them, with every guard "
        f"and without one after the other; after that the schedule directed at the guard. {machine['cores']} cores of "
        f"{machine['cpu']}, load {machine['load_1min']}."
    )
    rows = [
        [run["without"], run["receipts"], run["faults"], _found(run["by_chance"]),
         _found(run["aimed"]) if run["without"] != "none" else "", "yes" if run["by_chance"] or run["aimed"] else "no"]
        for run in details["runs"]
    ]  # fmt: skip
    note = '<p class="note">With all guards nothing may be violated; without one of them, something has to be.</p>'
    head = ["guard taken out", "receipts", "faults", "found by chance", "found by the directed schedule", "fails"]
    return [f"<h1>The run without its guards</h1><p>{escape(where)}</p>", note, table(head, rows)]


def _where(outcome: dict[str, Any]) -> str:
    machine, details = outcome["machine"], outcome["details"]
    return escape(
        f"Seed {details['seed']}, faults for {details['faults_s'] / MINUTE_S:.1f} minutes, at rest "
        f"{details['drained_s']:.0f} s after the last. Two counters with a relay each, two hosts that work, on real "
        f"RabbitMQ, PostgreSQL and S3; scripted OCR. {machine['cores']} cores of {machine['cpu']}, load "
        f"{machine['load_1min']}."
    )


def timeline(samples: Sequence[dict[str, float]], faults: Sequence[dict[str, Any]]) -> str:
    """Documents by state, stacked over time; below it a row of bars for each group of faults."""
    struck = [fault for fault in faults if not fault["skipped"]]
    end_s: float = max([1.0, *(s["at_s"] for s in samples), *(f["until_s"] for f in struck)])
    most: float = max([1.0, *(sum(s[state] for state in STATES) for s in samples)])
    groups = sorted({fault["group"] for fault in struck})
    bottom = LOW + 30 + ROW * len(groups)

    def x(at_s: float) -> float:
        return LEFT + (WIDTH - RIGHT - LEFT) * at_s / end_s

    def y(count: float) -> float:
        return LOW - (LOW - TOP) * count / most

    parts = [
        text(LEFT + 110 * at, 16, f"● {state}", colour=colour) for at, (state, colour) in enumerate(STATES.items())
    ]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts += [line(LEFT, y(share * most), WIDTH - RIGHT, y(share * most)),
                  text(LEFT - 8, y(share * most) + 4, f"{share * most:.0f}", "end")]  # fmt: skip
    base = [0.0] * len(samples)
    for state, colour in STATES.items():
        upper = [low + s[state] for low, s in zip(base, samples, strict=True)]
        outline = [(s["at_s"], n) for s, n in zip(samples, upper, strict=True)]
        outline += [(s["at_s"], n) for s, n in zip(reversed(samples), reversed(base), strict=True)]
        points = " ".join(f"{x(at):.1f},{y(n):.1f}" for at, n in outline)
        parts.append(f'<polygon points="{points}" fill="{colour}" fill-opacity="0.85"/>')
        base = upper
    for at, group in enumerate(groups):
        top = LOW + 14 + ROW * at
        parts += [text(LEFT - 8, top + 11, group, "end"), line(LEFT, top + ROW - 3, WIDTH - RIGHT, top + ROW - 3)]
        for fault in (f for f in struck if f["group"] == group):
            wide = max(2.0, x(fault["until_s"]) - x(fault["at_s"]))
            told = escape(f"{fault['name']}: {fault['what']}, {fault['at_s']:.0f} s to {fault['until_s']:.0f} s")
            parts.append(f'<rect x="{x(fault["at_s"]):.1f}" y="{top}" width="{wide:.1f}" height="{ROW - 5}" '
                         f'fill="{MARK}" fill-opacity="0.7"><title>{told}</title></rect>')  # fmt: skip
    for at_s in _ticks(end_s):
        parts.append(text(x(at_s), bottom + 4, f"{at_s:.0f} s", "middle"))
    return (
        f'<svg viewBox="0 0 {WIDTH} {bottom + 12}" width="{WIDTH}" role="img" aria-label="documents and faults over time">'
        f"{''.join(parts)}</svg>"
    )


def _ticks(end_s: float) -> list[float]:
    step = next(s for s in (10, 30, 60, 120, 300, 600, 10**9) if end_s / s <= 10)
    return [float(at) for at in range(0, int(end_s) + 1, step)]


def _faults(details: dict[str, Any]) -> str:
    """Fault × times × lost: whatever was lost, was lost in the campaign as a whole."""
    struck = Counter((f["group"], f["name"]) for f in details["faults"] if not f["skipped"])
    lasted: dict[tuple[str, str], float] = defaultdict(float)
    skipped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for fault in details["faults"]:
        key = fault["group"], fault["name"]
        if fault["skipped"]:
            skipped[key].append(fault["skipped"])
        else:
            lasted[key] += fault["until_s"] - fault["at_s"]
    lost = len({document for kind, document, _ in details["violations"] if kind in ("lost", "unanswered")})
    rows = [
        [name, group, struck[group, name], f"{lasted[group, name]:.0f} s", lost,
         f"{len(skipped[group, name])}: {skipped[group, name][0]}" if skipped[group, name] else ""]
        for group, name in sorted(struck.keys() | skipped.keys())
    ]  # fmt: skip
    return "<h2>Faults</h2>" + table(["fault", "strikes", "times", "lasted", "lost", "times skipped, and why"], rows)


def _guards(guards: Sequence[dict[str, Any]]) -> str:
    rows = [
        [
            g["guard"],
            g["schedule"],
            _found(g["with_it"]),
            _found(g["without_it"]),
            "; ".join(["yes" if g["needed"] else "NO", *g["notes"]]),
        ]
        for g in guards
    ]
    note = '<p class="note">The same directed schedule twice: the line as it is, and with one guard taken out.</p>'
    return f"<h2>Guards</h2>{note}" + table(["guard", "schedule", "with it", "without it", "shown necessary"], rows)


def _found(violations: Sequence[Sequence[str]]) -> str:
    """The kinds with their number, and the first of each."""
    kinds = Counter(kind for kind, _, _ in violations)
    first = {kind: f"{document}: {what}" for kind, document, what in reversed(violations)}
    return "; ".join(f"{count} × {kind} ({first[kind]})" for kind, count in kinds.items()) or "nothing lost"


def _documents(details: dict[str, Any]) -> str:
    kinds = table(["kind of document", "handed in"], details["documents"].items())
    ends = table(["ended", "documents"], sorted(details["ends"].items()))
    return f"<h2>Documents</h2><p>{details['batches']} batches, doubled ones ten times.</p>{kinds}{ends}"


def _violations(violations: Sequence[Sequence[str]]) -> str:
    if not violations:
        return "<h2>Violations</h2><p>None.</p>"
    return "<h2>Violations</h2>" + table(["kind", "document", "what"], violations)


def _notes(details: dict[str, Any]) -> str:
    told = [*details["notes"], *LIMITS]
    return "<h2>What was not done</h2><ul>" + "".join(f"<li>{escape(note)}</li>" for note in told) + "</ul>"


LIMITS = (
    "Hosts are processes with folders and proxies of their own, not network namespaces.",
    "A wrong clock is what the product's clock port says on one host; the ledger goes by the database's clock alone.",
    "Power is not cut: servers and processes are killed, and what the kernel has, the disk gets.",
)
