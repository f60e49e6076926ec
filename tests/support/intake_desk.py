"""An intake desk: a folder that counters write into, an embedded ledger, blobs in memory, a clock that moves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from models.document import Document
from models.settings import IntakeSettings, Settings
from pipeline.intake import Batch, Intake, Receipt
from pipeline.services import FolderWatch
from pipeline.watermark import Watermark
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


@contextmanager
def open_desk(place: Path) -> Iterator[Desk]:
    """An empty folder, ledger and store."""
    folder = place / "in"
    folder.mkdir()
    books = Books(Settings(state=place / "state"), TOY)
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
