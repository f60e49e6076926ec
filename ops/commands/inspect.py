"""``sohoa inspect``: what the line measures on these images before it reads them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from models.errors import Defect, OperatorError, Rejected
from models.settings import Settings
from ops.output import Output
from ops.pages import entry_head, open_file, trouble
from stages import blank_side, decode, deskew, note_seen, quality

HELP = "measure images: size, dpi, skew, orientation, blank or not, flags"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "images", nargs="+", type=Path, metavar="IMAGE", help="consecutive sides: JPEG, PNG, TIFF, or PDF of scans"
    )


def run(args: argparse.Namespace, settings: Settings, out: Output) -> int:
    """Exit 0 if every image could be measured, else the exit code of the first error."""
    entries: list[dict[str, object]] = []
    code = 0
    for path in args.images:
        try:
            for entry in measure(path, settings):
                entries.append(entry)
                out.say(_sentence(entry))
        except (Rejected, OperatorError) as error:
            entries.append({"path": str(path), "error": trouble(error)})
            out.warn(f"sohoa inspect: {path}: {error.message} [{error.code}]")
            code = code or error.exit_code
    out.document(entries)
    return code


def measure(path: Path, settings: Settings) -> Iterator[dict[str, object]]:
    """One entry for each side of a file."""
    for page in open_file(path, settings, _no_engine):
        decoded = page.run(decode.STAGE)
        posed = page.run(deskew.STAGE)
        blank = page.run(blank_side.STAGE)
        flags = quality.check(decoded, settings.quality).flags + (("clips_ink",) if posed.clips_ink else ())
        flags += ("sticky_note",) if page.run(note_seen.STAGE).box else ()
        yield entry_head(path, page) | {
            "width_px": decoded.width_px,
            "height_px": decoded.height_px,
            "dpi": decoded.dpi,
            "skew_deg": posed.skew_deg,
            "orientation_deg": posed.orientation_deg,
            "blank": {"verdict": blank.verdict, "ink": blank.ink},
            "flags": list(flags),
        }


def _no_engine() -> NoReturn:
    raise Defect("port_closed", "inspect reads nothing")


def _sentence(entry: dict[str, object]) -> str:
    return (
        f"{entry['path']}: {entry['width_px']} x {entry['height_px']} px, {entry['dpi']} dpi, "
        f"turn {entry['orientation_deg']}°, skew {entry['skew_deg']}°, blank {entry['blank']}, flags {entry['flags']}"
    )
