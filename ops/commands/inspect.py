"""``sohoa inspect``: what the line measures on these images before it reads them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from models.errors import Defect, OperatorError, Rejected
from models.quality import Severity
from models.settings import Settings
from ops.output import Output
from ops.pages import entry_head, open_file, trouble
from stages import blank_side, decode, deskew, note_seen, quality
from stages.notes import sentence as note_sentence
from stages.scan_quality.sentences import sentence

HELP = "measure images: size, dpi, skew, orientation, blank or not, what is wrong with the scan"

_MARKS: dict[Severity, str] = {"reject": "✗", "flag": "!", "note": "·"}
_NOTED = "sticky_note"
_SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".pdf")


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "images",
        nargs="+",
        type=Path,
        metavar="IMAGE",
        help="consecutive sides: JPEG, PNG, TIFF, or PDF of scans; a folder stands for those in it, by name",
    )


def run(args: argparse.Namespace, settings: Settings, out: Output) -> int:
    """Exit 0 if every image could be measured, else the exit code of the first error."""
    entries: list[dict[str, Any]] = []
    code = 0
    for path in files(args.images):
        try:
            for entry in measure(path, settings):
                entries.append(entry)
                for line in report(entry):
                    out.say(line)
        except (Rejected, OperatorError) as error:
            entries.append({"path": str(path), "error": trouble(error)})
            out.warn(f"sohoa inspect: {path}: {error.message} [{error.code}]")
            code = code or error.exit_code
    if len(entries) > 1:
        out.say(summary(entries))
    out.document(entries)
    return code


def files(paths: list[Path]) -> Iterator[Path]:
    """The files themselves, and the pictures of each folder by name."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES)
        else:
            yield path


def measure(path: Path, settings: Settings) -> Iterator[dict[str, Any]]:
    """One entry for each side of a file. ``flags``: codes to look at; ``findings``: all, with severity and sentence."""
    for page in open_file(path, settings, _no_engine):
        decoded = page.run(decode.STAGE)
        posed = page.run(deskew.STAGE)
        blank = page.run(blank_side.STAGE)
        checked = page.run(quality.LOOK)
        noted = page.run(note_seen.STAGE).box is not None
        yield entry_head(path, page) | {
            "width_px": decoded.width_px,
            "height_px": decoded.height_px,
            "dpi": decoded.dpi,
            "dpi_source": page.side.dpi_source,
            "width_mm": checked.width_mm,
            "height_mm": checked.height_mm,
            "paper": checked.paper,
            "kind": checked.paper_kind,
            "colour": decoded.colour,
            "skew_deg": posed.skew_deg,
            "skew_confidence": round(posed.skew_confidence, 2),
            "orientation_deg": posed.orientation_deg,
            "orientation_confidence": round(posed.orientation_confidence, 2),
            "blank": {"verdict": blank.verdict, "ink": blank.ink},
            "flags": [
                *checked.flags,
                *(["clips_ink"] if posed.clips_ink else []),
                *([_NOTED] if noted else []),
            ],
            "findings": [
                *(
                    _finding(code, settings, sentence(code, page.page, detail), detail)
                    for code in checked.flags + checked.notes
                    for detail in [checked.details.get(code, "")]
                ),
                *([_finding(_NOTED, settings, note_sentence(_NOTED, page.page, path.name))] if noted else []),
            ],
        }


def _finding(code: str, settings: Settings, message: str, detail: str = "") -> dict[str, str]:
    return {"code": code, "severity": settings.quality.severity_of(code), "detail": detail, "message": message}


def _no_engine() -> NoReturn:
    raise Defect("port_closed", "inspect reads nothing")


def report(entry: dict[str, Any]) -> list[str]:
    """A side in a few lines: its verdict and measures, then what is wrong, one line each."""
    name = entry["path"] + (f" (page {entry['page']})" if "page" in entry else "")
    unsure = "" if entry["skew_confidence"] >= 0.3 else " (unsure)"
    head = (
        f"{_verdict(entry):6} {name}: {_paper(entry)} {entry['width_mm']:.0f} x"
        f" {entry['height_mm']:.0f} mm, {entry['dpi']} dpi{'' if entry['dpi_source'] != 'assumed' else ' (assumed)'},"
        f" {'colour' if entry['colour'] else 'grey'}, turn {entry['orientation_deg']}°, skew {entry['skew_deg']}°{unsure},"
        f" {entry['blank']['verdict']} {100 * entry['blank']['ink']:.2f} %"
    )
    lines = [f"  {_MARKS[found['severity']]} {found['code']}: {found['message']}" for found in entry["findings"]]
    if "clips_ink" in entry["flags"]:
        lines.append("  ! clips_ink: straightening would cut ink at a corner, so the page stays as it leans")
    return [head, *lines]


def _paper(entry: dict[str, Any]) -> str:
    """What a person calls it: ``A4 page``, ``receipt``."""
    known = entry["paper"] if entry["paper"] != "other" else ""
    return f"{known} {entry['kind']}".strip() if known or entry["kind"] != "other" else "unknown paper"


def _verdict(entry: dict[str, Any]) -> str:
    severities = {found["severity"] for found in entry["findings"]}
    if "reject" in severities:
        return "REJECT"
    return "LOOK" if entry["flags"] else "OK"


def summary(entries: list[dict[str, Any]]) -> str:
    """How many sides of each verdict, and how often each code."""
    counts: dict[str, int] = {}
    codes: dict[str, int] = {}
    for entry in entries:
        verdict = "unreadable" if "error" in entry else _verdict(entry)
        counts[verdict] = counts.get(verdict, 0) + 1
        for found in entry.get("findings", ()):
            codes[found["code"]] = codes.get(found["code"], 0) + 1
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    often = ", ".join(f"{code} {count}" for code, count in sorted(codes.items(), key=lambda item: -item[1]))
    return f"{len(entries)} sides: {verdicts}" + (f" ({often})" if often else "")
