"""Fields of real scans, read by the reference engine. Number and day are handwritten on all of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.ports import Engine
from models.settings import OcrSettings
from stages.doctypes import van_ban
from stages.extraction.field import Field
from stages.extraction.fold import letters
from stages.extraction.layout import lay_out
from stages.ocr import open_engine
from stages.ocr.sheet import Picture
from stages.page_text import parse
from tests.support.memory_models import MemoryModels

SCANS = Path(__file__).resolve().parents[2] / "../shared/real-scans"
DPI = 200

pytestmark = pytest.mark.skipif(not SCANS.is_dir(), reason="the real scans are not here")

PAPERS = {
    ("decision-a-p1", "decision-a-p2"): ("209", "2025-02-18", "ỦY BAN NHÂN DÂN TỈNH BẠC LIÊU", "Bạc Liêu"),
    ("decision-b-p1",): ("210", "2025-02-18", "ỦY BAN NHÂN DÂN TỈNH BẠC LIÊU", "Bạc Liêu"),
    ("decision-c-p1-grey", "decision-c-p2"): ("349", "2025-02-20", "ỦY BAN NHÂN DÂN TỈNH LÂM ĐỒNG", "Lâm Đồng"),
    ("decision-d-p1",): ("339", "2025-02-19", "ỦY BAN NHÂN DÂN TỈNH ĐIỆN BIÊN", "Điện Biên"),
}


@cache
def engine() -> Engine:
    return open_engine(OcrSettings(engine="tesseract"), MemoryModels())


def read(names: tuple[str, ...]) -> dict[str, Field]:
    pages = []
    for number, name in enumerate(names, 1):
        grey = cv2.imread(str(SCANS / f"{name}.jpg"), cv2.IMREAD_GRAYSCALE)
        assert grey is not None
        text = engine().read(Picture(np.asarray(grey, np.uint8), DPI))
        pages.append(lay_out(parse(text.model_dump_json().encode()), number))
    return {field.name: field for field in van_ban.read(pages)}


@pytest.mark.parametrize("names", PAPERS, ids=lambda names: names[0])
def test_what_is_printed_is_read_and_handwriting_is_not_invented(names: tuple[str, ...]) -> None:
    """Type, symbol, body and place are print; number and day are right or absent."""
    number, issued, body, place = PAPERS[names]
    fields = read(names)
    assert fields["type_name"].value == "Quyết định"
    assert fields["symbol"].value == "QĐ-UBND"
    assert letters(fields["issuing_body"].value) == letters(body)
    assert letters(fields["issued_place"].value) == letters(place)
    assert "danhmucthutuchanhchinh" in letters(fields["excerpt"].value)
    for name, truth in (("number", number), ("issued_date", issued)):
        assert name not in fields or fields[name].value == truth or fields[name].confidence <= 0.5


@pytest.mark.parametrize("names", [n for n in PAPERS if n[0][9] in "cd"], ids=lambda names: names[0])
def test_when_it_takes_effect(names: tuple[str, ...]) -> None:
    """Two of the decisions name a day, in words and in digits."""
    assert read(names)["effective_from"].value == "2025-03-01"
