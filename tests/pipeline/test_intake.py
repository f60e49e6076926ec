"""Intake: what is a batch, what is refused and why, and what an admitted batch is."""

from __future__ import annotations

import os
import subprocess
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.document import Status
from models.errors import Rejected
from models.facts import Approved
from pipeline.incoming import read_manifest
from pipeline.intake import Batch, Receipt, find_batches, natural
from pipeline.ledger.rows import NewFact
from tests.support.intake_desk import NOON, Desk, batch, edit, open_desk
from tests.support.memory_blobs import MemoryBlobs


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An empty folder, ledger and store."""
    with open_desk(tmp_path) as opened:
        yield opened


def refusal(desk: Desk, found: Batch) -> Rejected:
    """The error of a batch that must be refused, with nothing admitted."""
    with pytest.raises(Rejected) as caught:
        desk.intake.admit(found)
    assert desk.books.views.all_documents() == []
    return caught.value


# -- what is a batch --------------------------------------------------------------------------------


def test_batches_below_a_folder(tmp_path: Path) -> None:
    """A manifest makes a folder one batch; loose pictures are one document, each container is its own."""
    for name in (
        "a/manifest.json",
        "a/1.jpg",
        "a/deeper/x.jpg",
        "c/page10.JPG",
        "c/page9.png",
        "c/note.txt",
        "c/z.pdf",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for name in ("top.tiff", ".hidden/1.jpg", "c/in/scan.jpeg", "empty/readme.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = {
        b.folder.relative_to(tmp_path).as_posix() + ":" + b.name: [f.name for f in b.files]
        for b in find_batches(tmp_path)
    }
    assert found == {
        ".:top": ["top.tiff"],
        "a:a": [],
        "c:c": ["page9.png", "page10.JPG"],
        "c:z": ["z.pdf"],
        "c/in:in": ["scan.jpeg"],
    }
    (single,) = find_batches(tmp_path / "c" / "note.txt")
    assert (single.name, single.files, single.has_manifest) == ("note", (tmp_path / "c" / "note.txt",), False)


def test_links_below_the_path_are_refused_and_not_followed(desk: Desk) -> None:
    """A link could lead anywhere; the path itself may be one, the operator chose it."""
    (desk.folder / "a" / "b").mkdir(parents=True)
    (desk.folder / "a" / "b" / "1.jpg").write_bytes(b"side")
    for name, target in (("up", desk.folder / "a"), ("self", "."), ("round", "round"), ("there", "/")):
        (desk.folder / "a" / "b" / name).symlink_to(target)
    (desk.folder / "x").symlink_to(desk.folder / "a")
    found = {b.name: b for b in find_batches(desk.folder / "x")}
    assert set(found) == {"b", "up", "self", "there"}
    assert desk.intake.admit(found.pop("b")).new
    for link in found.values():
        with pytest.raises(Rejected) as caught:
            desk.intake.admit(link)
        assert caught.value.code == "file_missing"


def test_folders_in_folders_in_folders(tmp_path: Path) -> None:
    """As deep as a path can be, with no recursion of ours."""
    place = tmp_path
    for _ in range(1200):
        place = place / "d"
        place.mkdir()
    (place / "1.jpg").touch()
    found = [b.folder for b in find_batches(tmp_path)]
    # pytest's own way to remove it goes as deep as it is.
    subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)
    assert found == [place]


@given(st.lists(st.text(max_size=12), max_size=8))
def test_natural_order_is_an_order(names: list[str]) -> None:
    """Any two names can be compared, and where they came from does not matter."""
    assert sorted(map(natural, names)) == sorted(map(natural, reversed(names)))


def test_page_10_comes_after_page_9() -> None:
    """Scanner programs count without leading zeros."""
    assert sorted(["p10.jpg", "P9.jpg", "p1.jpg", "2.jpg", "p9b.jpg"], key=natural) == [
        *("2.jpg", "p1.jpg", "P9.jpg"),
        *("p9b.jpg", "p10.jpg"),
    ]


# -- manifests --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"document_id": "../HS-1"}, "document_id"),
        ({"document_id": "HS-1\n"}, "document_id"),
        ({"document_id": ".."}, "document_id"),
        ({"receiving_agency": {"code": "../../x", "name": "x"}}, "receiving_agency.code"),
        ({"sheets": 0}, "sheets"),
        ({"deadline": "2026-11-23T17:00:00"}, "deadline"),
        ({"files": []}, "files"),
        ({"surprise": 1}, "surprise"),
        ({"revision": 1, "replaces": 1}, "replaces"),
    ],
)
def test_a_bad_manifest_names_its_fields(desk: Desk, changes: dict[str, Any], named: str) -> None:
    """Nothing that is not understood is guessed at."""
    found = batch(desk.folder)
    edit(found, **changes)
    error = refusal(desk, found)
    assert error.code == "bad_manifest"
    assert named in error.message


def test_all_bad_fields_are_named_at_once(tmp_path: Path) -> None:
    """One answer is enough to mend everything."""
    found = batch(tmp_path, sheets=-1, sides="many", counter="", type_name="")
    with pytest.raises(Rejected) as caught:
        read_manifest(found.folder)
    assert all(name in caught.value.message for name in ("sheets", "sides", "counter", "type_name"))


@pytest.mark.parametrize(
    "name", ["../1.jpg", "/etc/hostname", "a/b.jpg", "a\\b.jpg", "..", ".", "", " 1.jpg", "1.jpg\x00"]
)
def test_file_names_cannot_leave_the_batch(desk: Desk, name: str) -> None:
    """A manifest names files in its own folder and nothing else."""
    found = batch(desk.folder)
    secret = desk.folder / "1.jpg"
    secret.write_bytes(b"front")
    entry = orjson.loads((found.folder / "manifest.json").read_bytes())["files"][0]
    edit(found, files=[entry | {"name": name}])
    assert refusal(desk, found).code == "bad_manifest"
    assert desk.blobs.documents() == ()


def test_no_manifest_or_none_that_can_be_read(desk: Desk) -> None:
    """Missing, no JSON, not UTF-8, far too large."""
    found = batch(desk.folder)
    for content in (b"{", b"\xff\xfe", b"[]", b" " * (16 * 1024 * 1024 + 1)):
        (found.folder / "manifest.json").write_bytes(content)
        assert refusal(desk, found).code == "bad_manifest"
    (found.folder / "manifest.json").unlink()
    assert refusal(desk, found).code == "bad_manifest"


# -- files ------------------------------------------------------------------------------------------


def test_a_file_that_changes_while_it_is_taken_in_is_refused(desk: Desk) -> None:
    """Without a manifest the document's name comes from what was read first: other bytes are not of it."""

    class Meddler(MemoryBlobs):
        def put(self, document: str, data: bytes, only: str | None = None) -> str:
            (desk.folder / "2.jpg").write_bytes(b"other")
            return super().put(document, data, only)

    desk.blobs = Meddler()
    files = [desk.folder / "1.jpg", desk.folder / "2.jpg"]
    for path in files:
        path.write_bytes(b"a scan")
    assert refusal(desk, Batch("loose", desk.folder, tuple(files))).code == "file_changed"


@pytest.mark.parametrize("declared", [True, False])
def test_one_file_is_in_memory_at_a_time(desk: Desk, *, declared: bool) -> None:
    """A batch of scans of 150 MB must not take twice that."""

    class Forgets(MemoryBlobs):
        def put(self, document: str, data: bytes, only: str | None = None) -> str:
            del document, data
            return only or "0" * 64

    desk.blobs = Forgets()
    found = batch(desk.folder, files={f"{n}.jpg": bytes([n]) * 4_000_000 for n in range(3)})
    if not declared:
        found = Batch("loose", found.folder, tuple(sorted(found.folder.glob("*.jpg"))))
    tracemalloc.start()
    desk.intake.admit(found)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 6_000_000


def test_missing_short_and_changed_files_are_named_together(desk: Desk) -> None:
    """The first one's code is the batch's; each has its own sentence with its name."""
    found = batch(desk.folder, files={f"{n}.jpg": b"side %d" % n for n in range(1, 5)})
    (found.folder / "1.jpg").unlink()
    (found.folder / "2.jpg").write_bytes(b"side")
    (found.folder / "3.jpg").write_bytes(b"edis 3")
    error = refusal(desk, found)
    assert [f.code for f in error.findings] == ["file_missing", "size_mismatch", "hash_mismatch"]
    assert error.code == "file_missing"
    for name, there in (("1.jpg", True), ("2.jpg", True), ("3.jpg", True), ("4.jpg", False)):
        assert (name in error.message) == there


@pytest.mark.parametrize("target", ["../outside.jpg", "2.jpg", "nowhere"])
def test_links_are_not_files(desk: Desk, target: str) -> None:
    """A link could bring in any file of the machine: it counts as missing, whatever it points to."""
    (desk.folder / "outside.jpg").write_bytes(b"front")
    found = batch(desk.folder, files={"1.jpg": b"front", "2.jpg": b"front"})
    (found.folder / "1.jpg").unlink()
    (found.folder / "1.jpg").symlink_to(target)
    assert refusal(desk, found).code == "file_missing"


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_a_folder_or_pipe_is_no_file(desk: Desk, make: Callable[[Path], None]) -> None:
    """Nothing is read that would not end."""
    found = batch(desk.folder)
    (found.folder / "1.jpg").unlink()
    make(found.folder / "1.jpg")
    assert refusal(desk, found).code == "file_missing"


# -- admission --------------------------------------------------------------------------------------


def test_an_admitted_batch_is_stored_as_declared(desk: Desk) -> None:
    """Blobs by hash, sources in scanned order, the receiving agency certifies, the owning one names the archive key."""
    found = batch(desk.folder, files={"b.jpg": b"front", "a.jpg": b"back"})
    edit(found, **{"class": "bulk"})
    receipt = desk.intake.admit(found)
    assert (receipt.batch, receipt.document, receipt.revision, receipt.new) == ("b1", "HS-1", 1, True)
    assert receipt.status is Status.RUNNING
    document = desk.document(receipt)
    assert [s.name for s in document.sources] == ["b.jpg", "a.jpg"]
    assert [desk.blobs.get("HS-1", s.sha256) for s in document.sources] == [b"front", b"back"]
    assert (document.agency.code, document.service_class) == ("H49.64", "bulk")
    assert document.archive_key == "H49.99/2026/HS-1/r1"
    view = desk.books.views.document("HS-1")
    assert view is not None
    assert view.flags == {Approved.flag}
    assert [step.segment for step in desk.books.views.owed_by("HS-1")] == ["arrive"]


def test_the_same_batch_again_gives_the_same_answer(desk: Desk) -> None:
    """Under any folder name and at any later time: nothing new, and the receipt tells the first arrival."""
    first = desk.intake.admit(batch(desk.folder))
    intake = desk.intake
    intake.admit(Batch("b1", desk.folder / "b1"))
    again = intake.admit(Batch("b1", desk.folder / "b1"))
    assert again == Receipt(**{**first.__dict__, "new": False})
    other_name = intake.admit(batch(desk.folder, "b2"))
    assert (other_name.new, other_name.received_at) == (False, first.received_at)
    assert len(desk.books.views.all_documents()) == 1
    assert desk.books.views.live_steps() == 1


@pytest.mark.parametrize(
    "changes", [{"files": {"1.jpg": b"front", "2.jpg": b"other"}}, {"sides": 1}, {"counter": "quay-4"}]
)
def test_another_content_under_the_same_revision_is_a_conflict(desk: Desk, changes: dict[str, Any]) -> None:
    """A rescan has to say that it is one; the first content stays."""
    first = desk.intake.admit(batch(desk.folder))
    with pytest.raises(Rejected) as caught:
        desk.intake.admit(batch(desk.folder, "b2", **changes))
    assert caught.value.code == "revision_conflict"
    assert "HS-1" in caught.value.message
    assert [s.sha256 for s in desk.document(first).sources] == [s.sha256 for s in first.files]


def test_a_new_revision_stands_beside_the_old(desk: Desk) -> None:
    """Each has a key of its own in the archive."""
    desk.intake.admit(batch(desk.folder))
    receipt = desk.intake.admit(batch(desk.folder, "b2", {"1.jpg": b"rescan"}, revision=2, replaces=1))
    assert receipt.new
    assert [v.archive_key[-2:] for v in desk.books.views.all_documents()] == ["r1", "r2"]


def test_scans_without_a_manifest_are_named_by_their_content(desk: Desk) -> None:
    """The same files are the same document wherever they lie; other names or bytes are another one."""
    for place, names in (("x", ("1.jpg", "2.jpg")), ("y", ("1.jpg", "2.jpg")), ("z", ("1.jpg", "3.jpg"))):
        (desk.folder / place).mkdir()
        for name in names:
            (desk.folder / place / name).write_bytes(b"picture")
    receipts = [desk.intake.admit(b) for b in find_batches(desk.folder)]
    assert [r.new for r in receipts] == [True, False, True]
    assert len({r.document for r in receipts}) == 2
    document = desk.document(receipts[0])
    assert (document.manifest, document.certifiable, document.agency.code) == (None, False, "H00.00")
    assert document.archive_key.startswith("H00.00/2026/scan-")


def test_only_what_may_be_certified_has_a_gate(desk: Desk) -> None:
    """A photocopy waits for no approval, and none is recorded for it even if it is offered."""
    opened = (NewFact(Approved(by="test", at=NOON), 0, "person", 1),)
    for name, kind, expected in (("HS-1", "principal", True), ("HS-2", "photocopy", False)):
        receipt = desk.intake.admit(batch(desk.folder, name, document_id=name, source_kind=kind), opened)
        view = desk.books.views.document(name)
        assert view is not None
        assert bool(view.flags) is expected
        assert bool(desk.books.views.facts(name, receipt.revision)) is expected


def test_what_a_manifest_may_not_say(desk: Desk) -> None:
    """In Vietnamese, and what pydantic would let pass: a key twice, numbers no ledger holds, text no stamp prints."""
    found = batch(desk.folder)
    path = found.folder / "manifest.json"
    sound = path.read_bytes()
    agency = {"code": "H49", "name": "省人民政府"}
    for changes, said in (
        ({"sheets": "hai"}, "sheets: phải là số nguyên"),
        ({"revision": 2**62}, "revision: số quá lớn"),
        ({"deadline": "0001-01-01T00:00:00+14:00"}, "deadline: năm không hợp lý"),
        ({"type_name": "a\u202eb"}, "type_name: có ký tự điều khiển"),
        ({"receiving_agency": agency}, "receiving_agency.name: có chữ không in được"),
    ):
        path.write_bytes(sound)
        edit(found, **changes)
        assert said in refusal(desk, found).message
    path.write_bytes(sound.replace(b'"sheets":1', b'"sheets":1,"sheets":2'))
    assert "sheets: được kê hai lần" in refusal(desk, found).message


def test_a_file_larger_than_the_limit_is_not_read(desk: Desk) -> None:
    """A terabyte that takes no room, with a manifest and without."""
    found = batch(desk.folder)
    os.truncate(found.folder / "1.jpg", 2**40)
    files = orjson.loads((found.folder / "manifest.json").read_bytes())["files"]
    edit(found, files=[files[0] | {"size_bytes": 2**40}, files[1]])
    assert refusal(desk, found).code == "file_too_large"
    (found.folder / "manifest.json").unlink()
    (loose,) = find_batches(found.folder)
    assert refusal(desk, loose).code == "file_too_large"
