"""What the network of blank sides learns from, and the file that it becomes."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.corpus.backs import draw
from benchmarks.page_stages import sight
from benchmarks.page_stages.sight_graph import STEPS, graph
from stages.blank import windows
from stages.ocr.turbo.network import session

Floats = NDArray[np.float32]
CHANNELS = (4, 5, 6, 7)
HIDDEN = 9


@pytest.mark.parametrize(("ink", "holds"), [("word_stamp", {sight.INK}), (None, set())])
def test_the_truth_is_what_is_gone_without_it(ink: str | None, holds: set[int]) -> None:
    case = replace(draw(7, 1), ink=ink, truth="ink" if ink else "blank", kinds=("dust",), behind=0.0, dpi=150)
    found = sight.learnt(case)
    assert found is not None
    assert len(found.truth) == len(found.seen.near) == len(found.seen.around) == len(found.seen.far)
    assert set(found.truth.tolist()) == {sight.DIRT} | holds


def test_print_behind_a_sheet_is_neither_dirt_nor_ink() -> None:
    case = replace(draw(7, 0), ink=None, truth="blank", kinds=("show_through",), behind=0.18, dpi=150, front=1)
    found = sight.learnt(case)
    assert found is not None
    assert sight.THROUGH in found.truth
    assert sight.INK not in found.truth


def test_shards_hold_every_side() -> None:
    sides = [replace(draw(7, number), dpi=150) for number in range(2)]
    (shard,) = sight.shards(iter(sides))
    apart = [sight.learnt(side) for side in sides]
    assert len(shard["truth"]) == sum(len(one.truth) for one in apart if one is not None)
    assert shard["around"].shape[1:] == (4, windows.CELLS, windows.CELLS)


def test_the_file_computes_what_its_layers_say() -> None:
    rng = np.random.default_rng(3)
    learnt: dict[str, Floats] = {}
    for number, part in enumerate(windows.NONE):
        channels = part.shape[1]
        for layer, made in enumerate(CHANNELS):
            size = 3 if layer else 5
            learnt[f"trunks_{number}_{2 * layer}_weight"] = normal(rng, made, channels, size, size)
            learnt[f"trunks_{number}_{2 * layer}_bias"] = normal(rng, made)
            channels = made
    learnt |= {"hidden_weight": normal(rng, HIDDEN, 9 * CHANNELS[-1]), "hidden_bias": normal(rng, HIDDEN)}
    learnt |= {"out_weight": normal(rng, 3, HIDDEN), "out_bias": normal(rng, 3)}
    cells = {name: normal(rng, 2, *part.shape[1:]) for name, part in windows.NONE._asdict().items()}
    (said,) = session(graph(learnt)).run(None, cells)
    for place in range(2):
        expected = by_hand(learnt, [part[place] for part in cells.values()])
        np.testing.assert_allclose(said[place], expected, atol=2e-3)


def normal(rng: np.random.Generator, *shape: int) -> Floats:
    """Numbers that 16 bits hold."""
    return (rng.standard_normal(shape) * 0.3).astype(np.float16).astype(np.float32)


def by_hand(learnt: dict[str, Floats], parts: list[Floats]) -> NDArray[np.float64]:
    """With OpenCV's filters, a plane at a time."""
    found: list[NDArray[np.float64]] = []
    for number, part in enumerate(parts):
        planes = list(part)
        for layer, step in enumerate(STEPS):
            weight, bias = (learnt[f"trunks_{number}_{2 * layer}_{what}"] for what in ("weight", "bias"))
            planes = [
                np.maximum(sum_of(planes, kernels)[::step, ::step] + add, 0).astype(np.float32)
                for kernels, add in zip(weight, bias, strict=True)
            ]
        stack = np.array(planes, np.float64)
        found += [stack.max(axis=(1, 2)), stack.mean(axis=(1, 2)), stack[:, 3:5, 3:5].mean(axis=(1, 2))]
    above = np.maximum(learnt["hidden_weight"] @ np.concatenate(found) + learnt["hidden_bias"], 0)
    said = np.exp(learnt["out_weight"] @ above + learnt["out_bias"])
    return np.asarray(said / said.sum())


def sum_of(planes: list[Floats], kernels: Floats) -> Floats:
    filtered = [
        cv2.filter2D(plane, cv2.CV_32F, kernel, borderType=cv2.BORDER_CONSTANT)
        for plane, kernel in zip(planes, kernels, strict=True)
    ]
    return np.asarray(np.sum(filtered, axis=0), dtype=np.float32)
