"""The two ONNX graphs of :mod:`stages.ocr.turbo.graph` for layers that the engine does not run: dense columns, windows."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper

from stages.ocr.turbo import graph
from stages.ocr.turbo.graph import _ACTIVATIONS, _MICROSOFT, _WHOLE, _ZERO, Plan, _Graph, _scales, _wholes
from stages.ocr.turbo.traineddata import Weights


def columns(plan: Plan) -> bytes:
    """As :func:`graph.columns`, int8."""
    if plan.vertical.weights:
        return graph.columns(plan, whole=True)
    made = _Graph("pixels")
    half_x, half_y = plan.gather.numbers
    (matrix,) = plan.convolution.weights
    by_x = matrix[:, :-1].reshape(len(matrix), 2 * half_x + 1, 2 * half_y + 1, plan.gather.inputs)
    weights = made.constant(by_x.transpose(0, 3, 2, 1))
    made.then("Conv", weights, made.constant(matrix[:, -1]), pads=[half_y, half_x, half_y, half_x])
    x_scale, y_scale = plan.pool.numbers
    made.then("MaxPool", kernel_shape=[y_scale, x_scale], strides=[y_scale, x_scale])
    made.then(_ACTIVATIONS[plan.convolution.kind])
    stack, *dense = plan.vertical.parts
    made.then("Transpose", perm=[3, 0, 2, 1])
    made.then("Reshape", made.sizes(-1, stack.outputs))
    for layer in dense:
        _product(made, layer.weights[0])
        made.then(_ACTIVATIONS[layer.kind])
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [1, 1, plan.height_px, "width"])
    return made.model([pixels], (made.now, ["steps", plan.features]))


def steps(plan: Plan) -> bytes:
    """As :func:`graph.steps`, int8."""
    if all(layer.weights for layer, _ in plan.horizontal):
        return graph.steps(plan, whole=True)
    made = _Graph("features")
    inside = _inside(made)
    for layer, _ in plan.horizontal:
        gather, dense = layer.parts
        _gathered(made, gather.numbers[0])
        _product(made, dense.weights[0])
        made.then(_ACTIVATIONS[dense.kind])
        made.then("Mul", inside)
    _product(made, plan.softmax.weights[0])
    made.then("Softmax", axis=-1)
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["steps", "lines", plan.features])
    lengths = helper.make_tensor_value_info("lengths", TensorProto.INT32, ["lines"])
    return made.model([features, lengths], (made.now, ["steps", "lines", plan.codes]))


def _product(made: _Graph, matrix: Weights) -> None:
    """Quantise what comes (-1 to 1) and multiply by whole weights."""
    scales = _scales(matrix)
    scale, zero = made.constant(np.float32(1 / _WHOLE)), made.constant(np.uint8(_ZERO))
    zeros, bias = made.constant(np.zeros(len(matrix), np.int8)), made.constant(matrix[:, -1])
    made.then("QuantizeLinear", scale, zero)
    weights = made.constant(_wholes(matrix[:, :-1], scales))
    made.then("MatMulIntegerToFloat", weights, scale, made.constant(scales), zero, zeros, bias, domain=_MICROSOFT)


def _inside(made: _Graph) -> str:
    """1 where a step lies in its line, 0 behind: ``(steps, lines, 1)``."""
    shape = made.one("Shape", "features")
    count = made.one("Squeeze", made.one("Gather", shape, made.sizes(0)), made.sizes(0))
    places = made.one("Range", made.constant(np.int64(0)), count, made.constant(np.int64(1)))
    ends = made.one("Cast", "lengths", to=TensorProto.INT64)
    less = made.one("Less", made.one("Unsqueeze", places, made.sizes(1)), made.one("Unsqueeze", ends, made.sizes(0)))
    return made.one("Unsqueeze", made.one("Cast", less, to=TensorProto.FLOAT), made.sizes(2))


def _gathered(made: _Graph, half: int) -> None:
    """Each step with its neighbours, the earliest first."""
    padded = made.one("Pad", made.now, made.sizes(half, 0, 0, half, 0, 0))
    ends = [-2 * half + place or np.iinfo(np.int64).max for place in range(2 * half + 1)]
    parts = [
        made.one("Slice", padded, made.sizes(place), made.sizes(end), made.sizes(0)) for place, end in enumerate(ends)
    ]
    made.now = made.one("Concat", *parts, axis=2)
