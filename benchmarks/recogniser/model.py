"""The installed network in PyTorch: the same layers, so that trained weights fit where the old ones were."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from stages.ocr.turbo.graph import Plan
from stages.ocr.turbo.traineddata import Layer

_GATES = (1, 2, 0, 3)
"""PyTorch wants input, forget, cell, output; Tesseract stores cell, input, forget, output."""
_CONVOLVED_LINES, _SUMMED_COLUMNS = 2, 300
"""At a time on a processor: what fits its cache takes a third of the time."""
_NEW_BIAS = -3.0
"""A new character starts as a rarer twin of the old one that it resembles."""
TWINS = {"…": ".", "–": "-", "’": "'", "‘": "'", "≤": "<", "≥": ">", "±": "+", "×": "x", "§": "S", "÷": ":", "≠": "=",
          "²": "2", "³": "3", "½": "1", "µ": "u", "→": "-", "•": ".", "☐": "D", "☑": "D", "‰": "%", "№": "N", "Ø": "O",
          "ỵ": "y", "′": "'", "″": '"', "□": "D", "º": "°", "√": "v", "Δ": "A"}  # fmt: skip

Tensor = Any


class Network(nn.Module):
    """``(lines, height, width)`` pixels, −1 black to 1 white, 0 behind each line's end, to ``(steps, lines, codes)`` logits."""

    def __init__(self, plan: Plan, codes: int | None = None) -> None:
        super().__init__()
        half_x, half_y = plan.gather.numbers
        self.step_px, self.pooled_rows = plan.pool.numbers
        channels = plan.convolution.outputs
        size, padding = (2 * half_y + 1, 2 * half_x + 1), (half_y, half_x)
        self.convolution = nn.Conv2d(plan.gather.inputs, channels, size, padding=padding)
        self.vertical = _lstm(plan.vertical)
        self.horizontal = nn.ModuleList(_lstm(layer) for layer, _ in plan.horizontal)
        self.reverse = tuple(direction == "reverse" for _, direction in plan.horizontal)
        self.softmax = nn.Linear(plan.softmax.inputs, codes or plan.softmax.outputs)

    def forward(self, pixels: Tensor, lengths: Tensor) -> Tensor:
        """``lengths``: steps of each line."""
        lines, _, width = pixels.shape
        steps = width // self.step_px
        whole = pixels.is_cuda
        pooled = [self._pooled(part) for part in pixels.split(lines if whole else _CONVOLVED_LINES)]
        columns = torch.cat([part.permute(2, 0, 3, 1).flatten(1, 2) for part in pooled], 1)
        parts = columns.split(columns.shape[1] if whole else _SUMMED_COLUMNS, 1)
        summed = torch.cat([self.vertical(part.contiguous())[1][0][0] for part in parts])
        inside = torch.arange(steps, device=pixels.device)[:, None] < lengths[None, :]
        now = summed.view(lines, steps, -1).transpose(0, 1) * inside[:, :, None]
        turned = (lengths[None, :] - 1 - torch.arange(steps, device=pixels.device)[:, None]).clamp(min=0)
        for layer, reverse in zip(self.horizontal, self.reverse, strict=True):
            # A line is turned at its own end, so that what is behind comes last both ways.
            now = layer(_turned(now, turned))[0] if reverse else layer(now.contiguous())[0]
            now = (_turned(now, turned) if reverse else now) * inside[:, :, None]
        return self.softmax(now)

    def _pooled(self, pixels: Tensor) -> Tensor:
        convolved = self.convolution(pixels[:, None])
        return torch.tanh(nn.functional.max_pool2d(convolved, (self.pooled_rows, self.step_px)))


def _turned(values: Tensor, places: Tensor) -> Tensor:
    return torch.gather(values, 0, places[:, :, None].expand(-1, -1, values.shape[2]))


def _lstm(layer: Layer) -> nn.LSTM:
    made = nn.LSTM(layer.inputs, layer.outputs)
    # One bias, as Tesseract has it.
    nn.init.zeros_(made.bias_hh_l0)
    made.bias_hh_l0.requires_grad_(False)
    return made


def load(network: Network, plan: Plan, texts: tuple[str, ...]) -> None:
    """Put the weights of ``plan`` into the network. ``texts``: by code, more than the plan has for new characters."""
    half_x, half_y = plan.gather.numbers
    with torch.no_grad():
        (matrix,) = plan.convolution.weights
        by_x = matrix[:, :-1].reshape(len(matrix), 2 * half_x + 1, 2 * half_y + 1, plan.gather.inputs)
        _set(network.convolution.weight, by_x.transpose(0, 3, 2, 1))
        _set(network.convolution.bias, matrix[:, -1])
        for lstm, layer in _recurrent(network, plan):
            joined = np.concatenate([layer.weights[gate] for gate in _GATES])
            _set(lstm.weight_ih_l0, joined[:, : layer.inputs])
            _set(lstm.weight_hh_l0, joined[:, layer.inputs : -1])
            _set(lstm.bias_ih_l0, joined[:, -1])
        (matrix,) = plan.softmax.weights
        places = {text: code for code, text in enumerate(texts[: len(matrix)]) if text}
        new = [matrix[places[TWINS[text]]] for text in texts[len(matrix) :]]
        for row in (new := [row.copy() for row in new]):
            row[-1] += _NEW_BIAS
        matrix = np.concatenate([matrix, np.array(new, np.float32).reshape(-1, matrix.shape[1])])
        _set(network.softmax.weight, matrix[:, :-1])
        _set(network.softmax.bias, matrix[:, -1])


def planned(network: Network, plan: Plan) -> Plan:
    """``plan`` with the network's weights, for :mod:`stages.ocr.turbo.graph`."""
    kernel = _values(network.convolution.weight).transpose(0, 3, 2, 1).reshape(plan.convolution.outputs, -1)
    convolution = replace(plan.convolution, weights=(_with_bias(kernel, network.convolution.bias),))
    layers = [replace(layer, weights=_gates(lstm)) for lstm, layer in _recurrent(network, plan)]
    horizontal = tuple((layer, way) for layer, (_, way) in zip(layers[1:], plan.horizontal, strict=True))
    matrix = _with_bias(_values(network.softmax.weight), network.softmax.bias)
    softmax = replace(plan.softmax, outputs=len(matrix), weights=(matrix,))
    return replace(plan, convolution=convolution, vertical=layers[0], horizontal=horizontal, softmax=softmax)


def _recurrent(network: Network, plan: Plan) -> list[tuple[nn.LSTM, Layer]]:
    horizontal = [(lstm, layer) for lstm, (layer, _) in zip(network.horizontal, plan.horizontal, strict=True)]
    return [(network.vertical, plan.vertical), *horizontal]


def _gates(lstm: nn.LSTM) -> tuple[NDArray[np.float32], ...]:
    """The four matrices as Tesseract stores them."""
    bias = lstm.bias_ih_l0 + lstm.bias_hh_l0
    joined = np.concatenate([_values(lstm.weight_ih_l0), _values(lstm.weight_hh_l0)], axis=1)
    parts = np.split(_with_bias(joined, bias), 4)
    return tuple(parts[_GATES.index(gate)] for gate in range(4))


def _with_bias(matrix: NDArray[np.float32], bias: Tensor) -> NDArray[np.float32]:
    return np.concatenate([matrix, _values(bias)[:, None]], axis=1)


def _values(tensor: Tensor) -> NDArray[np.float32]:
    return np.asarray(tensor.detach().cpu().float().numpy(), dtype=np.float32)


def _set(parameter: Tensor, values: NDArray[np.float32]) -> None:
    parameter.copy_(torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)))
