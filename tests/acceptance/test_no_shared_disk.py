"""Two hosts that share servers and no disk: what one takes in, the other one works on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import orjson
import pytest

from pipeline.adapters.s3_blobs import S3Blobs
from pipeline.private_rabbitmq import PrivateRabbitMq
from pipeline.wiring import load_settings
from stages.flow import FLOW
from tests.acceptance.line import SOHOA, process, sohoa
from tests.servers.postgres import Postgres
from tests.servers.s3 import S3
from tests.support.ledgers import migrated

STOP_S = 60


@pytest.fixture
def hosts(tmp_path: Path, rabbitmq: PrivateRabbitMq, postgres: Postgres, s3: S3) -> tuple[Path, Path]:
    """The settings of a host that takes in and of one that works; only their state folders differ."""
    keys = f'endpoint = "{s3.endpoint}"\naccess_key = "{s3.access_key}"\nsecret_key = "{s3.secret_key}"\n'
    shared = (
        f'[ledger]\nurl = "{postgres.fresh_database(migrated)}"\n'
        f'[broker]\nkind = "rabbitmq"\nurl = "{rabbitmq.url}"\nquorum = false\nprefix = "no-shared-disk"\n'
        f'[blobs]\nkind = "s3"\nbucket = "{s3.bucket("work")}"\nprefix = "{tmp_path.name}"\n{keys}'
        f'[archive]\nkind = "s3"\nbucket = "{s3.bucket("copies", object_lock=True)}"\n{keys}'
    )

    def host(name: str) -> Path:
        file = tmp_path / f"{name}.toml"
        file.write_text(f'state = "{tmp_path / name}"\n{shared}', "utf-8")
        return file

    return host("intake"), host("work")


@contextmanager
def running(settings: Path, *command: str) -> Iterator[None]:
    """A service of one host, ended as its service manager would."""
    with (settings.with_suffix(".log").open("ab") as log,
          subprocess.Popen([SOHOA, *command, "--settings", settings], stdout=log, stderr=log) as service):  # fmt: skip
        try:
            yield
        finally:
            service.terminate()
        assert service.wait(STOP_S) == 0, settings.with_suffix(".log").read_text()[-5000:]


@pytest.mark.timeout(300)
def test_a_document_taken_in_on_one_host_is_done_on_another(
    few: list[Path], hosts: tuple[Path, Path], s3: S3, tmp_path: Path
) -> None:
    """It waits for a person, then it is archived; its blobs are in the bucket, and on neither disk."""
    takes_in, works = hosts
    pools = [argument for pool in FLOW.pools for argument in ("--pool", pool)]
    with ExitStack() as services:
        services.enter_context(running(works, "relay"))
        services.enter_context(running(works, "worker", *pools))
        (entry,) = process(few[:1], tmp_path / "out", "--settings", str(takes_in)).report["documents"]
        assert entry["status"] == "WAITING"
        sohoa("approve", entry["id"], "--by", "officer-12", "--settings", takes_in)
        (entry,) = process(few[:1], tmp_path / "out", "--settings", str(takes_in)).report["documents"]
    assert entry["status"] == "ARCHIVED"
    client = s3.client()
    bucket, _, key = entry["record"].removeprefix("s3://").partition("/")
    with client.get_object(Bucket=bucket, Key=key)["Body"] as record:
        assert orjson.loads(record.read())["document"]["archive_key"] in key
    client.close()
    store = S3Blobs(load_settings(takes_in, {}).blobs)
    assert store.documents() == (entry["id"],)
    assert store.used_bytes() > 0
    store.close()
    assert not list(tmp_path.rglob("blobs"))
