"""The blob folder on a disk that fills up, turns read-only or is crashed into."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from models.errors import Defect, Retryable
from pipeline.adapters.disk_blobs import DiskBlobs

DOCUMENT = "HS-2026-0001"

WRITES_WITHOUT_END = """
import itertools, sys
from pathlib import Path
from pipeline.adapters.disk_blobs import DiskBlobs
store = DiskBlobs(Path(sys.argv[1]))
for number in itertools.count():
    print(store.put("doc", number.to_bytes(8, "big") * 20_000), flush=True)
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB; skips where mounting is not allowed."""
    mount = tmp_path / "disk"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mount)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a small disk is not allowed here")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


def test_a_full_disk_is_retryable_and_leaves_nothing_half_written(small_disk: Path) -> None:
    """ENOSPC asks for another try later; once there is room the same put succeeds."""
    store = DiskBlobs(small_disk / "blobs")
    first = store.put(DOCUMENT, b"1" * 600_000)
    with pytest.raises(Retryable) as caught:
        store.put(DOCUMENT, b"2" * 600_000)
    assert (caught.value.code, caught.value.dependency) == ("blobs_full", "blobs")
    assert [path.name for path in (small_disk / "blobs" / DOCUMENT).iterdir()] == [first]
    assert store.used_bytes() == 600_000
    assert store.free_bytes() < 600_000

    store.remove(DOCUMENT, first)
    assert store.get(DOCUMENT, store.put(DOCUMENT, b"2" * 600_000)) == b"2" * 600_000


def test_a_read_only_disk_is_retryable(small_disk: Path) -> None:
    """EROFS, as after a disk error: writing waits, reading goes on."""
    store = DiskBlobs(small_disk / "blobs")
    sha256 = store.put(DOCUMENT, b"scan")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(Retryable) as caught:
        store.put(DOCUMENT, b"another")
    assert (caught.value.code, caught.value.dependency) == ("blobs_read_only", "blobs")
    with pytest.raises(Retryable):
        store.remove_document(DOCUMENT)
    assert store.get(DOCUMENT, sha256) == b"scan"


def test_a_root_that_is_no_folder_is_retryable(tmp_path: Path) -> None:
    """A volume that is not what it should be is a dependency that is away, not a fault of the page."""
    root = tmp_path / "blobs"
    root.write_text("not a folder")
    with pytest.raises(Retryable) as caught:
        DiskBlobs(root).put(DOCUMENT, b"scan")
    assert caught.value.dependency == "blobs"


def test_only_the_owner_can_read(tmp_path: Path) -> None:
    """Files are 0600 and folders 0700, whatever the umask allows."""
    root = tmp_path / "blobs"
    before = os.umask(0)
    try:
        sha256 = DiskBlobs(root).put(DOCUMENT, b"scan")
    finally:
        os.umask(before)
    assert stat.S_IMODE((root / DOCUMENT / sha256).stat().st_mode) == 0o600
    assert stat.S_IMODE((root / DOCUMENT).stat().st_mode) == 0o700
    assert stat.S_IMODE(root.stat().st_mode) == 0o700


@pytest.mark.parametrize("document", ["..", ".", "", "a/b", "../a", ".hidden", "a\n", "a" * 65, "hồ-sơ", "a\x00"])
def test_a_name_that_is_no_id_never_reaches_the_disk(tmp_path: Path, document: str) -> None:
    """No id can leave the root, neither for reading nor for writing nor for deleting."""
    store = DiskBlobs(tmp_path / "blobs")
    sha256 = "0" * 64
    for action in (
        lambda: store.put(document, b"scan"),
        lambda: store.get(document, sha256),
        lambda: store.remove(document, sha256),
        lambda: store.remove_document(document),
    ):
        with pytest.raises(Defect) as caught:
            action()
        assert caught.value.code == "bad_blob_id"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sha256", ["..", "", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "../" + "0" * 61])
def test_a_hash_that_is_none_is_refused(tmp_path: Path, sha256: str) -> None:
    """Only a lower-case hex SHA-256 names a blob."""
    with pytest.raises(Defect) as caught:
        DiskBlobs(tmp_path).get(DOCUMENT, sha256)
    assert caught.value.code == "bad_blob_id"


def test_a_blob_is_written_once(tmp_path: Path) -> None:
    """A second put does not write the file again; a cut-off file is written anew."""
    store = DiskBlobs(tmp_path)
    sha256 = store.put(DOCUMENT, b"scan" * 1000)
    path = tmp_path / DOCUMENT / sha256
    inode = path.stat().st_ino
    store.put(DOCUMENT, b"scan" * 1000)
    assert path.stat().st_ino == inode
    os.truncate(path, 100)
    store.put(DOCUMENT, b"scan" * 1000)
    assert store.get(DOCUMENT, sha256) == b"scan" * 1000


def test_another_process_sees_every_change(tmp_path: Path) -> None:
    """Two stores on one root agree about used bytes, long after both have counted."""
    one, other = DiskBlobs(tmp_path), DiskBlobs(tmp_path)
    sha256 = one.put(DOCUMENT, b"1" * 1000)
    long_ago_ns = (tmp_path / DOCUMENT).stat().st_mtime_ns - 3600 * 10**9
    os.utime(tmp_path / DOCUMENT, ns=(long_ago_ns, long_ago_ns))
    assert (one.used_bytes(), other.used_bytes()) == (1000, 1000)
    one.put(DOCUMENT, b"2" * 500)
    assert (one.used_bytes(), other.used_bytes()) == (1500, 1500)
    other.remove(DOCUMENT, sha256)
    assert (one.used_bytes(), other.used_bytes()) == (500, 500)


def test_kill_in_the_middle_of_writing_loses_no_blob_that_was_reported(tmp_path: Path, repository: Path) -> None:
    """After kill -9 every blob under its name is whole, and every one that put returned is there."""
    command = [sys.executable, "-c", WRITES_WITHOUT_END, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=repository) as writer:
        assert writer.stdout is not None
        reported = [writer.stdout.readline().strip() for _ in range(20)]
        writer.send_signal(signal.SIGKILL)
        reported += writer.stdout.read().split()
    store = DiskBlobs(tmp_path)
    for sha256 in reported:
        assert store.exists("doc", sha256)
    for path in (tmp_path / "doc").iterdir():
        if not path.name.endswith(".part"):
            store.get("doc", path.name)
    assert store.documents() == ("doc",)
    store.remove_document("doc")
    assert list(tmp_path.iterdir()) == []


def test_writing_while_the_document_is_deleted(tmp_path: Path) -> None:
    """Either the blob is there afterwards or its put failed as retryable: never a third thing."""
    store = DiskBlobs(tmp_path)
    stop = threading.Event()

    def delete() -> None:
        while not stop.is_set():
            store.remove_document(DOCUMENT)

    deleter = threading.Thread(target=delete)
    deleter.start()
    try:
        for number in range(60):
            with suppress(Retryable):
                store.put(DOCUMENT, b"%d" % number)
    finally:
        stop.set()
        deleter.join()
    last = store.put(DOCUMENT, b"last")
    assert store.get(DOCUMENT, last) == b"last"


def test_a_volume_that_is_not_mounted_is_waited_for(tmp_path: Path) -> None:
    """One host whose mount is gone must not fail every document, nor have papers scanned again."""
    mount = tmp_path / "mount"
    store = DiskBlobs(mount / "blobs")
    sha256 = store.put("doc", b"scan")
    mount.rename(tmp_path / "elsewhere")
    mount.mkdir()
    for ask in (store.get, store.exists):
        with pytest.raises(Retryable, match="mounted"):
            ask("doc", sha256)
    mount.rmdir()
    (tmp_path / "elsewhere").rename(mount)
    assert store.get("doc", sha256) == b"scan"
