"""What lies in a folder that anybody may write to: read with care, and shown without harm."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.errors import Rejected, Retryable
from models.manifest import Manifest, printable
from pipeline import page_cache

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 8_000_000
"""30 000 files take 6 MB."""
_MOST_KEYS = 100
_MOST_FILES = 30_000
MB = 1_000_000
_NAMED_FIELDS = 20
_LISTED_ERRORS = 1000
_SHOWN = 80
"""Characters of a name that a sentence shows."""
_NO_FILE = frozenset(
    (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.ENODEV, errno.ENAMETOOLONG, errno.EILSEQ)
)
"""Nothing that can be opened has this name: that is the counter's. All else (rights, a share that dropped) is ours."""


def shown(name: str) -> str:
    """A name as it may stand in a message, a log or a receipt, whatever bytes it was made of."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(c if printable(c) else "\ufffd" for c in text)


def _short(name: str) -> str:
    text = shown(name)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def read(path: Path, most_mb: int) -> bytes:
    """The whole of a regular file; links, pipes and devices are not opened.

    Raises ``Rejected``: ``file_missing``, ``file_too_large``; ``Retryable`` where the host is in trouble.
    """
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most_mb * MB:
            raise _too_large(path, size, most_mb)
        data = file.read(size + 1)  # asked for more, it would make room for more
        page_cache.drop(file.fileno())
        if len(data) > size:
            data += file.read(most_mb * MB + 1 - len(data))  # it has grown meanwhile
    if len(data) > most_mb * MB:
        raise _too_large(path, len(data), most_mb)
    return data


def size_of(path: Path) -> int:
    """Bytes of a regular file. Raises as :func:`read` does."""
    with _opened(path) as file:
        return os.fstat(file.fileno()).st_size


def sha256_of(path: Path, most_mb: int) -> str:
    """Of a file that need not fit into memory beside others. Raises as :func:`read` does."""
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most_mb * MB:
            raise _too_large(path, size, most_mb)
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    """A regular file; also what goes wrong while it is read is translated."""
    try:
        # O_NONBLOCK: a pipe that nobody writes to would never open.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise _missing(path)
        with os.fdopen(descriptor, "rb") as file:
            yield file
    except OSError as error:
        raise unread(path, error) from error


def unread(path: Path, error: OSError) -> Rejected | Retryable:
    """Whose fault it is that a file cannot be read."""
    if error.errno in _NO_FILE:
        return _missing(path)
    name = errno.errorcode.get(error.errno or 0, "unknown")
    reason = f"the intake folder answers {name} for a file; check its disk, mount and rights"
    return Retryable("intake_unreadable", reason, "intake")


def _missing(path: Path) -> Rejected:
    return Rejected(
        "file_missing", f"Thiếu tệp {_short(path.name)}, hoặc đó không phải là tệp thường: hãy gửi lại lô quét."
    )


def _too_large(path: Path, size_bytes: int, most_mb: int) -> Rejected:
    return Rejected(
        "file_too_large",
        f"Tệp {_short(path.name)} có {size_bytes // MB} MB (giới hạn {most_mb} MB): "
        "hãy quét lại với độ phân giải thấp hơn hoặc chia thành nhiều tệp.",
    )


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a batch. Raises ``Rejected("bad_manifest")`` that names every bad field."""
    try:
        data = read(folder / MANIFEST, MAX_MANIFEST_BYTES // MB)
    except Rejected as error:
        raise Rejected("bad_manifest", _UNREADABLE[error.code]) from error
    try:
        with suppress(ValueError, RecursionError):  # what is no JSON at all, pydantic says
            _check_shape(json.loads(data, object_pairs_hook=_unambiguous))
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        raise _bad(_all_said(error)) from error


def said(manifest: Manifest) -> str:
    """SHA-256 of what a manifest says, however it is written."""
    return hashlib.sha256(manifest.model_dump_json().encode()).hexdigest()


def _all_said(error: ValidationError) -> str:
    count = error.error_count()
    if count > _LISTED_ERRORS:  # a list of a million errors is larger than any manifest
        return f"có {count} lỗi"
    found = error.errors(include_url=False, include_input=False)
    above = {e["loc"][:depth] for e in found for depth in range(len(e["loc"]))}
    # A list that only its bad items leave empty is not.
    found = [e for e in found if e["type"] != "too_short" or e["loc"] not in above]
    said = "; ".join(f"{_place(e['loc'])}: {_says(e)}" for e in found[:_NAMED_FIELDS])
    return said + (f" và {len(found) - _NAMED_FIELDS} lỗi khác" if len(found) > _NAMED_FIELDS else "")


_UNREADABLE = {
    "file_missing": "Không đọc được manifest.json của lô quét: hãy gửi lại lô.",
    "file_too_large": "Tệp manifest.json quá lớn: hãy chia hồ sơ thành nhiều lô.",
}


def _check_shape(manifest: Any) -> None:
    """pydantic keeps every error that it finds, a kilobyte each: a list of a million would fill the memory."""
    files = manifest.get("files") if isinstance(manifest, dict) else None
    if isinstance(files, list) and len(files) > _MOST_FILES:
        raise _bad(f"files: quá nhiều (giới hạn {_MOST_FILES} tệp)")


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers may take two values from a key that stands twice; neither is right."""
    if len(pairs) > _MOST_KEYS:
        raise _bad("quá nhiều mục không có trong mẫu bản kê")
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [key for key, _ in pairs]
        raise _bad(f"{_short(next(name for name in names if names.count(name) > 1))}: được kê hai lần")
    return found


def _bad(what: str) -> Rejected:
    return Rejected("bad_manifest", f"manifest.json không hợp lệ, hãy sửa rồi gửi lại lô: {what}")


def _place(path: Sequence[int | str]) -> str:
    return ".".join(_short(str(part)) for part in path) or "manifest"


_SAYS = (
    ("missing", "thiếu"),
    ("extra_forbidden", "không có trong mẫu bản kê"),
    ("json", "không phải là JSON"),
    ("int", "phải là số nguyên"),
    ("greater_than", "số quá nhỏ"),
    ("less_than", "số quá lớn"),
    ("string_pattern", "có ký tự không được phép"),
    ("string_unicode", "có ký tự không được phép"),
    ("string", "phải là chữ"),
    ("datetime", "phải là thời điểm, ví dụ 2026-11-23T17:00:00+07:00"),
    ("too_short", "để trống"),
    ("too_long", "quá nhiều"),
)
"""Kinds of pydantic's errors, by their beginnings, in the words of the counter."""


def _says(error: Any) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind in ("enum", "literal_error"):
        return f"phải là một trong: {context['expected'].replace(' or ', ', ')}"
    if kind == "string_too_short":
        least = context["min_length"]
        return "để trống" if least == 1 else f"quá ngắn (phải có {least} ký tự)"
    if kind == "string_too_long":
        return f"quá dài (nhiều nhất {context['max_length']} ký tự)"
    return next((words for start, words in _SAYS if kind.startswith(start)), "giá trị không hợp lệ")
