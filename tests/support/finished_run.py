"""An output folder as ``sohoa process`` leaves it, without running a stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import orjson

from models.document import Document, Source, archive_key
from models.facts import Approved, Fact, Failed, Refused
from models.geometry import Box
from models.manifest import Agency, ServiceClass
from models.settings import Settings
from models.text import Block, Line, PageText, Word
from pipeline.adapters.disk_archive import DiskArchive
from pipeline.adapters.disk_blobs import DiskBlobs
from pipeline.ledger.rows import NewFact
from pipeline.wiring import Books
from stages.assemble import Assembled
from stages.certify import Certified
from stages.extract import Extracted, Field
from stages.flow import FLOW
from stages.ocr.stage import TextRead
from stages.put import Archived
from stages.seal import Sealed
from tests.support.small_pdfa import scan, small_pdfa


@dataclass(frozen=True)
class Paper:
    """One document of a run. ``end``: None archives it."""

    name: str = "doc"
    lines: tuple[str, ...] = ("Độc lập - Tự do - Hạnh phúc", "Số: 05/QĐ-UBND")
    left: float = 10.0
    number: str = "05"
    sides: tuple[int, ...] = (1, 2)
    end: Refused | Failed | None = None
    facts: tuple[Fact, ...] = ()
    version: int = 1

    def but(self, **changes: Any) -> Self:
        """The same paper with something else in it."""
        return replace(self, **changes)


@dataclass(frozen=True)
class Run:
    """What makes two runs over the same papers differ although nothing does: when they were, and who signed."""

    at: datetime = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    officer: str = "officer-7"
    attempt_noise: bytes = b"first"
    turned: tuple[tuple[str, str], ...] = field(default=())


def write_run(out: Path, papers: Sequence[Paper], run: Run = Run()) -> Path:
    """Ledger, blobs, archive and report of a finished run in ``out``."""
    books = Books(Settings(state=out / "state"), FLOW)
    entries = [_write(out, paper, run, books) for paper in papers]
    books.close()
    entries += [{"id": name, "status": "REJECTED", "code": code, "message": "…"} for name, code in run.turned]
    (out / "summary.json").write_bytes(orjson.dumps({"summary": {}, "documents": entries}))
    return out


def _write(out: Path, paper: Paper, run: Run, books: Books) -> dict[str, Any]:
    blobs = DiskBlobs(out / "state" / "blobs")
    agency = Agency(code="H49", name="Ủy ban nhân dân tỉnh")
    key = archive_key(agency.code, run.at, paper.name, 1)
    known: list[NewFact] = []
    text = PageText(width_px=100, height_px=100, blocks=_blocks(paper))
    sha256 = blobs.put(paper.name, text.model_dump_json().encode())
    read = TextRead(text=sha256, engine="tesseract", words=7, confidence=0.9)
    known.append(NewFact(read, 1, "ocr", paper.version))
    field_ = Field(name="number", value=paper.number, raw=paper.number, source="ocr", page=1)
    known.append(NewFact(Extracted(fields=(field_,)), 0, "extract", 1))
    known += [NewFact(fact, 0, "test", 1) for fact in paper.facts]
    if paper.end is not None:
        known.append(NewFact(paper.end, 0, "test", 1))
    else:
        pdf = small_pdfa([scan(side) for side in paper.sides])
        DiskArchive(out / "archive").put(f"{key}/document.pdf", pdf)
        noise = blobs.put(paper.name, run.at.isoformat().encode() + run.attempt_noise)
        known += [
            NewFact(fact, 0, "test", 1)
            for fact in (
                Approved(by=run.officer, at=run.at),
                Assembled(pdf=noise, pages=len(paper.sides), size_bytes=len(pdf) + len(run.attempt_noise)),
                Certified(form="sao_y", pdf=noise, stamp=f"SAO Y; {run.at}", at=run.at, signer="CN=x"),
                Sealed(pdf=noise, record=noise),
                Archived(pdf=f"{key}/document.pdf", record=f"{key}/record.json"),
            )
        ]
    document = Document(
        id=paper.name,
        revision=1,
        agency=agency,
        counter="c1",
        service_class=ServiceClass.COUNTER,
        received_at=run.at,
        archive_key=key,
        sources=(Source(name="a.jpg", size_bytes=1, sha256="0" * 64, sequence=1),),
    )
    body = blobs.put(paper.name, document.model_dump_json().encode())
    admission = books.ledger.admit(document, body, frozenset(), known)
    return {"id": paper.name, "revision": 1, "status": admission.status.value, "code": None}


def _blocks(paper: Paper) -> tuple[Block, ...]:
    box = Box(paper.left, 10, 90, 20)
    lines = tuple(
        Line(words=tuple(Word(text=w, box=box, confidence=0.9) for w in line.split()), box=box) for line in paper.lines
    )
    return (Block(lines=lines, box=box),)
