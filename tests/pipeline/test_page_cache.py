"""page_cache: memory that mirrors a file is given back, the file stays."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from pipeline import page_cache


def test_a_dropped_file_reads_the_same(tmp_path: Path) -> None:
    """Also where its bytes are not on the disk yet, or where somebody maps it."""
    path = tmp_path / "scan"
    data = os.urandom(1 << 20)
    with path.open("w+b") as file:
        file.write(data)
        file.flush()
        page_cache.drop(file.fileno())
        os.fsync(file.fileno())
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            page_cache.drop(file.fileno())
            assert mapped[:] == data
    assert path.read_bytes() == data
