"""Sets the engines side by side: headline, per kind, per resolution, with paired bootstrap intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.ocr.contest import Run
from benchmarks.ocr.pages import OcrPage

_RESAMPLES = 2000
_POINTS = 100.0
"""A rate as percentage points."""


def headline(runs: Sequence[Run], pages: Sequence[OcrPage]) -> dict[str, object]:
    """The keys that are compared from version to version; None where an engine did not run.

    Of the resolution that most pages have; ratios are of CPU time, on the pages that both engines read.
    """
    pages = _of_dpi(pages, main_dpi(pages))
    by_name = {run.name: run for run in runs}
    turbo, tesseract = by_name.get("turbo"), by_name.get("tesseract")
    read = _read_by(pages, turbo)
    both = _read_by(pages, turbo, tesseract)
    worst = worst_kind(turbo, tesseract, pages) if turbo and tesseract else None
    return {
        "turbo_over_tesseract": ratio(tesseract, turbo, pages),
        "turbo_over_ocrmypdf": ratio(by_name.get("ocrmypdf"), turbo, pages),
        "turbo_ms_per_page": round(turbo.cpu(read), 1) if turbo and read else None,
        "cer_turbo": round(turbo.score_of(both or read).characters.rate, 6) if turbo and read else None,
        "cer_tesseract": _cer(tesseract, both or _read_by(pages, tesseract)),
        "cer_worst_kind_delta": worst["delta_points"] if worst else None,
        "reading_order_score": _reading_order(turbo, both or read),
        "reading_order_tesseract": _reading_order(tesseract, both or _read_by(pages, tesseract)),
        "second_reading_rate": second_reading_rate(turbo, read) if turbo else None,
        "peak_mb": round(turbo.peak_mb, 1) if turbo and read else None,
    }


def _cer(run: Run | None, pages: Sequence[str]) -> float | None:
    return round(run.score_of(pages).characters.rate, 6) if run and pages else None


def _reading_order(run: Run | None, pages: Sequence[str]) -> float | None:
    return round(1 - run.score_of(pages).order.rate, 6) if run and pages else None


def main_dpi(pages: Sequence[OcrPage]) -> int:
    """The resolution that most pages have."""
    return Counter(page.dpi for page in pages).most_common(1)[0][0]


def _of_dpi(pages: Sequence[OcrPage], dpi: int) -> list[OcrPage]:
    return [page for page in pages if page.dpi == dpi]


def _read_by(pages: Sequence[OcrPage], *runs: Run | None) -> list[str]:
    """Names of the pages that all of these engines read."""
    return [page.name for page in pages if all(run is not None and page.name in run.scores for run in runs)]


def ratio(slower: Run | None, faster: Run | None, pages: Sequence[OcrPage]) -> float | None:
    """How many times the CPU time of the one the other needs, on the pages that both read."""
    both = _read_by(pages, slower, faster)
    return round(slower.cpu(both) / faster.cpu(both), 3) if slower and faster and both else None


def second_reading_rate(run: Run, pages: Sequence[str]) -> float | None:
    """Share of lines that the engine says it read twice; None where it does not say."""
    told = [run.notes[page] for page in pages if "lines" in run.notes.get(page, {})]
    lines = sum(notes["lines"] for notes in told)
    return round(sum(notes.get("second_lines", 0.0) for notes in told) / lines, 4) if lines else None


def delta(one: Run, other: Run, pages: Sequence[str], seed: int = 1) -> dict[str, Any]:
    """Difference of the character error rates in percentage points, and the 95 % it lies in (pages resampled)."""
    counts = [(one.scores[page].characters, other.scores[page].characters) for page in pages]
    edits = np.array([[a.edits, b.edits] for a, b in counts], np.float64)
    length = np.array([a.length for a, _ in counts], np.float64)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(counts), (_RESAMPLES, len(counts)))
    sums = edits[drawn].sum(axis=1)
    spread = (sums[:, 0] - sums[:, 1]) / np.maximum(1.0, length[drawn].sum(axis=1)) * _POINTS
    whole = (edits[:, 0].sum() - edits[:, 1].sum()) / max(1.0, float(length.sum())) * _POINTS
    low, high = np.percentile(spread, [2.5, 97.5])
    return {
        "pages": len(counts),
        "delta_points": round(float(whole), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
    }


def worst_kind(one: Run, other: Run, pages: Sequence[OcrPage]) -> dict[str, Any] | None:
    """The kind on which ``one`` does worst against ``other``."""
    found = by_kind(one, other, pages)
    return max(({"kind": kind, **told} for kind, told in found.items()), key=_delta_points, default=None)


def _delta_points(told: dict[str, Any]) -> float:
    return float(told["delta_points"])


def by_kind(one: Run, other: Run, pages: Sequence[OcrPage]) -> dict[str, dict[str, Any]]:
    """:func:`delta` for each kind of page."""
    groups = {kind: _read_by([page for page in pages if page.kind == kind], one, other) for kind in kinds(pages)}
    return {kind: delta(one, other, group) for kind, group in groups.items() if group}


def kinds(pages: Sequence[OcrPage]) -> tuple[str, ...]:
    """Kinds of page, in the order of their names."""
    return tuple(sorted({page.kind for page in pages}))


def summary(run: Run, pages: Sequence[OcrPage], baseline: Run | None, core_hour: float | None = None) -> dict[str, Any]:
    """Everything about one engine; times in milliseconds, rates 0–1, differences in percentage points.

    ``core_hour``: price of an hour of one core, where cost is asked for.
    """
    told: dict[str, Any] = {"version": run.version}
    if run.unavailable:
        return {"unavailable": run.unavailable}
    told["open_ms"] = round(run.open_ms, 1)
    told["cold_start_ms"] = round(run.cold_ms, 1) or None
    told["peak_mb"] = round(run.peak_mb, 1)
    told["errors"] = run.errors
    told["texts_that_changed_between_repeats"] = sorted(run.unsteady)
    groups = {f"{dpi}_dpi": _of_dpi(pages, dpi) for dpi in sorted({page.dpi for page in pages}, reverse=True)}
    told["by_dpi"] = {name: _group(run, group, core_hour) for name, group in groups.items() if _read_by(group, run)}
    main = _of_dpi(pages, main_dpi(pages))
    by = {kind: [page for page in main if page.kind == kind] for kind in kinds(main)}
    told["by_kind"] = {kind: _group(run, group, core_hour) for kind, group in by.items() if _read_by(group, run)}
    if baseline is not None and baseline is not run and not baseline.unavailable:
        both = _read_by(main, run, baseline)
        if both:
            told[f"cer_minus_{baseline.name}"] = delta(run, baseline, both)
            told[f"cer_minus_{baseline.name}_by_kind"] = by_kind(run, baseline, main)
            told[f"cpu_ratio_{baseline.name}"] = ratio(baseline, run, main)
            told[f"wall_ratio_{baseline.name}"] = round(baseline.wall(both) / run.wall(both), 3)
    told["pages"] = {
        name: {
            "wall_ms": run.wall_ms[name],
            "cpu_ms": run.cpu_ms[name],
            "cer": round(run.scores[name].characters.rate, 5),
            "notes": {key: round(value, 2) for key, value in run.notes[name].items()},
        }
        for name in run.scores
    }
    return told


def _group(run: Run, pages: Sequence[OcrPage], core_hour: float | None) -> dict[str, Any]:
    """Speed, accuracy and cost of one engine on some pages."""
    names = _read_by(pages, run)
    walls = [value for name in names for value in run.wall_ms[name]]
    cpu_ms = run.cpu(names)
    notes = Counter[str]()
    for name in names:
        notes.update(run.notes[name])
    return {
        "pages": len(names),
        "cpu_ms_per_page": round(cpu_ms, 2),
        "wall_ms_per_page": round(run.wall(names), 2),
        "wall_ms_p50": round(float(np.percentile(walls, 50)), 2),
        "wall_ms_p95": round(float(np.percentile(walls, 95)), 2),
        "pages_per_second_per_core": round(1000 / cpu_ms, 3) if cpu_ms else None,
        "cpu_hours_per_million_pages": round(cpu_ms / 3.6, 1),
        "cost_per_million_pages": None if core_hour is None else round(cpu_ms / 3.6 * core_hour, 2),
        **run.score_of(names).as_json(),
        "second_reading_rate": second_reading_rate(run, names),
        "notes_per_page": {key: round(value / len(names), 2) for key, value in notes.items()},
    }
