"""Reads a Tesseract ``.traineddata`` file: network, characters, and word lists.

The format is that of Tesseract 4 and 5 (``ccutil/tessdatamanager``, ``lstm/network``, ``lstm/weightmatrix``,
``ccutil/unicharcompress``, ``dict/dawg``); all numbers are little-endian.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import OperatorError

Weights = NDArray[np.float32]

_LSTM, _SYSTEM_DAWG, _UNICHARSET, _RECODER = 17, 19, 21, 22
_MOST_COMPONENTS = 1000
_MOST_BYTES = 256 << 20
_DAWG_MAGIC = 42
_MOST_WORDS = 1_000_000

_INT8, _ADAM, _DOUBLE = 1, 4, 128
"""Bits of a weight matrix's mode."""
_LAYER_RATES = 64
_TRAINING = 1

PLUMBING = frozenset({"Parallel", "Replicated", "ParBidiLSTM", "DepParUDLSTM", "Par2dLSTM", "Series"}) | frozenset(
    {"RTLReversed", "TTBReversed", "XYTranspose"}
)
RECURRENT = frozenset({"LSTM", "SummLSTM"})
CONNECTED = frozenset({"Logistic", "LinLogistic", "LinTanh", "Tanh", "Relu", "Linear", "Softmax", "SoftmaxNoCTC"})


@dataclass(frozen=True)
class Layer:
    """One layer. ``kind``: Tesseract's name of the type.

    ``numbers``: batch, height, width, depth of an ``Input``; half width and half height of a ``Convolve``;
    x and y scale of a ``Maxpool`` or ``Reconfig``. ``weights``: one ``(outputs, inputs + 1)`` matrix of a
    connected layer, last column the bias; of an LSTM four: cell input, input, forget and output gate, each
    ``(states, inputs + states + 1)``.
    """

    kind: str
    inputs: int
    outputs: int
    parts: tuple[Layer, ...] = ()
    numbers: tuple[int, ...] = ()
    weights: tuple[Weights, ...] = ()


@dataclass(frozen=True)
class Charset:
    """What the network's codes mean. ``texts``: by sequence of codes. ``null``: the CTC blank."""

    texts: dict[tuple[int, ...], str]
    null: int

    def single(self, codes: int) -> tuple[str, ...] | None:
        """Text of each of ``codes`` codes, empty for unused ones; None where a character takes several codes."""
        if any(len(code) != 1 for code in self.texts):
            return None
        return tuple(self.texts.get((code,), "") if code != self.null else "" for code in range(codes))


@dataclass(frozen=True)
class TrainedData:
    """``sha256``: of the file. ``word_graph``: its dictionary as stored. ``unichars``: the letters of that."""

    sha256: str
    network: Layer
    charset: Charset
    word_graph: bytes
    unichars: tuple[str, ...]

    @cached_property
    def words(self) -> frozenset[str]:
        """The language's dictionary, unpacked when first asked for: 0.7 s and 35 MB for English.

        Raises ``OperatorError("traineddata_damaged")``.
        """
        try:
            return frozenset(_words(self.word_graph, self.unichars)) if self.word_graph else frozenset()
        except (ValueError, struct.error, IndexError) as error:
            raise OperatorError("traineddata_damaged", f"the dictionary is damaged ({error})") from error


class _Bytes:
    """A cursor over the file; running past its end is a damaged file."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self._data, self._at)
        self._at += struct.calcsize("<" + layout)
        return values

    def number(self, layout: str = "i") -> int:
        return int(self.take(layout)[0])

    def raw(self, size: int) -> bytes:
        if not 0 <= size <= len(self._data) - self._at:
            raise ValueError("a length beyond the end")
        self._at += size
        return self._data[self._at - size : self._at]

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        kind = np.dtype(dtype).newbyteorder("<")
        return np.frombuffer(self.raw(count * kind.itemsize), dtype=kind)

    def text(self) -> str:
        return self.raw(self.number("I")).decode("utf-8")


def read(path: Path) -> TrainedData:
    """The network and characters of ``path``.

    Raises ``OperatorError("traineddata_missing"|"traineddata_damaged"|"traineddata_unsupported")``.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OperatorError("traineddata_missing", f"{path.name} cannot be read: install its package") from error
    try:
        return parse(data)
    except (ValueError, struct.error, UnicodeDecodeError, IndexError, RecursionError) as error:
        raise OperatorError("traineddata_damaged", f"{path.name} is damaged ({error}): install it again") from error


def parse(data: bytes) -> TrainedData:
    """As :func:`read`, of the file's bytes; what is damaged raises ``ValueError`` or ``struct.error``."""
    if len(data) > _MOST_BYTES:
        raise ValueError("larger than any trained data")
    parts = _components(data)
    missing = {_LSTM, _UNICHARSET, _RECODER} - parts.keys()
    if missing:
        raise OperatorError("traineddata_unsupported", "the trained data have no separate LSTM network and recoder")
    source = _Bytes(parts[_LSTM])
    network = _layer(source)
    source.text()  # the network's specification, which says the same in words
    source.take("iii")  # training flags and iterations
    null = source.number()
    unichars = _unichars(parts[_UNICHARSET])
    charset = Charset(_recoder(parts[_RECODER], unichars), null)
    return TrainedData(
        hashlib.sha256(data).hexdigest(), network, charset, parts.get(_SYSTEM_DAWG, b""), tuple(unichars)
    )


def _components(data: bytes) -> dict[int, bytes]:
    source = _Bytes(data)
    count = source.number()
    if not 0 < count <= _MOST_COMPONENTS:
        raise ValueError("not a trained data file")
    starts = [int(start) for start in source.array("i8", count)]
    present = sorted(start for start in starts if start >= 0)
    ends = dict(zip(present, [*present[1:], len(data)], strict=True))
    return {index: data[start : ends[start]] for index, start in enumerate(starts) if start >= 0}


def _layer(source: _Bytes) -> Layer:
    if source.number("b") != 0:
        raise OperatorError("traineddata_unsupported", "the network is of an older format than Tesseract 4.00")
    kind = source.text()
    training, _, flags, inputs, outputs, _ = source.take("bbiiii")
    source.text()  # the layer's name
    parts: tuple[Layer, ...] = ()
    numbers: tuple[int, ...] = ()
    weights: tuple[Weights, ...] = ()
    if kind in PLUMBING:
        parts = tuple(_layer(source) for _ in range(source.number("I")))
        if flags & _LAYER_RATES:
            source.array("f4", source.number("I"))
        if parts:
            inputs, outputs = parts[0].inputs, parts[-1].outputs
    elif kind == "Input":
        numbers = source.take("iiiii")[:4]
    elif kind in {"Convolve", "Maxpool", "Reconfig"}:
        numbers = source.take("ii")
        span = (2 * numbers[0] + 1) * (2 * numbers[1] + 1) if kind == "Convolve" else numbers[0] * numbers[1]
        outputs = inputs if kind == "Maxpool" else inputs * span
    elif kind in RECURRENT:
        source.number()
        weights = tuple(_matrix(source, training) for _ in range(4))
        if weights[0].shape[1] != inputs + weights[0].shape[0] + 1:
            raise OperatorError("traineddata_unsupported", "the network has LSTM layers in two dimensions")
    elif kind in CONNECTED:
        weights = (_matrix(source, training),)
    else:
        raise OperatorError("traineddata_unsupported", f"the network has layers of type {kind}")
    return Layer(kind, inputs, outputs, parts, numbers, weights)


def _matrix(source: _Bytes, training: int) -> Weights:
    """A weight matrix; whole numbers come with one scale per row."""
    mode = source.number("B")
    if not mode & _DOUBLE:
        raise OperatorError("traineddata_unsupported", "the weights are of an older format than Tesseract 4.00")
    if not mode & _INT8:
        matrix = _doubles(source)
        if training == _TRAINING:  # a checkpoint carries the optimiser's state along
            for _ in range(2 if mode & _ADAM else 1):
                _doubles(source)
        return matrix
    rows, columns, _ = source.take("IIb")
    whole = source.array("i1", rows * columns).reshape(rows, columns)
    scales = source.array("f8", source.number("I"))[:rows]
    return np.asarray(whole * scales[:, None], dtype=np.float32)


def _doubles(source: _Bytes) -> Weights:
    rows, columns, _ = source.take("IId")
    return source.array("f8", rows * columns).reshape(rows, columns).astype(np.float32)


def _unichars(data: bytes) -> list[str]:
    """Texts by unichar id; ``NULL`` is the space."""
    lines = data.decode("utf-8").split("\n")
    names = [line.split(" ", 1)[0] for line in lines[1 : int(lines[0]) + 1]]
    return [" " if name == "NULL" else name for name in names]


def _recoder(data: bytes, unichars: Sequence[str]) -> dict[tuple[int, ...], str]:
    """Texts by code; of several characters with one code the normal one counts."""
    source = _Bytes(data)
    texts: dict[tuple[int, ...], str] = {}
    for index in range(source.number("I")):
        normal, length = source.take("bI")
        code = tuple(int(number) for number in source.array("i4", length))
        if normal or code not in texts:
            texts[code] = unichars[index]
    return texts


def _words(data: bytes, unichars: Sequence[str]) -> Iterator[str]:
    """Every word of a squished word graph."""
    source = _Bytes(data)
    magic, characters, count = source.take("hII")
    if magic != _DAWG_MAGIC:
        raise ValueError("not a word graph")
    edges = source.array("u8", count)
    flag_bit = int(np.ceil(np.log2(characters + 1)))
    letters = (edges & np.uint64((1 << flag_bit) - 1)).astype(np.int64).tolist()
    flags = ((edges >> np.uint64(flag_bit)) & np.uint64(7)).astype(np.int64).tolist()
    following = (edges >> np.uint64(flag_bit + 3)).astype(np.int64).tolist()
    most = 64  # no word is longer; a damaged graph may have cycles
    found = 0
    pending = [(0, "")]
    while pending:
        edge, prefix = pending.pop()
        while edge < count:
            word = prefix + unichars[letters[edge]]
            if flags[edge] & 4:
                found += 1
                yield word
            if following[edge] and len(word) < most and found < _MOST_WORDS:
                pending.append((following[edge], word))
            if flags[edge] & 1:
                break
            edge += 1
