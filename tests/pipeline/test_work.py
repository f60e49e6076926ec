"""work: what a step sees of the blob store."""

from __future__ import annotations

import hashlib
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from models.errors import Retryable
from models.facts import Fact
from models.flow import Flow, Segment
from models.settings import Settings, SignerSettings
from models.stage import Inputs, Ports, Scope, Stage
from models.step import Step
from pipeline.asked import Asked
from pipeline.ledger.rows import Claim
from pipeline.task import decode_result, encode_task
from pipeline.wiring import Adapters
from pipeline.work import BoundBlobs, Work
from tests.support.memory_blobs import MemoryBlobs
from tests.support.toy_flow import Looked, Read, toy_document


class Counting(MemoryBlobs):
    """Counts what is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def get(self, document: str, sha256: str) -> bytes:
        self.reads += 1
        return super().get(document, sha256)


class Copying(MemoryBlobs):
    """Hands out fresh bytes, as a disk does."""

    def __init__(self, store: MemoryBlobs) -> None:
        super().__init__()
        self._store = store

    def get(self, document: str, sha256: str) -> bytes:
        return bytes(bytearray(self._store.get(document, sha256)))


def test_a_blob_is_read_and_checked_once_in_a_step() -> None:
    """Seal and put look at the same PDF; the next step reads it again."""
    store = Counting()
    blobs = BoundBlobs(store, "TEST-1")
    pdf = blobs.put(b"%PDF")
    assert (blobs.get(pdf), blobs.get(pdf), store.reads) == (b"%PDF", b"%PDF", 1)
    assert (BoundBlobs(store, "TEST-1").get(pdf), store.reads) == (b"%PDF", 2)


def test_the_scans_of_a_batch_are_not_kept() -> None:
    """A step that reads many blobs holds on to the last few bytes only, and to no blob that is larger."""
    store = Counting()
    blobs = BoundBlobs(store, "TEST-1", most_bytes=10)
    first, second, third, large = (blobs.put(data) for data in (b"1234", b"5678", b"9012", b"eleven byte"))
    for scan, reads in (
        (first, 1),
        (second, 2),
        (first, 2),
        (third, 3),  # the second, which was asked for longest ago, goes
        (first, 3),
        (second, 4),
        (large, 5),
        (large, 6),
        (second, 6),
    ):
        blobs.get(scan)
        assert store.reads == reads


def test_a_step_does_not_keep_large_scans() -> None:
    """Four scans of 20 MB do not take 80."""
    store = MemoryBlobs()
    scans = [store.put("TEST-1", bytes([n]) * 20_000_000) for n in range(4)]
    blobs = BoundBlobs(Copying(store), "TEST-1")
    tracemalloc.start()
    for scan in scans:
        blobs.get(scan)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 65_000_000


def test_only_blobs_of_stages_that_do_not_repeat_are_fresh(tmp_path: Path) -> None:
    """The runner deletes fresh blobs when the commit is lost; what a repeatable stage of the same step wrote stays."""

    def look(_inputs: Inputs, ports: Ports) -> Fact:
        ports.blobs.put(b"the same each time")
        return Looked()

    def read(_inputs: Inputs, ports: Ports) -> Fact:
        ports.blobs.put(b"a signature")
        return Read()

    stages = (
        Stage[Fact]("look", 1, Scope.DOCUMENT, (), Looked, look),
        Stage[Fact]("read", 1, Scope.DOCUMENT, (Looked,), Read, read, repeatable=False),
    )
    adapters = Adapters(Settings(state=tmp_path))
    body = adapters.blobs.put("doc", toy_document().model_dump_json().encode())
    work = Work(Flow((Segment("both", "page", stages),)), adapters)
    asked = Asked(adapters)
    new, fresh = work.execute(Claim(Step("doc", 1, "both"), 1, body, 0, (), ()), asked)
    assert asked.names == {"blobs"}
    assert [item.stage for item in new] == ["look", "read"]
    assert fresh == [hashlib.sha256(b"a signature").hexdigest()]


def test_a_signer_that_is_set_up_wrongly_fails_no_document(tmp_path: Path) -> None:
    """A key that does not open is mended by an operator, and by no other copy: the step waits, the pool pauses."""

    def certify(_inputs: Inputs, ports: Ports) -> Fact:
        ports.signer().sign(b"%PDF", (), datetime.now(UTC))
        return Read()

    (tmp_path / "agency.p12").write_bytes(b"junk")
    signer = SignerSettings(kind="pkcs12", path=tmp_path / "agency.p12", password=SecretStr("sai"))
    adapters = Adapters(Settings(state=tmp_path, signer=signer))
    flow = Flow((Segment("certify", "sign", (Stage[Fact]("certify", 1, Scope.DOCUMENT, (), Read, certify),)),))
    body = adapters.blobs.put("doc", toy_document().model_dump_json().encode())
    answer = Work(flow, adapters).handle(encode_task(Claim(Step("doc", 1, "certify"), 1, body, 0, (), ())))
    error = decode_result(answer, flow).error
    assert isinstance(error, Retryable)
    assert (error.code, error.dependency) == ("signer_unusable", "worker")
    assert "signer.password" in error.message
