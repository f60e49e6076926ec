"""The result as one HTML file: tables and inline SVG, no scripts, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.ocr import plots

STYLE = """body{font:15px/1.45 sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:1em 0;font-size:13px}td,th{border:1px solid #ccc;padding:3px 8px;text-align:right}
td:first-child,th:first-child{text-align:left}th{background:#f3f3f3}svg text{font:12px sans-serif}
p.note{color:#666;font-size:13px}"""
_WORST = 15
_KINDS_OF_ERROR = ("letters", "diacritics", "digits", "other")
_SHARES = ("CER", "WER", *_KINDS_OF_ERROR, "missing", "invented", "numbers right", "dates right", "reading order",
           "second readings")  # fmt: skip


def write_report(path: Path, outcome: dict[str, Any]) -> None:
    """Write the report of a result of :mod:`benchmarks.ocr`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html(outcome), encoding="utf-8")


def html(outcome: dict[str, Any]) -> str:
    """The page."""
    details = outcome["details"]
    engines = {name: told for name, told in details["engines"].items() if told.get("by_dpi")}
    parts = [f"<h1>OCR engines side by side</h1><p>{_where(outcome)}</p>", _headline(outcome["headline"])]
    if details["quick"]:
        parts.append("<p><b>A quick run: a smoke test, not a result.</b></p>")
    if details["unavailable"]:
        rows = [[name, reason] for name, reason in details["unavailable"].items()]
        parts.append("<h2>Not measured</h2>" + table(["engine", "why"], rows))
    if engines:
        main = f"{details['dpi']}_dpi"
        parts += [_speed(engines, main), _scaling(details["scaling"]), _kinds(engines), _deltas(details)]
        parts += [_errors(engines, main), _errors_by_kind(engines), _pages(engines)]
    title = "OCR engines side by side"
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _where(outcome: dict[str, Any]) -> str:
    machine, details = outcome["machine"], outcome["details"]
    pages = sum(details["pages"].values())
    return escape(
        f"{pages} pages ({details['characters']:,} characters, {details['corpus']}), {details['repeats']} repeats, "
        f"all engines on core {details['core']} of {machine['cores']}; {machine['cpu']}, load {machine['load_1min']}. "
        f"Corpus {(outcome['corpus_sha256'] or '')[:12]}."
    )


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; floats as they are given, None as a dash."""
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join("<tr>" + "".join(f"<td>{_cell(value)}</td>" for value in row) + "</tr>" for row in rows)
    return f"<table><tr>{cells}</tr>{lines}</table>"


def _cell(value: object) -> str:
    return "–" if value is None else escape(f"{value:,}" if isinstance(value, int | float) else str(value))


def _headline(headline: dict[str, Any]) -> str:
    return "<h2>Headline</h2>" + table(["key", "value"], headline.items())


def _speed(engines: dict[str, Any], main: str) -> str:
    read = {name: told["by_dpi"][main] for name, told in engines.items() if main in told["by_dpi"]}
    points = {name: (told["pages_per_second_per_core"] or 0.001, told["cer"] * 100) for name, told in read.items()}
    plot = plots.scatter(points, "speed against accuracy", "pages per second and core →", "character errors, %")
    head = ["engine", "dpi", "pages", "pages/s/core", "CPU ms", "wall ms", "p50", "p95", "CPU h per million", "cost"]
    rows = [
        [name, dpi.removesuffix("_dpi"), told["pages"], told["pages_per_second_per_core"], told["cpu_ms_per_page"],
         told["wall_ms_per_page"], told["wall_ms_p50"], told["wall_ms_p95"], told["cpu_hours_per_million_pages"],
         told["cost_per_million_pages"]]
        for name, engine in engines.items() for dpi, told in engine["by_dpi"].items()
    ]  # fmt: skip
    memory = [
        [name, engine["peak_mb"], engine["cold_start_ms"], engine["open_ms"], len(engine["errors"]), engine["version"]]
        for name, engine in engines.items()
    ]
    note = (
        '<p class="note">Slow engines read fewer pages, so their error rates are of other pages than those of the '
        "fast ones; the ratios of the headline are of the pages that both read. Lower right is better.</p>"
    )
    head_2 = ["engine", "peak MB", "cold start ms", "open ms", "failed pages", "version"]
    return f"<h2>Speed</h2>{plot}{note}{table(head, rows)}{table(head_2, memory)}"


def _scaling(scaling: dict[str, Any]) -> str:
    rows = [
        [name, count, " / ".join(f"{rate:.2f}" for rate in told["pages_per_second"]), told["to_one"]]
        for name, counts in scaling.items()
        for count, told in counts.items()
    ]
    head = ["engine", "processes", "pages per second of wall time, each round", "to one process"]
    return f"<h2>Processes side by side</h2>{table(head, rows)}" if rows else ""


def _kinds(engines: dict[str, Any]) -> str:
    kinds = sorted({kind for told in engines.values() for kind in told["by_kind"]})
    names = list(engines)
    groups = {
        kind: {name: engines[name]["by_kind"][kind]["cer"] * 100 for name in names if kind in engines[name]["by_kind"]}
        for kind in kinds
    }
    return "<h2>Character errors by kind of page, %</h2>" + plots.bars(groups, names, "errors by kind")


def _deltas(details: dict[str, Any]) -> str:
    turbo = details["engines"].get("turbo", {})
    found = turbo.get("cer_minus_tesseract_by_kind")
    if not found:
        return ""
    found = {**found, "all": turbo["cer_minus_tesseract"]}
    points = {kind: (told["delta_points"], told["low"], told["high"]) for kind, told in found.items()}
    plot = plots.intervals(points, "turbo minus tesseract")
    return f"<h2>turbo minus tesseract, percentage points, 95 % of resampled pages</h2>{plot}"


def _errors(engines: dict[str, Any], main: str) -> str:
    read = {name: told["by_dpi"][main] for name, told in engines.items() if main in told["by_dpi"]}
    rows = [[name, *_shares(told)] for name, told in read.items()]
    note = (
        '<p class="note">Letters: another base letter, one too many or too few. Diacritics: the right letter with '
        "wrong marks. Both of all letters; digits of all digits. Missing: lines that nothing was read for. "
        "Invented: text that stands nowhere on the page.</p>"
    )
    return f"<h2>What went wrong</h2>{table(['engine', *_SHARES], rows)}{note}"


def _errors_by_kind(engines: dict[str, Any]) -> str:
    kinds = sorted({kind for told in engines.values() for kind in told["by_kind"]})
    rows = [
        [kind, name, *_shares(told["by_kind"][kind])]
        for kind in kinds for name, told in engines.items() if kind in told["by_kind"]
    ]  # fmt: skip
    return f"<h2>What went wrong, by kind of page</h2>{table(['kind', 'engine', *_SHARES], rows)}"


def _shares(told: dict[str, Any]) -> list[str | None]:
    """The columns ``_SHARES`` of some pages."""
    counts, length = told["counts"], max(1, told["counts"]["characters"][1])
    split = [_percent(counts[part][0] / max(1, counts[part][1])) for part in _KINDS_OF_ERROR]
    lost = [_percent(counts[part][0] / length) for part in ("missing", "invented")]
    right = [_percent(told[key]) for key in ("numbers_right", "dates_right", "reading_order")]
    second = told["second_reading_rate"]
    return [_percent(told["cer"]), _percent(told["wer"]), *split, *lost, *right,
            None if second is None else _percent(second)]  # fmt: skip


def _percent(share: float) -> str:
    return f"{share * 100:.2f} %"


def _pages(engines: dict[str, Any]) -> str:
    first = "turbo" if "turbo" in engines else next(iter(engines))
    names = sorted(engines[first]["pages"], key=lambda page: -engines[first]["pages"][page]["cer"])[:_WORST]
    rows = [
        [page, *(_percent(told["pages"][page]["cer"]) if page in told["pages"] else None for told in engines.values())]
        for page in names
    ]
    return f"<h2>Pages on which {first} does worst</h2>{table(['page', *engines], rows)}"
