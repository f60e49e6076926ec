"""The network of ``stages.blank.sight`` as the file that it reads: ONNX, its numbers with 16 bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from stages.blank import windows
from stages.blank.windows import Windows

STEPS = (2, 2, 2, 1)
"""Of the convolutions, cells."""


def graph(learnt: Mapping[str, NDArray[np.float32]]) -> bytes:
    """The network as ONNX: for each kind of window four convolutions; what they saw most of, on average and in the middle
    goes through two layers."""
    nodes: list[onnx.NodeProto] = []
    whole = {"sides": np.array([2, 3]), "first": np.array([3, 3]), "last": np.array([5, 5])}
    half = {f"{name}_half": value.astype(np.float16) for name, value in learnt.items()}

    def node(kind: str, *inputs: str, **settings: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [f"{kind}_{len(nodes)}"], **settings))
        return str(nodes[-1].output[0])

    nodes += [helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT) for name in learnt]
    found = []
    for number, name in enumerate(Windows._fields):
        there = name
        for layer, step in enumerate(STEPS):
            kernel = f"trunks_{number}_{2 * layer}_weight"
            size = learnt[kernel].shape[2]
            there = node(
                "Conv", there, kernel, kernel.replace("weight", "bias"), strides=[step] * 2, pads=[size // 2] * 4
            )
            there = node("Relu", there)
        middle = node("Slice", there, "first", "last", "sides")
        found += [node("GlobalMaxPool", there), node("GlobalAveragePool", there), node("GlobalAveragePool", middle)]
    above = node("Flatten", node("Concat", *found, axis=1))
    above = node("Relu", node("Gemm", above, "hidden_weight", "hidden_bias", transB=1))
    said = node("Softmax", node("Gemm", above, "out_weight", "out_bias", transB=1), axis=1)
    shapes = {name: ["n", *part.shape[1:]] for name, part in windows.NONE._asdict().items()}
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "sight",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()],
            [helper.make_tensor_value_info(said, TensorProto.FLOAT, ["n", 3])],
            [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in (whole | half).items()],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=9,
    )
    return bytes(model.SerializeToString())
