"""The network in PyTorch is the installed one; it learns, goes on where it was, and comes back as trained data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tesserocr
from PIL import Image

from benchmarks.recogniser import shards
from benchmarks.recogniser.cut import stored
from stages.ocr.turbo import graph, traineddata
from stages.ocr.turbo.network import Network as Warm
from stages.ocr.turbo.network import session
from tests.stages.turbo import trained

torch = pytest.importorskip("torch")

from benchmarks.recogniser import export, train  # noqa: E402
from benchmarks.recogniser.batches import Lines  # noqa: E402
from benchmarks.recogniser.model import planned  # noqa: E402

TEXTS = ("Căn cứ Nghị định số 63/2010/NĐ-CP", "Điều 1.", "ngày 08 tháng 6 năm 2010 của Chính phủ", "kính gửi")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shard of clean lines."""
    pictures = [stored(trained.rendered(text, 40)) for text in TEXTS * 3]
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards/00000.pixels").write_bytes(b"".join(picture.tobytes() for picture in pictures))
    told = {"texts": TEXTS * 3, "widths": [picture.shape[1] for picture in pictures]}
    (tmp_path / "shards/00000.json").write_text(json.dumps(told), encoding="utf-8")
    return tmp_path


def trainer(folder: Path, lines: int = 100) -> train.Trainer:
    return train.Trainer(traineddata.read(trained.VIE), folder / "out", lines=lines, rate=1e-3, seed=1)


def test_the_start_reads_as_the_installed_network(folder: Path) -> None:
    """The same probabilities as the graph of the same weights, batched by PyTorch and by the engine."""
    started = trainer(folder)
    data = traineddata.read(trained.VIE)
    plan = planned(started.network, started.plan)
    warm = Warm(data, plan, session(graph.columns(plan, whole=False)), session(graph.steps(plan, whole=False)), "fp32")
    crops = [trained.rendered(text, 40) for text in TEXTS]
    shard = shards.Shard.open(folder / "shards/00000.json")
    widest = max(shard.widths[:4])
    pixels = np.zeros((4, 36, -(-widest // 3) * 3), np.float32)
    for row in range(4):
        pixels[row, :, : shard.widths[row]] = shard.pixels(row) / np.float32(127.5) - 1
    steps = np.array(shard.widths[:4]) // 3
    with torch.no_grad():
        logits = started.network(torch.from_numpy(pixels), torch.from_numpy(steps))
    best = logits.argmax(-1).numpy()
    for row, found in enumerate(warm.run(crops)):
        assert train.greedy(best[: steps[row], row], started.charset) == train.greedy(found.argmax(1), started.charset)
        chances = torch.softmax(logits[: steps[row], row], -1).numpy()
        assert np.abs(chances - found).max() < 0.1
        assert np.abs(chances - found).mean() < 1e-4


def test_it_learns_and_goes_on_where_it_was(folder: Path) -> None:
    """The loss falls; a checkpoint brings back every number of it."""
    one = trainer(folder)
    lines = Lines(folder / "shards", one.charset, one.plan.step_px)
    passes = lines.passes(1)
    losses = [one.learn(batch) for _ in range(12) for batch in next(passes)]
    assert np.mean(losses[-4:]) < np.mean(losses[:4])
    one.save()
    other = trainer(folder)
    other.resume()
    assert (other.step, other.seen) == (one.step, one.seen)
    for mine, theirs in zip(one.average.parameters(), other.average.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    batch = next(lines.plain(4))
    assert other.learn(batch) == pytest.approx(one.learn(batch), rel=1e-5)


def test_another_training_begins_with_the_average_of_one(folder: Path) -> None:
    """And with a rate and a count of its own."""
    one = trainer(folder)
    for batch in Lines(folder / "shards", one.charset, one.plan.step_px).plain(12):
        one.learn(batch)
    one.save()
    other = trainer(folder)
    other.begin(folder / "out" / "last.pt")
    assert other.step == other.seen == 0
    for wanted, mine, mean in zip(
        one.average.parameters(), other.network.parameters(), other.average.parameters(), strict=True
    ):
        assert torch.equal(wanted, mine)
        assert torch.equal(wanted, mean)


def test_new_shards_are_taken_up(folder: Path) -> None:
    """At the next pass."""
    one = trainer(folder)
    lines = Lines(folder / "shards", one.charset, one.plan.step_px)
    lines.refresh()
    assert len(lines) == 12
    for suffix in ("pixels", "json"):
        copy = (folder / f"shards/00000.{suffix}").read_bytes()
        (folder / f"shards/00001.{suffix}").write_bytes(copy)
    lines.refresh()
    assert len(lines) == 24


def test_the_export_is_read_by_sohoa_and_by_tesseract(folder: Path) -> None:
    """Untrained it reads as before, with the new characters in the table and the old dictionary."""
    one = trainer(folder)
    start = trained.VIE.read_bytes()
    (folder / "vie.traineddata").write_bytes(export.rewritten(start, planned(one.network, one.plan), one.charset))
    data = traineddata.read(folder / "vie.traineddata")
    plan = graph.plan(data.network)
    assert data.charset.single(plan.codes) == one.charset.texts
    assert data.charset.null == one.charset.null
    assert data.words == traineddata.read(trained.VIE).words
    for old, new in zip(one.plan.softmax.weights, plan.softmax.weights, strict=True):
        assert np.abs(old - new[: len(old)]).max() < 1e-4
    crop = np.pad(trained.rendered(TEXTS[0], 48), 20, constant_values=255)
    read = []
    for tessdata in (folder, trained.VIE.parent):
        with tesserocr.PyTessBaseAPI(path=str(tessdata), lang="vie", psm=tesserocr.PSM.SINGLE_LINE) as api:
            api.SetImage(Image.fromarray(crop))
            read.append(api.GetUTF8Text())
    assert read[0] == read[1]
    assert "Nghị" in read[0]
