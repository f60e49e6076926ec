"""Every command that README.md shows in a ```sh block works, or is named here with the reason why it is not run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

NOT_RUN = {
    "git clone": "needs the address of a repository",
    "cd": "the test is there already",
    "make": "the suite is itself run by make; its targets are checked in test_deploy",
    "docker": "needs a Docker engine",
    "install": "makes folders outside of the project",
    "sudo": "changes the machine",
    "apt-get": "changes the machine",
    "cp ops/deploy": "belongs to the cluster",
    "python -m benchmarks": "takes long; the benchmarks have tests of their own",
    "sohoa intake": "runs until it is stopped; tests/pipeline starts it",
    "sohoa migrate": "needs the cluster's PostgreSQL; tests/ops migrates one",
    "sohoa relay": "runs until it is stopped; tests/pipeline starts it",
    "sohoa worker": "runs until it is stopped; tests/pipeline starts it",
}
"""Beginnings of commands that are long, endless or about a cluster."""

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(markdown: str) -> list[str]:
    """The commands of all ``sh`` blocks: continued lines joined; prompts, comments and blank lines left out."""
    lines = "\n".join(BLOCK.findall(markdown)).replace("\\\n", " ").splitlines()
    plain = (line.strip().removeprefix("$ ") for line in lines)
    return [line for line in plain if line and not line.startswith("#")]


def reason_not_run(command: str) -> str | None:
    """Why the command is not run here, or None."""
    words = [word for word in shlex.split(command, comments=True) if not re.fullmatch(r"\w+=\S*", word)]
    short = " ".join([words[0].removeprefix(".venv/bin/"), *words[1:]]) if words else ""
    return next(
        (why for start, why in NOT_RUN.items() if f"{short} ".startswith(f"{start} ") or short.startswith(f"{start}/")),
        None,
    )


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """A folder that looks like the clone after ``make run``, but has a ``build`` of its own."""
    place = tmp_path_factory.mktemp("readme")
    for entry in repository.iterdir():
        if entry.name not in (".git", ".venv", "build"):
            (place / entry.name).symlink_to(entry)
    (place / ".venv").symlink_to(Path(sys.prefix))
    (place / "build").mkdir()
    _run(".venv/bin/python -m benchmarks.corpus build/samples --samples", place)
    _run(".venv/bin/sohoa process build/samples --out build/out", place)
    return place


def test_the_two_commands_are_shown(repository: Path) -> None:
    """A stranger finds the two commands that do everything."""
    assert {"make run", "make test"} <= set(commands((repository / "README.md").read_text("utf-8")))


@pytest.mark.timeout(1200)
def test_every_command_works(repository: Path, request: pytest.FixtureRequest) -> None:
    """The commands run in the order of the page, each with exit code 0."""
    shown = commands((repository / "README.md").read_text("utf-8"))
    tried = [command for command in shown if reason_not_run(command) is None]
    if tried:
        workplace: Path = request.getfixturevalue("workplace")
        for command in tried:
            _run(command, workplace)


def test_commands_are_found() -> None:
    """Only ``sh`` blocks count; prompts, comments and continued lines are understood."""
    page = "```sh\n# first\n$ make run\nsohoa process \\\n  a --json\n```\n```json\n{}\n```\n\n```sh\nmake test\n```\n"
    assert commands(page) == ["make run", "sohoa process    a --json", "make test"]


@pytest.mark.parametrize(
    ("command", "runs"),
    [
        ("make run", False),
        (".venv/bin/sohoa worker --pool page", False),
        ("SOHOA_STATE=x .venv/bin/sohoa relay", False),
        ("cp ops/deploy/example.env ops/deploy/secrets.env", False),
        ("docker compose up -d", False),
        (".venv/bin/sohoa status --json", True),
        ("sohoa workers", True),
        ("makeshift", True),
    ],
)
def test_only_named_commands_are_left_out(command: str, runs: bool) -> None:
    """A command is run unless its beginning, word by word, is on the list."""
    assert (reason_not_run(command) is None) == runs


def _run(command: str, folder: Path) -> None:
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
