"""The ``sohoa`` command: one file per sub-command in ``ops/commands``."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from models.errors import SohoaError
from models.settings import Settings
from ops import commands
from ops.logs import start_logging
from ops.output import Output
from pipeline.wiring import load_settings

INTERRUPTED = 130


class Command(Protocol):
    """What a module in ``ops/commands`` offers."""

    HELP: str

    def configure(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, args: argparse.Namespace, settings: Settings, out: Output) -> int: ...


def command_names() -> tuple[str, ...]:
    """Every sub-command, by file name."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(commands.__path__)))


def load_command(name: str) -> Command:
    """The module of one sub-command."""
    return cast(Command, importlib.import_module(f"ops.commands.{name}"))


def build_parser(names: Sequence[str]) -> argparse.ArgumentParser:
    """The command line with the given sub-commands."""
    parser = argparse.ArgumentParser(prog="sohoa", description="Digitise, certify and archive scanned paper files.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in names:
        command = load_command(name)
        sub = subparsers.add_parser(name, help=command.HELP, description=command.HELP)
        sub.add_argument("--json", action="store_true", help="print one JSON document on standard output, nothing else")
        sub.add_argument("--settings", type=Path, metavar="FILE", help="TOML settings; SOHOA_* variables win over it")
        sub.add_argument("--verbose", action="store_true", help="log every step")
        command.configure(sub)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is the error's (see models.errors), 0 on success."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # before any library reads them: one process per core
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    names = command_names()
    wanted = arguments[0] if arguments and arguments[0] in names else None
    args = build_parser((wanted,) if wanted else names).parse_args(arguments)
    out = Output(json=args.json)
    try:
        start_logging(verbose=args.verbose)
        return load_command(args.command).run(args, load_settings(args.settings), out)
    except SohoaError as error:
        out.document({"error": {"code": error.code, "message": error.message}})
        out.warn(f"sohoa {args.command}: {error.message} [{error.code}]")
        return error.exit_code
    except KeyboardInterrupt:
        out.warn(f"sohoa {args.command}: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        return 0
