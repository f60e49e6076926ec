"""``sohoa migrate``: bring a ledger to this program's schema."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.settings import Settings
from ops.output import Output
from ops.state import settings_of
from pipeline.ledger.database import open_database
from pipeline.ledger.migrate import migrate
from pipeline.wiring import ledger_url

HELP = "make or update the ledger's tables; a cluster needs it once per version"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--out", type=Path, metavar="DIR", help="output folder of `sohoa process`")


def run(args: argparse.Namespace, settings: Settings, out: Output) -> int:
    """Exit 0 when the ledger has this program's schema. Running it again changes nothing."""
    engine = open_database(ledger_url(settings if args.out is None else settings_of(settings, args.out)))
    try:
        before, after = migrate(engine)
    finally:
        engine.dispose()
    out.document({"before": before, "after": after})
    out.say(f"schema {after}, nothing to do" if before == after else f"schema {before or '(none)'} -> {after}")
    return 0
