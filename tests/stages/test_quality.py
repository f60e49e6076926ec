"""quality: papers are known by their size, and only what settings name is rejected."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Rejected
from models.settings import QualitySettings, Settings
from stages import paper, quality
from stages.decode import Decoded
from tests.stages import desk, rendered


def a4(**changes: int | bool) -> Decoded:
    found: dict[str, int | bool] = {
        "width_px": 2480,
        "height_px": 3508,
        "dpi": 300,
        "channels": 3,
        "colour": True,
    } | changes
    return Decoded.model_validate(found)


def checked(decoded: Decoded, **settings: object) -> quality.QualityChecked:
    page = rendered.PageDesk(np.zeros((8, 8, 3), np.uint8))
    chosen = Settings(quality=QualitySettings.model_validate(settings))
    return quality.run(page.inputs(decoded), desk.ports(page.blobs, chosen))


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
    """A4 in colour at 300 dpi."""
    assert checked(a4()) == quality.QualityChecked(width_mm=210.0, height_mm=297.0, paper="A4")


@pytest.mark.parametrize(
    ("changes", "flags"),
    [
        ({"dpi": 150, "width_px": 1240, "height_px": 1754}, ("low_dpi",)),
        ({"colour": False}, ("grey",)),
        ({"height_px": 2900}, ("odd_size",)),
        ({"width_px": 20000, "height_px": 30000}, ("odd_size", "huge")),
        ({"width_px": 300, "height_px": 300, "dpi": 400}, ("odd_size", "tiny")),
    ],
)
def test_flags(changes: dict[str, int], flags: tuple[str, ...]) -> None:
    """Flags say what is odd, and reject nothing by themselves."""
    assert checked(a4(**changes)).flags == flags


def test_settings_make_flags_reasons_to_reject() -> None:
    """All reasons are named at once, in Vietnamese, with what to do."""
    with pytest.raises(Rejected) as error:
        checked(a4(dpi=150, width_px=1240, height_px=1754, colour=False), reject=("grey", "low_dpi"))
    assert [finding.code for finding in error.value.findings] == ["low_dpi", "grey"]
    assert all(finding.page == 1 for finding in error.value.findings)
    assert "chỉ đạt 150 dpi" in error.value.message
    assert "ảnh màu" in error.value.message


@pytest.mark.parametrize("flag", ["low_dpi", "grey", "odd_size", "huge", "tiny"])
def test_every_flag_has_a_sentence(flag: str) -> None:
    """Whatever settings name, the counter reads a sentence."""
    size = 120 if flag == "tiny" else 30000
    with pytest.raises(Rejected) as error:
        checked(a4(width_px=size, height_px=size, dpi=150, colour=False), reject=(flag,))
    assert error.value.message.startswith("Mặt 1 ")
