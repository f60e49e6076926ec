"""A network of trained data as two ONNX graphs.

``columns``: picture to one vector per output step. Input ``pixels`` float ``(1, 1, height, width)``, any number of
lines side by side with ``gap_px`` or more columns of 0 after each; output ``(width // step_px, features)``.

``steps``: the horizontal layers over a batch of lines. Inputs ``features`` float ``(steps, lines, features)``, padded
with 0 at each line's end, and ``lengths`` int32 ``(lines,)``; outputs probabilities ``(steps, lines, codes)`` and, where
those of :mod:`stages.ocr.turbo.pen` are given, the traits ``(steps, lines, traits)`` by which it tells handwriting.

Apart, because each is fastest at its own size: a thousand columns of the first stay in the core's cache, and the
second wants as many lines at once as are of like length.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.errors import OperatorError
from stages.ocr.turbo.traineddata import Layer, Weights

GRAPH_VERSION = 3
"""In the name of a cached graph: raise it where the same network becomes another graph."""

_OPSET = 13
_MICROSOFT = "com.microsoft"
_GATES = (1, 3, 2, 0)
"""ONNX wants input, output, forget, cell; Tesseract stores cell, input, forget, output."""
_ACTIVATIONS = {"Tanh": "Tanh", "Relu": "Relu", "Logistic": "Sigmoid", "Linear": "Identity"}
_WHOLE = 127
_ZERO = 128
"""Activations are unsigned around this: VNNI multiplies unsigned by signed."""


@dataclass(frozen=True)
class Plan:
    """The network's layers by their part in the two graphs, and the sizes that the reader must know."""

    height_px: int
    step_px: int
    gap_px: int
    gather: Layer
    convolution: Layer
    pool: Layer
    vertical: Layer
    horizontal: tuple[tuple[Layer, str], ...]
    softmax: Layer

    @property
    def features(self) -> int:
        return self.vertical.outputs

    @property
    def codes(self) -> int:
        return self.softmax.outputs

    @property
    def states(self) -> int:
        """Values of one step in all layers that ``steps`` sees: its features, then those of each layer."""
        return self.features + sum(layer.outputs for layer, _ in self.horizontal)


def _unsupported(why: str) -> OperatorError:
    return OperatorError("traineddata_unsupported", f"the fast engine cannot run this network: {why}")


def plan(network: Layer) -> Plan:
    """The parts of a network of the usual form, which all of ``tessdata_fast`` for alphabets have.

    Raises ``OperatorError("traineddata_unsupported")`` for any other.
    """
    kinds = [layer.kind for layer in network.parts]
    if network.kind != "Series" or kinds[:4] != ["Input", "Series", "Maxpool", "XYTranspose"] or len(kinds) < 6:
        raise _unsupported(f"its layers are {', '.join(kinds) or network.kind}")
    source, pair, pool, vertical = network.parts[:4]
    *horizontal, softmax = network.parts[4:]
    _, height, width, depth = source.numbers
    if height < 2 or width or depth != 1:
        raise _unsupported("it does not read grey lines of a fixed height and any width")
    if [part.kind for part in pair.parts][:1] != ["Convolve"] or len(pair.parts) != 2:
        raise _unsupported("its first layer is not one convolution")
    gather, convolution = pair.parts
    if convolution.kind not in _ACTIVATIONS:
        raise _unsupported(f"its convolution ends in {convolution.kind}")
    if [part.kind for part in vertical.parts] != ["SummLSTM"]:
        raise _unsupported("its columns are not summed up by one LSTM")
    if softmax.kind != "Softmax":
        raise _unsupported(f"it ends in {softmax.kind}")
    x_scale, y_scale = pool.numbers
    if height // y_scale < 1 or x_scale < 1:
        raise _unsupported("it pools more rows than it has")
    directions = tuple(_direction(layer) for layer in horizontal)
    lengths = (height, x_scale, gather.numbers[0])
    return Plan(*lengths, gather, convolution, pool, vertical.parts[0], directions, softmax)


def _direction(layer: Layer) -> tuple[Layer, str]:
    if layer.kind == "LSTM":
        return layer, "forward"
    if layer.kind == "RTLReversed" and [part.kind for part in layer.parts] == ["LSTM"]:
        return layer.parts[0], "reverse"
    raise _unsupported(f"it has a {layer.kind} where a horizontal LSTM is expected")


@dataclass
class _Graph:
    """A graph under construction; ``now`` is the name of the current tensor."""

    now: str
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, values: NDArray[Any] | np.generic) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def sizes(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def add(self, operator: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes: Any) -> list[str]:
        """Add a node; the names of its outputs."""
        names = [f"t{len(self.nodes)}_{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, domain=domain, **attributes))
        return names

    def one(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        return self.add(operator, *inputs, domain=domain, **attributes)[0]

    def then(self, operator: str, *inputs: str, **attributes: Any) -> None:
        """Add a node on the current tensor."""
        self.now = self.one(operator, self.now, *inputs, **attributes)

    def model(self, inputs: list[onnx.ValueInfoProto], *outputs: tuple[str, list[str | int]]) -> bytes:
        """``outputs``: names and shapes."""
        told = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs]
        made = helper.make_graph(self.nodes, "turbo", inputs, told, initializer=self.constants)
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)]
        model = helper.make_model(made, opset_imports=opsets, ir_version=8)
        return bytes(model.SerializeToString())


def columns(planned: Plan, *, whole: bool) -> bytes:
    """The serialised graph ``columns``. ``whole``: weights and activations as int8, as in Tesseract."""
    graph = _Graph("pixels")
    half_x, half_y = planned.gather.numbers
    (matrix,) = planned.convolution.weights
    by_x = matrix[:, :-1].reshape(len(matrix), 2 * half_x + 1, 2 * half_y + 1, planned.gather.inputs)
    weights = graph.constant(by_x.transpose(0, 3, 2, 1))
    graph.then("Conv", weights, graph.constant(matrix[:, -1]), pads=[half_y, half_x, half_y, half_x])
    x_scale, y_scale = planned.pool.numbers
    # Pooling first is the same, as the activation only rises, and leaves it a ninth of the work.
    graph.then("MaxPool", kernel_shape=[y_scale, x_scale], strides=[y_scale, x_scale])
    graph.then(_ACTIVATIONS[planned.convolution.kind])
    graph.then("Squeeze", graph.sizes(0))
    graph.then("Transpose", perm=[1, 2, 0])
    _unrolled(graph, planned.vertical, planned.height_px // y_scale, whole=whole)
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [1, 1, planned.height_px, "width"])
    return graph.model([pixels], (graph.now, ["steps", planned.features]))


def _unrolled(graph: _Graph, layer: Layer, rows: int, *, whole: bool) -> None:
    """An LSTM down all columns at once, row by row; faster than the LSTM operator, which is made for few long rows."""
    gates = [_gate(graph, layer.weights[gate], layer.inputs, whole=whole) for gate in _GATES]
    scale, zero = graph.constant(np.float32(1 / _WHOLE)), graph.constant(np.uint8(_ZERO))
    if whole:
        graph.then("QuantizeLinear", scale, zero)
    state = hidden = ""
    for row in graph.add("Split", graph.now, graph.sizes(*[1] * rows), outputs=rows, axis=0):
        inputs = graph.one("Squeeze", row, graph.sizes(0))
        if hidden:
            before = graph.one("QuantizeLinear", hidden, scale, zero) if whole else hidden
            inputs = graph.one("Concat", inputs, before, axis=1)
        # One product a gate: taking a product of all four apart again costs more than it saves.
        let_in, let_out, keep, cell = (gate(inputs, later=bool(hidden)) for gate in gates)
        let_in, let_out, keep = (graph.one("Sigmoid", gate) for gate in (let_in, let_out, keep))
        new = graph.one("Mul", let_in, graph.one("Tanh", cell))
        state = graph.one("Add", new, graph.one("Mul", keep, state)) if state else new
        hidden = graph.one("Mul", let_out, graph.one("Tanh", state))
    graph.now = hidden


class _Product(Protocol):
    """Adds the product of inputs with a gate's weights: those of the first row, or of a ``later`` one."""

    def __call__(self, inputs: str, *, later: bool) -> str: ...


def _gate(graph: _Graph, matrix: Weights, inputs: int, *, whole: bool) -> _Product:
    """A gate over ``inputs`` features and, on later rows, the states before."""
    bias, parts = graph.constant(matrix[:, -1]), (matrix[:, :inputs], matrix[:, :-1])
    if not whole:
        plain = [graph.constant(part.T) for part in parts]
        return lambda source, later: graph.one("Gemm", source, plain[later], bias)
    scales = _scales(matrix)
    weights = [graph.constant(_wholes(part, scales)) for part in parts]
    zeros = graph.constant(np.zeros(len(matrix), np.int8))
    scale, zero = graph.constant(np.float32(1 / _WHOLE)), graph.constant(np.uint8(_ZERO))
    tail = (scale, graph.constant(scales), zero, zeros, bias)
    return lambda source, later: graph.one("MatMulIntegerToFloat", source, weights[later], *tail, domain=_MICROSOFT)


def steps(planned: Plan, *, whole: bool, pen: Weights | None = None) -> bytes:
    """The serialised graph ``steps``. ``whole``: weights int8, activations quantised as they come.

    ``pen``: traits by weights ``(traits, planned.states + 1)``, the last a bias.
    """
    graph = _Graph("features")
    states = [graph.now]
    for layer, direction in planned.horizontal:
        _recurrent(graph, layer, direction, whole=whole)
        graph.then("Squeeze", graph.sizes(1))
        states.append(graph.now)
    traits = [] if pen is None else [_traits(graph, states, planned, pen)]
    (matrix,) = planned.softmax.weights
    if whole:
        scales = _scales(matrix)
        zeros, bias = graph.constant(np.zeros(len(matrix), np.int8)), graph.constant(matrix[:, -1])
        scale, zero = graph.constant(np.float32(1 / _WHOLE)), graph.constant(np.uint8(_ZERO))
        tail = (scale, graph.constant(scales), zero, zeros, bias)
        graph.then("QuantizeLinear", scale, zero)
        graph.then("MatMulIntegerToFloat", graph.constant(_wholes(matrix[:, :-1], scales)), *tail, domain=_MICROSOFT)
    else:
        graph.then("MatMul", graph.constant(matrix[:, :-1].T))
        graph.then("Add", graph.constant(matrix[:, -1]))
    graph.then("Softmax", axis=-1)
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["steps", "lines", planned.features])
    lengths = helper.make_tensor_value_info("lengths", TensorProto.INT32, ["lines"])
    outputs: list[tuple[str, list[str | int]]] = [
        (name, ["steps", "lines", size]) for name, size in ((graph.now, planned.codes), *traits)
    ]
    return graph.model([features, lengths], *outputs)


def _traits(graph: _Graph, states: list[str], planned: Plan, pen: Weights) -> tuple[str, int]:
    """Weighted sums of all states: a product for each layer is less work than putting the layers together."""
    ends = np.cumsum([planned.features, *(layer.outputs for layer, _ in planned.horizontal)])
    parts = np.split(pen[:, :-1], ends[:-1], axis=1)
    total = graph.constant(pen[:, -1])
    for name, weights in zip(states, parts, strict=True):
        total = graph.one("Add", graph.one("MatMul", name, graph.constant(weights.T)), total)
    return total, len(pen)


def _recurrent(graph: _Graph, layer: Layer, direction: str, *, whole: bool) -> None:
    matrix = _by_gate(layer)
    states = len(matrix) // 4
    bias = graph.constant(np.concatenate([matrix[:, -1], np.zeros(4 * states, np.float32)])[None])
    inputs, hidden = matrix[:, : layer.inputs], matrix[:, layer.inputs : -1]
    common = {"hidden_size": states, "direction": direction}
    if not whole:
        graph.then("LSTM", graph.constant(inputs[None]), graph.constant(hidden[None]), bias, "lengths", **common)
        return
    scales = _scales(matrix)
    weights = [graph.constant(_wholes(part, scales)[None]) for part in (inputs, hidden)]
    scale, zero = graph.constant(scales[None]), graph.constant(np.zeros((1, 4 * states), np.int8))
    tail = (bias, "lengths", "", "", "", scale, zero, scale, zero)
    graph.then("DynamicQuantizeLSTM", *weights, *tail, domain=_MICROSOFT, **common)


def _by_gate(layer: Layer) -> Weights:
    """The four gates' rows in the order of ONNX."""
    return np.concatenate([layer.weights[gate] for gate in _GATES])


def _scales(matrix: Weights) -> Weights:
    """Tesseract's own scale of each row, bias included, so that stored weights come back exactly."""
    most = np.abs(matrix).max(axis=1) / _WHOLE
    return np.where(most > 0, most, 1).astype(np.float32)


def _wholes(matrix: Weights, scales: Weights) -> NDArray[np.int8]:
    return np.asarray(np.rint(matrix / scales[:, None]).T, dtype=np.int8)
