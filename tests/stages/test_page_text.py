"""page_text: the quick reader sees what the model holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.geometry import Box
from models.text import Block, Line, PageText, Word
from stages.page_text import parse

EDGE = st.floats(0, 20_000, allow_nan=False)
BOXES = st.builds(Box, EDGE, EDGE, EDGE, EDGE)
WORDS = st.builds(Word, text=st.text(max_size=8), box=BOXES, confidence=st.floats(0, 1))
LINES = st.builds(Line, words=st.lists(WORDS, max_size=4).map(tuple), box=BOXES)
BLOCKS = st.builds(Block, lines=st.lists(LINES, max_size=3).map(tuple), box=BOXES)
PAGES = st.builds(
    PageText,
    width_px=st.integers(1, 20_000),
    height_px=st.integers(1, 20_000),
    rotation_deg=st.floats(-360, 360),
    blocks=st.lists(BLOCKS, max_size=3).map(tuple),
)


@given(PAGES)
def test_it_reads_what_ocr_wrote(page: PageText) -> None:
    """Lines, words, boxes and confidence, in the same order."""
    text = parse(page.model_dump_json().encode())
    assert (text.width_px, text.height_px, text.rotation_deg) == (page.width_px, page.height_px, page.rotation_deg)
    assert [(line.text, tuple(line.box), line.confidence) for line in text.lines] == [
        (line.text, tuple(line.box), line.confidence) for line in page.lines()
    ]
    assert [(word.text, tuple(word.box), word.confidence) for word in text.words()] == [
        (word.text, tuple(word.box), word.confidence) for word in page.words()
    ]
