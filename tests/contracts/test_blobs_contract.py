"""The contract of the blob store, on every adapter."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.errors import Defect
from models.ports import BlobStore
from pipeline.adapters.disk_blobs import DiskBlobs
from tests.support.memory_blobs import MemoryBlobs

DOCUMENT = "HS-2026-0001"
NO_BLOB = "0" * 64

Damage = Callable[[str, str], None]
"""Flips a bit of a stored blob behind the store's back."""


def _memory(_: Path) -> tuple[BlobStore, Damage]:
    store = MemoryBlobs()
    return store, store.damage


def _disk(folder: Path) -> tuple[BlobStore, Damage]:
    def damage(document: str, sha256: str) -> None:
        path = folder / document / sha256
        data = path.read_bytes()
        path.write_bytes(bytes([data[0] ^ 1]) + data[1:])

    return DiskBlobs(folder), damage


@pytest.fixture(params=[_memory, _disk], ids=["memory", "disk"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[BlobStore, Damage]:
    """An empty store, and a way to damage what is in it."""
    make: Callable[[Path], tuple[BlobStore, Damage]] = request.param
    return make(tmp_path / "blobs")


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
