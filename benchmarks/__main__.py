"""``python -m benchmarks NAME``: run one benchmark; the last line printed is its headline as JSON.

Each benchmark is a module of this package with ``main(quick, extra) -> dict``.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

import benchmarks
from benchmarks import measure
from benchmarks.corpus.__main__ import main as corpus_main
from models.errors import OperatorError, SohoaError

_HELPERS = frozenset({"__main__", "accuracy", "corpus", "ledger_history", "measure", "ngram", "private_postgres", "private_s3", "processes",
                      "reading", "replay", "servers", "simulated", "stepwise", "time_authority"})  # fmt: skip


def names() -> tuple[str, ...]:
    """Every benchmark that can be run, and ``corpus``."""
    found = {module.name for module in pkgutil.iter_modules(benchmarks.__path__)}
    return ("corpus", *sorted(name for name in found - _HELPERS if not name.startswith("_")))


def run(name: str, *, quick: bool, extra: list[str]) -> dict[str, Any]:
    """Run a benchmark; its full result. Raises ``OperatorError("unknown_benchmark")``."""
    if name == "corpus":
        return {"benchmark": "corpus", "headline": corpus_main(extra)}
    if name not in names():
        raise OperatorError("unknown_benchmark", f"no benchmark {name!r}: choose from {', '.join(names())}")
    outcome: dict[str, Any] = importlib.import_module(f"benchmarks.{name}").main(quick, extra)
    return outcome


def main(arguments: Sequence[str]) -> int:
    """The command line; the exit code comes from the error tree."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", help=", ".join(names()))
    parser.add_argument("--quick", action="store_true", help="fewer pages and repeats: a smoke test, not a result")
    parser.add_argument("--json", type=Path, help="file for the full result")
    options, extra = parser.parse_known_args(arguments)
    try:
        outcome = run(options.name, quick=options.quick, extra=extra)
    except SohoaError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    if options.json is not None:
        measure.write_json(options.json, outcome)
    sys.stdout.write(orjson.dumps(outcome["headline"]).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
