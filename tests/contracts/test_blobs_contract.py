"""The contract of the blob store, on every adapter."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from models.errors import Defect, Retryable
from models.ports import BlobStore
from models.settings import BlobSettings
from pipeline.adapters.disk_blobs import DiskBlobs
from pipeline.adapters.s3_blobs import S3Blobs
from tests.servers.s3 import S3
from tests.support.memory_blobs import MemoryBlobs

DOCUMENT = "HS-2026-0001"
NO_BLOB = "0" * 64

Damage = Callable[[str, str], None]
"""Flips a bit of a stored blob behind the store's back."""


@pytest.fixture(params=["memory", "disk", "s3"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[BlobStore, Damage]]:
    """An empty store, and a way to damage what is in it."""
    if request.param == "memory":
        fake = MemoryBlobs()
        yield fake, fake.damage
    elif request.param == "disk":
        yield DiskBlobs(tmp_path / "blobs"), partial(_damage_file, tmp_path / "blobs")
    else:
        server: S3 = request.getfixturevalue("s3")
        chosen = bucket_settings(server, tmp_path.name)
        kept = S3Blobs(chosen)
        yield kept, partial(_damage_object, server, chosen)
        kept.close()


def bucket_settings(server: S3, prefix: str) -> BlobSettings:
    """Settings of a store in a bucket of the test server."""
    return BlobSettings(
        kind="s3",
        bucket=server.bucket("contract-blobs"),
        prefix=prefix,
        endpoint=server.endpoint,
        access_key=SecretStr(server.access_key),
        secret_key=SecretStr(server.secret_key),
    )


def _damage_file(root: Path, document: str, sha256: str) -> None:
    path = root / document / sha256
    data = path.read_bytes()
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])


def _damage_object(server: S3, chosen: BlobSettings, document: str, sha256: str) -> None:
    client = server.client()
    key = f"{chosen.prefix}/{document}/{sha256}"
    with client.get_object(Bucket=chosen.bucket, Key=key)["Body"] as body:
        data = body.read()
    client.put_object(Bucket=chosen.bucket, Key=key, Body=bytes([data[0] ^ 1]) + data[1:])
    client.close()


@pytest.fixture
def store(made: tuple[BlobStore, Damage]) -> BlobStore:
    return made[0]


@given(data=st.binary(max_size=5000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
def test_what_is_put_is_got(store: BlobStore, data: bytes) -> None:
    """Any bytes come back whole, under their SHA-256."""
    sha256 = store.put(DOCUMENT, data)
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert store.get(DOCUMENT, sha256) == data
    assert store.exists(DOCUMENT, sha256)


@given(read=st.binary(max_size=200), cut=st.integers(0, 70_000), more=st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
def test_what_begins_like_another_blob_has_its_own_hash(store: BlobStore, read: bytes, cut: int, more: bytes) -> None:
    """A signed copy is the unsigned one and a little more: whatever a store saves on that, the name is right."""
    read = read.ljust(70_000)  # large enough to be worth knowing
    store.get(DOCUMENT, store.put(DOCUMENT, read))
    for data in (read[:cut] + more, read + more, more):
        assert store.put(DOCUMENT, data) == hashlib.sha256(data).hexdigest()


def test_putting_twice_changes_nothing(store: BlobStore) -> None:
    """The same bytes again: the same name, and no more space."""
    first = store.put(DOCUMENT, b"scan" * 1000)
    used = store.used_bytes()
    assert store.put(DOCUMENT, b"scan" * 1000) == first
    assert store.used_bytes() == used


def test_other_bytes_than_promised_are_not_stored(store: BlobStore) -> None:
    """The caller learns the hash that they have; nothing of them stays."""
    promised, came = (hashlib.sha256(data).hexdigest() for data in (b"promised", b"came"))
    assert store.put(DOCUMENT, b"came", only=promised) == came
    assert store.documents() == ()
    assert store.put(DOCUMENT, b"promised", only=promised) == promised
    assert store.get(DOCUMENT, promised) == b"promised"


def test_documents_are_apart(store: BlobStore) -> None:
    """A blob of one document is not a blob of another, even with the same bytes."""
    sha256 = store.put("a", b"scan")
    assert not store.exists("b", sha256)
    store.put("b", b"scan")
    store.remove_document("a")
    assert not store.exists("a", sha256)
    assert store.get("b", sha256) == b"scan"
    assert store.documents() == ("b",)


def test_a_missing_blob_is_a_defect(store: BlobStore) -> None:
    """An unknown hash, and an unknown document, say so with a stable code."""
    store.put(DOCUMENT, b"scan")
    for document in (DOCUMENT, "unknown"):
        assert not store.exists(document, NO_BLOB)
        with pytest.raises(Defect) as caught:
            store.get(document, NO_BLOB)
        assert caught.value.code == "blob_missing"


def test_a_damaged_blob_is_a_defect(made: tuple[BlobStore, Damage]) -> None:
    """Bytes that lost their hash are never handed out."""
    store, damage = made
    sha256 = store.put(DOCUMENT, b"scan" * 100)
    damage(DOCUMENT, sha256)
    with pytest.raises(Defect) as caught:
        store.get(DOCUMENT, sha256)
    assert caught.value.code == "blob_damaged"


def test_a_blob_damaged_after_it_was_read_is_a_defect(made: tuple[BlobStore, Damage]) -> None:
    """That it was right before says nothing of now."""
    store, damage = made
    sha256 = store.put(DOCUMENT, b"scan" * 50_000)
    store.get(DOCUMENT, sha256)
    damage(DOCUMENT, sha256)
    with pytest.raises(Defect, match="blob_damaged"):
        store.get(DOCUMENT, sha256)


def test_removing_is_safe_to_repeat(store: BlobStore) -> None:
    """Removing a blob or a document twice, or one that never was, is no error."""
    sha256 = store.put(DOCUMENT, b"scan")
    kept = store.put(DOCUMENT, b"kept")
    for _ in range(2):
        store.remove(DOCUMENT, sha256)
        assert not store.exists(DOCUMENT, sha256)
    assert store.get(DOCUMENT, kept) == b"kept"
    for _ in range(2):
        store.remove_document(DOCUMENT)
    assert store.documents() == ()
    store.remove("unknown", sha256)
    store.remove_document("unknown")


def test_what_rests_is_still_there(store: BlobStore) -> None:
    """The end of a document takes nothing away, and a document without blobs may end too."""
    kept = [store.put(DOCUMENT, data) for data in (b"scan", b"copy" * 50_000)]
    store.rest(DOCUMENT)
    store.rest("unknown")
    assert [store.get(DOCUMENT, sha256) for sha256 in kept] == [b"scan", b"copy" * 50_000]


def test_a_document_without_blobs_is_not_listed(store: BlobStore) -> None:
    """When its last blob is removed the document is gone, and can have blobs again."""
    store.remove(DOCUMENT, store.put(DOCUMENT, b"scan"))
    assert store.documents() == ()
    store.put(DOCUMENT, b"scan")
    assert store.documents() == (DOCUMENT,)


def test_an_empty_store_answers(store: BlobStore) -> None:
    """Before the first blob there is nothing, and room."""
    assert store.documents() == ()
    assert store.used_bytes() == 0
    assert store.free_bytes() > 0


def test_used_bytes_follow_every_change(store: BlobStore) -> None:
    """The watermark sees what was written and what was removed, at once."""
    hashes = [store.put(f"doc{number}", bytes([number]) * 10_000) for number in range(5)]
    assert store.used_bytes() == 50_000
    more = store.put("doc1", b"more" * 250)
    assert store.used_bytes() == 51_000
    store.remove("doc1", more)
    assert store.used_bytes() == 50_000
    store.remove_document("doc2")
    assert store.used_bytes() == 40_000
    assert store.exists("doc0", hashes[0])


def test_a_document_tells_when_it_was_written(store: BlobStore) -> None:
    """The last of its blobs, and nobody else's; to the second, which is what a bucket keeps."""
    assert store.written_at(DOCUMENT) is None
    before = datetime.now(UTC) - timedelta(seconds=2)
    store.put(DOCUMENT, b"scan")
    written_at = store.written_at(DOCUMENT)
    assert written_at is not None
    assert before < written_at < datetime.now(UTC) + timedelta(seconds=2)
    assert store.written_at("other") is None
    store.remove_document(DOCUMENT)
    assert store.written_at(DOCUMENT) is None


def test_many_writers_of_one_blob(store: BlobStore) -> None:
    """Slots that write the same bytes at the same time all succeed, and one blob is left."""
    data = b"the same page " * 5000
    names: list[str] = []
    threads = [threading.Thread(target=lambda: names.append(store.put(DOCUMENT, data))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == 8
    assert len(set(names)) == 1
    assert store.get(DOCUMENT, names[0]) == data
    assert store.used_bytes() == len(data)


@pytest.mark.parametrize("document", ["", "../other", "a/b", ".hidden", "a\0"])
def test_a_name_cannot_leave_the_store(store: BlobStore, document: str) -> None:
    """An id that no document can have is refused before anything is read or written."""
    for act in (lambda: store.put(document, b"x"), lambda: store.get(document, NO_BLOB)):
        with pytest.raises(Defect) as caught:
            act()
        assert caught.value.code == "bad_blob_id"


def test_a_bucket_is_listed_to_its_end(s3: S3, tmp_path: Path) -> None:
    """More blobs than one answer holds are all listed, counted and deleted; a neighbour's stay."""
    store = S3Blobs(bucket_settings(s3, tmp_path.name), page_keys=3)
    for number in range(8):
        store.put("long", b"%d" % number)
    store.put("long-er", b"neighbour")
    assert S3Blobs(bucket_settings(s3, tmp_path.name), page_keys=3).used_bytes() == 8 + len(b"neighbour")
    assert store.documents() == ("long", "long-er")
    store.remove_document("long")
    assert store.documents() == ("long-er",)
    assert store.used_bytes() == len(b"neighbour")
    store.close()


def test_a_bucket_has_the_room_of_its_quota(s3: S3, tmp_path: Path) -> None:
    """Intake's watermark sees how much of it is left, never less than nothing."""
    store = S3Blobs(bucket_settings(s3, tmp_path.name).model_copy(update={"quota_mb": 1}))
    store.put(DOCUMENT, bytes(1000))
    assert store.free_bytes() == 1024 * 1024 - 1000
    store.put(DOCUMENT, bytes(2_000_000))
    assert store.free_bytes() == 0
    store.close()


def test_a_bucket_comes_back_after_a_crash(s3: S3, tmp_path: Path) -> None:
    """While the server is dead every call is retryable; afterwards the blob is there, and can be put again."""
    store = S3Blobs(bucket_settings(s3, tmp_path.name))
    sha256 = store.put(DOCUMENT, b"scan")
    fresh = S3Blobs(bucket_settings(s3, tmp_path.name))
    s3.kill()
    for act in (
        lambda: store.put(DOCUMENT, b"scan"),
        lambda: store.get(DOCUMENT, sha256),
        lambda: store.exists(DOCUMENT, sha256),
        lambda: store.remove(DOCUMENT, sha256),
        lambda: store.remove_document(DOCUMENT),
        store.documents,
        fresh.used_bytes,
    ):
        with pytest.raises(Retryable) as caught:
            act()
        assert (caught.value.code, caught.value.dependency) == ("blobs_unavailable", "blobs")
    s3.restart()
    assert store.put(DOCUMENT, b"scan") == sha256
    assert store.get(DOCUMENT, sha256) == b"scan"
    store.close()


@pytest.mark.parametrize("wrong", [{"secret_key": SecretStr("wrong")}, {"bucket": "no-such-bucket"}])
def test_a_wrong_setting_waits_for_the_operator(s3: S3, tmp_path: Path, wrong: dict[str, object]) -> None:
    """Keys or a bucket that are wrong must not fail documents."""
    store = S3Blobs(bucket_settings(s3, tmp_path.name).model_copy(update=wrong))
    for act in (lambda: store.get(DOCUMENT, NO_BLOB), store.used_bytes):
        with pytest.raises(Retryable) as caught:
            act()
        assert caught.value.code == "blobs_refused"
    store.close()
