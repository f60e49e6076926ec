"""``sohoa backup``: the ledger in one file, while work goes on."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from models.settings import Settings
from ops.output import Output
from ops.state import settings_of
from pipeline.backup import backup
from pipeline.ledger.database import open_database
from pipeline.wiring import ledger_url

HELP = "copy the ledger into one file, which SQLite and PostgreSQL can restore"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("file", type=Path, metavar="FILE", help="new file, by convention *.jsonl.gz; keep it secret")
    parser.add_argument("--out", type=Path, metavar="DIR", help="output folder of `sohoa process`")


def run(args: argparse.Namespace, settings: Settings, out: Output) -> int:
    """Exit 0 when the file is whole and durable."""
    engine = open_database(ledger_url(settings_of(settings, args.out)))
    try:
        made = backup(engine, args.file)
    finally:
        engine.dispose()
    out.document({"file": str(args.file), "size_bytes": args.file.stat().st_size} | asdict(made))
    out.say(f"{args.file}: {made.rows} rows, {args.file.stat().st_size} bytes, SHA-256 of its lines {made.sha256}")
    out.say("Not in it: blobs and archive. Back them up after the ledger, so that they hold all it speaks of.")
    return 0
