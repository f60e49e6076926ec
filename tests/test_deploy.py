"""The house around the code: Compose file, image, lock files, Makefile and setup agree with the program."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ops.cli import command_names
from pipeline.wiring import load_settings
from stages.flow import FLOW

COMPOSE = Path(sys.executable).with_name("docker-compose")
ONE_SHOT = {"bucket", "migrate"}
LOCKS = ("requirements.lock", "requirements-dev.lock")
TOOLS_LOCK = "benchmarks/ocr/tools.lock"


@pytest.fixture
def project(tmp_path: Path, repository: Path) -> Path:
    """A folder with the Compose file and the example secrets, as an operator has it after step 1."""
    (tmp_path / "ops/deploy").mkdir(parents=True)
    shutil.copy(repository / "docker-compose.yml", tmp_path)
    shutil.copy(repository / "ops/deploy/example.env", tmp_path / "ops/deploy/secrets.env")
    return tmp_path


@pytest.fixture
def services(project: Path) -> dict[str, dict[str, Any]]:
    """The services as Compose understands them."""
    done = _compose(project, "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)["services"]
    return found


def test_compose_accepts_the_file_as_it_is_cloned(repository: Path) -> None:
    """The real Compose binary finds no fault, also before secrets.env is there."""
    done = _compose(repository, "config", "-q")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("condition: service_healthy", "condition: service_happy"),
        ("migrate: { condition", "migrant: { condition"),
        ("restart: unless-stopped", "restrat: unless-stopped"),
        ('volumes: ["postgres:', 'volumes: ["postgras:'),
    ],
)
def test_compose_refuses_a_broken_copy(project: Path, right: str, wrong: str) -> None:
    """The check above is a check: it sees wrong values, keys, services and volumes."""
    file = project / "docker-compose.yml"
    text = file.read_text("utf-8")
    assert right in text
    file.write_text(text.replace(right, wrong), "utf-8")
    assert _compose(project, "config", "-q").returncode != 0


def test_one_worker_service_per_pool(services: dict[str, dict[str, Any]]) -> None:
    """The pools of the flow are the pools of the cluster."""
    pools = [service["command"][-1] for name, service in services.items() if name.startswith("worker-")]
    assert sorted(pools) == sorted(FLOW.pools)
    assert {f"worker-{pool}" for pool in pools} <= services.keys()


def test_services_run_commands_that_exist(services: dict[str, dict[str, Any]]) -> None:
    """Every command and every health check is a command of ``sohoa``."""
    ours = {name: service for name, service in services.items() if "build" in service}
    assert len(ours) == len(FLOW.pools) + 3
    for service in ours.values():
        assert service["command"][0] in command_names()
        if "healthcheck" in service:
            assert service["healthcheck"]["test"][:2] == ["CMD", "sohoa"]
            assert service["healthcheck"]["test"][2] in command_names()


def test_the_environment_of_every_service_is_valid(services: dict[str, dict[str, Any]]) -> None:
    """The settings load without an error, and are those of a cluster."""
    for name, service in services.items():
        if "build" not in service:
            continue
        settings = load_settings(environment=service["environment"])
        assert settings.broker.kind == "rabbitmq", name
        assert (settings.blobs.kind, settings.archive.kind) == ("s3", "s3"), name
        assert settings.ledger.url is not None, name
        assert settings.ledger.url.startswith("postgresql+psycopg://"), name


def test_services_are_hardened(services: dict[str, dict[str, Any]]) -> None:
    """Every service restarts, is limited, checked and without rights that it does not need."""
    for name, service in services.items():
        limits = service["deploy"]["resources"]["limits"]
        assert limits.keys() == {"cpus", "memory", "pids"}, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service.get("read_only") or name == "rabbitmq", name
        assert "ports" not in service, name
        if name in ONE_SHOT:
            assert service["restart"] == "no", name
        else:
            assert service["restart"] == "unless-stopped", name
            assert "healthcheck" in service, name
    assert services["relay"]["depends_on"].keys() == {"migrate", "rabbitmq", "bucket"}


def test_no_password_is_committed(repository: Path) -> None:
    """The Compose file has none, and the example has only placeholders."""
    assert "PASSWORD:" not in (repository / "docker-compose.yml").read_text("utf-8")
    example = (repository / "ops/deploy/example.env").read_text("utf-8")
    secrets = re.findall(r"^\w*(?:PASSWORD|_PASS|SECRET_ACCESS_KEY)=(.*)$", example, re.MULTILINE)
    assert set(secrets) == {"change-me"}
    assert len(secrets) == 3


def test_the_image_runs_locked_versions_without_root(repository: Path) -> None:
    """The Dockerfile installs by hash, from the same package list as ``make run``, and leaves root."""
    text = (repository / "ops/deploy/Dockerfile").read_text("utf-8")
    last_stage = text.rpartition("\nFROM ")[2]
    assert "--require-hashes -r requirements.lock" in text
    assert "/tmp/setup.sh product" in last_stage
    assert re.search(r"^USER 10001", last_stage, re.MULTILINE)
    ignored = (repository / "ops/deploy/Dockerfile.dockerignore").read_text("utf-8").splitlines()
    for source in re.findall(r"^COPY (?!--)(\S+) ", text, re.MULTILINE):
        assert (repository / source).exists()
        assert f"!{source.split('/')[0]}" in ignored


@pytest.mark.parametrize(
    ("lock", "groups"),
    [("requirements.lock", ["run"]), ("requirements-dev.lock", ["run", "dev"]), (TOOLS_LOCK, ["contest"])],
)
def test_lock_files_pin_every_dependency_by_hash(repository: Path, lock: str, groups: list[str]) -> None:
    """Whatever pyproject.toml asks for is pinned with hashes, and no registry is named."""
    text = (repository / lock).read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-", text.replace("    --hash=sha256:", ""), re.MULTILINE)
    pinned = _pinned(repository / lock)
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))
    asked = project["dependency-groups"] | {"run": project["project"]["dependencies"]}
    for requirement in (requirement for group in groups for requirement in asked[group]):
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        assert name is not None
        assert _normal(name[0]) in pinned, f"{name[0]}: run make lock"
        exact = re.search(r"==(\S+)", requirement)
        assert exact is None or pinned[_normal(name[0])] == exact[1], f"{requirement}: run make lock"


def test_both_lock_files_agree(repository: Path) -> None:
    """What is tested is what runs."""
    runs, tested = (_pinned(repository / lock) for lock in LOCKS)
    assert runs.items() <= tested.items()


@pytest.mark.parametrize(
    "target", ["run", "test", "lint", "bench", "contest", "soak", "broken", "chaos", "chaos-guards", "lock", "clean"]
)
def test_make_knows_its_targets(repository: Path, target: str) -> None:
    """``make -n`` can plan each of them."""
    done = subprocess.run(["make", "-n", target], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_setup_says_what_to_install_where_it_may_not(repository: Path, tmp_path: Path) -> None:
    """Without the right to install, the missing packages are named in a command to copy, and nothing is tried."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, answer in {"dpkg-query": "exit 1", "id": "echo 1000", "sudo": "exit 1", "apt-get": "exit 99"}.items():
        (programs / name).write_text(f"#!/bin/sh\n{answer}\n")
        (programs / name).chmod(0o755)
    done = subprocess.run(
        [repository / "ops/setup.sh", "run"],
        env={"PATH": f"{programs}:/usr/bin:/bin", "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "sudo apt-get update && sudo apt-get install -y --no-install-recommends" in done.stderr
    for package in ("tesseract-ocr-vie", "fonts-liberation2", "fonts-texgyre", "fonts-croscore"):
        assert package in done.stderr
    assert "rabbitmq-server" not in done.stderr


def _compose(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(COMPOSE), "-f", "docker-compose.yml", *arguments]
    env = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def _pinned(lock: Path) -> dict[str, str]:
    return {
        _normal(name): version
        for name, version in re.findall(
            r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", lock.read_text("utf-8"), re.MULTILINE
        )
    }


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
