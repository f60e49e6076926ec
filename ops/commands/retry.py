"""``sohoa retry``: let a stopped document go on."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from models.errors import SohoaError
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
    """Exit 0 when every document goes on, else the code of the first that could not; the others go on all the same."""
    settings = settings_of(settings, args.out)
    books = Books(settings, FLOW)
    adapters = Adapters(settings)
    told: list[dict[str, Any]] = []
    exit_code = 0
    for document in args.documents:
        try:
            revision, status = retry(books, adapters, settings, FLOW, document)
        except SohoaError as error:
            exit_code = exit_code or error.exit_code
            failure = {"code": error.code, "message": error.message}
            told.append({"id": document, "revision": None, "status": None, "error": failure})
            out.warn(f"{document}: {error.message} [{error.code}]")
        else:
            told.append({"id": document, "revision": revision, "status": status.value, "error": None})
            out.say(f"{document}: revision {revision} is {status}")
    books.close()
    out.document(told)
    return exit_code
