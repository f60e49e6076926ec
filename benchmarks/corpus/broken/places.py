"""Folders: names in every script, links, pipes and devices among the scans, too many of anything, too deep."""

from __future__ import annotations

import os
import socket
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.corpus.broken import sound
from benchmarks.corpus.broken.case import ARCHIVED, Case, Files

_NAMES = {
    "nfc": "Giấy khai sinh số 1.jpg",
    "nfd": unicodedata.normalize("NFD", "Giấy khai sinh số 1.jpg"),
    "arabic": "شهادة.jpg",
    "chinese": "出生证明.jpg",
    "khmer": "សំបុត្រ.jpg",
    "emoji": "📄👩‍👩‍👧.jpg",
    "rtl": "ảnh\u202egpj.exe.jpg",
    "spaces": "a  b\u00a0c.jpg",
    "quotes": "'\"`$(reboot);&|<>.jpg",
    "dots": "...jpg.jpg",
    "longest": "ế" * 83 + ".jpg",
    "dash": "-rf.jpg",
    "percent": "%s%n%00.jpg",
}


def cases() -> Iterator[Case]:
    """All of them; nothing here is left to chance."""
    data = sound.jpeg("L")
    for name, file in _NAMES.items():
        ends = {ARCHIVED} | ({"bad_manifest"} if name == "rtl" else set())
        yield Case("names", f"name-{name}", frozenset(ends), Files(f"name-{name}", {file: data}).write)
        yield Case("names", f"loose-{name}", frozenset({ARCHIVED}), _loose({file: data}), loose=True)
    pairs = {"case": ("A.jpg", "a.jpg"), "normal": (_NAMES["nfc"], _NAMES["nfd"]), "digits": ("1.jpg", "١.jpg")}
    for name, both in pairs.items():
        files = {file: data + bytes(n) for n, file in enumerate(both)}
        yield Case("names", f"pair-{name}", frozenset({ARCHIVED}), Files(f"pair-{name}", files).write)
        yield Case("names", f"loose-pair-{name}", frozenset({ARCHIVED}), _loose(files), loose=True)
    yield Case("names", "loose-bytes", frozenset({ARCHIVED, "bad_file_name"}), _not_utf8, loose=True)
    for name, make in _STRANGE.items():
        yield Case("special_files", f"listed-{name}", frozenset({"file_missing"}), _listed(make))
        yield Case("special_files", f"manifest-{name}", frozenset({"bad_manifest"}), _as_manifest(make))
        yield Case("special_files", f"loose-{name}", frozenset({ARCHIVED, "file_missing"}), _beside(make), loose=True)
    yield Case("special_files", "hard-link", frozenset({ARCHIVED}), _hard_link)
    yield Case("special_files", "sparse", frozenset({"file_too_large"}), _sparse)
    yield Case("special_files", "loose-sparse", frozenset({"file_too_large"}), _loose_sparse, loose=True)
    yield Case("folders", "loose-crowd", frozenset({"foreign_file"}), _crowd(10_000), loose=True)
    yield Case("folders", "crowd", frozenset({ARCHIVED}), _beside_crowd)
    yield Case("folders", "loose-deep", frozenset({ARCHIVED}), _deep, loose=True)
    yield Case("folders", "loose-ring", frozenset({ARCHIVED, "file_missing"}), _ring, loose=True)
    yield Case("folders", "loose-empty", frozenset(), lambda _: None, loose=True)


def _loose(files: dict[str, bytes]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        for name, data in files.items():
            (folder / name).write_bytes(data)

    return write


def _not_utf8(folder: Path) -> None:
    with Path(os.fsdecode(os.fsencode(folder) + b"/gi\xe1y-\xff.jpg")).open("wb") as file:
        file.write(sound.jpeg("L"))


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    """Its name is short whatever the folder's is."""
    here = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"/proc/self/fd/{here}/{path.name}")
    os.close(here)


def _outside(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def _inside(path: Path) -> None:
    (path.parent / "other.bin").write_bytes(sound.jpeg("L"))
    path.symlink_to("other.bin")


def _itself(path: Path) -> None:
    path.symlink_to(path.name)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _nowhere(path: Path) -> None:
    path.symlink_to("nowhere")


_STRANGE: dict[str, Callable[[Path], None]] = {
    "folder": Path.mkdir,
    "pipe": _pipe,
    "socket": _socket,
    "outside": _outside,
    "inside": _inside,
    "itself": _itself,
    "device": _device,
    "nowhere": _nowhere,
}


def _listed(make: Callable[[Path], None]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        Files(folder.name, {"1.jpg": sound.jpeg("L")}).write(folder)
        (folder / "1.jpg").unlink()
        make(folder / "1.jpg")

    return write


def _as_manifest(make: Callable[[Path], None]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "1.jpg").write_bytes(sound.jpeg("L"))
        make(folder / "manifest.json")

    return write


def _beside(make: Callable[[Path], None]) -> Callable[[Path], None]:
    """A sound page, and beside it something that is not one."""

    def write(folder: Path) -> None:
        (folder / "1.jpg").write_bytes(sound.jpeg())
        make(folder / "2.jpg")

    return write


def _hard_link(folder: Path) -> None:
    Files(folder.name, {"1.jpg": sound.jpeg("L")}).write(folder)
    (folder / "again.jpg").hardlink_to(folder / "1.jpg")


def _sparse(folder: Path) -> None:
    """A file of a terabyte that takes no room."""
    batch = Files(folder.name, {"1.jpg": sound.jpeg("L")})
    files = [batch.manifest()["files"][0] | {"size_bytes": 2**40}]
    Files(folder.name, {"1.jpg": sound.jpeg("L")}, {"files": files}).write(folder)
    os.truncate(folder / "1.jpg", 2**40)


def _loose_sparse(folder: Path) -> None:
    (folder / "1.tif").touch()
    os.truncate(folder / "1.tif", 2**40)


def _crowd(count: int) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        for number in range(count):
            (folder / f"{number}.jpg").write_bytes(b"%d" % number)

    return write


def _beside_crowd(folder: Path) -> None:
    """One file is listed, and ten thousand others lie around."""
    _crowd(10_000)(folder)
    Files(folder.name, {"page.jpg": sound.jpeg("L")}).write(folder)


def _deep(folder: Path) -> None:
    """A picture below a thousand folders."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    (folder / "1.jpg").write_bytes(sound.jpeg())


def _ring(folder: Path) -> None:
    """Folders that link to each other: endless ways through two folders."""
    for name in ("a", "b"):
        (folder / name).mkdir()
    for number in range(4):
        (folder / "a" / f"to-b-{number}").symlink_to("../b")
        (folder / "b" / f"to-a-{number}").symlink_to("../a")
    (folder / "a" / "self").symlink_to("self")
    (folder / "a" / "1.jpg").write_bytes(sound.jpeg())
