"""``python -m benchmarks.chaos.host ROLE SETTINGS [FOLDER]``: a service of a simulated host, until SIGTERM.

What ``sohoa relay``, ``sohoa worker`` and ``sohoa intake FOLDER`` run; only that a worker's slot children read
with the scripted engine, and that the host may lack a guard or have a wrong clock.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from benchmarks.chaos.engine import SERVE
from benchmarks.chaos.guards import compose
from models.errors import SohoaError
from ops.logs import start_logging
from ops.stopping import stop_signals
from pipeline.services import run_intake, run_relay, run_worker
from pipeline.wiring import load_settings


def main(arguments: Sequence[str]) -> int:
    """The exit code is the error's."""
    role, file, *folder = arguments
    settings = load_settings(Path(file), {})
    flow = compose(settings.state)  # first of all, so that nothing is bound yet to what it replaces
    start_logging()

    def serve(stop: threading.Event) -> None:
        if role == "relay":
            run_relay(settings, stop, flow)
        elif role == "worker":
            run_worker(settings, flow.pools, stop, flow, SERVE)
        else:
            run_intake(settings, Path(folder[0]), stop, flow)

    try:
        with stop_signals() as stop:
            serve(stop)
    except SohoaError as error:
        sys.stderr.write(f"{role}: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
