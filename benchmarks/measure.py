"""What every benchmark result carries: machine, versions, corpus, repeats; and the file it goes into."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

PACKAGES = ("sohoa", "numpy", "opencv-python-headless", "pillow", "tesserocr", "pikepdf", "pyhanko", "dramatiq",
            "sqlalchemy", "pydantic", "orjson")  # fmt: skip
"""Libraries whose version changes the numbers."""


def machine() -> dict[str, object]:
    """The processor, the cores that this process may use, memory, and how busy the machine is now."""
    return {
        "cpu": _first_line("/proc/cpuinfo", "model name") or platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mb": int((_first_line("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) // 1024,
        "load_1min": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
    }


def versions() -> dict[str, str]:
    """Python, the libraries that count, and Tesseract's command line where it is installed."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    program = shutil.which("tesseract")
    if program:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=30)
        found["tesseract"] = told.stdout.split("\n", 1)[0].removeprefix("tesseract ")
    return found


def corpus_hash(folder: Path) -> str:
    """SHA-256 over names and bytes of all files: the same for the same corpus, wherever it lies."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@dataclass(frozen=True)
class Spread:
    """Repeats of one measure, in the order taken."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def as_json(self) -> dict[str, object]:
        """Median, range and every value."""
        return {
            "median": self.median,
            "least": min(self.values),
            "most": max(self.values),
            "values": list(self.values),
        }


@dataclass
class Stopwatch:
    """Seconds that passed, and seconds of processor that this process (children too) used."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    _start: tuple[float, float] = field(default=(0.0, 0.0), repr=False)


@contextmanager
def timed() -> Iterator[Stopwatch]:
    """Time a block; read the watch after it."""
    watch = Stopwatch()
    start = time.perf_counter(), cpu_s()
    try:
        yield watch
    finally:
        watch.wall_s, watch.cpu_s = time.perf_counter() - start[0], cpu_s() - start[1]


def cpu_s() -> float:
    """Seconds of processor used by this process and its children that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def rss_mb(pid: int | None = None) -> float:
    """Resident memory of a process (this one without ``pid``), in MB of 1024² bytes."""
    kb = (_first_line(f"/proc/{pid or os.getpid()}/status", "VmRSS") or "0 kB").split()[0]
    return int(kb) / 1024


def repeat(times: int, work: Callable[[], float]) -> Spread:
    """Run a measure several times after one run that only warms up."""
    work()
    return Spread(tuple(work() for _ in range(times)))


def result(
    name: str, headline: Mapping[str, object], details: Mapping[str, object], corpus: str | None
) -> dict[str, Any]:
    """The full record of one benchmark. ``corpus``: its hash, or None where none was used."""
    return {
        "benchmark": name,
        "headline": dict(headline),
        "details": dict(details),
        "corpus_sha256": corpus,
        "machine": machine(),
        "versions": versions(),
    }


def write_json(path: Path, document: Mapping[str, object]) -> None:
    """Write a result where a reader can diff it: indented, keys in the order given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def slope(values: Sequence[float]) -> float:
    """Least-squares growth per step; 0 for fewer than two values."""
    count = len(values)
    if count < 2:
        return 0.0
    mean_x, mean_y = (count - 1) / 2, sum(values) / count
    over = sum((x - mean_x) * (y - mean_y) for x, y in enumerate(values))
    return over / sum((x - mean_x) ** 2 for x in range(count))


def _first_line(path: str, key: str) -> str | None:
    """The value behind the first ``key:`` of a file in /proc, or None."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), None)
