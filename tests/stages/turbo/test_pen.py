"""What tells a pen from print: kept in a file, the mean of any stretch, and words taken apart where a pen ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import OperatorError
from stages.ocr.turbo.engine import DATA
from stages.ocr.turbo.hand import parted
from stages.ocr.turbo.pen import Pen, mean, running
from stages.ocr.turbo.words import Letters

PEN = Pen(((1.0, 0.0),), (10.0, 0.0), "")
"""One trait of one state: far above 0 for a pen, far below for print."""


def test_it_comes_back_from_its_file(tmp_path: Path) -> None:
    """Every weight, and the mark that names the converted network."""
    PEN.write(tmp_path / "pen.json")
    found = Pen.open(tmp_path / "pen.json")
    assert found == PEN
    assert found.mark == PEN.mark != Pen(((1.0, 0.5),), (10.0, 0.0), "").mark


@pytest.mark.parametrize("text", ["", "{}", '{"network": "", "outer": [1], "inner": [[1, 2]]}', '{"inner": 3}'])
def test_a_damaged_file_is_told(text: str, tmp_path: Path) -> None:
    """Cut short, emptied, or of sizes that do not go together."""
    (tmp_path / "pen.json").write_text(text)
    with pytest.raises(OperatorError, match=r"pen\.json") as caught:
        Pen.open(tmp_path / "pen.json")
    assert caught.value.code == "pen_damaged"


def test_weights_of_another_network_are_refused() -> None:
    """Their states are others."""
    with pytest.raises(OperatorError) as caught:
        PEN.weights(2)
    assert caught.value.code == "pen_damaged"


def test_the_shipped_pen_is_of_the_shipped_network() -> None:
    """Else it would see nothing, or anything."""
    from stages.ocr.turbo import graph, traineddata

    data = traineddata.read(DATA / "vie.traineddata")
    pen = Pen.open(DATA / "vie.pen.json")
    assert pen.network == data.sha256
    assert pen.weights(graph.plan(data.network).states).shape[0] == pen.traits


@given(st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=30), st.data())
def test_the_mean_of_any_stretch(values: list[float], data: st.DataObject) -> None:
    """As if each were added up anew."""
    traits = np.array(values, np.float32)[:, None]
    start = data.draw(st.integers(0, len(values) - 1))
    end = data.draw(st.integers(start + 1, len(values)))
    found = mean(running(traits), np.array([start]), np.array([end]))
    assert found[0, 0] == pytest.approx(traits[start:end].mean(dtype=np.float64), abs=1e-5)


def _parted(text: str, by_pen: str) -> list[str]:
    """The words of a line; ``by_pen``: ``x`` for each character that a pen wrote. A character takes four steps."""
    starts = np.arange(len(text), dtype=np.intp) * 4 + 1
    traits = np.repeat([3.0 if mark == "x" else -3.0 for mark in by_pen], 4).astype(np.float32)[:, None]
    letters = Letters(list(text), np.zeros(len(text), np.intp), starts, starts + 2, np.ones(len(text)))
    cut = parted(letters, [traits], PEN)
    return "".join((" " if at else "") + one for at, one in zip(cut, text, strict=True)).split(" ")


@pytest.mark.parametrize(
    ("text", "by_pen", "words"),
    [
        ("12/QĐ-UBND", "xx--------", ["12", "/QĐ-UBND"]),
        ("123/QĐ-UBND", "xxxx-------", ["123", "/QĐ-UBND"]),
        ("tháng02", "-----xx", ["tháng", "02"]),
        ("nhận:uy", "-----xx", ["nhận:", "uy"]),
        ("12/QĐ", "-----", ["12/QĐ"]),
        ("12/QĐ", "xxxxx", ["12/QĐ"]),
        ("thán", "xx--", ["thán"]),
        ("(12", "x--", ["(12"]),
    ],
)
def test_a_word_is_taken_apart_where_a_pen_ends(text: str, by_pen: str, words: list[str]) -> None:
    """Between letters, digits and what is neither; never a stop or a bracket alone."""
    assert _parted(text, by_pen) == words


def test_lines_are_taken_apart_each_for_itself() -> None:
    """The end of one line and the begin of the next are no word; a page without letters is one without words."""
    letters = Letters(list("1a"), np.array([0, 1]), np.array([1, 1]), np.array([3, 3]), np.ones(2))
    rows = [np.full((4, 1), level, np.float32) for level in (3, -3)]
    assert not parted(letters, rows, PEN).any()
    none = np.zeros(0, np.intp)
    assert parted(Letters([], none, none, none, np.ones(0)), [], PEN).shape == (0,)
