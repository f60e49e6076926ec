"""Trained data: what Tesseract wrote is read, and what is damaged is refused in plain words."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import OperatorError
from stages.ocr.turbo import traineddata
from tests.stages.turbo import trained


def test_the_installed_network_is_read() -> None:
    """The Vietnamese network has the layers, characters and words that Tesseract reports of it."""
    data = traineddata.read(trained.VIE)
    assert [layer.kind for layer in data.network.parts[3:]] == ["XYTranspose", "LSTM", "RTLReversed", "LSTM", "Softmax"]
    assert data.network.parts[-1].weights[0].shape == (269, 193)
    assert data.charset.null == 268
    texts = data.charset.single(269)
    assert texts is not None
    assert texts[0] == " "
    assert texts[268] == ""
    assert {"Ệ", "đ", "/"} <= set(texts)
    assert {"ủy", "nhân"} <= {word.lower() for word in data.words}


def test_weights_are_whole_numbers_times_their_row_s_scale(tmp_path: Path) -> None:
    """A matrix comes back as it was stored, rows scaled apart; doubles come back as they are."""
    matrix = np.array([[1, -2, 127], [-127, 0, 3]], np.int8)
    scales = np.array([0.5, 0.25])
    body = trained.layer("Softmax", 2, 2, trained.whole(matrix, scales))
    body += trained.layer("Linear", 2, 2, trained.floats(np.asarray(matrix * 0.1, np.float64)))
    series = trained.layer("Series", 2, 2, (2).to_bytes(4, "little") + body)
    path = tmp_path / "xxx.traineddata"
    path.write_bytes(trained.file(series, ("NULL", "a"), ((0,), (1,)), 2))
    first, second = traineddata.read(path).network.parts
    assert np.allclose(first.weights[0], matrix * scales[:, None])
    assert np.allclose(second.weights[0], matrix * 0.1)


def test_characters_of_several_codes_have_no_single_table() -> None:
    """A charset in which one character takes two codes is told from one in which each takes one."""
    assert traineddata.Charset({(0,): " ", (1, 2): "字"}, 3).single(4) is None
    assert traineddata.Charset({(0,): " ", (2,): "x"}, 3).single(4) == (" ", "", "x", "")


def test_a_missing_file_says_what_to_install(tmp_path: Path) -> None:
    """A language that is not installed is the operator's to install."""
    with pytest.raises(OperatorError) as raised:
        traineddata.read(tmp_path / "lao.traineddata")
    assert raised.value.code == "traineddata_missing"


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 400_000), flip=st.integers(0, 5000))
def test_damage_never_ends_in_another_error(cut: int, flip: int) -> None:
    """A file that is cut off or has a changed byte is read, or refused with a clear error."""
    data = bytearray(trained.vie_bytes())
    data[flip] ^= 0xFF
    for broken in (bytes(data), trained.vie_bytes()[:cut]):
        try:
            traineddata.parse(broken)
        except (OperatorError, ValueError, struct.error, IndexError, RecursionError):
            continue


def test_a_layer_that_does_not_exist_is_unsupported() -> None:
    """A network with a layer of an unknown type is refused by name."""
    data = trained.file(trained.layer("TensorFlow", 1, 1, b""), ("NULL",), ((0,),), 1)
    with pytest.raises(OperatorError, match="TensorFlow") as raised:
        traineddata.parse(data)
    assert raised.value.code == "traineddata_unsupported"
