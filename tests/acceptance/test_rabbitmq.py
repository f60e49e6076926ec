"""The same batches on RabbitMQ, and what is left of them when parts are killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from pipeline.wiring import Books, load_settings
from stages.flow import FLOW
from tests.acceptance.line import SOHOA, Outcome, process, sohoa
from tests.support.waiting import wait_until


@pytest.fixture(scope="session")
def reference(few: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The small batches through the embedded line, for comparison."""
    return process(few, tmp_path_factory.mktemp("reference") / "out")


def same(left: Path, right: Path) -> None:
    """``sohoa diff`` finds nothing."""
    run = sohoa("diff", left, right)
    assert run.code == 0, run.document


@pytest.mark.timeout(600)
def test_a_private_cluster_gives_the_same_results(
    samples: Path, embedded: Outcome, tmp_path: Path, rabbitmq: object
) -> None:
    """All samples on RabbitMQ, relay and two workers: the same outcome; each hint published is acknowledged."""
    del rabbitmq  # only says whether the server is installed
    outcome = process([samples], tmp_path / "out", "--broker", "rabbitmq")
    broker = outcome.report["summary"]["broker"]
    assert broker["kind"] == "rabbitmq"
    assert broker["published"] == broker["acked"] > 0
    same(embedded.folder, outcome.folder)


def children(pid: int) -> dict[int, str]:
    """Name and command line of all processes below one."""
    parents: dict[int, int] = {}
    lines: dict[int, str] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                stat = (folder / "stat").read_text()
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                lines[int(folder.name)] = (folder / "comm").read_text() + command
            except OSError:
                continue
            parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    below = {pid}
    while more := {p for p, parent in parents.items() if parent in below} - below:
        below |= more
    return {p: lines[p] for p in below - {pid}}


def pid_of(run: subprocess.Popen[bytes], wanted: Callable[[str], bool]) -> int:
    """Process id of one part of a running cluster."""

    def look() -> list[int]:
        return [pid for pid, line in children(run.pid).items() if wanted(line)]

    return wait_until(look, "a process to kill")[0]


PARTS: dict[str, Callable[[str], bool]] = {
    "worker": lambda line: "sohoa worker" in line,
    "relay": lambda line: "sohoa relay" in line,
    "broker": lambda line: "beam.smp" in line,
    "slot child": lambda line: line.startswith("page-1\n"),
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", sorted(PARTS))
def test_killing_a_part_in_the_middle_changes_nothing(
    part: str, few: list[Path], reference: Outcome, tmp_path: Path, rabbitmq: object
) -> None:
    """kill -9 while sides are being read; what died is started again, and the result is the same."""
    del rabbitmq
    out = tmp_path / "out"
    with subprocess.Popen(
        [SOHOA, "process", *few, "--out", out, "--broker", "rabbitmq", "--json"], stdout=subprocess.PIPE
    ) as run:
        wait_until(lambda: _any_counted(out), "the first sides")
        os.kill(pid_of(run, PARTS[part]), signal.SIGKILL)
        printed, _ = run.communicate(timeout=500)
    assert run.returncode == 0, (out / "log.jsonl").read_text()[-5000:]
    assert orjson.loads(printed)["summary"]["archived"] == len(few)
    same(reference.folder, out)


def _any_counted(out: Path) -> bool:
    """Whether a document of the running cluster has come past the count."""
    if not (out / "cluster.json").exists() or not (out / "state" / "ledger.sqlite").exists():
        return False
    books = Books(load_settings(out / "cluster.json", {}), FLOW)
    counted = books.views.facts_of_kind("Counted")
    books.close()
    return bool(counted)
