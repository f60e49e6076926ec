"""Benchmarks, and the generator of the sample papers. They may import everything; nothing imports them."""

import os

for _variable in ("OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS"):
    # Before numpy is loaded: its threads wait by spinning, and all of that would count as CPU time of what is measured.
    os.environ.setdefault(_variable, "1")
