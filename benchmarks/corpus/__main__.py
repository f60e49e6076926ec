"""``python -m benchmarks.corpus OUT``: write generated batches and their truth."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from benchmarks.corpus.batch import KINDS
from benchmarks.corpus.damage import LEVELS
from benchmarks.corpus.faults import FAULTS
from benchmarks.corpus.samples import write_corpus, write_samples
from benchmarks.corpus.texts import sentences
from models.errors import SohoaError


def main(arguments: Sequence[str]) -> dict[str, object]:
    """Generate as the arguments say; counts for the caller. Raises ``SohoaError``."""
    options = _parser().parse_args(arguments)
    if options.documents is None:
        truths = write_samples(options.out, options.seed)
    else:
        truths = write_corpus(
            options.out,
            options.seed,
            options.documents,
            dpi=options.dpi,
            kinds=_names(options.kinds),
            faults=_names(options.faults),
            level=options.level,
            lines=sentences(options.texts),
        )
    return {
        "out": str(options.out),
        "documents": len(truths),
        "sides": sum(len(truth.sides) for truth in truths),
        "seed": options.seed,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.corpus", description=__doc__)
    parser.add_argument("out", type=Path, help="folder that gets the batches")
    parser.add_argument("--seed", type=int, default=7, help="same seed, same bytes (default 7)")
    parser.add_argument("--samples", action="store_true", help="the sample set of `make run`; the default")
    parser.add_argument("--documents", type=int, help="that many batches instead of the sample set")
    parser.add_argument("--dpi", type=int, choices=(200, 300), help="default: mixed")
    parser.add_argument("--kinds", default="", help=f"comma-separated, of {', '.join(KINDS)} (default all)")
    parser.add_argument("--faults", default="", help=f"one more batch for each, of {', '.join(FAULTS)}")
    parser.add_argument("--level", choices=tuple(LEVELS), default="normal", help="how much damage")
    parser.add_argument("--texts", type=Path, help="file with sentences to mix in, one a line")
    return parser


def _names(listed: str) -> tuple[str, ...]:
    return tuple(name for name in listed.split(",") if name)


if __name__ == "__main__":
    try:
        sys.stdout.write(orjson.dumps(main(sys.argv[1:])).decode() + "\n")
    except SohoaError as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(problem.exit_code)
