"""Networks of other shapes, for the frontier of speed and accuracy; each begins with what it can keep of another's weights.

All are made of layers that stock Tesseract knows: a dense column is its ``Reconfig`` and ``Tanh``, a window its
``Convolve`` and ``Tanh``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stages.ocr.turbo.graph import Plan
from stages.ocr.turbo.traineddata import Layer, Weights

_WINDOW = 2
"""Steps on either side that a window sees."""
_SPREAD = 0.1
_NEW = -1
"""In a list of old units: one that was not there."""

Units = NDArray[np.intp]


@dataclass(frozen=True)
class Shape:
    """``columns``: features of a column. ``dense``: hidden units of a column that is read at once, 0 for the LSTM that
    goes down it. ``horizontal``: direction and units of the LSTMs along the line. ``windows``: units of convolutions
    over five steps, in their place.
    """

    columns: int = 48
    dense: int = 0
    horizontal: tuple[tuple[str, int], ...] = (("forward", 96), ("reverse", 96), ("forward", 192))
    windows: tuple[int, ...] = ()


SHAPES = {
    "stock": Shape(),
    "narrow": Shape(columns=32, horizontal=(("forward", 64), ("reverse", 64), ("forward", 128))),
    "wide": Shape(columns=64, horizontal=(("forward", 128), ("reverse", 128), ("forward", 256))),
    "dense": Shape(dense=192),
    "convolutions": Shape(dense=192, horizontal=(), windows=(128,) * 5),
}


def reshaped(plan: Plan, shape: Shape, seed: int) -> Plan:
    """``plan`` in another shape: of fewer units the weightiest stay; new ones are random and not listened to at first."""
    rng = np.random.default_rng(seed)
    channels, rows = plan.convolution.outputs, plan.height_px // plan.pool.numbers[1]
    layers = [layer for layer, _ in plan.horizontal]
    if shape.dense:
        vertical = _dense(rng, channels, rows, shape.dense, shape.columns)
        inputs = np.arange(shape.columns) if shape.columns == plan.features else np.full(shape.columns, _NEW)
    else:
        inputs = _kept(shape.columns, layers[0])
        vertical = _resized(rng, plan.vertical, np.arange(channels), inputs)
    horizontal: list[tuple[Layer, str]] = []
    if shape.windows:
        size = shape.columns
        for units in shape.windows:
            horizontal.append((_window(rng, size, units), "both"))
            size = units
        inputs = np.full(size, _NEW)
    else:
        nexts = [*layers[1:], plan.softmax]
        for (way, units), layer, following in zip(shape.horizontal, layers, nexts, strict=True):
            kept = _kept(units, following)
            horizontal.append((_resized(rng, layer, inputs, kept), way))
            inputs = kept
    (matrix,) = plan.softmax.weights
    heard = _columns(matrix, inputs)
    if shape.windows:
        heard[:, :-1] = rng.normal(0, _SPREAD, heard[:, :-1].shape)
    softmax = replace(plan.softmax, inputs=len(inputs), weights=(heard,))
    return replace(plan, vertical=vertical, horizontal=tuple(horizontal), softmax=softmax)


def _kept(count: int, following: Layer) -> Units:
    """The ``count`` units that the following layer listens to most, in their old order, then new ones."""
    heard = sum(np.square(matrix[:, : following.inputs]).sum(axis=0) for matrix in following.weights)
    some = np.sort(np.argsort(-np.asarray(heard))[:count])
    return np.concatenate([some, np.full(count - len(some), _NEW)])


def _resized(rng: np.random.Generator, layer: Layer, inputs: Units, units: Units) -> Layer:
    """An LSTM for other inputs and units."""
    places = np.concatenate([inputs, np.where(units == _NEW, _NEW, layer.inputs + units)])
    weights = []
    for matrix in layer.weights:
        rows = _columns(matrix, places)[np.maximum(units, 0)]
        new = units == _NEW
        rows[new] = rng.normal(0, _SPREAD, rows[new].shape)
        rows[new, -1] = 0
        weights.append(rows)
    return replace(layer, inputs=len(inputs), outputs=len(units), weights=tuple(weights))


def _columns(matrix: Weights, places: Units) -> Weights:
    """Columns by their old place, nothing for new ones, and the bias."""
    found = np.where(places == _NEW, 0, matrix[:, np.maximum(places, 0)])
    return np.concatenate([found, matrix[:, -1:]], axis=1).astype(np.float32)


def _dense(rng: np.random.Generator, channels: int, rows: int, hidden: int, outputs: int) -> Layer:
    size = channels * rows
    stack = Layer("Reconfig", channels, size, numbers=(1, rows))
    return Layer("Series", channels, outputs, (stack, _tanh(rng, size, hidden), _tanh(rng, hidden, outputs)))


def _window(rng: np.random.Generator, inputs: int, outputs: int) -> Layer:
    gathered = (2 * _WINDOW + 1) * inputs
    gather = Layer("Convolve", inputs, gathered, numbers=(_WINDOW, 0))
    return Layer("Series", inputs, outputs, (gather, _tanh(rng, gathered, outputs)))


def _tanh(rng: np.random.Generator, inputs: int, outputs: int) -> Layer:
    """As wide as keeps the spread of what goes through it."""
    matrix = rng.normal(0, 1 / np.sqrt(inputs), (outputs, inputs + 1)).astype(np.float32)
    matrix[:, -1] = 0
    return Layer("Tanh", inputs, outputs, weights=(matrix,))
