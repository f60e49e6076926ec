"""``sohoa worker``: work for one or more pools."""

from __future__ import annotations

import argparse

from models.settings import Settings
from ops.output import Output
from ops.stopping import stop_signals
from pipeline.services import run_worker

HELP = "work for a pool until SIGTERM, then drain"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--pool", action="append", required=True, metavar="NAME", help="may be given several times")
    parser.add_argument("--slots", type=int, metavar="N", help="slots of each pool named; default: the settings")


def run(args: argparse.Namespace, settings: Settings, _out: Output) -> int:
    """Until SIGTERM."""
    if args.slots is not None:
        pools = {pool: settings.pool(pool).model_copy(update={"slots": args.slots}) for pool in args.pool}
        settings = settings.model_copy(update={"pools": settings.pools | pools})
    with stop_signals() as stop:
        run_worker(settings, tuple(dict.fromkeys(args.pool)), stop)
    return 0
