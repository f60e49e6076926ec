"""seal (document): fixes the exact bytes of the copy and of its record before anything is archived."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import orjson
import pikepdf

from models.base import Sha256
from models.document import Document
from models.errors import Defect
from models.facts import Fact, FactKey
from models.side import Side, read_index
from models.stage import Inputs, Ports, Provenance, Scope, Stage
from stages.assemble import Assembled
from stages.both_sides import BothSidesJudged, read_selection
from stages.certify import Certified
from stages.extract import Extracted
from stages.notes import NotePair, NotesPaired, pairs_of
from stages.unpack import Unpacked

RECORD_SCHEMA = 1


class Sealed(Fact):
    """``pdf`` and ``record``: blobs that the archive gets; ``originals`` and ``variants``: blobs archived beside them."""

    pdf: Sha256
    record: Sha256
    originals: int = 0
    variants: int = 0

    def blobs(self) -> tuple[str, ...]:
        return (self.pdf, self.record)


def run(inputs: Inputs, ports: Ports) -> Sealed:
    """Write ``record.json``: the same facts and history give the same bytes.

    Raises ``Defect("pages_differ")`` and ``Defect("scan_changed")`` where the PDF does not hold
    exactly the scans of the selected sides.
    """
    certified = inputs.fact(Certified)
    pdf = ports.blobs.get(certified.pdf)
    sides = read_index(ports.blobs.get(inputs.fact(Unpacked).index)).sides
    selection = read_selection(ports.blobs.get(inputs.fact(BothSidesJudged).selection))
    pages = _pages(pdf, selection, sides)
    pairs = pairs_of(inputs, ports)
    record = _record(inputs, pdf, pages, selection, sides) | {"variants": _variants(pairs, selection, sides)}
    data = orjson.dumps(record, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return Sealed(
        pdf=certified.pdf,
        record=ports.blobs.put(data),
        originals=len(originals(sides)),
        variants=len(variants(pairs, sides)),
    )


def originals(sides: Sequence[Side]) -> tuple[str, ...]:
    """SHA-256 of every received file whose image had to be re-encoded, each once, in scanned order."""
    return tuple(dict.fromkeys(s.original_sha256 for s in sides if s.recoded and s.original_sha256 is not None))


def variants(pairs: Sequence[NotePair], sides: Sequence[Side]) -> tuple[str, ...]:
    """SHA-256 of both scans of every page with a note, each once."""
    by_number = {side.number: side for side in sides}
    numbers = [number for pair in pairs for number in (pair.note_on, pair.note_off)]
    return tuple(dict.fromkeys(by_number[number].sha256 for number in numbers))


def variant_key(sha256: str) -> str:
    """Where a variant lies, beside the copy."""
    return f"variants/{sha256}"


def image_hashes(page: pikepdf.Page) -> list[str]:
    """SHA-256 of every image stream of a page as it stands in the file, in the order of their names."""
    images = page.get_images(recursive=False)  # assemble draws each scan directly
    return [hashlib.sha256(images[name].read_raw_bytes()).hexdigest() for name in sorted(images.keys())]


def storage_code(document: Document) -> str | None:
    """``<owner id>.<type code>`` (Circular 01/2023/TT-VPCP Art 10); the left part is empty without an owner."""
    manifest = document.manifest
    if manifest is None:
        return None
    return f"{manifest.owner.id if manifest.owner else ''}.{manifest.type_code}"


def _pages(pdf: bytes, selection: Sequence[int], sides: Sequence[Side]) -> list[dict[str, Any]]:
    """What each page of the copy shows; a scanned JPEG must be there byte for byte."""
    by_number = {side.number: side for side in sides}
    with pikepdf.open(BytesIO(pdf)) as file:
        if len(file.pages) != len(selection):
            raise Defect("pages_differ", f"the PDF has {len(file.pages)} pages for {len(selection)} selected sides")
        pages = []
        for number, (page, chosen) in enumerate(zip(file.pages, selection, strict=True), start=1):
            side, images = by_number[chosen], image_hashes(page)
            if len(images) != 1 or (side.media == "image/jpeg" and images != [side.sha256]):
                raise Defect("scan_changed", f"page {number} does not hold the bytes of side {chosen}")
            pages.append({"page": number, "side": chosen, "images": images})
    return pages


def _record(
    inputs: Inputs, pdf: bytes, pages: list[dict[str, Any]], selection: Sequence[int], sides: Sequence[Side]
) -> dict[str, Any]:
    """The record as plain data. Times in UTC, ISO 8601."""
    document, certified, assembled = inputs.document, inputs.fact(Certified), inputs.fact(Assembled)
    manifest = document.manifest
    page_of = {side: page for page, side in enumerate(selection, start=1)}
    described = document.model_dump(mode="json", by_alias=True, exclude={"manifest", "service_class"})
    return {
        "schema": RECORD_SCHEMA,
        "document": described
        | {
            "class": document.service_class.value,
            "replaces": manifest.replaces if manifest else None,
            "dossier_code": manifest.dossier_code if manifest else None,
            "storage_code": storage_code(document),
        },
        "manifest": manifest.model_dump(mode="json", by_alias=True) if manifest else None,
        "copy": certified.model_dump(mode="json", exclude={"pdf"})
        | {
            "sha256": certified.pdf,
            "size_bytes": len(pdf),
            "unsigned_sha256": assembled.pdf,
            "unsigned_size_bytes": assembled.size_bytes,
            "pages": pages,
        },
        "sides": [side.model_dump(mode="json") | {"page": page_of.get(side.number)} for side in sides],
        "fields": [field.model_dump(mode="json") for field in inputs.fact(Extracted).fields],
        "facts": [_fact(key, fact, inputs.provenance.get(key)) for key, fact in sorted(inputs.facts.items())],
        "history": [{"at": e.at, "what": e.what, "detail": e.detail} for e in inputs.history],
    }


def _variants(pairs: Sequence[NotePair], selection: Sequence[int], sides: Sequence[Side]) -> list[dict[str, Any]]:
    """Both scans of every page with a note, and which of them the copy shows (letter 9318)."""
    by_number = {side.number: side for side in sides}
    page_of = {side: page for page, side in enumerate(selection, start=1)}
    listed = []
    for pair in pairs:
        for role, number in (("note_on", pair.note_on), ("note_off", pair.note_off)):
            side = by_number[number]
            entry = {"role": role, "side": number, "sha256": side.sha256, "media": side.media}
            where = {"of_side": pair.page, "page": page_of.get(pair.note_off), "key": variant_key(side.sha256)}
            listed.append(entry | where | {"verdict": pair.verdict})
    return listed


def _fact(key: FactKey, fact: Fact, learned: Provenance | None) -> dict[str, Any]:
    """One fact with the stage that gave it, its version then, and when."""
    made_by = {} if learned is None else {"stage": learned.stage, "version": learned.version, "at": learned.at}
    return {"kind": key.kind, "page": key.page, "value": fact.model_dump(mode="json")} | made_by


STAGE = Stage(
    "seal",
    2,
    Scope.DOCUMENT,
    (Unpacked, NotesPaired, BothSidesJudged, Assembled, Extracted, Certified),
    Sealed,
    run,
    repeatable=False,
)
