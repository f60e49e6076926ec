"""The warm network: batches change nothing, any crop is survived, and the cache is safe for two processes."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.adapters.disk_models import DiskModels
from stages.ocr.turbo.network import Network, normalise
from stages.ocr.turbo.pen import Pen
from tests.stages.turbo import trained
from tests.support.memory_models import MemoryModels


@pytest.fixture(scope="module")
def network() -> Network:
    """The installed Vietnamese network with whole numbers."""
    return Network.open(trained.VIE, MemoryModels())


def lines() -> list[NDArray[np.uint8]]:
    texts = ("Căn cứ Nghị định số 63/2010/NĐ-CP", "Điều 1.", "ngày 08 tháng 6 năm 2010 của Chính phủ", "ký")
    return [trained.rendered(text, size_px) for text in texts for size_px in (24, 40, 61)]


def test_a_line_reads_the_same_alone_and_among_others() -> None:
    """Neighbours on the strip, padding and batch mates change no probability of a network in floating point."""
    network = Network.open(trained.VIE, MemoryModels(), whole=False)
    together = network.run(lines())
    for alone, among in zip((network.run([line])[0] for line in lines()), together, strict=True):
        assert alone.shape == among.shape
        assert np.abs(alone - among).max() < 1e-3


def test_probabilities_of_every_step(network: Network) -> None:
    """There is one row per three pixels of the scaled line, and each row sums to 1."""
    line = lines()[1]
    (found,) = network.run([line])
    assert found.shape == (round(line.shape[1] * 36 / line.shape[0]) // 3, 269)
    assert np.allclose(found.sum(axis=1), 1, atol=1e-4)
    assert network.px_per_step(line) == pytest.approx(3 * line.shape[0] / 36)


@settings(max_examples=30, deadline=None)
@given(height=st.integers(0, 90), width=st.integers(0, 400), seed=st.integers(0, 9), flat=st.booleans())
def test_any_crop_is_survived(network: Network, height: int, width: int, seed: int, flat: bool) -> None:
    """Noise, blank paper, slivers and empty crops give probabilities or nothing, never an error."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    crop = np.full((height, width), 255 * (seed % 2), np.uint8) if flat else noise
    (found,) = network.run([crop])
    assert np.isfinite(found).all()


def test_no_lines_at_all(network: Network) -> None:
    """A page without lines is not an error."""
    assert network.run([]) == []


def test_paper_and_ink_levels_are_levelled() -> None:
    """Faint print on grey paper becomes the same picture as black on white."""
    line = lines()[4]
    faint = (line * 0.4 + 100).astype(np.uint8)
    difference = np.abs(normalise(line, 36) - normalise(faint, 36))
    assert difference.mean() < 0.05
    assert normalise(line, 36).min() == -1
    assert normalise(line, 36).max() == 1


def test_scaling_does_not_matter(network: Network) -> None:
    """The same line scanned twice as fine has the same greedy reading."""
    line = trained.rendered("Ủy ban nhân dân tỉnh", 30)
    fine = np.asarray(cv2.resize(line, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    one, two = (np.unique(found.argmax(axis=1)).tolist() for found in network.run([line, fine]))
    assert one == two


def _convert(cache: Path) -> None:
    Network.open(trained.VIE, DiskModels(cache))


def test_two_processes_convert_at_once(tmp_path: Path) -> None:
    """Both get a network, and the cache holds whole graphs and nothing else."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_convert, args=(tmp_path,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(list(tmp_path.glob("*.onnx"))) == 2
    assert len(list(tmp_path.iterdir())) == 2


def test_a_converted_network_is_not_converted_again(tmp_path: Path) -> None:
    """The second opening reads what the first one wrote."""
    _convert(tmp_path)
    written = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    _convert(tmp_path)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == written


def test_a_damaged_graph_is_made_again() -> None:
    """A cached graph that cannot be loaded is replaced, and the network opens."""
    models = MemoryModels()
    Network.open(trained.VIE, models)
    whole = dict(models.stored)
    models.stored = dict.fromkeys(whole, b"half a graph")
    network = Network.open(trained.VIE, models)
    assert network.run(lines()[:1])[0].shape[1] == 269
    assert models.stored == whole


def test_what_is_seen_beside_the_probabilities() -> None:
    """A row of traits for each step, none for a crop too small; they leave the reading as it is."""
    pen = Pen(((0.0,) * 432 + (0.5,), (1.0,) + (0.0,) * 432), (1.0, 1.0, 0.0), "")
    crops = [*lines(), np.zeros((0, 0), np.uint8)]
    plain = Network.open(trained.VIE, MemoryModels()).run(crops)
    looks = Network.open(trained.VIE, MemoryModels(), pen=pen).look(crops)
    for chances, look in zip(plain, looks, strict=True):
        assert np.array_equal(chances, look.chances)
        assert look.traits is not None
        assert look.traits.shape == (len(chances), 2)
        assert np.allclose(look.traits[:, 0], 0.5)
