"""``python -m benchmarks.overload.host relay|worker FILE``: one process of the simulated cluster.

The product's relay and worker with the simulated flow, and with slot children that only take time.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.simulated import SERVE, SIMULATED
from ops.logs import start_logging
from ops.stopping import stop_signals
from pipeline.services import run_relay, run_worker
from pipeline.wiring import load_settings


def main(part: str, file: Path) -> None:
    """Until SIGTERM."""
    settings = load_settings(file, {})
    start_logging(settings.state / f"{part}.jsonl", verbose=False)
    with stop_signals() as stop:
        if part == "relay":
            run_relay(settings, stop, SIMULATED)
        else:
            run_worker(settings, SIMULATED.pools, stop, SIMULATED, SERVE)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
