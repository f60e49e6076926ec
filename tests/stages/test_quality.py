"""quality: papers are known by their size, settings decide what a code means, and only what they name is rejected."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.errors import Rejected
from models.quality import SEVERITIES, Severity
from models.settings import QualitySettings, Settings
from stages import blank_side, decode, deskew, notes, paper, quality
from stages.scan_quality.sentences import SENTENCES, sentence
from tests.stages import desk, rendered

REAL = Path(__file__).resolve().parents[2] / ".." / "shared" / "real-scans"


def checked(
    page: rendered.PageDesk, *, rejecting: bool = True, colour: bool = True, **settings: object
) -> quality.QualityChecked:
    """The stage on a side, after the stages that it needs."""
    at = desk.ports(page.blobs, Settings(quality=QualitySettings.model_validate(settings)))
    decoded = decode.run(page.inputs(), at).model_copy(update={"colour": colour})
    posed = deskew.run(page.inputs(decoded), at)
    blank = blank_side.run(page.inputs(decoded), at)
    return (quality.run if rejecting else quality.look)(page.inputs(decoded, posed, blank), at)


def sheet(width_px: int, height_px: int, dpi: int) -> rendered.PageDesk:
    """Bare paper of some size."""
    return rendered.PageDesk(np.full((height_px, width_px, 3), 250, np.uint8), dpi=dpi)


def text(dpi: int) -> rendered.PageDesk:
    """An A4 page in print."""
    return rendered.PageDesk(rendered.pixels(rendered.prose(dpi=dpi)), dpi=dpi)


@given(st.sampled_from(sorted(paper.PAPERS)), st.floats(0.985, 1.015), st.booleans())
def test_every_paper_is_known_either_way_up(name: str, stretch: float, turned: bool) -> None:
    """Within the 2 % of rule R5, upright or across."""
    short, long = (side * stretch for side in paper.PAPERS[name])
    assert paper.paper_name(*((long, short) if turned else (short, long))) == name


@given(st.sampled_from([150, 200, 240, 300, 400, 600]), st.booleans())
def test_resolution_from_paper(dpi: int, turned: bool) -> None:
    """An A4 scan without a dpi has the one that makes it A4."""
    size = (round(210 / 25.4 * dpi), round(297 / 25.4 * dpi))
    assert paper.dpi_from_paper(*(size[::-1] if turned else size)) == dpi


def test_a_good_scan_has_no_flags() -> None:
    """A4 in colour at 200 dpi."""
    page = rendered.PageDesk(rendered.pixels(rendered.prose(dpi=200)), dpi=200)
    assert checked(page) == quality.QualityChecked(width_mm=210.1, height_mm=296.9, paper="A4", paper_kind="page")


@pytest.mark.parametrize(
    ("size", "flags", "kind"),
    [
        ((1240, 1754, 150), ("low_dpi",), "page"),
        ((1654, 1900, 200), ("odd_size",), "other"),
        ((11600, 300, 200), ("odd_size", "huge"), "other"),
        ((300, 150, 400), ("odd_size", "tiny"), "other"),
        ((3307, 4677, 200), ("low_dpi",), "drawing"),
        ((3307, 2339, 200), (), "spread"),
        ((674, 425, 200), (), "card"),
        ((630, 1600, 200), (), "receipt"),
        ((900, 800, 200), (), "slip"),
        ((1165, 1654, 200), (), "page"),
    ],
)
def test_papers_are_routed(size: tuple[int, int, int], flags: tuple[str, ...], kind: str) -> None:
    """Flags say what is odd and reject nothing; cards, slips and A3 are what they are, drawings need 300 dpi."""
    found = checked(sheet(*size))
    assert (found.flags, found.paper_kind) == (flags, kind)


def test_settings_make_flags_reasons_to_reject() -> None:
    """All reasons are named at once, in Vietnamese, with what to do."""
    with pytest.raises(Rejected) as error:
        checked(text(150), colour=False, severity={"grey": "reject", "low_dpi": "reject"})
    assert [finding.code for finding in error.value.findings] == ["low_dpi", "grey"]
    assert all(finding.page == 1 for finding in error.value.findings)
    assert "150 dpi, cần từ 200 dpi" in error.value.message
    assert "ảnh màu" in error.value.message


@pytest.mark.parametrize(
    ("severity", "flags", "notes"), [("flag", ("grey",), ()), ("note", (), ("grey",)), ("reject", ("grey",), ())]
)
def test_a_code_means_what_settings_say(severity: Severity, flags: tuple[str, ...], notes: tuple[str, ...]) -> None:
    """Who only looks sees what would reject among the flags."""
    found = checked(text(200), rejecting=False, colour=False, severity={"grey": severity})
    assert (found.flags, found.notes) == (flags, notes)


def test_a_blank_side_has_no_colour_to_show() -> None:
    """Scanned in colour it is not called grey; in one channel it is."""
    assert checked(sheet(1654, 2339, 200), colour=False).flags == ()
    bare = rendered.PageDesk(np.full((2339, 1654), 250, np.uint8), dpi=200)
    assert checked(bare, colour=False).flags == ("grey",)


def test_unknown_codes_stop_the_start() -> None:
    """A misspelt code would otherwise silently keep its default."""
    with pytest.raises(ValidationError, match=r"grau.*known are low_dpi"):
        QualitySettings(severity={"grau": "reject"})


def test_every_code_has_a_sentence_that_says_what_to_do() -> None:
    """The counter reads Vietnamese, whatever was found; numbers stand where they belong."""
    assert set(SENTENCES) | set(notes.SENTENCES) == set(SEVERITIES)
    for code in SENTENCES:
        said = sentence(code, 3, "12")
        assert said.startswith("Mặt 3 ")
        assert "vui lòng" in said.lower()
        assert "{" not in said
        assert ("12" in said) == ("{detail}" in SENTENCES[code])


def test_hardly_anything_rejects_by_itself() -> None:
    """A wrong rejection costs a citizen's journey."""
    assert [code for code, severity in SEVERITIES.items() if severity == "reject"] == [
        "broken_jpeg",
        "note_left_on",
        "note_other_page",
    ]


@pytest.mark.skipif(not REAL.is_dir(), reason="the real scans are not here")
def test_real_scans_get_no_false_flag() -> None:
    """Good scans of four offices, one of them grey."""
    for path in sorted(REAL.glob("*.jpg")):
        data = path.read_bytes()
        image = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED), dtype=np.uint8)
        page = rendered.PageDesk(image, dpi=200, data=data)
        found = checked(page, colour=image.ndim == 3)
        assert found.flags == (("grey",) if "grey" in path.name else ()), path.name
        assert (found.paper, found.paper_kind) == ("A4", "page")


def test_the_fact_stays_small() -> None:
    """Every code at once fits into a fact."""
    codes = tuple(SEVERITIES)
    fact = quality.QualityChecked(
        width_mm=210,
        height_mm=297,
        paper="A4",
        flags=codes,
        details=dict.fromkeys(codes, "mép trên, mép phải, mép dưới, mép trái"),
    )
    assert len(fact.model_dump_json().encode()) < 4096
