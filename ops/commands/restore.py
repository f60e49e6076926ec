"""``sohoa restore``: fill an empty ledger from a backup."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

from models.settings import Settings
from ops.output import Output
from pipeline.backup import restore
from pipeline.processing import output_lock, settings_for
from pipeline.wiring import Books
from stages.flow import FLOW

HELP = "fill an empty ledger from a file of `sohoa backup`"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, metavar="DIR", help="output folder of `sohoa process`; may be new")


def run(args: argparse.Namespace, settings: Settings, out: Output) -> int:
    """Exit 0 when every row is back."""
    with nullcontext() if args.out is None else output_lock(args.out):
        books = Books(settings if args.out is None else settings_for(settings, args.out, None), FLOW)
        try:
            made = restore(books.engine, args.file)
        finally:
            books.close()
    out.document({"file": str(args.file)} | asdict(made))
    out.say(f"{made.rows} rows restored, as they were at {made.at}")
    return 0
