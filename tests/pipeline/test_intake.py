"""Intake: what is a batch, what is refused and why, and when a receipt is written."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from models.document import Document, Status
from models.errors import Rejected, Retryable
from models.facts import Approved
from models.settings import IntakeSettings, Settings
from pipeline.intake import Batch, Intake, Receipt, find_batches, natural, read_manifest
from pipeline.ledger.database import now, transaction
from pipeline.ledger.rows import NewFact
from pipeline.ledger.schema import steps
from pipeline.services import FolderWatch
from pipeline.watermark import MB, Watermark
from pipeline.wiring import Books
from tests.support.memory_blobs import MemoryBlobs
from tests.support.toy_flow import TOY

NOON = datetime(2026, 11, 21, 5, 0, 0, 123456, tzinfo=UTC)
AGENCY = {"code": "H49.64", "name": "Ủy ban nhân dân phường Hồng Gai"}


@dataclass
class Ticking:
    """A clock that moves on by an hour at each look."""

    at: datetime = NOON

    def now(self) -> datetime:
        self.at += timedelta(hours=1)
        return self.at


@dataclass
class Desk:
    """Intake on an embedded ledger and blobs in memory."""

    folder: Path
    books: Books
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    settings: Settings = field(default_factory=Settings)

    @property
    def intake(self) -> Intake:
        return Intake(self.settings, self.books.ledger, self.blobs, Ticking())

    def watch(self, limits: IntakeSettings | None = None) -> FolderWatch:
        watermark = Watermark(limits or self.settings.intake, self.blobs, self.books.views)
        return FolderWatch(self.folder, self.intake, watermark)

    def document(self, receipt: Receipt) -> Document:
        view = self.books.views.document(receipt.document, receipt.revision)
        assert view is not None
        return Document.model_validate_json(self.blobs.get(view.document, view.body))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An empty folder, ledger and store."""
    folder = tmp_path / "in"
    folder.mkdir()
    books = Books(Settings(state=tmp_path / "state"), TOY)
    yield Desk(folder, books)
    books.close()


def batch(folder: Path, name: str = "b1", files: dict[str, bytes] | None = None, **changes: Any) -> Batch:
    """A batch as a counter writes it; ``changes`` to its manifest."""
    place = folder / name
    place.mkdir()
    contents = {"1.jpg": b"front", "2.jpg": b"back"} if files is None else files
    listed = [
        {"name": n, "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "sequence": number}
        for number, (n, data) in enumerate(contents.items(), start=1)
    ]
    for n, data in contents.items():
        (place / n).write_bytes(data)
    manifest = {
        "document_id": "HS-1",
        "receiving_agency": AGENCY,
        "owning_agency": AGENCY | {"code": "H49.99"},
        "counter": "quay-3",
        "type_code": "KQ.G01.000001",
        "type_name": "Giấy khai sinh",
        "source_kind": "principal",
        "sheets": 1,
        "sides": 2,
        "files": listed,
    }
    (place / "manifest.json").write_bytes(orjson.dumps(manifest | changes))
    return Batch(name, place)


def edit(found: Batch, **changes: Any) -> None:
    """Change the manifest of a batch."""
    path = found.folder / "manifest.json"
    path.write_bytes(orjson.dumps(orjson.loads(path.read_bytes()) | changes))


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


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    """A sentence for the counter, not a trace."""
    with pytest.raises(Rejected) as caught:
        list(find_batches(tmp_path / "none"))
    assert caught.value.code == "not_found"


def test_a_link_to_a_folder_above_does_not_go_round_for_ever(tmp_path: Path) -> None:
    """Linked folders are looked into, except where the link leads back up."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "1.jpg").touch()
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "b" / "self").symlink_to(".")
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "2.jpg").touch()
    (tmp_path / "a" / "there").symlink_to(tmp_path / "else")
    assert [b.name for b in find_batches(tmp_path / "a")] == ["b", "there"]


@given(st.lists(st.text(max_size=12), max_size=8))
def test_natural_order_is_an_order(names: list[str]) -> None:
    """Any names can be sorted; the same names come out the same way."""
    assert sorted(sorted(names), key=natural) == sorted(sorted(names, reverse=True), key=natural) or len(
        {natural(n) for n in names}
    ) < len(names)


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


# -- the watched folder -----------------------------------------------------------------------------


def answers(folder: Path) -> dict[str, Any]:
    """Every answer file, by name."""
    return {p.name: orjson.loads(p.read_bytes()) for p in folder.glob("*.json")}


class Watching(Intake):
    """Looks at the folder in the moment before its answer is given."""

    seen: tuple[str, ...] = ("nothing yet",)
    folder: Path

    def admit(self, batch: Batch, opened: Any = ()) -> Receipt:
        receipt = super().admit(batch, opened)
        self.seen = tuple(answers(self.folder))
        return receipt


class Away(MemoryBlobs):
    """A blob store that is away until ``back`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.back = False

    def put(self, document: str, data: bytes) -> str:
        if not self.back:
            raise Retryable("blobs_unavailable", "the disk is away", "blobs")
        return super().put(document, data)


def test_a_receipt_comes_after_the_commit(desk: Desk) -> None:
    """When the ledger has it and not before; it lists every file with its hash."""
    batch(desk.folder)
    intake = Watching(desk.settings, desk.books.ledger, desk.blobs, Ticking())
    intake.folder = desk.folder
    FolderWatch(desk.folder, intake, Watermark(desk.settings.intake, desk.blobs, desk.books.views)).look(
        threading.Event()
    )
    assert intake.seen == ()
    assert set(answers(desk.folder)) == {"b1.receipt.json"}
    receipt = answers(desk.folder)["b1.receipt.json"]
    assert (receipt["batch"], receipt["document"], receipt["revision"]) == ("b1", "HS-1", 1)
    assert {f["sha256"] for f in receipt["files"]} == {hashlib.sha256(d).hexdigest() for d in (b"front", b"back")}
    assert receipt["received_at"].startswith("2026-11-21T06:00:00.123456")


def test_no_receipt_while_the_store_is_away(desk: Desk) -> None:
    """Nothing is answered and nothing is lost; the next look admits it."""
    batch(desk.folder)
    desk.blobs = away = Away()
    watch = desk.watch()
    watch.look(threading.Event())
    assert answers(desk.folder) == {}
    away.back = True
    watch.look(threading.Event())
    assert set(answers(desk.folder)) == {"b1.receipt.json"}


def test_a_receipt_that_was_lost_is_written_again(desk: Desk) -> None:
    """A crash between commit and receipt: the same batch is admitted again and gets the same receipt."""
    batch(desk.folder)
    desk.watch().look(threading.Event())
    first = (desk.folder / "b1.receipt.json").read_bytes()
    (desk.folder / "b1.receipt.json").unlink()
    desk.watch().look(threading.Event())
    assert (desk.folder / "b1.receipt.json").read_bytes() == first
    assert len(desk.books.views.all_documents()) == 1


def test_an_incomplete_batch_is_refused_until_it_is_mended(desk: Desk) -> None:
    """The refusal says what to mend; when the file has come the receipt takes its place."""
    found = batch(desk.folder)
    data = (found.folder / "2.jpg").read_bytes()
    (found.folder / "2.jpg").unlink()
    watch = desk.watch()
    watch.look(threading.Event())
    refused = answers(desk.folder)
    assert set(refused) == {"b1.refused.json"}
    assert refused["b1.refused.json"]["code"] == "file_missing"
    assert "2.jpg" in refused["b1.refused.json"]["message"]
    written = (desk.folder / "b1.refused.json").stat().st_mtime_ns
    watch.look(threading.Event())
    assert (desk.folder / "b1.refused.json").stat().st_mtime_ns == written  # not judged again while unchanged
    (found.folder / "2.jpg").write_bytes(data)
    watch.look(threading.Event())
    assert set(answers(desk.folder)) == {"b1.receipt.json"}


def test_a_batch_without_its_manifest_is_left_alone(desk: Desk) -> None:
    """The manifest is renamed into place last: before it, the counter is still writing."""
    found = batch(desk.folder)
    (found.folder / "manifest.json").rename(found.folder / ".manifest.json.part")
    watch = desk.watch()
    watch.look(threading.Event())
    assert answers(desk.folder) == {}
    (found.folder / ".manifest.json.part").rename(found.folder / "manifest.json")
    watch.look(threading.Event())
    assert set(answers(desk.folder)) == {"b1.receipt.json"}


def test_one_bad_batch_does_not_hold_up_the_others(desk: Desk) -> None:
    """Each gets its own answer in one look."""
    batch(desk.folder, "a", document_id="..")
    batch(desk.folder, "b", document_id="HS-2")
    batch(desk.folder, "c", document_id="HS-3")
    desk.watch().look(threading.Event())
    assert set(answers(desk.folder)) == {"a.refused.json", "b.receipt.json", "c.receipt.json"}


def test_intake_stops_when_asked(desk: Desk) -> None:
    """SIGTERM: no further batch is begun."""
    batch(desk.folder)
    stop = threading.Event()
    stop.set()
    desk.watch().look(stop)
    assert answers(desk.folder) == {}


# -- the watermark ----------------------------------------------------------------------------------


def test_above_the_high_mark_batches_wait_for_the_low_one(desk: Desk) -> None:
    """Batches stay where they are; between the marks nothing is taken until the low one is reached."""
    batch(desk.folder)
    watch = desk.watch(IntakeSettings(high_mb=3, low_mb=1))
    held = [desk.blobs.put("other", bytes([n]) * MB) for n in range(4)]
    for left in (4, 2):
        while len(held) > left:
            desk.blobs.remove("other", held.pop())
        watch.look(threading.Event())
        assert answers(desk.folder) == {}
    desk.blobs.remove_document("other")
    watch.look(threading.Event())
    assert set(answers(desk.folder)) == {"b1.receipt.json"}


def test_full_disks_and_old_work_hold_intake_back(desk: Desk) -> None:
    """Free space, and the age of the oldest owed step."""
    small = MemoryBlobs(capacity_bytes=10 * MB)
    reason = Watermark(IntakeSettings(min_free_mb=20), small, desk.books.views).reason()
    assert reason is not None
    assert "free" in reason
    desk.intake.admit(batch(desk.folder))
    watermark = Watermark(IntakeSettings(max_owed_age_s=100), desk.blobs, desk.books.views)
    assert watermark.reason() is None
    with transaction(desk.books.engine) as tx:
        tx.execute(update(steps).values(owed_at=now() - 101))
    reason = watermark.reason()
    assert reason is not None
    assert "owed" in reason
