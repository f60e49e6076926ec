"""What lies in the intake folder: whose fault it is that it cannot be read, and how a manifest's mistakes are said."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from models.errors import Rejected, Retryable
from pipeline.incoming import read, read_manifest, unread
from tests.support.intake_desk import batch, edit


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"counter": "q" * 65}, "counter: quá dài (nhiều nhất 64 ký tự)"),
        ({"counter": ""}, "counter: để trống"),
        ({"counter": "quầy 3"}, "counter: có ký tự không được phép"),
        ({"type_name": "Giấy" * 51}, "type_name: quá dài (nhiều nhất 200 ký tự)"),
        ({"type_code": ""}, "type_code: để trống"),
        ({"owner": {"kind": "citizen", "id": "0" * 33}}, "owner.id: quá dài (nhiều nhất 32 ký tự)"),
        ({"files": []}, "files: để trống"),
        ({"files": [{"name": "1.jpg", "size_bytes": 5, "sha256": "0" * 63, "sequence": 1}]},
         "files.0.sha256: quá ngắn (phải có 64 ký tự)"),
        ({"files": [{"name": "a" * 197 + ".jpg", "size_bytes": 5, "sha256": "0" * 64, "sequence": 1}]},
         "files.0.name: quá dài (nhiều nhất 200 ký tự)"),
    ],
)  # fmt: skip
def test_a_bad_field_is_said_in_the_words_of_the_counter(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    """One mistake is one sentence: what is wrong with the field, and nothing that is not."""
    found = batch(tmp_path)
    edit(found, **changes)
    with pytest.raises(Rejected) as caught:
        read_manifest(found.folder)
    assert caught.value.message.removeprefix("manifest.json không hợp lệ, hãy sửa rồi gửi lại lô: ") == said


def test_a_manifest_with_too_many_files_is_not_looked_through(tmp_path: Path) -> None:
    """pydantic would keep a kilobyte for each: the number is said, not thirty thousand mistakes."""
    found = batch(tmp_path)
    edit(found, files=[0] * 30_001)
    with pytest.raises(Rejected, match="files: quá nhiều"):
        read_manifest(found.folder)


@pytest.mark.parametrize("name", ["ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "ENAMETOOLONG"])
def test_a_file_that_is_not_there_is_the_counters(name: str) -> None:
    """It is asked to send the batch again."""
    error = unread(Path("1.jpg"), OSError(getattr(errno, name), "why"))
    assert isinstance(error, Rejected)
    assert error.code == "file_missing"


@pytest.mark.parametrize("name", ["EACCES", "EPERM", "ENOTCONN", "EHOSTDOWN", "EIO", "ESTALE", "EMFILE", "ENOMEM"])
def test_a_file_that_we_cannot_read_is_not_the_counters(name: str) -> None:
    """A wrong umask, a share that dropped, a broken disk: the batch waits, and nobody scans again."""
    error = unread(Path("1.jpg"), OSError(getattr(errno, name), "why"))
    assert isinstance(error, Retryable)
    assert name in error.message


def test_a_file_that_breaks_while_it_is_read_waits() -> None:
    """It opens, and answers EIO at its first byte."""
    with pytest.raises(Retryable, match="intake_unreadable"):
        read(Path("/proc/self/mem"), 1)


def test_a_file_that_grows_while_it_is_read_is_read_whole() -> None:
    """Files of ``/proc`` say that they hold 0 bytes, and hold more."""
    said = Path("/proc/version")
    assert said.stat().st_size == 0
    assert read(said, 1) == said.read_bytes()
