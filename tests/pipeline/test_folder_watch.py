"""The watched folder: when a batch gets a receipt, when a refusal, and when it waits."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import update

from models.errors import Retryable
from models.settings import IntakeSettings
from pipeline.intake import Batch, Intake, Receipt
from pipeline.ledger.database import now, transaction
from pipeline.ledger.schema import steps
from pipeline.services import FolderWatch
from pipeline.watermark import MB, Watermark
from tests.support.intake_desk import Desk, Ticking, batch, open_desk
from tests.support.memory_blobs import MemoryBlobs
from tests.support.waiting import wait_until


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An empty folder, ledger and store."""
    with open_desk(tmp_path) as opened:
        yield opened


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

    def put(self, document: str, data: bytes, only: str | None = None) -> str:
        if not self.back:
            raise Retryable("blobs_unavailable", "the disk is away", "blobs")
        return super().put(document, data, only)


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


def test_no_dependency_that_is_away_ends_intake(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Before the first batch already the watermark asks store and ledger; it is said once, and then goes on."""

    class Lost(MemoryBlobs):
        def used_bytes(self) -> int:
            raise Retryable("blobs_unavailable", "the bucket does not answer", "blobs")

    batch(desk.folder)
    there, desk.blobs = desk.blobs, Lost()
    watch = desk.watch()
    for _ in range(2):
        watch.look(threading.Event())
    assert [record.getMessage() for record in caplog.records] == ["intake waits"]
    assert answers(desk.folder) == {}
    desk.blobs = there
    desk.watch().look(threading.Event())
    assert set(answers(desk.folder)) == {"b1.receipt.json"}


def test_a_share_that_drops_does_not_end_intake(desk: Desk, tmp_path: Path) -> None:
    """The folder itself is gone for a while."""
    batch(desk.folder)
    watch = desk.watch()
    desk.folder.rename(tmp_path / "away")
    watch.look(threading.Event())
    (tmp_path / "away").rename(desk.folder)
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


def test_a_refusal_that_could_not_be_written_is_written_later(desk: Desk) -> None:
    """The share was full or read-only for a moment: the counter hears of it all the same."""
    found = batch(desk.folder)
    (found.folder / "2.jpg").unlink()
    in_the_way = desk.folder / ".b1.refused.json.part"
    in_the_way.mkdir()
    watch = desk.watch()
    watch.look(threading.Event())
    assert answers(desk.folder) == {}
    in_the_way.rmdir()
    watch.look(threading.Event())
    assert set(answers(desk.folder)) == {"b1.refused.json"}


def test_a_rescan_in_the_folder_of_the_first_scan_is_taken_in(desk: Desk) -> None:
    """A receipt that is older than the manifest is not for it."""
    found = batch(desk.folder)
    watch = desk.watch()
    watch.look(threading.Event())
    first = (desk.folder / "b1.receipt.json").stat().st_ino
    wait_until_after(desk.folder / "b1.receipt.json")
    (found.folder / "manifest.json").chmod(0o640)
    watch.look(threading.Event())
    assert (desk.folder / "b1.receipt.json").stat().st_ino == first  # only touched
    shutil.rmtree(found.folder)
    wait_until_after(desk.folder / "b1.receipt.json")
    batch(desk.folder, revision=2)
    watch.look(threading.Event())
    assert answers(desk.folder)["b1.receipt.json"]["revision"] == 2


def wait_until_after(file: Path) -> None:
    """Until what is written now is newer."""
    probe = file.with_name(".probe")

    def newer() -> bool:
        probe.write_bytes(b"")
        return probe.stat().st_ctime_ns > file.stat().st_ctime_ns

    wait_until(newer, "the next tick of the disk's clock")
    probe.unlink()


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
        tx.execute(update(steps).values(owed_at=now() - 101, service_class="bulk"))
    assert watermark.reason() is None  # bulk may wait for days: counters come in all the same
    with transaction(desk.books.engine) as tx:
        tx.execute(update(steps).values(service_class="counter"))
    reason = watermark.reason()
    assert reason is not None
    assert "owed" in reason


@pytest.mark.parametrize("name", ["ế" * 83, os.fsdecode(b"gi\xe1y-\xff"), "a\x1b[2Jb"])
def test_a_batch_of_any_name_gets_its_answer(desk: Desk, name: str) -> None:
    """Too long to have an answer beside it, no UTF-8, escape sequences: one answer, and it can be read."""
    batch(desk.folder, name, document_id="HS-9")
    batch(desk.folder, "later")
    desk.watch().look(threading.Event())
    found = answers(desk.folder)
    assert len(found) == 2
    assert {answer["document"] for answer in found.values()} == {"HS-1", "HS-9"}
    assert all(answer["batch"].isprintable() for answer in found.values())


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_a_manifest_that_is_no_file_is_refused(desk: Desk, make: Any) -> None:
    """A batch that is never looked at would wait for ever."""
    (desk.folder / "b1").mkdir()
    make(desk.folder / "b1" / "manifest.json")
    desk.watch().look(threading.Event())
    assert answers(desk.folder)["b1.refused.json"]["code"] == "bad_manifest"


def test_a_fault_over_one_batch_does_not_stop_the_others(desk: Desk) -> None:
    """It gets no answer, since it is not to blame; the batches behind it do."""

    class Broken(MemoryBlobs):
        def put(self, document: str, data: bytes, only: str | None = None) -> str:
            if document == "HS-0":
                raise MemoryError
            return super().put(document, data, only)

    desk.blobs = Broken()
    batch(desk.folder, "a", document_id="HS-0")
    batch(desk.folder, "b", document_id="HS-1")
    watch = desk.watch()
    watch.look(threading.Event())
    watch.look(threading.Event())
    assert set(answers(desk.folder)) == {"b.receipt.json"}
