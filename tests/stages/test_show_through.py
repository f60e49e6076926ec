"""show_through: what stands mirrored on the other side is not ink, and everything else stays."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.facts import Fact, FactKey
from models.ports import Pixels
from models.settings import BlankSettings
from stages import blank_side, both_sides, survey
from stages.blank import sheet_pairs, show_through
from stages.blank.clear import Doubt
from stages.blank_side import BlankMeasured
from stages.count import Counted
from stages.ink import Floats
from tests.stages import desk, rendered

WHITE = 244


def front() -> Pixels:
    return np.minimum(rendered.pixels(rendered.prose(26)), WHITE)


def back(of: Pixels, share: float, lean_deg: float = 0.0, right_px: int = 0, down_px: int = 0) -> Pixels:
    """An empty back through which the front shines, scanned a little askew."""
    mirrored = cv2.GaussianBlur(np.ascontiguousarray(of[:, ::-1]), (0, 0), 1.0).astype(np.float32)
    pale = WHITE * (1 - share * (1 - mirrored / WHITE))
    moved = rendered.leaning(pale.astype(np.uint8), lean_deg)
    return np.asarray(np.roll(moved, (down_px, right_px), (0, 1)), dtype=np.uint8)


def measured(picture: Pixels, blobs: desk.Blobs, *, looked: bool = True) -> BlankMeasured:
    """The fact of a side at 150 dpi, with its small picture. ``looked``: by the network as well as by the rules."""
    seen = survey.of(picture, 150)
    found = blank_side.measure(seen, (lambda: rendered.grey_of(picture)) if looked else None)
    verdict = blank_side.judge(found, BlankSettings())
    marks = blobs.put(blank_side.packed(seen, found, verdict))
    wires = tuple(wire.scaled(1 / show_through.shrink(seen)) for wire in found.wires)
    dpi = seen.dpi / show_through.shrink(seen)
    return BlankMeasured(verdict=verdict, ink=found.share, doubts=found.doubts, marks=marks, wires=wires, marks_dpi=dpi)


def resolved(*pictures: Pixels, looked: bool = True) -> tuple[list[str], dict[int, str]]:
    """Verdicts of the page steps, and what the pairs make of them."""
    blobs = desk.Blobs()
    facts = {number: measured(picture, blobs, looked=looked) for number, picture in enumerate(pictures, start=1)}
    return [fact.verdict for fact in facts.values()], dict(sheet_pairs.resolved(facts, blobs.get))


@given(st.sampled_from([0.09, 0.13, 0.17]), st.floats(-1.5, 1.5), st.integers(-24, 24), st.integers(-24, 24))
@settings(max_examples=10, deadline=None)
def test_the_print_of_the_front_is_not_ink(share: float, lean_deg: float, right_px: int, down_px: int) -> None:
    """However the two sides lie to one another, up to 4 mm and 1.5°."""
    of = front()
    verdicts, pairs = resolved(of, back(of, share, lean_deg, right_px, down_px))
    assert verdicts == ["ink", "unsure"]
    assert pairs == {2: "blank"}


@given(st.floats(0.1, 0.9), st.floats(0.1, 0.9), st.sampled_from([0.05, 0.09, 0.13]))
@settings(max_examples=12, deadline=None)
def test_a_word_in_pencil_over_it_stays(across: float, down: float, share: float) -> None:
    """Wherever it is written, on the front's lines or between them."""
    of = front()
    page = back(of, share)
    words = rendered.sheet(150, (255, 255, 255))
    rendered.write(words, ["đã đối chiếu"], (10 + 140 * across, 20 + 240 * down), pt=15)
    ink = 255 - rendered.grey(words)
    page = (page * (1 - 0.28 * ink[:, :, None] / 255.0)).astype(np.uint8)
    verdicts, pairs = resolved(of, page)
    assert verdicts[1] in ("ink", "unsure")
    assert pairs.get(2) != "blank"


def test_pale_ink_with_nothing_behind_it_is_ink() -> None:
    """The front is printed elsewhere, and the paper is thick."""
    page = np.full_like(front(), WHITE)
    rendered_word = rendered.sheet(150)
    rendered.write(rendered_word, ["Lưu hồ sơ"], (60, 250), pt=16)
    page = (page * (1 - 0.2 * (255 - rendered.grey(rendered_word))[:, :, None] / 255.0)).astype(np.uint8)
    verdicts, pairs = resolved(front(), page)
    assert pairs.get(2, verdicts[1]) == "ink"


def test_another_sheets_print_explains_nothing() -> None:
    """Pairs that do not belong together: a doubt does not become blank."""
    other = np.minimum(rendered.pixels(rendered.table()), WHITE)
    other = np.ascontiguousarray(np.rot90(other))
    verdicts, pairs = resolved(other, back(front(), 0.14))
    assert verdicts[1] == "unsure"
    assert pairs.get(2) != "blank"


def test_two_pale_sides_do_not_explain_one_another() -> None:
    """What shines through is far paler than where it comes from."""
    of = back(front(), 0.16)
    verdicts, pairs = resolved(np.ascontiguousarray(of[:, ::-1]), of)
    assert verdicts == ["unsure", "unsure"]
    assert "blank" not in pairs.values()


@pytest.mark.parametrize("doubts", [("streak",), ("pale", "line"), ("sight",), ()])
def test_only_pale_marks_can_be_explained(doubts: tuple[Doubt, ...]) -> None:
    """Any other doubt stays, and so does a side without a pair or without a picture."""
    blobs = desk.Blobs()
    of = front()
    first, second = measured(of, blobs), measured(back(of, 0.14), blobs)
    assert sheet_pairs.resolved({1: first, 2: second}, blobs.get) == {2: "blank"}
    assert sheet_pairs.resolved({1: first, 2: second.model_copy(update={"doubts": doubts})}, blobs.get) == {}
    assert sheet_pairs.resolved({2: second}, blobs.get) == {}
    assert sheet_pairs.resolved({1: first, 2: second.model_copy(update={"marks": None})}, blobs.get) == {}


def test_a_verdict_is_never_changed() -> None:
    """Ink stays ink, though the pair would explain it."""
    blobs = desk.Blobs()
    of = front()
    second = measured(back(of, 0.14), blobs).model_copy(update={"verdict": "ink"})
    assert sheet_pairs.resolved({1: measured(of, blobs), 2: second}, blobs.get) == {}


@pytest.mark.parametrize(("grain", "finding"), [(False, "shown_through"), (True, "unclear")])
def test_on_grainy_paper_nothing_is_seen_to_shine_through(grain: bool, finding: str) -> None:
    """Marks over the other side's print are its show-through only where the paper beside them is lighter than they are."""
    chance = np.random.default_rng(4)
    there = np.zeros((580, 410), np.uint8)
    there[60:520:12, 40:370] = there[61:520:12, 40:370] = 15  # lines of print, as dark as ink
    behind = there[:, ::-1] > 0
    dark = chance.integers(5, 9, there.shape, np.uint8)
    here = (dark + behind).astype(np.uint8) if grain else np.where(behind, dark, 0).astype(np.uint8)
    here[300:302, 100:110] |= 128  # a small number stands there, no darker than the rest
    blobs = [cv2.imencode(".png", side)[1].tobytes() for side in (here, there)]
    assert show_through.compared(*blobs).finding == finding


def test_pictures_of_other_sizes_are_no_pair() -> None:
    blobs = desk.Blobs()
    small = np.full((300, 200, 3), 240, np.uint8)
    second = measured(back(front(), 0.14), blobs)
    assert sheet_pairs.resolved({1: measured(small, blobs), 2: second}, blobs.get) == {}


def test_the_document_says_why() -> None:
    """A resolved side is a flag of both_sides, and the copy follows it."""
    blobs = desk.Blobs()
    of = front()
    pictures = (of, back(of, 0.14), of, np.full_like(of, WHITE))
    facts: dict[FactKey, Fact] = desk.unpacked(blobs, [desk.side(n, sequence=n) for n in range(1, 5)])
    facts[FactKey("Counted")] = Counted(pages=4, notes=0, duplex=True, declared=True)
    facts |= {FactKey("BlankMeasured", n): measured(picture, blobs) for n, picture in enumerate(pictures, start=1)}
    files = [(f"f{n}.jpg", b"%d" % n) for n in range(1, 5)]
    document = desk.document(blobs, files, declared=(2, 2, 0))
    fact = both_sides.run(desk.inputs(document, facts, 4), desk.ports(blobs))
    assert (fact.rule, fact.pages, fact.flags) == ("fronts_only", 2, ("shown_through:2",))


MM = 150 / 25.4
CORNER = np.array([14.0, 13.0])
"""Where staples are, mm from the upper left."""


def stroke(page: Pixels, start: Floats, end: Floats, tone: int = 90, thick_mm: float = 0.5) -> None:
    """A line between two places in mm."""
    ends = [tuple(int(v) for v in np.round(at * MM * 16)) for at in (start, end)]
    cv2.line(page, ends[0], ends[1], (tone,) * 3, max(1, round(thick_mm * MM)), cv2.LINE_AA, 4)


def ends(turn_deg: float, long_mm: float = 12.0, at: Floats = CORNER) -> tuple[Floats, Floats]:
    turn = np.radians(turn_deg)
    half = np.array([np.cos(turn), np.sin(turn)]) * long_mm / 2
    return at - half, at + half


def crown(page: Pixels, turn_deg: float, at: Floats = CORNER) -> None:
    stroke(page, *ends(turn_deg, at=at))


def legs(page: Pixels, turn_deg: float, at: Floats = CORNER) -> None:
    for foot, bent in zip(ends(turn_deg, at=at), ends(turn_deg, 4.0, at), strict=True):
        stroke(page, foot, bent)


def holes(page: Pixels, turn_deg: float, at: Floats = CORNER) -> None:
    for foot in ends(turn_deg, at=at):
        cv2.circle(page, tuple(int(v) for v in np.round(foot * MM)), 2, (95, 95, 95), -1, cv2.LINE_AA)


def other_side(page: Pixels) -> Pixels:
    """A side drawn as one looks through the sheet, as the scanner sees it; printed in its lower half."""
    seen = np.ascontiguousarray(page[:, ::-1])
    half = len(seen) // 2
    seen[half:] = np.minimum(seen[half:], front()[:half])
    return seen


def bare() -> Pixels:
    return np.full_like(front(), WHITE)


@pytest.mark.parametrize("turn_deg", [0.0, 45.0, -45.0, 90.0, 7.0])
@pytest.mark.parametrize(("here", "there"), [(crown, legs), (legs, crown)])
@pytest.mark.parametrize("moved_mm", [(0.0, 0.0), (2.0, -1.5)])
def test_a_staple_goes_through_the_sheet(
    here: Callable[..., None], there: Callable[..., None], turn_deg: float, moved_mm: tuple[float, float]
) -> None:
    """Its rest stands on the other side, where the two lie as far apart as scanners lay them."""
    page, behind = bare(), bare()
    here(page, turn_deg)
    there(behind, turn_deg + 1.0, CORNER + np.array(moved_mm))
    verdicts, pairs = resolved(other_side(behind), page, looked=False)
    assert verdicts == ["ink", "unsure"]
    assert pairs == {2: "blank"}


@pytest.mark.parametrize("turn_deg", [0.0, 45.0, 90.0])
@pytest.mark.parametrize("here", [crown, legs])
def test_a_line_or_dashes_in_black_ink_stay(here: Callable[..., None], turn_deg: float) -> None:
    """On the other side is nothing, or what is no rest of a staple here: elsewhere, across, longer, the same, pricks, or print."""
    page = bare()
    here(page, turn_deg)
    rest = legs if here is crown else crown
    behinds = [bare() for _ in range(6)]
    rest(behinds[1], turn_deg, CORNER + np.array([9.0, 6.0]))
    rest(behinds[2], turn_deg + 25)
    here(behinds[3], turn_deg)
    rest(behinds[4], turn_deg)
    stroke(behinds[4], CORNER + np.array([-2.0, 1.6]), CORNER + np.array([3.0, -1.4]), 20)
    holes(behinds[5], turn_deg)
    for number, behind in enumerate(behinds):
        assert resolved(other_side(behind), page, looked=False)[1] == {}, number
    assert resolved(front(), page)[1] == {}


@pytest.mark.parametrize("turn_deg", [0.0, 45.0, 90.0])
def test_a_staple_explains_itself_alone(turn_deg: float) -> None:
    """A line beside it is none, and a staple that was drawn out left its holes on both sides."""
    page, behind = bare(), bare()
    crown(page, turn_deg)
    legs(behind, turn_deg)
    crown(page, turn_deg, CORNER + np.array([4.0, 5.0]))
    assert resolved(other_side(behind), page, looked=False)[1] == {}
    page, behind = bare(), bare()
    crown(page, turn_deg, CORNER + np.array([3.0, 4.0]))
    for side in (page, behind):
        holes(side, turn_deg)
    assert resolved(other_side(behind), page, looked=False)[1] == {}


def test_what_else_is_pale_needs_its_own_reason() -> None:
    """A staple with its rest behind it, and a word in pencil: the side stays."""
    page, behind = bare(), bare()
    crown(page, 45.0)
    legs(behind, 45.0)
    words = rendered.sheet(150, (255, 255, 255))
    rendered.write(words, ["đã đối chiếu"], (80, 150), pt=15)
    page = (page * (1 - 0.2 * (255 - rendered.grey(words))[:, :, None] / 255.0)).astype(np.uint8)
    assert resolved(other_side(behind), page, looked=False)[1].get(2) != "blank"


@pytest.mark.parametrize("turn_deg", [0.0, 45.0, 90.0])
@pytest.mark.parametrize("here", [crown, legs])
def test_what_the_network_takes_for_metal_needs_less(here: Callable[..., None], turn_deg: float) -> None:
    """Two pricks or any wire on the other side will do; nothing there, or something elsewhere, will not."""
    page = bare()
    here(page, turn_deg)
    agreeing, other = [bare() for _ in range(3)], [bare() for _ in range(3)]
    for draw, behind in zip((holes, crown, legs), agreeing, strict=True):
        draw(behind, turn_deg + 1.0, CORNER + np.array([1.0, -1.0]))
    holes(other[0], turn_deg, CORNER + np.array([11.0, 9.0]))
    crown(other[1], turn_deg + 30)
    blobs = desk.Blobs()
    fact = measured(page, blobs, looked=False)
    metal = fact.model_copy(update={"wires": tuple(wire._replace(metal=True) for wire in fact.wires)})
    for behind in (*agreeing, *other):
        facts = {1: measured(other_side(behind), blobs, looked=False), 2: metal}
        expected = {2: "blank"} if any(behind is one for one in agreeing) else {}
        assert sheet_pairs.resolved(facts, blobs.get) == expected


@pytest.mark.parametrize(("printed", "finding"), [(True, "shown_through"), (False, "unclear")])
def test_what_is_no_ink_if_print_is_behind_needs_print_behind(printed: bool, finding: str) -> None:
    """The network alone does not make show-through of marks: the sheet's other side must be printed there."""
    of = front()
    seen = survey.of(back(of, 0.14), 150)
    doubtful = np.where(seen.contrast > 12, 255, 0).astype(np.uint8)
    here = show_through.packed(seen, doubtful, np.full_like(doubtful, 255))
    there = show_through.packed(survey.of(of if printed else bare(), 150), None)
    assert show_through.compared(here, there).finding == finding
