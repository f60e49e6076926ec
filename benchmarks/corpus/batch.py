"""One batch: prints a paper, scans its sheets, and writes folder, manifest and truth."""

from __future__ import annotations

import hashlib
import shutil
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Literal, cast

import numpy as np

from benchmarks.corpus import containers, forms, letters, tables
from benchmarks.corpus.damage import Level, Scanner, scanner
from benchmarks.corpus.faults import FAULTS, Image, numbered
from benchmarks.corpus.fonts import SERIF, Fonts
from benchmarks.corpus.note import sticky_note, uncovered
from benchmarks.corpus.office import Order, Paper
from benchmarks.corpus.page import Page
from benchmarks.corpus.scan import Scan, scan_side
from benchmarks.corpus.truth import DocumentTruth, Expected, SideTruth
from models.errors import OperatorError
from models.manifest import Agency, Manifest, Owner, ScannedFile, ServiceClass, SourceKind

Container = Literal["jpeg", "png", "tiff", "pdf"]

KINDS: dict[str, Callable[[Order], Paper]] = {
    "decision": letters.decision,
    "letter": letters.letter,
    "birth": forms.birth_certificate,
    "declaration": forms.declaration,
    "table": tables.table,
}
"""What can be printed, by the name that stands in document ids."""

VIETNAM = timezone(timedelta(hours=7))
RECEIVER = Agency(code="H99.08.21", name="Trung tâm Phục vụ hành chính công tỉnh An Lâm")
OWNER = Agency(code="H99.08", name="Ủy ban nhân dân tỉnh An Lâm")


@dataclass(frozen=True)
class BatchSpec:
    """What batch to make. ``pages``: printed sides to aim at (faults may need more).

    ``two_sided``: printed on both sides of the sheets. ``backs``: a duplex scanner sends the blank
    backs of a one-sided paper along. ``note``: a sticky note on page 1, scanned with and without.
    """

    id: str
    kind: str
    dpi: int = 200
    pages: int = 1
    level: Level = "normal"
    two_sided: bool = False
    backs: bool = False
    note: bool = False
    hand: bool = False
    absent: bool = False
    landscape: bool = True
    container: Container = "jpeg"
    fault: str | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Shot:
    """One picture that the scanner took."""

    scan: Scan
    side: SideTruth


def make_batch(spec: BatchSpec, seed: int) -> tuple[tuple[Image, ...], Manifest, DocumentTruth]:
    """The files, manifest and truth of a batch; nothing is written. Same spec and seed, same bytes.

    Raises ``OperatorError``: an unknown kind or fault, or a font that is not installed.
    """
    if spec.kind not in KINDS:
        raise OperatorError("unknown_kind", f"no papers of kind {spec.kind!r}: choose from {', '.join(KINDS)}")
    if spec.fault is not None and spec.fault not in FAULTS:
        raise OperatorError("unknown_fault", f"no fault {spec.fault!r}: choose from {', '.join(FAULTS)}")
    rng = np.random.default_rng([seed, zlib.crc32(spec.id.encode())])
    fault = FAULTS[spec.fault] if spec.fault else None
    order = Order(
        rng=rng,
        dpi=spec.dpi,
        family=SERIF[int(rng.integers(len(SERIF)))],
        pages=max(spec.pages, fault.least_pages if fault else 1),
        hand=spec.hand,
        absent=spec.absent,
        landscape=spec.landscape,
        lines=spec.lines,
    )
    paper = KINDS[spec.kind](order)
    device = scanner(rng, spec.level, grey=spec.fault == "photocopy")
    shots = _scan_sheets(spec, paper, device, rng)
    images = _files(spec, shots)
    sheets = max(shot.side.sheet for shot in shots)
    if fault is not None and fault.change is not None:
        images = fault.change(images, rng)
    images, sides = numbered(images)
    expected = fault.expected if fault else Expected(status="ARCHIVED", certified=True)
    unmanifested = spec.fault == "unmanifested"
    manifest = _manifest(spec, paper, images, sheets, rng)
    truth = DocumentTruth(
        batch=spec.id,
        document_id=_content_id(images) if unmanifested else spec.id,
        kind=spec.kind,
        fault=spec.fault,
        seed=seed,
        level=spec.level,
        expected=expected,
        fields=paper.fields | ({"type_code": None, "owner_id": None} if unmanifested else {}),
        handwritten=paper.handwritten,
        selected=_selected(spec, sides) if expected.status == "ARCHIVED" else (),
        sides=sides,
    )
    return images, manifest, truth


def write_batch(out: Path, spec: BatchSpec, seed: int) -> DocumentTruth:
    """Make a batch and write ``out/<id>/`` and ``out/<id>.truth.json``; an older one is replaced.

    The manifest is renamed into place last: until then the batch is not complete.
    """
    images, manifest, truth = make_batch(spec, seed)
    folder = out / spec.id
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    for image in images:
        (folder / image.name).write_bytes(image.data)
    (out / f"{spec.id}.truth.json").write_text(truth.model_dump_json(indent=1) + "\n")
    if spec.fault != "unmanifested":
        part = folder / "manifest.json.part"
        part.write_text(manifest.model_dump_json(indent=1, by_alias=True) + "\n")
        part.rename(folder / "manifest.json")
    return truth


def _scan_sheets(spec: BatchSpec, paper: Paper, device: Scanner, rng: np.random.Generator) -> list[_Shot]:
    """Every side in the order of the scanner; with-note extras last."""
    shots: list[_Shot] = []
    bound = bool(rng.random() < 0.5)
    sideways = 90 if rng.random() < 0.5 else 270
    for sheet, (front, back) in enumerate(_sheets(spec, paper), start=1):
        faces = [(front, back)] if back is None else [(front, back), (back, front)]
        for page, behind in faces:
            across = page.size.width_mm > page.size.height_mm
            turn = sideways if across else 0
            scan = scan_side(page, behind, device, rng, orientation_deg=turn, bound=bound)
            face: Literal["front", "back"] = "front" if page is front else "back"
            shots.append(_Shot(scan, _side(page, scan, sheet, face)))
    if spec.note:
        first = paper.pages[0]
        marks, hidden = sticky_note(first)
        scan = scan_side(first, None, device, rng, notes=marks)
        side = _side(first, scan, 1, "front").model_copy(
            update={"note_of": 1, "blocks": scan.blocks(uncovered(first.blocks, hidden))}
        )
        shots.append(_Shot(scan, side))
    return shots


def _sheets(spec: BatchSpec, paper: Paper) -> list[tuple[Page, Page | None]]:
    """Which pages share a sheet; None where a back is not scanned."""
    pages = list(paper.pages)
    if spec.two_sided:
        if len(pages) % 2:
            pages.append(_blank(pages[-1]))
        return list(zip(pages[::2], pages[1::2], strict=True))
    return [(page, _blank(page) if spec.backs else None) for page in pages]


def _blank(front: Page) -> Page:
    return Page(front.size, front.dpi, Fonts(front.fonts.family), front.rng, "blank")


def _side(page: Page, scan: Scan, sheet: int, face: Literal["front", "back"]) -> SideTruth:
    height, width = scan.pixels.shape[:2]
    return SideTruth(
        number=0,
        file="",
        sheet=sheet,
        face=face,
        kind=page.kind,
        blank=page.kind == "blank",
        dpi=scan.dpi,
        width_px=width,
        height_px=height,
        angle_deg=scan.angle_deg,
        orientation_deg=cast(Literal[0, 90, 180, 270], scan.orientation_deg),
        printed_number=page.number,
        blocks=scan.blocks(page.blocks),
    )


def _files(spec: BatchSpec, shots: list[_Shot]) -> tuple[Image, ...]:
    """The files that hold the pictures."""
    scans, sides = [shot.scan for shot in shots], tuple(shot.side for shot in shots)
    if spec.fault == "signed":
        return (Image("scan.pdf", containers.pdf(scans, signed=True), 1, sides),)
    if spec.container == "pdf":
        return (Image("scan.pdf", containers.pdf(scans), 1, sides),)
    if spec.container == "tiff":
        return (Image("scan.tif", containers.tiff(scans), 1, sides),)
    images = []
    for number, shot in enumerate(shots, start=1):
        data = containers.png(shot.scan) if spec.container == "png" else shot.scan.jpeg()
        name = f"{number:04d}.{'png' if spec.container == 'png' else 'jpg'}"
        images.append(Image(name, data, number, (shot.side,), note_of=shot.side.note_of))
    return tuple(images)


def _content_id(images: tuple[Image, ...]) -> str:
    """The id that intake gives files without a manifest, made of names and contents."""
    digest = hashlib.sha256()
    for image in images:
        digest.update(image.name.encode() + b"\0" + hashlib.sha256(image.data).digest())
    return f"scan-{digest.hexdigest()[:20]}"


def _manifest(
    spec: BatchSpec, paper: Paper, images: tuple[Image, ...], sheets: int, rng: np.random.Generator
) -> Manifest:
    urgent = bool(rng.random() < 0.7)
    return Manifest(
        document_id=spec.id,
        receiving_agency=RECEIVER,
        owning_agency=OWNER,
        counter=f"quay-{rng.integers(1, 9):02d}",
        service_class=ServiceClass.COUNTER if urgent else ServiceClass.BULK,
        deadline=datetime(2026, 11, 23, 17, 0, tzinfo=VIETNAM) if urgent else None,
        dossier_code=f"{RECEIVER.code}-261123-{rng.integers(1, 9999):04d}",
        owner=Owner(kind="citizen", id=paper.owner) if paper.owner else None,
        type_code=paper.type_code,
        type_name=paper.type_name,
        source_kind=SourceKind.PHOTOCOPY if spec.fault == "photocopy" else SourceKind.ORIGINAL,
        sheets=sheets,
        sides=2 * sheets if spec.two_sided else sheets,
        notes=1 if spec.note else 0,
        files=scanned_files(images),
    )


def scanned_files(images: Sequence[Image]) -> tuple[ScannedFile, ...]:
    """What a manifest says of these files."""
    return tuple(
        ScannedFile(
            name=image.name,
            size_bytes=len(image.data),
            sha256=hashlib.sha256(image.data).hexdigest(),
            sequence=image.sequence,
            note_of=image.note_of,
        )
        for image in images
    )


def _selected(spec: BatchSpec, sides: tuple[SideTruth, ...]) -> tuple[int, ...]:
    """Rule R1: fronts only where every back is blank, else all; never the scan with the note on."""
    pages = [side for side in sides if side.note_of is None]
    if spec.fault == "unmanifested":
        return tuple(side.number for side in pages)
    backs = [side for side in pages if side.face == "back"]
    fronts_only = all(side.blank for side in backs)
    return tuple(side.number for side in pages if side.face == "front" or not fronts_only)
