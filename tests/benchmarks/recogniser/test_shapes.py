"""Networks of other shapes: what is kept reads as before, and the graphs that are timed say what was trained."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.recogniser.batches import Batch
from benchmarks.recogniser.cut import stored
from models.errors import OperatorError
from stages.ocr.turbo import graph, traineddata
from tests.stages.turbo import trained

torch = pytest.importorskip("torch")

from benchmarks.recogniser import frontier, train  # noqa: E402
from benchmarks.recogniser.model import Network, load, planned  # noqa: E402
from benchmarks.recogniser.shapes import SHAPES, reshaped  # noqa: E402

TEXTS = ("Căn cứ Nghị định số 63/2010/NĐ-CP", "Điều 1. Công bố kèm theo", "kính gửi")


@pytest.fixture(scope="module")
def batch() -> Batch:
    """Lines of unlike length."""
    torch.set_num_threads(1)
    pictures = [stored(trained.rendered(text, 40)) for text in TEXTS]
    wide = -(-max(picture.shape[1] for picture in pictures) // 3) * 3
    pixels = np.zeros((len(pictures), 36, wide), np.float32)
    for row, picture in enumerate(pictures):
        pixels[row, :, : picture.shape[1]] = picture / np.float32(127.5) - 1
    steps = np.array([picture.shape[1] // 3 for picture in pictures])
    nothing = np.zeros(0, np.int64)
    return Batch(pixels, steps, nothing, nothing, TEXTS)


def logits(plan: graph.Plan, batch: Batch) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    network = Network(plan)
    load(network, plan, ("",) * plan.codes)
    with torch.no_grad():
        return np.asarray(network(torch.from_numpy(batch.pixels), torch.from_numpy(batch.steps)).numpy())


def stock() -> graph.Plan:
    return graph.plan(traineddata.read(trained.VIE).network)


@pytest.mark.parametrize("name", ["stock", "wide"])
def test_a_shape_that_loses_nothing_begins_as_the_network_it_comes_from(name: str, batch: Batch) -> None:
    found = logits(reshaped(stock(), SHAPES[name], 3), batch)
    for row, steps in enumerate(batch.steps):
        np.testing.assert_allclose(found[:steps, row], logits(stock(), batch)[:steps, row], atol=2e-3)


@pytest.mark.parametrize("name", SHAPES)
def test_the_weights_come_back_as_they_went_in(name: str) -> None:
    plan = reshaped(stock(), SHAPES[name], 3)
    network = Network(plan)
    load(network, plan, ("",) * plan.codes)
    back = planned(network, plan)
    pairs = [(plan.vertical, back.vertical), (plan.softmax, back.softmax)]
    pairs += [(mine, theirs) for (mine, _), (theirs, _) in zip(plan.horizontal, back.horizontal, strict=True)]
    for mine, theirs in pairs:
        for before, after in zip((mine, *mine.parts), (theirs, *theirs.parts), strict=True):
            assert (before.kind, before.inputs, before.outputs) == (after.kind, after.inputs, after.outputs)
            for one, other in zip(before.weights, after.weights, strict=True):
                np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_timed_is_what_was_trained(name: str, batch: Batch) -> None:
    """Whole numbers in the place of floats, every line of its own length, whatever stands beside it."""
    plan = reshaped(stock(), SHAPES[name], 3)
    runner = frontier.Runner.of(plan)
    found = runner.read(runner.summed(batch), batch)
    wanted = torch.softmax(torch.from_numpy(logits(plan, batch)), -1).numpy()
    for row, steps in enumerate(batch.steps):
        # Untrained columns are loud, which whole numbers do not like; another network would be off by 0.006.
        assert np.abs(found[:steps, row] - wanted[:steps, row]).mean() < 2.5e-3


def test_columns_are_learnt_from_the_start_first(tmp_path: Path, batch: Batch) -> None:
    """What replaces the LSTM comes to say what that said, before anything is read."""
    trainer = train.Trainer(
        traineddata.read(trained.VIE), tmp_path, lines=9, rate=3e-3, seed=1, shape="dense", columns_lines=10**6
    )
    one = batch._replace(sizes=np.ones(3, np.int64))
    losses = [trainer.learn(one) for _ in range(12)]
    assert losses[-1] < 0.7 * losses[0]


def test_a_run_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "charset.json").write_text(json.dumps({"texts": [], "null": 0}), encoding="utf-8")
    with pytest.raises(OperatorError, match="--shape wide"):
        frontier.opened(tmp_path, "wide", trained.VIE)
