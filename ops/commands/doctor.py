"""``sohoa doctor``: what is installed, reachable and right, and what to do about what is not."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from models.settings import Settings
from ops.output import Output
from pipeline.processing import settings_for

HELP = "check programs, folders, servers, certificate and clock; exit 78 when something must be mended"

NOT_WELL = 78


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--out", type=Path, metavar="DIR", help="output folder of `sohoa process`")


def run(args: argparse.Namespace, settings: Settings, out: Output) -> int:
    """Exit 0 when nothing fails; warnings do not count."""
    from ops.doctoring import check_machine
    from ops.doctoring_services import check_services

    chosen = settings if args.out is None else settings_for(settings, args.out, None)
    checks = [*check_machine(chosen), *check_services(chosen)]
    failed = sum(check.level == "fail" for check in checks)
    out.document({"ok": not failed, "checks": [asdict(check) for check in checks]})
    for check in checks:
        out.say(f"{check.level:<5} {check.name}: {check.detail}")
        if check.do:
            out.say(f"      -> {check.do}")
    return NOT_WELL if failed else 0
