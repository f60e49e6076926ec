"""Fixtures that every test may use: the real servers, each started when the first test asks for it.

A server that is not installed skips its tests on a developer's machine and fails them in CI and
under ``make test`` (``CI=true`` or ``SOHOA_REQUIRE_SERVERS=1``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.chaos.servers import Broker
from models.errors import OperatorError
from tests.servers.missing import ServerMissing, unavailable
from tests.servers.postgres import Postgres
from tests.servers.s3 import S3
from tests.servers.softhsm import SoftHsm
from tests.verapdf.judge import VeraPdf


@pytest.fixture(scope="session")
def servers_required() -> bool:
    """Whether a missing server is a failure here."""
    return os.environ.get("CI", "").lower() == "true" or os.environ.get("SOHOA_REQUIRE_SERVERS") == "1"


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory, servers_required: bool) -> Iterator[Broker]:
    """A running RabbitMQ. A test that kills it must restart it; each test uses queue names of its own."""
    broker = Broker(tmp_path_factory.mktemp("rabbitmq"))
    try:
        broker.start()
    except OperatorError as error:
        if error.code != "rabbitmq_missing":
            raise
        unavailable(error.message, required=servers_required)
    yield broker
    broker.kill()
    broker.stop()


@pytest.fixture(scope="session")
def postgres(servers_required: bool) -> Iterator[Postgres]:
    """A running PostgreSQL; ``fresh_database()`` gives each test one of its own."""
    try:
        server = Postgres()
    except ServerMissing as missing:
        unavailable(str(missing), required=servers_required)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def s3(servers_required: bool) -> Iterator[S3]:
    """A running S3 server; ``bucket(name)`` makes a bucket."""
    try:
        server = S3()
    except ServerMissing as missing:
        unavailable(str(missing), required=servers_required)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def softhsm(servers_required: bool) -> Iterator[SoftHsm]:
    """A PKCS#11 token. Its configuration stands in the environment, where the C library looks for it."""
    try:
        token = SoftHsm()
    except ServerMissing as missing:
        unavailable(str(missing), required=servers_required)
    os.environ["SOFTHSM2_CONF"] = str(token.conf)
    yield token
    del os.environ["SOFTHSM2_CONF"]
    token.stop()


@pytest.fixture(scope="session")
def verapdf(servers_required: bool) -> Iterator[VeraPdf]:
    """``verapdf(path, "2b")``: the verdict of the real veraPDF."""
    try:
        judge = VeraPdf()
    except ServerMissing as missing:
        unavailable(str(missing), required=servers_required)
    yield judge
    judge.stop()


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the working tree."""
    return Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    """``make soak`` and ``make broken`` ask for more than the suite has time for."""
    parser.addoption("--rounds", type=int, default=30, help="repetitions of each race (the campaign: 1000)")
    parser.addoption("--broken", action="store_true", help="every broken batch, not a few of each kind")


@pytest.fixture(scope="session")
def rounds(pytestconfig: pytest.Config) -> int:
    """How often a race is run."""
    chosen: int = pytestconfig.getoption("--rounds")
    return chosen
