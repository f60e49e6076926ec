"""The contract of the archive, on every adapter."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from pydantic import SecretStr

from models.errors import Defect, Retryable, SohoaError
from models.ports import Archive
from models.settings import ArchiveSettings
from pipeline.adapters.disk_archive import INCOMING, DiskArchive
from pipeline.adapters.s3_archive import S3Archive
from tests.servers.s3 import S3
from tests.support.memory_archive import MemoryArchive

KEY = "H49.64/2026/HS-0001/r1/document.pdf"


def settings(server: S3, bucket: str, prefix: str = "", retain_days: int = 0) -> ArchiveSettings:
    """Settings of an archive in a bucket of the test server."""
    return ArchiveSettings(
        kind="s3",
        bucket=bucket,
        prefix=prefix,
        endpoint=server.endpoint,
        access_key=SecretStr(server.access_key),
        secret_key=SecretStr(server.secret_key),
        retain_days=retain_days,
    )


@pytest.fixture(params=["memory", "disk", "s3", "s3-locked"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    """Each adapter, empty."""
    kind = cast(str, request.param)
    if kind == "memory":
        yield MemoryArchive()
    elif kind == "disk":
        yield DiskArchive(tmp_path / "archive")
    else:
        server = cast(S3, request.getfixturevalue("s3"))
        locked = kind == "s3-locked"
        bucket = server.bucket(f"contract-{kind}", object_lock=locked)
        kept = S3Archive(settings(server, bucket, tmp_path.name, retain_days=1 if locked else 0))
        yield kept
        kept.close()


def test_gives_back_what_was_put(archive: Archive) -> None:
    """Any bytes, empty and large ones among them, come back as they were."""
    for n, data in enumerate((b"", b"\x00\xff" * 10, os.urandom(3_000_000))):
        archive.put(f"{KEY}{n}", data)
        assert archive.get(f"{KEY}{n}") == data


def test_the_same_bytes_again_are_success(archive: Archive) -> None:
    """A step that runs twice finds its own work done."""
    archive.put(KEY, b"copy")
    archive.put(KEY, b"copy")
    assert archive.get(KEY) == b"copy"


def test_other_bytes_are_a_conflict_and_change_nothing(archive: Archive) -> None:
    """Nothing is ever overwritten."""
    archive.put(KEY, b"copy")
    with pytest.raises(Defect) as caught:
        archive.put(KEY, b"forgery")
    assert caught.value.code == "archive_conflict"
    assert archive.get(KEY) == b"copy"


def test_a_missing_object_is_named(archive: Archive) -> None:
    """What was never put is missing, not empty."""
    with pytest.raises(Defect) as caught:
        archive.get(KEY)
    assert caught.value.code == "archive_missing"


@pytest.mark.parametrize("key", ["", "/etc/x", "a//b", "../x", "a/../../x", "a/./b", ".incoming/x", "a\\b", "a/\0"])
def test_a_key_cannot_leave_the_archive(archive: Archive, key: str) -> None:
    """Keys are plain relative paths; anything else is refused for reading and writing alike."""
    for act in (lambda: archive.put(key, b"x"), lambda: archive.get(key), lambda: archive.locate(key)):
        with pytest.raises(Defect) as caught:
            act()
        assert caught.value.code == "bad_key"


def test_an_operator_learns_where_it_is(archive: Archive) -> None:
    """The location ends with the key."""
    assert archive.locate(KEY).endswith(KEY)


def test_one_of_many_writers_wins(archive: Archive) -> None:
    """Eight writers with different bytes: exactly one succeeds, and its bytes stand."""
    outcomes: dict[int, str] = {}
    barrier = threading.Barrier(8)

    def write(n: int) -> None:
        barrier.wait()
        try:
            archive.put(KEY, b"%d" % n * 1000)
        except SohoaError as error:
            outcomes[n] = error.code
        else:
            outcomes[n] = "kept"

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [n for n, outcome in outcomes.items() if outcome == "kept"]
    assert len(winners) == 1, outcomes
    assert set(outcomes.values()) <= {"kept", "archive_conflict", "archive_refused"}  # 409: S3 asks to come again
    assert archive.get(KEY) == b"%d" % winners[0] * 1000


def test_files_are_read_only_and_nothing_is_left_over(tmp_path: Path) -> None:
    """The folder holds the object with mode 0444, and no half-written file."""
    archive = DiskArchive(tmp_path)
    archive.put(KEY, b"copy")
    with pytest.raises(Defect):
        archive.put(KEY, b"forgery")
    assert (tmp_path / KEY).stat().st_mode & 0o777 == 0o444
    assert list((tmp_path / INCOMING).iterdir()) == []


def test_a_folder_that_cannot_be_written_is_away(tmp_path: Path) -> None:
    """A path that is no folder pauses the archive, and loses nothing."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Retryable) as caught:
        DiskArchive(tmp_path / "file").put(KEY, b"copy")
    assert caught.value.dependency == "archive"


def test_an_s3_archive_comes_back_after_a_crash(s3: S3, tmp_path: Path) -> None:
    """While the server is dead both directions are retryable; afterwards the object is there."""
    archive = S3Archive(settings(s3, s3.bucket("crash"), tmp_path.name))
    archive.put(KEY, b"copy")
    s3.kill()
    for act in (lambda: archive.put(KEY, b"copy"), lambda: archive.get(KEY)):
        with pytest.raises(Retryable) as caught:
            act()
        assert caught.value.dependency == "archive"
    s3.restart()
    archive.put(KEY, b"copy")
    assert archive.get(KEY) == b"copy"
    archive.close()


def test_a_wrong_key_waits_for_the_operator(s3: S3) -> None:
    """A wrong setting must not fail documents."""
    wrong = settings(s3, s3.bucket("refusing")).model_copy(update={"secret_key": SecretStr("wrong")})
    archive = S3Archive(wrong)
    with pytest.raises(Retryable) as caught:
        archive.put(KEY, b"copy")
    assert caught.value.code == "archive_refused"
    archive.close()


def test_retention_is_written_with_the_object(s3: S3, tmp_path: Path) -> None:
    """The object cannot be deleted by the archive's own keys before its day."""
    bucket = s3.bucket("contract-s3-locked", object_lock=True)
    archive = S3Archive(settings(s3, bucket, tmp_path.name, retain_days=1))
    archive.put(KEY, b"copy")
    client = s3.client()
    head = client.head_object(Bucket=bucket, Key=f"{tmp_path.name}/{KEY}")
    assert head["ObjectLockMode"] == "COMPLIANCE"
    with pytest.raises(client.exceptions.ClientError):
        client.delete_object(Bucket=bucket, Key=f"{tmp_path.name}/{KEY}", VersionId=head["VersionId"])
    client.close()
    archive.close()
