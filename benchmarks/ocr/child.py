"""One engine in a process of its own, pinned to one core: what it takes is measured where it happens.

The process speaks JSON lines: first what it is, then one answer for each page. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from benchmarks.ocr.engines import ENGINES, Reader, Reading, Scan, Unavailable, open_reader
from pipeline.allocator import keep_memory

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = {"OMP_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_READY_S = 180.0


@dataclass(frozen=True)
class Answer:
    """What one reading of one page took and gave. ``error``: why there is no text, else empty.

    ``cpu_ms``: of the process and of those it started. ``blocks``: lines of ``[word, box]``.
    """

    wall_ms: float
    cpu_ms: float
    blocks: list[list[list[tuple[str, list[float]]]]]
    notes: dict[str, float]
    peak_mb: float = 0.0
    error: str = ""

    @property
    def text(self) -> str:
        """Lines in the order in which they were read."""
        return "\n".join(" ".join(word for word, _ in line) for block in self.blocks for line in block)


class Child:
    """The engine's process, from here. Use as a context manager; ``unavailable`` says why it cannot run, or is empty."""

    def __init__(self, name: str, core: int, options: dict[str, Any]) -> None:
        self.name = name
        self._core = core
        self._options = options
        self.version = ""
        self.unavailable = ""
        self.open_ms = 0.0
        self._start()

    def _start(self) -> None:
        tools = self._options.get("tools")
        folder = Path(tools) / "bin" if tools else None
        python = sys.executable
        if folder and ENGINES[self.name].own_python and (folder / "python").exists():
            python = str(folder / "python")
        environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)}
        if folder:
            environment["PATH"] = f"{folder.resolve()}{os.pathsep}{environment.get('PATH', '')}"
        given = json.dumps(self._options)
        arguments = [python, "-m", "benchmarks.ocr.child", self.name, "--core", str(self._core), "--options", given]
        began = time.perf_counter()
        self._process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, bufsize=0
        )
        hello = self._receive(_READY_S)
        self.open_ms = (time.perf_counter() - began) * 1000
        self.version = hello.get("version", "")
        self.unavailable = hello.get("unavailable", "" if self.version else hello.get("error", "it did not start"))

    def read(self, path: Path, dpi: int, deadline_s: float) -> Answer:
        """Read a page. A process that dies or is too slow is replaced; the page then has no text."""
        assert self._process.stdin is not None
        began = time.perf_counter()
        try:
            self._process.stdin.write(json.dumps({"path": str(path), "dpi": dpi}).encode() + b"\n")
        except BrokenPipeError:
            told: dict[str, Any] = {"error": "the engine's process had ended"}
        else:
            told = self._receive(deadline_s)
        if "blocks" in told:
            return Answer(**told)
        lost_ms = (time.perf_counter() - began) * 1000
        if told.get("ended", True):
            self.close()
            self._start()
        return Answer(lost_ms, lost_ms, [], {}, error=told["error"])

    def _receive(self, deadline_s: float) -> dict[str, Any]:
        """The next answer, or an ``error``."""
        assert self._process.stdout is not None
        ends = time.monotonic() + deadline_s
        parts: list[bytes] = []
        while not (parts and parts[-1].endswith(b"\n")):
            left = ends - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                return {"error": f"no answer within {deadline_s:.0f} s"}
            part = self._process.stdout.read(1 << 20)
            if not part:
                return {"error": f"the engine's process ended with {self._process.wait()}"}
            parts.append(part)
        told: dict[str, Any] = json.loads(b"".join(parts))
        return told

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _1: type[BaseException] | None, _2: BaseException | None, _3: TracebackType | None) -> None:
        self.close()


def _cpu_s() -> float:
    """Seconds of processor of this process and of its children that have ended, to the microsecond."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in used)


def peak_mb() -> float:
    """Most memory that this process, or the largest that it started, has had; MB of 1024² bytes."""
    own = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return max(int(own.split()[1]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


def _answer(reader: Reader, path: Path, dpi: int) -> dict[str, Any]:
    scan = Scan(path, path.read_bytes(), dpi)
    cpu, wall = _cpu_s(), time.perf_counter()
    try:
        reading: Reading = reader.read(scan)
    except Exception as error:  # noqa: BLE001 - whatever an engine raises is its result for this page
        return {"error": f"{type(error).__name__}: {error}", "ended": False}
    wall_ms, cpu_ms = (time.perf_counter() - wall) * 1000, (_cpu_s() - cpu) * 1000
    return {
        "wall_ms": wall_ms,
        "cpu_ms": cpu_ms,
        "blocks": reading.blocks,
        "notes": reading.notes,
        "peak_mb": peak_mb(),
    }


def serve(name: str, options: dict[str, Any], requests: IO[str], answers: IO[str]) -> None:
    """Answer until there are no more requests."""

    def tell(document: dict[str, Any]) -> None:
        answers.write(json.dumps(document) + "\n")
        answers.flush()

    try:
        reader = open_reader(name, options)
    except Unavailable as error:
        tell({"unavailable": str(error)})
        return
    tell({"version": reader.version})
    for request in requests:
        wanted = json.loads(request)
        tell(_answer(reader, Path(wanted["path"]), wanted["dpi"]))


def main() -> None:
    """The process: pinned before anything is loaded; what libraries print goes to stderr, not into the answers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=tuple(ENGINES))
    parser.add_argument("--core", type=int, required=True)
    parser.add_argument("--options", type=json.loads, required=True)
    given = parser.parse_args()
    os.sched_setaffinity(0, {given.core})
    keep_memory()  # as in the line's own children
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(given.name, given.options, sys.stdin, answers)


if __name__ == "__main__":
    main()
