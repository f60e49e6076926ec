"""Documents made of facts: what page stages would have learned about their sides, without a pixel.

A side is told by its printed number, its words, the picture that it shows and its blank verdict; OCR's misreadings
are thrown in. The real count, sequence and both_sides then judge the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal, NoReturn

import numpy as np
import orjson

from benchmarks.corpus.texts import Writer
from benchmarks.stepwise import Shelf
from models.document import Document, Source
from models.errors import Defect, Rejected
from models.facts import Fact, FactKey
from models.manifest import Agency, Manifest, ScannedFile, ServiceClass, SourceKind
from models.settings import Settings
from models.side import Side, SideIndex
from models.stage import Inputs, Ports
from stages import both_sides, count, fingerprint, sequence
from stages.blank_side import BlankMeasured
from stages.both_sides import read_selection
from stages.ocr.stage import TextRead
from stages.unpack import Unpacked

Verdict = Literal["blank", "ink", "unsure"]
WIDTH_PX, HEIGHT_PX = 1654, 2339
PLACES = {"top": (827, 118), "bottom": (840, 2240), "right": (1430, 2245), "side": (90, 1170), "row": (827, 150)}
"""Where a number stands on A4 at 200 dpi: top centre, bottom, bottom right, rotated at the edge, in a table's head."""
_AGENCY = Agency(code="H99.08.21", name="Trung tâm Phục vụ hành chính công tỉnh An Lâm")
_RECEIVED = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
_WORN, _WORN_CONFIDENCE = "ỏ\u0309", 0.7
"""How a word that is read badly ends, and how sure OCR is of it."""
_CONFUSED = {"1": "7", "2": "3", "3": "8", "4": "9", "5": "6", "6": "5", "7": "1", "8": "3", "9": "4", "0": "8"}
"""Digits that look alike to a recogniser."""


@dataclass(frozen=True)
class Leaf:
    """One side. ``shown``: its page number as printed, empty without. ``picture``: what it looks like.

    ``filled``: what was filled in by hand, if the picture is a form: other values, other writing. ``again``: how
    often the sheet went through the scanner before; another capture lies a little elsewhere.
    """

    shown: str = ""
    at: str = "top"
    words: tuple[str, ...] = ()
    picture: int = 0
    filled: int = 0
    verdict: Verdict = "ink"
    again: int = 0
    confidence: float = 0.93


BLANK = Leaf(verdict="blank")


@dataclass(frozen=True)
class Dossier:
    """A document as it comes from the counter. ``declared``: sheets, sides, notes; None without a manifest.

    ``sequences``: the scanner's numbers, else 1, 2, 3 … ``listed``: order of the manifest's list by position, if not
    as scanned. ``names``: of the files, else numbered as scanned. ``notes``: position of an extra with a note → the
    scanner's number of its page.
    """

    leaves: tuple[Leaf, ...]
    declared: tuple[int, int, int] | None
    sequences: tuple[int, ...] = ()
    listed: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    notes: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What the line decided: the reject's codes, or the sides of the copy and the flags."""

    codes: tuple[str, ...] = ()
    selected: tuple[int, ...] = ()
    flags: tuple[str, ...] = ()
    message: str = ""


class Typist:
    """Words and pictures for pages that are all different. Seeded."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng([seed, 77])
        writer = Writer(np.random.default_rng(seed))
        self._pool = np.array([word for _ in range(12) for word in writer.prose(6).split()])
        self._picture = 1000 * seed

    def leaf(self, shown: str = "", at: str = "top", words: int = 70) -> Leaf:
        """A page of its own."""
        self._picture += 1
        return Leaf(shown, at, self.text(words), self._picture)

    def text(self, words: int) -> tuple[str, ...]:
        """So many words that no other page has in this order."""
        return tuple(str(word) for word in self.rng.choice(self._pool, words))


def misread(dossier: Dossier, rng: np.random.Generator, share: float, spared: Sequence[int] = ()) -> Dossier:
    """What OCR makes of it: up to ``share`` of the numbers are wrong or missing, and some words.

    ``spared``: positions whose numbers are read well.
    """
    leaves = [replace(leaf, words=_worn(leaf.words, rng)) for leaf in dossier.leaves]
    numbered = [at for at, leaf in enumerate(leaves) if leaf.shown and at not in spared]
    for at in rng.permutation(numbered)[: int(len(numbered) * share)].astype(int).tolist():
        leaves[at] = replace(leaves[at], shown=_misread_number(leaves[at].shown, rng))
    return replace(dossier, leaves=tuple(leaves))


def _misread_number(shown: str, rng: np.random.Generator) -> str:
    roll = rng.random()
    if roll < 0.45:
        return ""
    if roll < 0.6:
        return "".join(chr(ord("A") + int(rng.integers(26))) if c.isdigit() else c for c in shown)
    places = [at for at, character in enumerate(shown) if character.isdigit()]
    if not places:
        return ""
    at = places[int(rng.integers(len(places)))]
    return shown[:at] + _CONFUSED[shown[at]] + shown[at + 1 :]


def _worn(words: tuple[str, ...], rng: np.random.Generator) -> tuple[str, ...]:
    wrong = rng.random(len(words)) < 0.02
    return tuple(word[:-1] + _WORN if bad else word for word, bad in zip(words, wrong, strict=True))


def judge(dossier: Dossier) -> Outcome:
    """Run count, sequence and both_sides on the document's facts."""
    shelf = Shelf()
    sides, document = _arrived(dossier, shelf)
    ports = Ports(shelf, _Closed(), _closed, _closed, _closed, Settings())
    index = shelf.put(SideIndex(sides=tuple(sides)).model_dump_json().encode())
    facts: dict[FactKey, Fact] = {FactKey("Unpacked"): Unpacked(sides=len(sides), index=index)}
    try:
        facts[FactKey("Counted")] = count.run(Inputs(document, 0, len(sides), facts), ports)
        for number, leaf in enumerate(dossier.leaves, start=1):
            facts |= {FactKey(fact.kind(), number): fact for fact in page_facts(leaf, shelf)}
        facts[FactKey("Sequenced")] = ordered = sequence.run(Inputs(document, 0, len(sides), facts), ports)
        judged = both_sides.run(Inputs(document, 0, len(sides), facts), ports)
    except Rejected as error:
        return Outcome(codes=tuple(finding.code for finding in error.findings), message=error.message)
    return Outcome(selected=read_selection(shelf.get(judged.selection)), flags=(*ordered.flags, *judged.flags))


def page_facts(leaf: Leaf, shelf: Shelf) -> tuple[Fact, ...]:
    """What the page stages say about a side."""
    text = shelf.put(_text(leaf))
    return (
        BlankMeasured(verdict=leaf.verdict, ink=0.0 if leaf.verdict == "blank" else 0.03),
        TextRead(text=text, engine="facts", words=len(leaf.words), confidence=0.9),
        fingerprint.pack(_cells(leaf), 3.5),
    )


def _arrived(dossier: Dossier, shelf: Shelf) -> tuple[list[Side], Document]:
    leaves = dossier.leaves
    sequences = dossier.sequences or tuple(range(1, len(leaves) + 1))
    names = dossier.names or tuple(f"{number:04d}.jpg" for number in range(1, len(leaves) + 1))
    sides = [
        Side(
            number=at + 1,
            sha256=shelf.put(b"%d" % at),
            media="image/jpeg",
            width_px=WIDTH_PX,
            height_px=HEIGHT_PX,
            channels=3,
            dpi=200,
            dpi_source="declared",
            sequence=None if dossier.declared is None else sequences[at],
            source=names[at],
            note_of=dossier.notes.get(at),
        )
        for at in range(len(leaves))
    ]
    sources = tuple(
        Source(name=sides[at].source, size_bytes=1, sha256=sides[at].sha256, sequence=sides[at].sequence,
               note_of=sides[at].note_of)
        for at in (dossier.listed or range(len(leaves)))
    )  # fmt: skip
    document = Document(
        id="FACTS-1",
        revision=1,
        agency=_AGENCY,
        counter="quay-1",
        service_class=ServiceClass.COUNTER,
        received_at=_RECEIVED,
        archive_key="H99.08.21/2026/FACTS-1/r1",
        sources=sources,
        manifest=None if dossier.declared is None else _manifest(sources, *dossier.declared),
    )
    return sides, document


def _manifest(sources: Sequence[Source], sheets: int, sides: int, notes: int) -> Manifest:
    files = tuple(
        ScannedFile(name=s.name, size_bytes=1, sha256=s.sha256, sequence=s.sequence or 1, note_of=s.note_of)
        for s in sources
    )
    return Manifest(
        document_id="FACTS-1",
        receiving_agency=_AGENCY,
        owning_agency=_AGENCY,
        counter="quay-1",
        type_code="QD",
        type_name="Quyết định",
        source_kind=SourceKind.ORIGINAL,
        sheets=sheets,
        sides=sides,
        notes=notes,
        files=files,
    )


def _text(leaf: Leaf) -> bytes:
    """The blob of the side's :class:`models.text.PageText`."""
    rows = [_line(leaf.words[at : at + 10], 200.0, 420.0 + 5 * at) for at in range(0, len(leaf.words), 10)]
    if leaf.shown:
        x, y = PLACES[leaf.at]
        parts = leaf.shown.split("|")
        for number, part in enumerate(parts):
            across = x + (number - len(parts) // 2) * 250
            rows.append(_line(part.split(), across - 7.0 * len(part), y - 15.0, leaf.confidence))
    blocks = [{"lines": rows, "box": [0, 0, WIDTH_PX, HEIGHT_PX]}] if rows else []
    page = {"width_px": WIDTH_PX, "height_px": HEIGHT_PX, "rotation_deg": 0.0, "engine": "facts", "blocks": blocks}
    return orjson.dumps(page)


def _line(words: Sequence[str], left: float, top: float, sure: float = 0.92) -> dict[str, object]:
    found, x = [], left
    for word in words:
        confidence = _WORN_CONFIDENCE if word.endswith(_WORN) else sure
        found.append(
            {"text": word, "box": [x, top, x + 14 * len(word), top + 30], "confidence": confidence, "hand": False}
        )
        x += 14 * (len(word) + 1)
    return {"words": found, "box": [left, top, x - 14, top + 30]}


def _cells(leaf: Leaf) -> fingerprint.Grid:
    """A picture of lines of text; the fields of a form at four places; a later capture lies elsewhere, and is grainy."""
    cells = np.zeros((85, 60), np.float32)
    if leaf.verdict == "blank":
        return cells
    rng = np.random.default_rng(leaf.picture)
    lines = np.arange(10, 10 + 2 * min(30, 2 + len(leaf.words) // 3), 2)
    cells[lines, 8:54] = rng.uniform(0.02, 0.3, (len(lines), 46))
    for row in (14, 26, 38, 50) if leaf.filled else ():
        pen = np.random.default_rng([leaf.picture, leaf.filled, row])
        cells[row - 1 : row + 3, 18:46] = 0
        cells[row : row + 2, 20:44] = pen.exponential(0.12, (2, 24)) * (pen.random(24) < 0.75)
    if leaf.again:
        noise = np.random.default_rng([leaf.picture, leaf.again])
        cells = np.roll(cells, (int(noise.integers(-1, 2)), int(noise.integers(-2, 3))), (0, 1))
        cells = np.clip(cells * noise.uniform(0.94, 1.06, cells.shape), 0, 1).astype(np.float32)
    return cells


class _Closed:
    """No clock for these stages."""

    def now(self) -> NoReturn:
        _closed()


def _closed() -> NoReturn:
    raise Defect("port_not_wired", "count, sequence and both_sides use blobs only")
