"""Manifests: no JSON, the wrong shape, every field with every kind of nonsense, and names that lead elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from benchmarks.corpus.broken import sound
from benchmarks.corpus.broken.case import ARCHIVED, Case, Files, listed, one_file

_BAD = frozenset({"bad_manifest"})
_FIELDS = (
    *("document_id", "revision", "receiving_agency", "owning_agency", "counter", "class", "deadline", "dossier_code"),
    *("owner", "type_code", "type_name", "source_kind", "sheets", "sides", "notes", "files", "schema_version"),
)
_NONSENSE: tuple[Any, ...] = (
    [[[]]],
    {"a": {"b": "c"}},
    -1,
    2**200,
    "\x00\x1b[31m",
    "x" * 100_000,
    True,
    1.5,
    "’;--",
    None,
)
_FINE = {
    ("deadline", 10**6), ("deadline", None), ("dossier_code", None), ("owner", None), ("type_name", "’;--"),
}  # fmt: skip
HUGE = "1" * 5000


def cases() -> Iterator[Case]:
    """All of them; nothing here is left to chance."""
    for number, raw in enumerate(_no_manifests()):
        yield Case("manifest_raw", f"raw-{number:02d}", _BAD, _raw(raw))
    for field in _FIELDS:
        for number, value in enumerate(_NONSENSE):
            ends = {ARCHIVED, "bad_manifest", "count_mismatch"} if _may_pass(field, value) else _BAD
            yield _declared(f"field-{field}-{number}", ends, **{field: value})
    yield from _numbers()
    yield from _texts()
    yield from _paths()
    yield from _doubled()


def _may_pass(field: str, value: Any) -> bool:
    """Optional fields may be null; a boolean is a number to many."""
    if value is None:
        return field in ("deadline", "dossier_code", "owner")
    if value is True or value == 1.5:
        return field in ("revision", "schema_version", "notes", "sheets", "sides", "deadline")
    return value == "’;--" and field == "type_name"


def _declared(name: str, ends: frozenset[str] | set[str], **changes: Any) -> Case:
    """A sound page whose manifest says something else; numbers beyond 64 bits too."""
    data = sound.jpeg("L")

    def write(folder: Path) -> None:
        (folder / "1.jpg").write_bytes(data)
        manifest = Files(name, {"1.jpg": data}, changes).manifest()
        (folder / "manifest.json").write_text(_json(manifest), "utf-8", errors="surrogatepass")

    return Case("manifest_field", name, frozenset(ends), write)


def _json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def _raw(data: bytes) -> Any:
    def write(folder: Path) -> None:
        (folder / "1.jpg").write_bytes(sound.jpeg("L"))
        (folder / "manifest.json").write_bytes(data)

    return write


def _no_manifests() -> Iterator[bytes]:
    sound_one = orjson.dumps(Files("raw-sound", {"1.jpg": sound.jpeg("L")}).manifest())
    yield from (b"", b"{", b"null", b"[]", b'"x"', b"17", b"NaN", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf", bytes(1000))
    yield from (b"[" * 1_000_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b"<manifest/>", b"schema_version: 1")
    yield sound_one[:-1]
    yield sound_one + sound_one
    yield sound_one.replace(b'"sheets":1', b'"sheets":NaN')
    yield sound_one.replace(b'"sheets":1', b'"sheets":Infinity')
    yield sound_one.replace(b'"sheets":1', b'"sheets":1e400')
    yield sound_one.replace(b'"sheets":1', b'"sheets":' + HUGE.encode())
    yield sound_one.replace(b'"sheets":1', b'"sheets":1,"sheets":2')
    yield sound_one.replace(b'"document_id":', b'"document_id":"raw-other","document_id":')
    yield sound_one.replace(b'"code":"H99.08"', b'"code":"H1","code":"H99.08"')
    yield sound_one.replace(b'"sheets":1', b'"sheets":1,"' + b"k" * 2_000_000 + b'":1')
    yield sound_one.replace(b'"sheets":1', b'"sheets":1,"\\u001b[2J\\u202e":1')
    yield sound_one.replace(b"KQ.G01", b"\\ud800")
    yield sound_one.replace(b"KQ.G01", b"\xed\xa0\x80")
    yield b" " * (17 * 1024 * 1024) + sound_one
    yield b'{"files":[' + b"{}," * 300_000 + b"{}]}"
    yield b'{"files":[' + b"{}," * 29_000 + b"{}]}"
    yield b"{" + b"".join(b'"%d":1,' % n for n in range(700_000)) + b'"x":1}'


def _numbers() -> Iterator[Case]:
    """Whole numbers that a schema lets pass and a program stumbles over."""
    data = sound.jpeg("L")
    for name, value in (("31", 2**31), ("63", 2**63), ("80", 2**80), ("9", 10**9)):
        line = listed("1.jpg", data, 1)
        yield _declared(f"revision-{name}", _BAD, revision=value)
        yield _declared(f"replaces-{name}", _BAD, revision=value, replaces=value - 1)
        yield _declared(f"sequence-{name}", _BAD, files=[line | {"sequence": value}], sheets=2, sides=2)
        yield _declared(f"note-{name}", _BAD, files=[line | {"note_of": value}])
        yield _declared(
            f"size-{name}", {"bad_manifest", "size_mismatch", "file_too_large"}, files=[line | {"size_bytes": value}]
        )
    yield _declared("sheets-most", {"missing_side"}, sheets=10_000, sides=20_000)
    yield _declared("sides-odd", {"manifest_contradicts"}, sheets=3, sides=5)
    for name, when in (
        *(
            ("first", "0001-01-01T00:00:00+14:00"),
            ("last", "9999-12-31T23:59:59-14:00"),
            ("zone", "2026-11-23T17:00:00+99:00"),
        ),
        *(
            ("stamp", 10**11),
            ("far", 10**18),
            ("negative", -(10**11)),
            ("words", "chiều nay"),
            ("leap", "2026-02-30T00:00:00Z"),
        ),
    ):
        yield _declared(f"deadline-{name}", {ARCHIVED, "bad_manifest"}, deadline=when)


def _texts() -> Iterator[Case]:
    """Names in every script: printed in the stamp and in the copy's metadata, or refused with a sentence."""
    words = {
        "nfc": ("Ủy ban nhân dân phường Hồng Gai", {ARCHIVED}),
        "nfd": ("U\u0309y ban nha\u0302n da\u0302n", {ARCHIVED}),
        "khmer": ("សួស្តី", {ARCHIVED, "bad_manifest"}),
        "cham": ("ꨌꩌ", {ARCHIVED, "bad_manifest"}),
        "arabic": ("محافظة", {ARCHIVED, "bad_manifest"}),
        "chinese": ("省人民政府", {ARCHIVED, "bad_manifest"}),
        "emoji": ("Ủy ban 👩‍👩‍👧‍👦", {ARCHIVED, "bad_manifest"}),
        "rtl": ("Ủy ban \u202efdp.exe", {"bad_manifest"}),
        "noncharacter": ("Ủy ban \uffff\ufffe", {"bad_manifest"}),
        "surrogate": ("Ủy ban \ud800", {"bad_manifest"}),
        "c1": ("Ủy ban \x85\x9b31m", {"bad_manifest"}),
        "zalgo": ("Ủy" + "\u0301" * 150, {ARCHIVED, "bad_manifest"}),
        "spaces": ("\u3000\u2003", {ARCHIVED, "bad_manifest"}),
        "markup": ("</rdf:li>&lt;<!--]]>(\\)", {ARCHIVED}),
        "long": ("Ủy ban " * 28, {ARCHIVED, "bad_manifest"}),
        "one-word": ("Ủ" * 200, {ARCHIVED}),
    }
    for name, (text, ends) in words.items():
        agency = {"code": "H99.08", "name": text}
        yield _declared(f"agency-{name}", ends, receiving_agency=agency)
        yield _declared(f"type-{name}", ends | {ARCHIVED}, type_name=text)


def _paths() -> Iterator[Case]:
    """File names that lead out of the batch, or nowhere."""
    data = sound.jpeg("L")
    for number, name in enumerate(
        ("../1.jpg", "/etc/passwd", "..", ".", "", "a/1.jpg", "a\\1.jpg", "C:\\1.jpg", "1.jpg\x00.png", "\x1b[31m.jpg")
    ):
        yield _declared(f"path-{number:02d}", _BAD, files=[listed(name, data, 1)])
    for number, name in enumerate(
        ("~", "$HOME", "%2e%2e%2f1.jpg", "1.jpg;rm", "-rf", "*", "ế" * 200, "NUL", "\u202egpj.1")
    ):
        yield _declared(f"name-{number:02d}", {"file_missing", "bad_manifest"}, files=[listed(name, data, 1)])
    yield _declared("self", {"size_mismatch"}, files=[listed("manifest.json", data, 1)])
    for number, code in enumerate(("../../x", "..", "a/b", "a\x00b", "é")):
        agency = {"code": code, "name": "Ủy ban"}
        yield _declared(f"code-{number}", _BAD, owning_agency=agency)
        yield _declared(f"document-{number}", _BAD, document_id=code)
        yield _declared(f"counter-{number}", _BAD, counter=code)


def _doubled() -> Iterator[Case]:
    """The same file twice, the same number twice, many files."""
    data = sound.jpeg("L")
    line = listed("1.jpg", data, 1)
    yield _declared("doubled-name", _BAD, files=[line, line])
    yield one_file(
        "manifest_files",
        "doubled-number",
        "1.jpg",
        data,
        {"extra_side", "missing_side"},
        files=[line],
        sheets=2,
        sides=2,
    )
    yield _declared("files-30001", _BAD, files=[line | {"name": f"{n}.jpg"} for n in range(30_001)])
    yield _declared("files-missing", {"file_missing"}, files=[line | {"name": f"{n}.jpg"} for n in range(5_000)])
    yield _declared("hash-upper", _BAD, files=[line | {"sha256": line["sha256"].upper()}])
    yield _declared("hash-other", {"hash_mismatch"}, files=[line | {"sha256": "0" * 64}])
    yield _declared("size-other", {"size_mismatch"}, files=[line | {"size_bytes": 1}])
