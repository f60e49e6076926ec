"""A network of trained data in PyTorch: the same layers, so that trained weights fit where the old ones were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
        self.vertical = _lstm(plan.vertical) if plan.vertical.weights else _dense(plan.vertical)
        self.horizontal = nn.ModuleList(
            _lstm(layer) if layer.weights else _window(layer) for layer, _ in plan.horizontal
        )
        self.ways = tuple(way for _, way in plan.horizontal)
        self.softmax = nn.Linear(plan.softmax.inputs, codes or plan.softmax.outputs)

    def forward(self, pixels: Tensor, lengths: Tensor) -> Tensor:
        """``lengths``: steps of each line."""
        return self.read(self.columns(pixels), lengths)

    def columns(self, pixels: Tensor) -> Tensor:
        """Features of each column, ``(lines, steps, features)``."""
        lines, whole = len(pixels), pixels.is_cuda
        pooled = [self._pooled(part) for part in pixels.split(lines if whole else _CONVOLVED_LINES)]
        rows = torch.cat([part.permute(2, 0, 3, 1).flatten(1, 2) for part in pooled], 1)
        parts = rows.split(rows.shape[1] if whole else _SUMMED_COLUMNS, 1)
        return torch.cat([self._summed(part.contiguous()) for part in parts]).view(
            lines, pixels.shape[2] // self.step_px, -1
        )

    def read(self, columns: Tensor, lengths: Tensor) -> Tensor:
        """Logits of lines whose columns are known."""
        place = torch.arange(columns.shape[1], device=columns.device)[:, None]
        inside = (place < lengths[None, :])[:, :, None]
        turned = (lengths[None, :] - 1 - place).clamp(min=0)
        now = columns.transpose(0, 1) * inside
        for layer, way in zip(self.horizontal, self.ways, strict=True):
            if way == "both":
                now = torch.tanh(layer(now.permute(1, 2, 0)).permute(2, 0, 1)) * inside
                continue
            # A line is turned at its own end, so that what is behind comes last both ways.
            reverse = way == "reverse"
            now = layer(_turned(now, turned))[0] if reverse else layer(now.contiguous())[0]
            now = (_turned(now, turned) if reverse else now) * inside
        return self.softmax(now)

    def _summed(self, rows: Tensor) -> Tensor:
        """``(rows, columns, channels)`` to ``(columns, features)``."""
        if isinstance(self.vertical, nn.LSTM):
            return self.vertical(rows)[1][0][0]
        return self.vertical(rows.transpose(0, 1).flatten(1))

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


def _dense(layer: Layer) -> nn.Sequential:
    """A column at once."""
    _, *parts = layer.parts
    return nn.Sequential(*(made for part in parts for made in (nn.Linear(part.inputs, part.outputs), nn.Tanh())))


def _window(layer: Layer) -> nn.Conv1d:
    gather, dense = layer.parts
    half = gather.numbers[0]
    return nn.Conv1d(layer.inputs, dense.outputs, 2 * half + 1, padding=half)


def load(network: Network, plan: Plan, texts: tuple[str, ...]) -> None:
    """Put the weights of ``plan`` into the network. ``texts``: by code, more than the plan has for new characters."""
    half_x, half_y = plan.gather.numbers
    with torch.no_grad():
        (matrix,) = plan.convolution.weights
        by_x = matrix[:, :-1].reshape(len(matrix), 2 * half_x + 1, 2 * half_y + 1, plan.gather.inputs)
        _set(network.convolution.weight, by_x.transpose(0, 3, 2, 1))
        _set(network.convolution.bias, matrix[:, -1])
        for module, layer in _inner(network, plan):
            _fill(module, layer)
        (matrix,) = plan.softmax.weights
        places = {text: code for code, text in enumerate(texts[: len(matrix)]) if text}
        new = [matrix[places[TWINS[text]]] for text in texts[len(matrix) :]]
        for row in (new := [row.copy() for row in new]):
            row[-1] += _NEW_BIAS
        matrix = np.concatenate([matrix, np.array(new, np.float32).reshape(-1, matrix.shape[1])])
        _set(network.softmax.weight, matrix[:, :-1])
        _set(network.softmax.bias, matrix[:, -1])


def _inner(network: Network, plan: Plan) -> Iterator[tuple[nn.Module, Layer]]:
    """What lies between the first convolution and the softmax, with its layer."""
    horizontal = ((module, layer) for module, (layer, _) in zip(network.horizontal, plan.horizontal, strict=True))
    for module, layer in ((network.vertical, plan.vertical), *horizontal):
        if isinstance(module, nn.Sequential):
            yield from zip(list(module)[::2], layer.parts[1:], strict=True)
        else:
            yield module, layer if layer.weights else layer.parts[-1]


def _fill(module: nn.Module, layer: Layer) -> None:
    if isinstance(module, nn.LSTM):
        joined = np.concatenate([layer.weights[gate] for gate in _GATES])
        _set(module.weight_ih_l0, joined[:, : layer.inputs])
        _set(module.weight_hh_l0, joined[:, layer.inputs : -1])
        _set(module.bias_ih_l0, joined[:, -1])
        return
    (matrix,) = layer.weights
    kernel = matrix[:, :-1]
    if isinstance(module, nn.Conv1d):
        kernel = kernel.reshape(len(matrix), -1, module.in_channels).transpose(0, 2, 1)
    _set(module.weight, kernel)
    _set(module.bias, matrix[:, -1])


def planned(network: Network, plan: Plan) -> Plan:
    """``plan`` with the network's weights, for :mod:`stages.ocr.turbo.graph`."""
    kernel = _values(network.convolution.weight).transpose(0, 3, 2, 1).reshape(plan.convolution.outputs, -1)
    convolution = replace(plan.convolution, weights=(_with_bias(kernel, network.convolution.bias),))
    told = {id(layer): replace(layer, weights=_weights(module)) for module, layer in _inner(network, plan)}
    horizontal = tuple((_renewed(layer, told), way) for layer, way in plan.horizontal)
    matrix = _with_bias(_values(network.softmax.weight), network.softmax.bias)
    softmax = replace(plan.softmax, outputs=len(matrix), weights=(matrix,))
    vertical = _renewed(plan.vertical, told)
    return replace(plan, convolution=convolution, vertical=vertical, horizontal=horizontal, softmax=softmax)


def _renewed(layer: Layer, told: Mapping[int, Layer]) -> Layer:
    """A layer with what was learnt in the place of each of its parts."""
    return told.get(id(layer)) or replace(layer, parts=tuple(told.get(id(part), part) for part in layer.parts))


def _weights(module: nn.Module) -> tuple[NDArray[np.float32], ...]:
    """The matrices as Tesseract stores them."""
    if isinstance(module, nn.LSTM):
        bias = module.bias_ih_l0 + module.bias_hh_l0
        joined = np.concatenate([_values(module.weight_ih_l0), _values(module.weight_hh_l0)], axis=1)
        parts = np.split(_with_bias(joined, bias), 4)
        return tuple(parts[_GATES.index(gate)] for gate in range(4))
    kernel = _values(module.weight)
    if isinstance(module, nn.Conv1d):
        kernel = kernel.transpose(0, 2, 1).reshape(len(kernel), -1)
    return (_with_bias(kernel, module.bias),)


def _with_bias(matrix: NDArray[np.float32], bias: Tensor) -> NDArray[np.float32]:
    return np.concatenate([matrix, _values(bias)[:, None]], axis=1)


def _values(tensor: Tensor) -> NDArray[np.float32]:
    return np.asarray(tensor.detach().cpu().float().numpy(), dtype=np.float32)


def _set(parameter: Tensor, values: NDArray[np.float32]) -> None:
    parameter.copy_(torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)))
