"""notes: pairs become variants, what does not hold is flagged or refused, pages without a second scan are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from models.errors import Rejected
from models.facts import Fact, FactKey
from models.geometry import Box
from models.ports import Pixels
from models.quality import Severity
from models.settings import QualitySettings, Settings
from models.side import Side
from stages import both_sides, notes
from stages.blank_side import BlankMeasured
from stages.both_sides import read_selection
from stages.count import Counted
from stages.deskew import Deskewed
from stages.note import note_patch
from stages.note_seen import NoteSeen
from stages.notes import SENTENCES, NotePair, NotesPaired, read_pairs, sentence
from tests.stages import desk, papers, rendered, sticky
from tests.stages.sticky import page, scanned, stick, surveyed

Scan = tuple[Pixels, int | None]
"""A picture, and the sequence number of the page that it is the extra of."""


class Desk:
    """Scans on the desk, with the facts that the page segment gives."""

    def __init__(self, scans: Sequence[Scan], texts: Sequence[Sequence[papers.Printed]] = ()) -> None:
        self.blobs = desk.Blobs()
        sides = [self._side(number, *scan) for number, scan in enumerate(scans, start=1)]
        self.facts: dict[FactKey, Fact] = desk.unpacked(self.blobs, sides)
        self.count = len(sides)
        self.facts[FactKey("Counted")] = Counted(pages=self.count, notes=0, duplex=False, declared=True)
        for number, (image, _) in enumerate(scans, start=1):
            patch = note_patch.find(surveyed(image))
            text = papers.page(*(texts[number - 1] if texts else ()))
            facts: tuple[Fact, ...] = (
                NoteSeen(box=_scaled(patch.box, image) if patch else None),
                Deskewed(orientation_deg=0, orientation_confidence=0.9, skew_deg=0.0, skew_confidence=0.9),
                BlankMeasured(verdict="ink", ink=0.1),
                desk.text_read(self.blobs, text),
            )
            self.facts |= {FactKey(fact.kind(), number): fact for fact in facts}

    def _side(self, number: int, image: Pixels, note_of: int | None) -> Side:
        data = rendered.encoded(image)
        size = {"width_px": image.shape[1], "height_px": image.shape[0], "dpi": sticky.DPI}
        plain = desk.side(number, sequence=number, note_of=note_of)
        return plain.model_copy(update={"sha256": self.blobs.put(data), **size})

    def run(self, severity: Mapping[str, Severity] | None = None) -> NotesPaired:
        settings = Settings(quality=QualitySettings(severity=dict(severity or {})))
        of = desk.document(self.blobs)
        fact = notes.run(desk.inputs(of, self.facts, self.count), desk.ports(self.blobs, settings))
        self.facts[FactKey("NotesPaired")] = fact
        return fact

    def pairs(self, fact: NotesPaired) -> tuple[NotePair, ...]:
        assert fact.variants is not None
        return read_pairs(self.blobs.get(fact.variants))

    def copied(self) -> tuple[int, ...]:
        """The sides that the copy holds."""
        of = desk.document(self.blobs)
        judged = both_sides.run(desk.inputs(of, self.facts, self.count), desk.ports(self.blobs))
        return read_selection(self.blobs.get(judged.selection))


def _scaled(box: Box, image: Pixels) -> Box:
    scale = image.shape[1] / surveyed(image).small.shape[1]
    return Box(*(edge * scale for edge in box))


CLEAN, NOTED = scanned(page(), 1), scanned(stick(page()), 2, 0.8)
OTHER = scanned(rendered.pixels(rendered.table(sticky.DPI)), 3)


def test_a_document_without_notes_costs_nothing() -> None:
    """No pair, no blob, no pixel."""
    table = Desk([(CLEAN, None)])
    table.blobs.stored = {key: data for key, data in table.blobs.stored.items() if not data.startswith(b"\xff\xd8")}
    assert table.run() == NotesPaired()
    assert table.copied() == (1,)


def test_a_sound_pair() -> None:
    table = Desk([(CLEAN, None), (NOTED, 1)])
    fact = table.run()
    (pair,) = table.pairs(fact)
    assert (pair.page, pair.note_on, pair.note_off, pair.verdict) == (1, 2, 1, "paired")
    assert (fact.pairs, fact.flags) == (1, ())
    assert table.copied() == (1,)
    assert table.run() == fact


def test_swapped_scans_change_places() -> None:
    """The copy shows what is seen to be clean, and people are told."""
    table = Desk([(NOTED, None), (CLEAN, 1)])
    fact = table.run()
    (pair,) = table.pairs(fact)
    assert (pair.page, pair.note_on, pair.note_off, pair.verdict) == (1, 1, 2, "swapped")
    assert fact.flags == ("note_swapped:1",)
    assert table.copied() == (2,)


def test_a_note_that_was_left_on_is_refused() -> None:
    with pytest.raises(Rejected) as error:
        Desk([(NOTED, None), (scanned(stick(page()), 5), 1)]).run()
    assert (error.value.code, error.value.findings[0].page) == ("note_left_on", 1)


def test_swapped_among_several_scans_is_for_people() -> None:
    """With two extras of one page nobody but the counter knows which is the clean one."""
    with pytest.raises(Rejected) as error:
        Desk([(NOTED, None), (CLEAN, 1), (scanned(page(), 8), 1)]).run()
    assert error.value.code == "note_left_on"


def test_another_page_is_refused_only_when_the_texts_agree_with_the_pictures() -> None:
    """One source flags, two reject; a false reject is worse than a flag."""
    mine = papers.text_rows(["một hai ba bốn năm sáu bảy tám chín mười"] * 4, 200)
    theirs = papers.text_rows(["đông tây nam bắc xuân hạ thu đông sáng trưa chiều tối"] * 4, 200)
    landscape = scanned(rendered.leaning(page(9), 0.0), 3)
    with pytest.raises(Rejected) as error:
        Desk([(OTHER, None), (NOTED, 1)], (mine, theirs)).run()
    assert error.value.code == "note_other_page"
    for texts in ((mine, mine), ((), theirs)):
        assert Desk([(OTHER, None), (NOTED, 1)], texts).run().flags == ("note_differs:1",)
    assert Desk([(landscape, None), (NOTED, 1)], (mine, mine)).run().flags == ("note_differs:1",)


def test_a_note_without_a_second_scan_is_flagged() -> None:
    table = Desk([(CLEAN, None), (NOTED, None)])
    assert table.run().flags == ("sticky_note:2",)
    with pytest.raises(Rejected) as error:
        table.run({"sticky_note": "reject"})
    assert error.value.findings[0].page == 2


def test_two_scans_without_a_note_are_flagged() -> None:
    table = Desk([(CLEAN, None), (scanned(page(), 9), 1)])
    assert table.run().flags == ("note_identical:1",)
    with pytest.raises(Rejected):
        table.run({"note_identical": "reject"})


@pytest.mark.parametrize("code", SENTENCES)
def test_every_code_has_a_sentence(code: str) -> None:
    """It names the picture and says what to do."""
    said = sentence(code, 3, "0003.jpg")
    assert "Ảnh thứ 3 (0003.jpg)" in said
    assert "Hãy" in said
