"""extract (document): proposals for the minimum fields of letter 9318 and Decree 30.

Names: ``type_code``, ``type_name``, ``owner_id``, ``excerpt``, ``valid_until``, ``scope`` (the six of Circular
01/2023 Art 9); ``number_symbol``, ``number``, ``symbol``, ``issued_date``, ``issued_place``, ``issuing_body``,
``parent_body``, ``signer_name``, ``signer_title``, ``effective_from``. What the manifest declares comes from it;
where the paper shows something else too, that stands beside it as ``printed_…``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from models.document import Document
from models.facts import MAX_FACT_BYTES, Fact
from models.stage import Inputs, Ports, Scope, Stage
from stages.both_sides import BothSidesJudged, read_selection
from stages.doctypes import doctypes
from stages.extraction.field import Field, shorten
from stages.extraction.layout import Page, lay_out
from stages.ocr.stage import TextRead
from stages.page_text import text_of

__all__ = ["STAGE", "Extracted", "Field", "run"]

_FUTURE_CONFIDENCE = 0.3
"""At most this for a date of issue after the paper was handed in: it is misread, or misprinted."""
_ROOM_BYTES = 96
"""What the ledger may wrap around a fact."""


class Extracted(Fact):
    """Values found. A field that is absent on the paper is absent here, never guessed."""

    fields: tuple[Field, ...] = ()


def run(inputs: Inputs, ports: Ports) -> Extracted:
    """Read the sides of the copy in order; declared values win."""
    selection = read_selection(ports.blobs.get(inputs.fact(BothSidesJudged).selection))
    pages = [lay_out(text_of(inputs, ports, side), side) for side in selection]
    declared = tuple(_declared(inputs.document))
    names = {field.name for field in declared}
    read = [_beside(field, names) for field in _read(pages)]
    return fit([*declared, *(_plausible(field, inputs.document) for field in read)])


def fit(fields: Sequence[Field]) -> Extracted:
    """The fact, its longest texts cut until it is small enough for the ledger."""
    kept = list(fields)
    while len((extracted := Extracted(fields=tuple(kept))).model_dump_json().encode()) > MAX_FACT_BYTES - _ROOM_BYTES:
        longest = max(range(len(kept)), key=lambda n: len(kept[n].value) + len(kept[n].raw))
        field = kept[longest]
        kept[longest] = field.model_copy(
            update={
                "value": shorten(field.value, max(40, len(field.value) * 3 // 4)),
                "raw": shorten(field.raw, max(20, len(field.raw) // 2)),
            }
        )
    return extracted


def _declared(document: Document) -> Iterator[Field]:
    """What the manifest says. Nothing of it is printed, so ``raw`` is empty."""
    manifest = document.manifest
    if manifest is None:
        return
    yield Field(name="type_code", value=manifest.type_code, raw="", source="manifest")
    yield Field(name="type_name", value=manifest.type_name, raw="", source="manifest")
    if manifest.owner is not None:
        yield Field(name="owner_id", value=manifest.owner.id, raw="", source="manifest")


def _read(pages: Sequence[Page]) -> tuple[Field, ...]:
    """The fields of the document type that knows these pages best; none where no type does."""
    sure, doctype = max(((d.recognises(pages), d) for d in doctypes()), key=lambda pair: pair[0])
    return doctype.read(pages) if sure > 0 else ()


def _beside(field: Field, declared: set[str]) -> Field:
    return field.model_copy(update={"name": f"printed_{field.name}"}) if field.name in declared else field


def _plausible(field: Field, document: Document) -> Field:
    """A paper cannot be issued after it was handed in (a day for time zones)."""
    last_day = (document.received_at + timedelta(days=1)).date().isoformat()
    if field.name == "issued_date" and field.value > last_day:
        return field.model_copy(update={"confidence": min(field.confidence, _FUTURE_CONFIDENCE)})
    return field


STAGE = Stage("extract", 1, Scope.DOCUMENT, (BothSidesJudged, TextRead), Extracted, run)
