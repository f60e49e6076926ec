"""Renders training lines::

    python -m benchmarks.recogniser.prepare OUT --texts FOLDER --shards 50

Shards that are there already are left alone, so that it can be stopped and started; several may run with other
``--first``. ``--held-out`` uses the share of the texts that training never sees.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import cv2

from benchmarks.recogniser import shards
from benchmarks.recogniser.texts import Corpus


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recogniser.prepare")
    add = parser.add_argument
    add("out", type=Path, help="folder for the shards")
    add("--texts", type=Path, help="folder of official texts, one line each (default: generated text alone)")
    add("--without", type=Path, help="folder of development pages' texts, whose lines are left out")
    add("--shards", type=int, default=50, help=f"how many, of {shards.LINES} lines")
    add("--first", type=int, default=0)
    add("--seed", type=int, default=4)
    add("--held-out", action="store_true")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    corpus = Corpus.read(options.texts, held_out=options.held_out, without=options.without)
    began = time.monotonic()
    made = 0
    for told in shards.make(options.out, range(options.first, options.first + options.shards), options.seed, corpus):
        made += told["lines"]
        sys.stdout.write(json.dumps({**told, "lines_per_s": round(made / (time.monotonic() - began), 1)}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
