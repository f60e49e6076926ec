"""The evidence as one HTML file: confusions before and after, worst lines as pictures, reliability, training."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import cv2

from benchmarks.ocr.pages import OcrPage
from benchmarks.ocr.report import STYLE, table
from benchmarks.recogniser import figures
from benchmarks.recogniser.calibrate import Judged, error
from benchmarks.recogniser.contestant import BadLine, Contestant, confusions, worst
from models.errors import OperatorError
from models.ports import Pixels

_MOST_CONFUSIONS, _WORST = 30, 24
_HEIGHT_PX, _MOST_PX = 40, 1000
_FRONTIER = ("cer", "columns_ms", "steps_ms", "lines")


@dataclass(frozen=True)
class Evidence:
    """``before`` and ``after``: generated words with confidences as found and calibrated. ``logs``: of each training, in order."""

    turbo: Contestant
    stock: Contestant
    pages: tuple[OcrPage, ...]
    before: list[Judged]
    after: list[Judged]
    logs: tuple[Path, ...]


def write_report(path: Path, outcome: Mapping[str, Any], evidence: Evidence) -> None:
    """Raises ``OperatorError("bad_log")`` for a training log that cannot be read."""
    turbo, stock = evidence.turbo.all(evidence.pages), evidence.stock.all(evidence.pages)
    details = outcome["details"]
    parts = ["<h1>The recogniser</h1>", "<p><b>A quick run: a smoke test, not a result.</b></p>" * details["quick"]]
    parts.append("<h2>Headline</h2>" + table(["key", "value"], outcome["headline"].items()))
    parts += [_sets(details), _confusions(confusions(stock), confusions(turbo))]
    real = [word for read in turbo if read.page in evidence.pages for word in read.words]
    parts.append(_reliability({"found": evidence.before, "calibrated": evidence.after, "pages": real}))
    parts.append(_frontier(details["frontier"]) if details["frontier"] else "")
    parts.append(training(evidence.logs) if evidence.logs else "")
    parts.append("<h2>Worst lines</h2>" + "".join(map(_pictured, worst(turbo, _WORST))))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>The recogniser</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n",
        encoding="utf-8",
    )


def _sets(details: Mapping[str, Any]) -> str:
    rows = [
        [kind, name, *(f"{told[key] * 100:.2f} %" for key in ("cer", "wer", "numbers_right", "dates_right"))]
        for kind in ("dev", "hard", "digital")
        for name, told in details[kind].items()
        if told["pages"]
    ]
    pages = table(["set", "engine", "CER", "WER", "numbers right", "dates right"], rows)
    names = list(details["dev"])
    offices = [
        [office, *(f"{told[name] * 100:.2f} %" for name in names)] for office, told in details["offices"].items()
    ]
    given = details["cer_stock_tesseract_with_ours"]
    note = (
        f'<p class="note">Generated lines, cut by sohoa and read by stock Tesseract: {given["lines_before"] * 100:.2f} % '
        f"with its own data, {given['lines'] * 100:.2f} % with ours.</p>"
    )
    by_office = "<h2>Development pages by office, CER</h2>" + table(["office", *names], offices) if offices else ""
    return f"<h2>Pages</h2>{pages}{note}{by_office}"


def _confusions(before: Mapping[tuple[str, str], int], after: Mapping[tuple[str, str], int]) -> str:
    """The most frequent of either, with both counts."""
    often = sorted({*before, *after}, key=lambda pair: (-max(before.get(pair, 0), after.get(pair, 0)), pair))
    rows = [[_shown(a), _shown(b), before.get((a, b), 0), after.get((a, b), 0)] for a, b in often[:_MOST_CONFUSIONS]]
    rows.append(["all", "", sum(before.values()), sum(after.values())])
    head = ["printed", "read", "turbo:stock", "turbo"]
    return f"<h2>Confusions on all pages, before and after</h2>{table(head, rows)}"


def _shown(text: str) -> str:
    return {"": "nothing", " ": "space"}.get(text, text)


def _reliability(sets: Mapping[str, Sequence[Judged]]) -> str:
    curves = {name: figures.reliability(words) for name, words in sets.items() if words}
    rows = [[name, len(words), f"{error(words):.4f}"] for name, words in sets.items() if words]
    note = (
        '<p class="note">Found and calibrated: words of generated pages that the table was not measured on. Pages: '
        "the words of the pages above, as the engine tells them.</p>"
    )
    plot = figures.curves({"ideal": [(0.0, 0.0), (1.0, 1.0)], **curves}, "confidence →", "share of right words")
    return f"<h2>Reliability of a word's confidence</h2>{plot}{table(['words', 'count', 'ECE'], rows)}{note}"


def read_frontier(path: Path) -> dict[str, dict[str, float]]:
    """What :mod:`benchmarks.recogniser.frontier` wrote. Raises ``OperatorError("bad_frontier")``."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): {key: float(of[key]) for key in _FRONTIER} for name, of in told.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error_:
        raise OperatorError("bad_frontier", f"{path} is no frontier: {error_}") from error_


def _frontier(told: Mapping[str, Mapping[str, float]]) -> str:
    """Shapes by the time of a page's lines and their errors."""
    points = {name: (of["columns_ms"] + of["steps_ms"], of["cer"] * 100) for name, of in told.items()}
    plot = figures.named_points(points, "network, ms a page →", "validation CER, %")
    rows = [
        [name, of["columns_ms"], of["steps_ms"], f"{of['cer'] * 100:.2f} %", f"{of['lines']:,.0f}"]
        for name, of in told.items()
    ]
    note = (
        '<p class="note">Int8, one thread, the lines of one page. The others began with the weights that they could keep of '
        "the network that all began with, were taught by it, and learnt from the lines that the table tells.</p>"
    )
    head = ["shape", "columns, ms", "along the line, ms", "validation CER", "lines learnt from"]
    return f"<h2>Frontier of shapes</h2>{plot}{table(head, rows)}{note}"


def training(logs: Sequence[Path]) -> str:
    """Loss and validation errors by lines seen, one training after the other. Raises ``OperatorError("bad_log")``."""
    found: dict[str, list[tuple[float, float]]] = {"training loss": [], "validation CER, %": []}
    before, hours = 0, 0.0
    for log in logs:
        try:
            entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
            for name, key, scale in (("training loss", "loss", 1.0), ("validation CER, %", "cer", 100.0)):
                found[name] += [
                    ((before + entry["lines"]) / 1000, scale * entry[key]) for entry in entries if key in entry
                ]
            before += max((entry["lines"] for entry in entries), default=0)
            hours += hours_of(entries)
        except (OSError, ValueError, KeyError, TypeError) as error_:
            raise OperatorError("bad_log", f"{log} is not a training log: {error_}") from error_
    told = f"<p>{before:,} lines in {hours:.2f} hours of training.</p>"
    plots = "".join(
        figures.curves({name: points}, "thousand lines →", name, rising=False)
        for name, points in found.items()
        if points
    )
    return f"<h2>Training</h2>{told}{plots}"


def hours_of(entries: Sequence[Mapping[str, Any]]) -> float:
    """Wall time up to the last validation that a log tells, stops left out."""
    return max((float(entry["hours"]) for entry in entries if "hours" in entry), default=0.0)


def _pictured(line: BadLine) -> str:
    picture = f'<img src="{_data(line.picture)}" alt="">' if line.picture is not None and line.picture.size else ""
    return (
        f"<p>{picture}<br>printed: {escape(line.truth)}<br>read: {escape(line.found) or '<i>nothing</i>'}<br>"
        f'<span class="note">{line.faults} fault{"s" * (line.faults > 1)}, {escape(line.page)}</span></p>'
    )


def _data(picture: Pixels) -> str:
    """The picture in the page itself."""
    height, width = picture.shape[:2]
    scale = min(_HEIGHT_PX / height, _MOST_PX / width, 1.0)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    coded = cv2.imencode(".png", cv2.resize(picture, size, interpolation=cv2.INTER_AREA))[1]
    return "data:image/png;base64," + base64.b64encode(coded.tobytes()).decode()
