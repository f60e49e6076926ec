"""``sohoa relay``: publish hints for owed steps."""

from __future__ import annotations

import argparse

from models.settings import Settings
from ops.output import Output
from ops.stopping import stop_signals
from pipeline.services import run_relay

HELP = "publish hints for owed steps to RabbitMQ; several may run, one leads"


def configure(_parser: argparse.ArgumentParser) -> None:
    """Take no arguments."""


def run(_args: argparse.Namespace, settings: Settings, _out: Output) -> int:
    """Until SIGTERM."""
    with stop_signals() as stop:
        run_relay(settings, stop)
    return 0
