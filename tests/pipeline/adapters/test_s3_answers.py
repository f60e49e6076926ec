"""S3: what rare answers of a server mean. The server is scripted, the client is the real one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr

from models.errors import Retryable
from models.settings import BlobSettings
from pipeline.adapters.s3_blobs import S3Blobs


@contextmanager
def answering(status: int, code: str, times: int) -> Iterator[tuple[S3Blobs, list[bool]]]:
    """A store at a server that gives this answer so often, then success; whether each PUT was conditional."""
    conditional: list[bool] = []

    class Answers(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            conditional.append("If-None-Match" in self.headers)
            again = len(conditional) <= times
            body = f"<Error><Code>{code}</Code></Error>".encode() if again else b""
            self.send_response(status if again else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    key = SecretStr("key")
    place = f"http://127.0.0.1:{server.server_port}"
    store = S3Blobs(BlobSettings(kind="s3", bucket="b", endpoint=place, access_key=key, secret_key=key))
    try:
        yield store, conditional
    finally:
        store.close()
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_writer_beside_us_does_not_stop_us() -> None:
    """Its bytes are the same, and it may yet fail: ours are written without the condition."""
    with answering(409, "ConditionalRequestConflict", 1) as (store, conditional):
        assert store.put("doc", b"scan")
    assert conditional == [True, False]


@pytest.mark.parametrize(
    ("status", "code", "means"),
    [
        (403, "AccessDenied", "blobs_refused"),
        (404, "NoSuchBucket", "blobs_refused"),
        (400, "InvalidBucketName", "blobs_refused"),
        (400, "RequestTimeout", "blobs_unavailable"),
        (408, "Timeout", "blobs_unavailable"),
        (409, "OperationAborted", "blobs_unavailable"),
        (409, "ConditionalRequestConflict", "blobs_unavailable"),
        (429, "TooManyRequests", "blobs_unavailable"),
        (503, "SlowDown", "blobs_unavailable"),
    ],
)
def test_a_busy_server_is_not_a_wrong_setting(status: int, code: str, means: str) -> None:
    """Only what an operator has to mend sends one to look at bucket and keys."""
    with answering(status, code, 99) as (store, _), pytest.raises(Retryable) as caught:
        store.put("doc", b"scan")
    assert caught.value.code == means
