"""``sohoa retry``: let a stopped document go on."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.settings import Settings
from ops.output import Output
from ops.state import settings_of
from pipeline.operations import retry
from pipeline.wiring import Adapters, Books
from stages.flow import FLOW

HELP = "retry documents: release quarantined sides, or make a new revision of what failed"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("documents", nargs="+", metavar="DOC")
    parser.add_argument("--out", type=Path, metavar="DIR", help="output folder of `sohoa process`")


def run(args: argparse.Namespace, settings: Settings, out: Output) -> int:
    """Exit 0 when every document goes on."""
    settings = settings_of(settings, args.out)
    books = Books(settings, FLOW)
    adapters = Adapters(settings)
    retried = [(document, *retry(books, adapters, settings, FLOW, document)) for document in args.documents]
    out.document([{"id": d, "revision": revision, "status": status.value} for d, revision, status in retried])
    for document, revision, status in retried:
        out.say(f"{document}: revision {revision} is {status}")
    books.close()
    return 0
