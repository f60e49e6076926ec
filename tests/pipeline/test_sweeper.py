"""The sweeper: which blobs go and when, on disk with SQLite and on S3 with PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text, update

from models.document import Status
from models.errors import OperatorError, Rejected, Retryable
from models.ports import BlobStore
from models.settings import LedgerSettings, RetentionSettings, Settings
from pipeline.adapters.disk_blobs import DiskBlobs
from pipeline.adapters.s3_blobs import S3Blobs
from pipeline.intake import Intake
from pipeline.ledger.database import reading, transaction
from pipeline.ledger.schema import documents, events
from pipeline.operations import retry
from pipeline.sweeper import Sweeper
from pipeline.wiring import Adapters, Books
from tests.contracts.test_blobs_contract import bucket_settings
from tests.servers.postgres import Postgres
from tests.servers.s3 import S3
from tests.support.intake_desk import batch
from tests.support.ledgers import migrated
from tests.support.memory_blobs import MemoryBlobs
from tests.support.toy_flow import TOY, toy_document
from tests.support.waiting import wait_until

NEVER = threading.Event()


@dataclass(frozen=True)
class At:
    """A clock that stands."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass
class Place:
    """A ledger, a store, and sweepers over them."""

    books: Books
    blobs: BlobStore

    def sweep(self, days_later: float = 0.0) -> int:
        clock = At(datetime.now(UTC) + timedelta(days=days_later))
        return Sweeper(self.books.retention, self.blobs, clock, RetentionSettings()).sweep(NEVER)

    def swept(self) -> list[str]:
        with transaction(self.books.engine) as tx:
            return list(tx.execute(select(events.c.document).where(events.c.what == "swept")).scalars())


@pytest.fixture(params=["disk", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Empty ones of each kind."""
    url, blobs = None, None
    if request.param == "s3":
        postgres: Postgres = request.getfixturevalue("postgres")
        s3: S3 = request.getfixturevalue("s3")
        url, blobs = postgres.fresh_database(migrated), S3Blobs(bucket_settings(s3, tmp_path.name))
    books = Books(Settings(state=tmp_path, ledger=LedgerSettings(url=url)), TOY)
    yield Place(books, blobs or DiskBlobs(tmp_path / "blobs"))
    books.close()


def end(place: Place, name: str, status: Status, days_ago: float, revision: int = 1) -> None:
    """A document with a blob, whose revision stands so for some days."""
    body = place.blobs.put(name, toy_document(name, revision).model_dump_json().encode())
    place.books.ledger.admit(toy_document(name, revision), body, frozenset())
    ended = {"ended_at": datetime.now(UTC).timestamp() - days_ago * 86_400} if status.terminal else {}
    with transaction(place.books.engine) as tx:
        mine = (documents.c.document == name, documents.c.revision == revision)
        tx.execute(update(documents).where(*mine).values(status=status.value, **ended))


def test_blobs_go_when_their_time_is_over(place: Place) -> None:
    """7 days after ARCHIVED, 30 after REJECTED or FAILED; never of what runs or waits, however old."""
    for status, days in ((Status.ARCHIVED, 7), (Status.REJECTED, 30), (Status.FAILED, 30)):
        end(place, f"{status.value}-kept", status, days - 0.1)
        end(place, f"{status.value}-over", status, days + 0.1)
    for status in (Status.RUNNING, Status.WAITING):
        end(place, f"{status.value}-kept", status, 400)
    assert place.sweep() == 3
    assert len(place.blobs.documents()) == 5
    assert all(name.endswith("-kept") for name in place.blobs.documents())
    assert sorted(place.swept()) == ["ARCHIVED-over", "FAILED-over", "REJECTED-over"]
    assert place.sweep() == 0


def test_a_revision_that_lives_keeps_the_blobs_of_all(place: Place) -> None:
    """Revisions share a folder, and a later one re-uses what an earlier one learned."""
    end(place, "doc", Status.FAILED, 40)
    end(place, "doc", Status.RUNNING, 0, revision=2)
    end(place, "both", Status.REJECTED, 400)
    end(place, "both", Status.ARCHIVED, 1, revision=2)
    end(place, "order", Status.REJECTED, 8)
    end(place, "order", Status.ARCHIVED, 8, revision=2)
    assert place.sweep() == 0
    assert place.blobs.documents() == ("both", "doc", "order")


def test_blobs_of_a_refused_batch_go_as_late_as_rejected_ones(place: Place, tmp_path: Path) -> None:
    """The ledger does not know them; a batch that is being taken in this moment is not known either."""
    intake = Intake(Settings(), place.books.ledger, place.blobs, At(datetime.now(UTC)))
    found = batch(tmp_path)
    (found.folder / "2.jpg").write_bytes(b"torn")
    with pytest.raises(Rejected):
        intake.admit(found)
    assert place.blobs.documents() == ("HS-1",)
    assert place.sweep(days_later=29.9) == 0
    assert place.sweep(days_later=30.1) == 1
    assert place.blobs.documents() == ()


def test_two_sweepers_at_once_delete_once(place: Place) -> None:
    """Each document is deleted by one of them, and neither breaks."""
    for number in range(8):
        end(place, f"doc{number}", Status.ARCHIVED, 8)
    together = threading.Barrier(2)
    swept: list[int] = []

    def run() -> None:
        together.wait()
        swept.append(place.sweep())

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(swept) == 8
    assert len(place.swept()) == 8
    assert place.blobs.documents() == ()


def test_a_rescan_during_the_sweep_is_not_robbed(place: Place, tmp_path: Path) -> None:
    """Blobs that were written before the deletion are gone: the batch is not admitted, and taken in again."""
    end(place, "HS-1", Status.REJECTED, 31)
    swept: list[int] = []

    class Swept(Intake):
        """The sweeper comes between the blobs and the ledger."""

        def _flags(self, document: object) -> frozenset[str]:
            del document
            if not swept:
                swept.append(place.sweep())
            return frozenset()

    settings = Settings()
    found = batch(tmp_path, revision=2)
    intake = Swept(settings, place.books.ledger, place.blobs, At(datetime.now(UTC)))
    with pytest.raises(Retryable) as caught:
        intake.admit(found)
    assert (caught.value.code, swept) == ("blobs_swept", [1])
    refused_at = place.books.ledger.clock()
    wait_until(lambda: place.books.ledger.clock() > refused_at, "the next tick of the ledger's clock (SQLite: 1 ms)")
    receipt = intake.admit(found)
    assert receipt.new
    assert all(place.blobs.exists("HS-1", file.sha256) for file in receipt.files)


def waits(engine: Engine) -> bool:
    """Whether somebody waits for a lock that the program has made up."""
    here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    with reading(engine) as tx:
        locks = tx.execute(text(f"SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND {here}"))
        return locks.first() is not None


def test_an_admission_waits_for_the_deletion(place: Place) -> None:
    """While blobs of a document are being deleted nobody can admit it; afterwards intake hears of it."""
    end(place, "doc", Status.REJECTED, 31)
    since = place.books.ledger.clock()
    answers: list[str] = []

    def admit() -> None:
        try:
            place.books.ledger.admit(toy_document("doc", 2), "b" * 64, frozenset(), since=since)
        except Retryable as error:
            answers.append(error.code)

    thread = threading.Thread(target=admit)

    def break_off() -> None:
        with place.books.retention.deleting("doc", since) as may:
            thread.start()
            assert may
            if place.books.engine.dialect.name == "postgresql":  # the one connection of SQLite tells nobody who waits
                wait_until(lambda: waits(place.books.engine) or not thread.is_alive(), "the admission at the lock")
            raise Retryable("blobs_unavailable", "the bucket went away in the middle", "blobs")

    with pytest.raises(Retryable, match="bucket"):
        break_off()
    thread.join()
    assert answers == ["blobs_swept"]


def test_a_long_deletion_keeps_its_lock(place: Place) -> None:
    """A slow bucket: a database that gives up idle transactions would let intake in, and lose the word of the deletion."""
    if place.books.engine.dialect.name == "postgresql":

        def impatient(connection: Any, *_: object) -> None:
            connection.execute("SET idle_in_transaction_session_timeout = 200")
            connection.commit()

        place.books.engine.dispose()
        event.listen(place.books.engine, "connect", impatient)
    end(place, "doc", Status.REJECTED, 31)
    with place.books.retention.deleting("doc", place.books.ledger.clock()) as may:
        assert may
        time.sleep(0.6)
    assert place.swept() == ["doc"]


def test_what_was_swept_cannot_be_retried(tmp_path: Path) -> None:
    """Its scans are gone: the operator is told, and nothing is changed."""
    settings = Settings(state=tmp_path)
    books, adapters = Books(settings, TOY), Adapters(settings)
    place = Place(books, adapters.blobs)
    end(place, "doc", Status.FAILED, 31)
    assert place.sweep() == 1
    with pytest.raises(OperatorError, match="scanned again"):
        retry(books, adapters, settings, TOY, "doc")
    assert place.blobs.documents() == ()
    books.close()


def test_a_store_that_is_away_does_not_end_the_sweeper(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It says so and comes again."""
    stop = threading.Event()

    class Away(MemoryBlobs):
        def documents(self) -> tuple[str, ...]:
            stop.set()
            raise Retryable("blobs_unavailable", "the bucket does not answer", "blobs")

    books = Books(Settings(state=tmp_path), TOY)
    Sweeper(books.retention, Away(), At(datetime.now(UTC)), RetentionSettings()).run(stop)
    assert [record.getMessage() for record in caplog.records] == ["sweep broken off"]
    books.close()
