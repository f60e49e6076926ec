"""allocator: memory of one page serves the next."""

from __future__ import annotations

import subprocess
import sys

_FAULTS = """
import resource, sys
from pipeline.allocator import keep_memory
if sys.argv[1] == "keep":
    keep_memory()
def page():
    return [bytearray(b"x") * (size << 20) for size in (8, 25, 3, 25, 25, 25)]
for _ in range(3):
    page()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    page()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_a_page_takes_no_fresh_memory_after_the_first() -> None:
    """Page faults of five pages: tens of thousands by default, next to none with ours."""
    faults = {}
    for mode in ("default", "keep"):
        run = subprocess.run([sys.executable, "-c", _FAULTS, mode], capture_output=True, text=True, check=True)
        faults[mode] = int(run.stdout)
    assert faults["keep"] * 20 < faults["default"], faults


_COLLECTED = """
import gc
import sqlalchemy
from pipeline.allocator import keep_objects
keep_objects()
print(len(gc.get_objects()), gc.get_freeze_count())
"""


def test_no_collection_looks_at_what_was_loaded_before() -> None:
    """All that a library brought is out of its sight; what comes later is collected as ever."""
    run = subprocess.run([sys.executable, "-c", _COLLECTED], capture_output=True, text=True, check=True)
    seen, kept = map(int, run.stdout.split())
    assert seen * 20 < kept
