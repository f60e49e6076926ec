"""``sohoa intake``: watch a folder that counters write scan batches into."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.settings import Settings
from ops.output import Output
from ops.stopping import stop_signals
from pipeline.services import run_intake

HELP = "watch a folder: admit complete batches, answer each with a receipt"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("folder", type=Path, metavar="DIR")


def run(args: argparse.Namespace, settings: Settings, _out: Output) -> int:
    """Until SIGTERM."""
    with stop_signals() as stop:
        run_intake(settings, args.folder, stop)
    return 0
