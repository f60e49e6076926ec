"""The converted graphs compute what the network's definition says, and other networks are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from models.errors import OperatorError
from stages.ocr.turbo import graph, traineddata
from stages.ocr.turbo.network import normalise
from stages.ocr.turbo.traineddata import Layer
from tests.stages.turbo import trained

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def network() -> Layer:
    """The installed Vietnamese network."""
    return traineddata.read(trained.VIE).network


def sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)), np.float32)


def lstm(layer: Layer, rows: Floats) -> Floats:
    """The states of an LSTM over ``(steps, inputs)``, from Tesseract's definition."""
    cell_in, gate_in, forget, out = layer.weights
    state = hidden = np.zeros(len(cell_in), np.float32)
    states = []
    for row in rows:
        source = np.concatenate([row, hidden, [1.0]]).astype(np.float32)
        state = sigmoid(forget @ source) * state + sigmoid(gate_in @ source) * np.tanh(cell_in @ source)
        hidden = sigmoid(out @ source) * np.tanh(state)
        states.append(hidden)
    return np.array(states)


def slow(network: Layer, pixels: Floats) -> Floats:
    """Probabilities of one line, layer by layer, from Tesseract's definition."""
    _, pair, _, vertical, *horizontal, softmax = network.parts
    matrix = pair.parts[1].weights[0]
    padded = np.pad(pixels, 1)
    height, width = pixels.shape
    windows = np.array([[padded[y : y + 3, x : x + 3].T.ravel() for x in range(width)] for y in range(height)])
    image = np.tanh(windows @ matrix[:, :-1].T + matrix[:, -1])
    pooled = image[:, : width // 3 * 3].reshape(height // 3, 3, width // 3, 3, -1).max(axis=(1, 3))
    rows = np.array([lstm(vertical.parts[0], pooled[:, x])[-1] for x in range(pooled.shape[1])])
    for layer in horizontal:
        rows = lstm(layer, rows) if layer.kind == "LSTM" else lstm(layer.parts[0], rows[::-1])[::-1]
    logits = rows @ softmax.weights[0][:, :-1].T + softmax.weights[0][:, -1]
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize(("whole", "most"), [(False, 1e-3), (True, 0.3)])
def test_the_graphs_compute_the_network(network: Layer, whole: bool, most: float) -> None:
    """Both graphs together agree with a plain computation of a printed line; whole numbers only roughly."""
    line = normalise(trained.rendered("Số: 12/QĐ"), 36)
    plan = graph.plan(network)
    columns = onnxruntime.InferenceSession(graph.columns(plan, whole=whole))
    steps = onnxruntime.InferenceSession(graph.steps(plan, whole=whole))
    (features,) = columns.run(None, {"pixels": line[None, None]})
    lengths = np.array([len(features)], np.int32)
    (found,) = steps.run(None, {"features": features[:, None], "lengths": lengths})
    expected = slow(network, line)
    assert np.abs(found[:, 0] - expected).max() < most
    assert (found[:, 0].argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.95


def test_traits_are_weighted_sums_of_all_states(network: Layer) -> None:
    """Of the features and of each layer, at every step; the probabilities stay what they are."""
    plan = graph.plan(network)
    rng = np.random.default_rng(4)
    weights = rng.normal(0, 0.1, (3, plan.states + 1)).astype(np.float32)
    features = rng.uniform(-1, 1, (7, 1, plan.features)).astype(np.float32)
    given = {"features": features, "lengths": np.array([7], np.int32)}
    (alone,) = onnxruntime.InferenceSession(graph.steps(plan, whole=False)).run(None, given)
    chances, traits = onnxruntime.InferenceSession(graph.steps(plan, whole=False, pen=weights)).run(None, given)
    assert np.array_equal(alone, chances)
    states = [rows := features[:, 0]]
    for layer, direction in plan.horizontal:
        rows = lstm(layer, rows) if direction == "forward" else lstm(layer, rows[::-1])[::-1]
        states.append(rows)
    expected = np.concatenate(states, axis=1) @ weights[:, :-1].T + weights[:, -1]
    assert np.abs(traits[:, 0] - expected).max() < 1e-3


def test_sizes_of_the_network(network: Layer) -> None:
    """The reader learns height, pixels per step, and numbers of features and codes."""
    plan = graph.plan(network)
    assert (plan.height_px, plan.step_px, plan.features, plan.codes, plan.states) == (36, 3, 48, 269, 432)


@pytest.mark.parametrize("place", [0, 1, 2, 3, 4, 7])
def test_a_network_of_another_form_is_refused(network: Layer, place: int) -> None:
    """Whatever layer is another one, the answer is that the engine cannot run it."""
    other = replace(network.parts[place], kind="Reconfig", parts=())
    parts = (*network.parts[:place], other, *network.parts[place + 1 :])
    with pytest.raises(OperatorError) as raised:
        graph.plan(replace(network, parts=parts))
    assert raised.value.code == "traineddata_unsupported"
