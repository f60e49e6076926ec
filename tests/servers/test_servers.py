"""The servers that the other tests stand on: they start, come back after a crash, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pika
import pikepdf
import psycopg
import pytest

from models.errors import OperatorError
from pipeline.child_server import ChildServer, answers, free_ports
from pipeline.private_rabbitmq import PrivateRabbitMq
from tests.servers.missing import unavailable
from tests.servers.postgres import Postgres
from tests.servers.s3 import S3
from tests.servers.softhsm import SoftHsm
from tests.support.waiting import wait_until
from tests.verapdf.judge import VeraPdf

QUEUE = "test_servers_durable"

STARTS_A_BROKER = """
import sys, time
from pathlib import Path
from pipeline.private_rabbitmq import PrivateRabbitMq
broker = PrivateRabbitMq(Path(sys.argv[1]))
broker.start()
print(broker.port, broker.pid, flush=True)
time.sleep(600)
"""


def test_rabbitmq_keeps_a_durable_message_over_a_crash(rabbitmq: PrivateRabbitMq) -> None:
    """A confirmed, persistent message is there after kill -9 and a restart under the same address."""
    address = pika.URLParameters(rabbitmq.url)
    connection = pika.BlockingConnection(address)
    channel = connection.channel()
    channel.confirm_delivery()
    channel.queue_declare(QUEUE, durable=True)
    channel.basic_publish("", QUEUE, b"hint", pika.BasicProperties(delivery_mode=2), mandatory=True)
    connection.close()

    rabbitmq.kill()
    assert not rabbitmq.running
    rabbitmq.restart()

    connection = pika.BlockingConnection(address)
    channel = connection.channel()
    _, _, body = channel.basic_get(QUEUE, auto_ack=True)
    channel.queue_delete(QUEUE)
    connection.close()
    assert body == b"hint"


def test_rabbitmq_dies_with_the_process_that_started_it(
    rabbitmq: PrivateRabbitMq, tmp_path: Path, repository: Path
) -> None:
    """kill -9 of the owner leaves neither a broker nor its port mapper behind."""
    assert rabbitmq.running  # so that this test is skipped where RabbitMQ is missing
    command = [sys.executable, "-c", STARTS_A_BROKER, str(tmp_path / "broker")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=repository) as owner:
        assert owner.stdout is not None
        port, pid = map(int, owner.stdout.readline().split())
        assert answers(port)
        owner.send_signal(signal.SIGKILL)
    wait_until(lambda: not answers(port), "the broker's port closes")
    wait_until(lambda: not _alive(pid), "the broker is gone")
    wait_until(lambda: not _running_in(tmp_path), "the port mapper is gone")


def test_a_server_that_ends_by_itself_is_reported_with_its_log(tmp_path: Path) -> None:
    """The error shows the last lines of the log, and does not wait for the deadline."""
    command = ("/bin/sh", "-c", "echo bad option; exit 3")
    server = ChildServer("broken", command, {}, tmp_path / "log")
    server.start()
    with pytest.raises(OperatorError, match=r"ended by itself(.|\n)*bad option"):
        server.wait_ready(lambda: False, timeout_s=600.0)


def test_free_ports_are_different_and_free() -> None:
    """Ports given together differ, and nothing answers on them."""
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert not any(answers(port) for port in ports)


def test_postgres_clones_prepared_databases(postgres: Postgres) -> None:
    """A prepared database is built once and copied; copies are independent; a crash loses no commit."""
    prepared: list[str] = []

    def prepare(url: str) -> None:
        prepared.append(url)
        with _connect(url) as connection:
            connection.execute("CREATE TABLE seen (number int)")

    first, second = postgres.fresh_database(prepare), postgres.fresh_database(prepare)
    assert len(prepared) == 1
    assert first != second
    with _connect(first) as connection:
        connection.execute("INSERT INTO seen VALUES (7)")
    postgres.kill()
    postgres.restart()
    with _connect(first) as connection:
        assert connection.execute("SELECT number FROM seen").fetchall() == [(7,)]
    with _connect(second) as connection:
        assert connection.execute("SELECT number FROM seen").fetchall() == []


def test_s3_refuses_to_overwrite_and_survives_a_crash(s3: S3) -> None:
    """A conditional put answers 412 for a key that is there; the object is there after kill -9."""
    client = s3.client()
    bucket = s3.bucket("test-servers", object_lock=True)
    client.put_object(Bucket=bucket, Key="copy", Body=b"first", IfNoneMatch="*")
    with pytest.raises(client.exceptions.ClientError, match="PreconditionFailed"):
        client.put_object(Bucket=bucket, Key="copy", Body=b"second", IfNoneMatch="*")
    s3.kill()
    s3.restart()
    with client.get_object(Bucket=bucket, Key="copy")["Body"] as body:
        assert body.read() == b"first"
    client.close()


def test_softhsm_has_a_token(softhsm: SoftHsm) -> None:
    """The token is initialised under its label, and programs find its configuration."""
    assert softhsm.token_label in softhsm.util("--show-slots")
    assert os.environ["SOFTHSM2_CONF"] == str(softhsm.conf)


def test_verapdf_judges(verapdf: VeraPdf, tmp_path: Path) -> None:
    """It passes a PDF/A-2b, fails a plain PDF with the broken rules, and survives a file that is no PDF."""
    plain, archival, junk = (tmp_path / f"{name}.pdf" for name in ("plain", "archival", "junk"))
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(plain)
        with pdf.open_metadata() as metadata:
            metadata["pdfaid:part"] = "2"
            metadata["pdfaid:conformance"] = "B"
        pdf.save(archival)
    junk.write_bytes(b"not a PDF")

    assert verapdf(archival).failures == ()
    assert verapdf(archival).ok
    assert not verapdf(plain).ok
    assert any(failure.startswith("6.6") for failure in verapdf(plain).failures)
    assert "not-validated" in verapdf(junk).failures[0]
    assert not verapdf(junk).ok


def test_a_missing_server_skips_here_and_fails_in_ci() -> None:
    """Without a server the test is skipped, unless servers are required: then it fails."""
    with pytest.raises(pytest.skip.Exception, match="no such server"):
        unavailable("no such server", required=False)
    with pytest.raises(pytest.fail.Exception, match="no such server"):
        unavailable("no such server", required=True)


def _connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url.replace("+psycopg", ""))


def _alive(pid: int) -> bool:
    """Whether the process still runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _running_in(folder: Path) -> list[int]:
    """Processes whose environment names the folder as their home."""
    needle = f"HOME={folder}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if needle in (process / "environ").read_bytes() and _alive(int(process.name)):
                found.append(int(process.name))
        except OSError:
            continue
    return found
