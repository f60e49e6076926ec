"""work: what a step sees of the blob store."""

from __future__ import annotations

from pipeline.work import CACHED_BLOBS, BoundBlobs
from tests.support.memory_blobs import MemoryBlobs


class Counting(MemoryBlobs):
    """Counts what is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def get(self, document: str, sha256: str) -> bytes:
        self.reads += 1
        return super().get(document, sha256)


def test_a_blob_is_read_and_checked_once_in_a_step() -> None:
    """Seal and put look at the same PDF; the next step reads it again."""
    store = Counting()
    blobs = BoundBlobs(store, "TEST-1")
    pdf = blobs.put(b"%PDF")
    assert (blobs.get(pdf), blobs.get(pdf), store.reads) == (b"%PDF", b"%PDF", 1)
    assert (BoundBlobs(store, "TEST-1").get(pdf), store.reads) == (b"%PDF", 2)


def test_the_scans_of_a_batch_are_not_kept() -> None:
    """A step that reads many blobs holds on to the last few only."""
    store = Counting()
    blobs = BoundBlobs(store, "TEST-1")
    scans = [blobs.put(bytes([n])) for n in range(CACHED_BLOBS + 1)]
    for scan in [*scans, scans[0]]:
        blobs.get(scan)
    assert store.reads == len(scans) + 1
