"""Running the product as a user does: the installed command, its JSON, its output folder."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

SOHOA = Path(sys.executable).with_name("sohoa")


@dataclass(frozen=True)
class Run:
    """A finished command. ``document``: what it printed with ``--json``."""

    code: int
    document: Any
    stderr: str


def sohoa(*arguments: str | Path, timeout_s: float = 600) -> Run:
    """Run ``sohoa … --json`` and read its one JSON document."""
    done = subprocess.run([SOHOA, *map(str, arguments), "--json"], capture_output=True, timeout=timeout_s, check=False)
    return Run(done.returncode, orjson.loads(done.stdout) if done.stdout else None, done.stderr.decode())


@dataclass(frozen=True)
class Outcome:
    """An output folder and the report of the run that filled it."""

    folder: Path
    report: dict[str, Any]

    def document(self, name: str) -> dict[str, Any]:
        """The report's line about one document."""
        found: list[dict[str, Any]] = [d for d in self.report["documents"] if d["id"] == name]
        assert len(found) == 1, f"{name} stands {len(found)} times in the report"
        return found[0]


def process(paths: list[Path], out: Path, *options: str) -> Outcome:
    """Process batches to the end; the command must succeed."""
    run = sohoa("process", *paths, "--out", out, *options)
    assert run.code == 0, run.stderr + (out / "log.jsonl").read_text()[-5000:]
    return Outcome(out, run.document)
