"""``sohoa approve``: open the gate before the copy-certification signature."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.settings import Settings
from ops.output import Output
from ops.state import settings_of
from pipeline.operations import approve
from pipeline.wiring import Adapters, Books
from stages.flow import FLOW

HELP = "approve documents: their copies may be certified"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("documents", nargs="+", metavar="DOC")
    parser.add_argument("--by", required=True, metavar="NAME", help="account of the person who approves")
    parser.add_argument("--out", type=Path, metavar="DIR", help="output folder of `sohoa process`")


def run(args: argparse.Namespace, settings: Settings, out: Output) -> int:
    """Exit 0 when every gate is open."""
    settings = settings_of(settings, args.out)
    books = Books(settings, FLOW)
    opened = approve(books, Adapters(settings), args.documents, args.by)
    out.document([{"id": document, "status": status.value} for document, status in opened.items()])
    for document, status in opened.items():
        out.say(f"{document}: approved by {args.by}, {status}")
    books.close()
    return 0
