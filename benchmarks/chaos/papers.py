"""The documents of a campaign: small generated scans, each with the one outcome that is right for it.

Every page carries a patch of colour that survives JPEG and turning: the scripted engine reads the page's mark off
it, and does there what poison does. Everything comes from the seed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from benchmarks.corpus.batch import OWNER, RECEIVER, BatchSpec, make_batch
from models.manifest import Manifest, ScannedFile, ServiceClass, SourceKind
from models.ports import Pixels
from pipeline.incoming import MANIFEST

DPI = 100
"""A4 of about a megapixel: below the rule's 200 dpi, which is a flag and no reason to refuse."""
PATCH_PX = 72
LEVELS = (0, 60, 120, 180, 240)
"""What a channel of a mark may have: far enough apart for JPEG."""
SATURATION = 120
"""Colours of marks are at least this far from grey; the paper below them is made grey."""
TEMPLATES = 3
MOST_PAGES = 4
COPIES = 10
"""How often a doubled batch comes."""

Bgr = tuple[int, int, int]


class Kind(StrEnum):
    """What a document is, and with it how it has to end."""

    HEALTHY = "healthy"
    DOUBLED = "doubled"
    PHOTOCOPY = "photocopy"
    WAITING = "waiting"
    MISSING = "missing"
    TRUNCATED = "truncated"
    ALTERED = "altered"
    SEGFAULT = "segfault"
    ENDLESS = "endless"
    HOG = "hog"


POISON: dict[Kind, Bgr] = {Kind.SEGFAULT: (0, 0, 240), Kind.ENDLESS: (0, 240, 0), Kind.HOG: (240, 0, 0)}
"""Marks that no other page has."""

SHARES: dict[Kind, float] = {
    Kind.HEALTHY: 0.70, Kind.DOUBLED: 0.05, Kind.PHOTOCOPY: 0.06, Kind.WAITING: 0.04, Kind.MISSING: 0.04,
    Kind.TRUNCATED: 0.04, Kind.ALTERED: 0.03, Kind.SEGFAULT: 0.02, Kind.ENDLESS: 0.01, Kind.HOG: 0.01,
}  # fmt: skip

Status = Literal["ARCHIVED", "REJECTED", "WAITING", "REFUSED"]

_ENDS: dict[Kind, tuple[Status, str]] = {
    Kind.WAITING: ("WAITING", "gate"),
    Kind.MISSING: ("REJECTED", "missing_side"),
    Kind.TRUNCATED: ("REJECTED", "truncated"),
    Kind.ALTERED: ("REFUSED", "hash_mismatch"),
    **dict.fromkeys(POISON, ("WAITING", "quarantined")),
}


@dataclass(frozen=True)
class Page:
    """One scanned side: its JPEG, and the text that stands in the copy if it was read."""

    name: str
    sequence: int
    data: bytes
    mark: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Expected:
    """What has to become of a document. ``pages``: SHA-256 of the scans that the copy holds, in order.

    ``marks``: text of each of them. ``status`` REFUSED: intake answers with ``code``, nothing is received.
    """

    document: str
    kind: Kind
    status: Status
    code: str = ""
    pages: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    certified: bool = False
    copies: int = 1
    sides: int = 0

    @property
    def poisoned(self) -> bool:
        return self.kind in POISON

    @property
    def wants_approval(self) -> bool:
        """Whether a person opens the gate for it: everything but what shall wait."""
        return self.kind is not Kind.WAITING and self.status != "REFUSED"


@dataclass(frozen=True)
class Paper:
    """A document as the counter sends it, and what has to become of it."""

    manifest: Manifest
    pages: tuple[Page, ...]
    expected: Expected


def mark_of(colour: Bgr) -> str:
    """The word that the engine reads for a colour."""
    return "dau" + "".join(f"{value:03d}" for value in colour)


def colours() -> tuple[Bgr, ...]:
    """Every colour of a mark of a sound page."""
    found = [(b, g, r) for b in LEVELS for g in LEVELS for r in LEVELS if max(b, g, r) - min(b, g, r) >= SATURATION]
    return tuple(c for c in found if c not in POISON.values())


def colour_of(pixels: Pixels) -> Bgr | None:
    """The mark's colour on a page in colour, at any scale and turn; None where there is no patch."""
    wide = pixels.max(axis=2).astype(np.int16) - pixels.min(axis=2)
    patch = pixels[wide > SATURATION // 2]
    if len(patch) < 200:
        return None
    middle = np.median(patch, axis=0)
    b, g, r = (min(LEVELS, key=lambda level: abs(level - float(value))) for value in middle)
    return b, g, r


def papers(seed: int, kinds: tuple[Kind, ...] = ()) -> Iterator[Paper]:
    """Documents without end; ``kinds``: of the first ones, so that a short campaign has each kind."""
    number = 0
    names = list(SHARES)
    while True:
        rng = np.random.default_rng([seed, number])
        chosen = kinds[number] if number < len(kinds) else names[rng.choice(len(names), p=list(SHARES.values()))]
        yield make_paper(f"c{seed}-{number:05d}-{chosen}", chosen, rng)
        number += 1


def make_paper(document: str, kind: Kind, rng: np.random.Generator, sides: int = 0) -> Paper:
    """One document; ``sides`` 0: as many as chance says. The same generator gives the same bytes."""
    count = sides or int(rng.integers(2 if kind is Kind.MISSING else 1, MOST_PAGES + 1))
    palette = colours()
    picked = [palette[int(i)] for i in rng.choice(len(palette), size=count, replace=False)]
    poisoned = int(rng.integers(count))
    if kind in POISON:
        picked[poisoned] = POISON[kind]
    pages = [_page(document, n, colour, rng) for n, colour in enumerate(picked, start=1)]
    if kind is Kind.TRUNCATED:
        pages[-1] = Page(pages[-1].name, count, pages[-1].data[: len(pages[-1].data) // 2], pages[-1].mark)
    if kind is Kind.MISSING:
        del pages[int(rng.integers(count))]
    status, code = _ENDS.get(kind, ("ARCHIVED", ""))
    archived = status == "ARCHIVED"
    expected = Expected(
        document,
        kind,
        status,
        code,
        pages=tuple(page.sha256 for page in pages) if archived else (),
        marks=tuple(page.mark for page in pages) if archived else (),
        certified=archived and kind is not Kind.PHOTOCOPY,
        copies=COPIES if kind is Kind.DOUBLED else 1,
        sides=len(pages),
    )
    return Paper(_manifest(document, kind, pages, count, rng), tuple(pages), expected)


def write(paper: Paper, folder: Path) -> None:
    """The batch folder, renamed into place when it is whole, as counters do. Raises ``OSError``."""
    part = folder.with_name(f".{folder.name}.part")
    part.mkdir(parents=True, exist_ok=True)
    for at, page in enumerate(paper.pages):
        broken = paper.expected.kind is Kind.ALTERED and at == 0
        (part / page.name).write_bytes(page.data[:-1] + b"\0" if broken else page.data)
    (part / MANIFEST).write_text(paper.manifest.model_dump_json(by_alias=True), "utf-8")
    part.rename(folder)


@lru_cache
def _template(number: int) -> Pixels:
    """A generated page in shades of grey, as BGR."""
    kind = ("letter", "decision", "birth")[number % TEMPLATES]
    images, _, _ = make_batch(BatchSpec(f"chaos-{kind}", kind, dpi=DPI, level="clean"), number)
    grey = cv2.imdecode(np.frombuffer(images[0].data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), dtype=np.uint8)


def _page(document: str, number: int, colour: Bgr, rng: np.random.Generator) -> Page:
    """A page like no other: the patch at the lower edge, and beside it what document and page it is of."""
    pixels = _template(int(rng.integers(TEMPLATES))).copy()
    bottom = pixels.shape[0] - 20
    pixels[bottom - PATCH_PX : bottom, 60 : 60 + PATCH_PX] = colour
    note = f"{document} {number}"
    cv2.putText(pixels, note, (150, bottom - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (90, 90, 90), 1, cv2.LINE_AA)
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 80])
    return Page(f"{number:04d}.jpg", number, _with_dpi(data.tobytes()), mark_of(colour))


def _with_dpi(jpeg: bytes) -> bytes:
    """OpenCV writes a JFIF header without a resolution; bytes 13 to 17 say it (JFIF 1.02, section APP0)."""
    assert jpeg[6:10] == b"JFIF"
    return jpeg[:13] + b"\x01" + DPI.to_bytes(2, "big") * 2 + jpeg[18:]


def _manifest(document: str, kind: Kind, pages: list[Page], count: int, rng: np.random.Generator) -> Manifest:
    return Manifest(
        document_id=document,
        receiving_agency=RECEIVER,
        owning_agency=OWNER,
        counter=f"quay-{rng.integers(1, 5):02d}",
        service_class=ServiceClass.COUNTER if rng.random() < 0.7 else ServiceClass.BULK,
        type_code="H99.1",
        type_name="Giấy tờ thử tải",
        source_kind=SourceKind.PHOTOCOPY if kind is Kind.PHOTOCOPY else SourceKind.ORIGINAL,
        sheets=count,
        sides=count,
        files=tuple(
            ScannedFile(name=page.name, size_bytes=len(page.data), sha256=page.sha256, sequence=page.sequence)
            for page in pages
        ),
    )
