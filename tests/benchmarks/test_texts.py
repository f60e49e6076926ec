"""The words of generated papers: complete, composed, true to the calendar and to the fonts."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.corpus import names
from benchmarks.corpus.fonts import SERIF, Family, Fonts
from benchmarks.corpus.grammar import RULES
from benchmarks.corpus.texts import Writer, day_in_words, day_text, number_in_words
from stages.extraction.values import is_citizen_id

CONTEXT = {
    "province": "An Lâm",
    "place": "xã Yên Nghĩa",
    "body": "Sở Tư pháp",
    "body_code": "STP",
    "subject": "việc này",
}


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_expands_whole(rule: str) -> None:
    """No slot is left open and no letter is decomposed, whatever is drawn."""
    for seed in range(20):
        text = Writer(np.random.default_rng(seed), CONTEXT).write(rule)
        assert not re.search(r"[{}#]", text)
        assert unicodedata.is_normalized("NFC", text)


def test_prose_varies() -> None:
    """Two hundred sentences of one paper are nearly all different."""
    writer = Writer(np.random.default_rng(1), CONTEXT)
    assert len({writer.sentence() for _ in range(200)}) > 170


def test_a_paper_keeps_its_subject() -> None:
    """What was held once is said the same way again."""
    writer = Writer(np.random.default_rng(1), {key: CONTEXT[key] for key in ("province", "place", "body", "body_code")})
    subject = writer.hold("subject")
    assert subject[1:] in writer.write("decree_1")


def test_own_lines_are_mixed_in() -> None:
    """Lines of the caller's file appear among the generated prose."""
    writer = Writer(np.random.default_rng(1), CONTEXT, ("Câu riêng của tôi.",))
    assert 2 < writer.prose(20).count("Câu riêng của tôi.") < 20


@pytest.mark.parametrize("family", SERIF)
def test_fonts_have_every_letter(family: Family) -> None:
    """No letter of the grammar or of a name is a box in any of the fonts."""
    font = Fonts(family).get("bold", 40)
    box = bytes(font.getmask("\uffff"))
    told = "".join(text for options in RULES.values() for text in options) + "".join(
        (*names.SURNAMES, *names.PROVINCES, *names.COMMUNES, *names.STREETS, *names.ETHNIC)
    )
    letters = {letter for letter in told + told.upper() if not letter.isspace()}
    assert [letter for letter in sorted(letters) if bytes(font.getmask(letter)) == box] == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "không"),
        (10, "mười"),
        (15, "mười lăm"),
        (21, "hai mươi mốt"),
        (30, "ba mươi"),
        (105, "một trăm lẻ năm"),
        (2005, "hai nghìn không trăm lẻ năm"),
        (2026, "hai nghìn không trăm hai mươi sáu"),
        (1999, "một nghìn chín trăm chín mươi chín"),
    ],
)
def test_numbers_in_words(value: int, text: str) -> None:
    """Numbers are spelled as birth certificates spell them."""
    assert number_in_words(value) == text


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_different_numbers_have_different_words(a: int, b: int) -> None:
    """The spelled date can check the digits, because no two numbers sound the same."""
    assert (number_in_words(a) == number_in_words(b)) == (a == b)


def test_dates_follow_decree_30() -> None:
    """Days below 10 and the months 1 and 2 get a leading zero, other months do not."""
    assert day_text(date(2026, 2, 5)) == "05 tháng 02 năm 2026"
    assert day_text(date(2026, 9, 15)) == "15 tháng 9 năm 2026"
    assert day_in_words(date(2026, 4, 4)) == "Ngày bốn tháng tư năm hai nghìn không trăm hai mươi sáu"


@given(st.integers(0, 2**32), st.sampled_from(["Nam", "Nữ"]))
def test_identity_numbers_agree_with_the_person(seed: int, sex: str) -> None:
    """Invented numbers are well-formed, tell sex and year of birth, and carry a code that nobody has."""
    who = names.person(np.random.default_rng(seed), sex)
    assert is_citizen_id(who.number)
    assert who.number.startswith("003")
    assert int(who.number[3]) % 2 == (sex == "Nữ")
    assert int(who.number[4:6]) == who.birth_year % 100
