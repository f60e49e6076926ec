"""What differs between two output folders of ``sohoa process``, apart from times, attempts and signatures."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pikepdf

from models.document import Status
from models.errors import Defect, OperatorError, SohoaError
from models.facts import Approved, Confirmed, PersonallySigned
from models.ports import Archive, BlobStore
from models.settings import Settings
from models.text import PageText
from ops.report import REPORT
from pipeline.ledger.database import open_database
from pipeline.ledger.migrate import check_version
from pipeline.ledger.rows import StoredFact
from pipeline.ledger.views import DocumentView, Views
from pipeline.processing import settings_for
from pipeline.wiring import Adapters
from stages.assemble import Assembled
from stages.certify import Certified
from stages.ocr.stage import TextRead
from stages.put import Archived
from stages.seal import Sealed, image_hashes

SHOWN_CHARS = 60

IGNORED: dict[str, frozenset[str]] = {
    Assembled.kind(): frozenset(("pdf", "size_bytes")),  # XMP holds the time of arrival
    Certified.kind(): frozenset(("pdf", "at", "stamp")),
    Sealed.kind(): frozenset(("pdf", "record")),
    Archived.kind(): frozenset(("pdf", "record")),  # keys with the year of arrival
    Approved.kind(): frozenset(("at", "by")),
    Confirmed.kind(): frozenset(("at", "by")),
    PersonallySigned.kind(): frozenset(("at", "by")),
}
"""Values that differ between two runs over the same papers: times, people, and hashes of signed bytes."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same; ``left`` and ``right`` are empty where it is missing."""

    document: str
    what: str
    left: str
    right: str


class OutputFolder:
    """One run's ledger, blobs and archive, only read. ``settings``: where blobs and copies are, if not in the folder."""

    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        ledger = folder / "state" / "ledger.sqlite"
        if not ledger.is_file():
            raise OperatorError("no_ledger", f"{ledger} is not there: name an output folder of `sohoa process`")
        self.folder = folder
        self._engine = open_database(f"sqlite:///{ledger.absolute()}")
        check_version(self._engine)
        self.views = Views(self._engine)
        adapters = Adapters(
            settings_for(settings or Settings(), folder, None).model_copy(update={"state": folder / "state"})
        )
        self.blobs: BlobStore = adapters.blobs
        self.archive: Archive = adapters.archive

    def documents(self) -> dict[str, DocumentView]:
        """Every revision, by ``id/rN``."""
        return {f"{view.document}/r{view.revision}": view for view in self.views.all_documents()}

    def turned_away(self) -> Counter[tuple[str, str]]:
        """Name and verdict of the batches in the report that never became a document."""
        report = self.folder / REPORT
        if not report.is_file():
            return Counter()
        entries = orjson.loads(report.read_bytes())["documents"]
        return Counter((e["id"], f"{e['status']} {e['code']}") for e in entries if "revision" not in e)

    def pages(self, view: DocumentView) -> list[list[str]] | str:
        """Image hashes of each page of the archived copy, or in a word why there are none."""
        try:
            copy = self.archive.get(f"{view.archive_key}/document.pdf")
            with pikepdf.open(io.BytesIO(copy)) as pdf:
                return [image_hashes(page) for page in pdf.pages]
        except Defect:
            return "missing"
        except pikepdf.PdfError:
            return "damaged"

    def close(self) -> None:
        """Close the ledger."""
        self._engine.dispose()


def differences(left: OutputFolder, right: OutputFolder) -> Iterator[Difference]:
    """Every difference, document by document; nothing where both runs came to the same."""
    mine, other = left.documents(), right.documents()
    for name in sorted(mine.keys() | other.keys()):
        a, b = mine.get(name), other.get(name)
        if a is None or b is None:
            yield Difference(name, "document", a.status if a else "", b.status if b else "")
        else:
            yield from _document(name, a, b, left, right)
    away, other_away = left.turned_away(), right.turned_away()
    for name, verdict in sorted((away - other_away) | (other_away - away)):
        key = (name, verdict)
        lines = [verdict if side[key] else "" for side in (away, other_away)]
        yield Difference(name, "turned away by intake", *lines)


def _document(
    name: str, a: DocumentView, b: DocumentView, left: OutputFolder, right: OutputFolder
) -> Iterator[Difference]:
    for what in ("status", "code", "counter", "service_class", "sides", "declared_sides"):
        if getattr(a, what) != getattr(b, what):
            yield Difference(name, what, str(getattr(a, what)), str(getattr(b, what)))
    if Status.FAILED in (a.status, b.status):
        return  # how far its other sides had come is chance
    facts = [_by_key(out.views.facts(v.document, v.revision)) for out, v in ((left, a), (right, b))]
    for key in sorted(facts[0].keys() | facts[1].keys()):
        one, two = facts[0].get(key), facts[1].get(key)
        kind = key[1] if key[0] == 0 else f"{key[1]} of side {key[0]}"
        if one is None or two is None:
            yield Difference(name, kind, "there" if one else "", "there" if two else "")
        elif (one.stage, one.version) != (two.stage, two.version):
            yield Difference(name, f"{kind}: made by", f"{one.stage} {one.version}", f"{two.stage} {two.version}")
        else:
            yield from _fact(name, kind, one, two, left, right)
    if a.status is b.status is Status.ARCHIVED:
        yield from _copies(name, a, b, left, right)


def _by_key(facts: tuple[StoredFact, ...]) -> dict[tuple[int, str], StoredFact]:
    return {(fact.page, fact.kind): fact for fact in facts}


def _fact(
    name: str, kind: str, one: StoredFact, two: StoredFact, left: OutputFolder, right: OutputFolder
) -> Iterator[Difference]:
    a, b = orjson.loads(one.body), orjson.loads(two.body)
    document = name.rpartition("/")[0]
    for what in sorted((a.keys() | b.keys()) - IGNORED.get(one.kind, frozenset())):
        if a.get(what) == b.get(what):
            continue
        if one.kind == TextRead.kind() and what == "text":
            yield from _texts(name, kind, [_text(out, document, f["text"]) for out, f in ((left, a), (right, b))])
        elif isinstance(a.get(what), list) and isinstance(b.get(what), list):
            yield from _lists(name, f"{kind}: {what}", a[what], b[what])
        else:
            yield Difference(name, f"{kind}: {what}", _short(a.get(what)), _short(b.get(what)))


def _lists(name: str, what: str, a: list[Any], b: list[Any]) -> Iterator[Difference]:
    """Entries that only one of two lists has: fields by their name, flags by themselves."""
    left, right = (Counter(orjson.dumps(entry, option=orjson.OPT_SORT_KEYS).decode() for entry in x) for x in (a, b))
    if left == right:
        yield Difference(name, f"{what}: order", _short(a), _short(b))
        return
    gone, new = ([orjson.loads(entry) for entry in (x - y).elements()] for x, y in ((left, right), (right, left)))
    for label in sorted({_label(entry) for entry in (*gone, *new)}):
        sides = [[e for e in entries if _label(e) == label] for entries in (gone, new)]
        yield Difference(name, f"{what} {label}".rstrip(), *(_short(s) if s else "" for s in sides))


def _label(entry: Any) -> str:
    return str(entry["name"]) if isinstance(entry, dict) and "name" in entry else ""


def _text(out: OutputFolder, document: str, sha256: str) -> PageText | SohoaError:
    try:
        return PageText.model_validate_json(out.blobs.get(document, sha256))
    except SohoaError as error:
        return error


def _texts(name: str, kind: str, texts: list[PageText | SohoaError]) -> Iterator[Difference]:
    """The first line that differs; or that only places or confidences do."""
    a, b = texts
    if isinstance(a, SohoaError) or isinstance(b, SohoaError):
        found = [t.code if isinstance(t, SohoaError) else "there" for t in texts]
        yield Difference(name, f"{kind}: text blob", *found)
        return
    if a.text == b.text:
        yield Difference(name, f"{kind}: boxes or confidences", _digest(a), _digest(b))
        return
    one, two = a.text.split("\n"), b.text.split("\n")
    first = next(
        (n for n, pair in enumerate(zip(one, two, strict=False)) if pair[0] != pair[1]), min(len(one), len(two))
    )
    lines = [
        _around(x[first] if first < len(x) else "", y[first] if first < len(y) else "")
        for x, y in ((one, two), (two, one))
    ]
    yield Difference(name, f"{kind}: text, line {first + 1}", *lines)


def _around(line: str, other: str) -> str:
    """The part of a line where it first differs from the other."""
    at = next(
        (n for n, pair in enumerate(zip(line, other, strict=False)) if pair[0] != pair[1]), min(len(line), len(other))
    )
    start = max(0, at - SHOWN_CHARS // 3)
    return f"{'…' if start else ''}{_short(line[start:])}"


def _digest(text: PageText) -> str:
    return hashlib.sha256(text.model_dump_json().encode()).hexdigest()[:12]


def _copies(
    name: str, a: DocumentView, b: DocumentView, left: OutputFolder, right: OutputFolder
) -> Iterator[Difference]:
    one, two = left.pages(a), right.pages(b)
    if isinstance(one, str) or isinstance(two, str):
        if one != two:
            yield Difference(name, "archived copy", *(p if isinstance(p, str) else "readable" for p in (one, two)))
    elif len(one) != len(two):
        yield Difference(name, "pages of the copy", str(len(one)), str(len(two)))
    else:
        for number, (x, y) in enumerate(zip(one, two, strict=True), start=1):
            if x != y:
                yield Difference(name, f"image of page {number}", *(" ".join(h[:12] for h in side) for side in (x, y)))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= SHOWN_CHARS else f"{text[: SHOWN_CHARS - 1]}…"
