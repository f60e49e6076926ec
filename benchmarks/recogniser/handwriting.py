"""Fits what tells handwriting from print (:mod:`stages.ocr.turbo.hand`) on generated forms, and says how well it does::

    python -m benchmarks.recogniser.handwriting --pages 20

Pages of other kinds, or of a ``--corpus`` of your own without handwriting, show what is marked wrongly. To be run again,
and ``WEIGHTS`` copied, whenever the network or its calibration changes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.ocr.engines.line import CACHE
from benchmarks.ocr.kinds import KINDS, write_corpus
from benchmarks.ocr.pages import OcrPage, read_folder
from models.geometry import Box
from pipeline.adapters.disk_models import DiskModels
from stages.ocr.sheet import Picture
from stages.ocr.turbo.calibration import Calibration
from stages.ocr.turbo.ctc import Reader
from stages.ocr.turbo.engine import DATA, TUNED
from stages.ocr.turbo.hand import by_hand, measures
from stages.ocr.turbo.language import Language
from stages.ocr.turbo.line_image import LineImage
from stages.ocr.turbo.network import Network
from stages.ocr.turbo.segment import segment

Numbers = NDArray[np.float64]

WRITTEN = ("form", "signed")
_SEED = 901
_MOSTLY, _HARDLY = 0.6, 0.1
"""A word of which a hand wrote more than this is handwriting; less, print; between, neither is learnt from it."""
_ROUNDS = 60


class Words(NamedTuple):
    """Of words in a row: their :func:`measures`, the share that a hand wrote, and whether they were marked."""

    measures: Numbers
    hand: Numbers
    marked: Numbers


def collect(page: OcrPage, reader: Reader) -> Words:
    """The words of one upright page."""
    picture = Picture(np.asarray(cv2.imread(str(page.path)), dtype=np.uint8), page.dpi)
    blocks = segment(picture.half(), page.dpi, picture.full_grey)
    lines = [line for block in blocks for line in block.lines]
    read = reader.read(lines)
    places = page.path.with_suffix(".hand.json")
    boxes = [Box(*edges) for edges in json.loads(places.read_text(encoding="utf-8"))] if places.is_file() else []
    hand = [_share(line, w.x0_px, w.x1_px, boxes) for line, found in zip(lines, read, strict=True) for w in found.words]
    return Words(
        measures(lines, read), np.array(hand), np.array([float(m) for line in by_hand(lines, read) for m in line])
    )


def _share(line: LineImage, x0_px: float, x1_px: float, boxes: Sequence[Box]) -> float:
    """How much of a word's width one of these boxes covers."""
    left, right = (line.box.left + x * line.scale for x in (x0_px, x1_px))
    middle = line.box.top + (line.baseline_y - line.x_height_px / 2) * line.scale
    over = [min(right, b.right) - max(left, b.left) for b in boxes if b.top <= middle <= b.bottom]
    return max([0.0, *over]) / max(1.0, right - left)


def fitted(words: Words) -> Numbers:
    """Bias and weights: logistic regression by Newton's method, with a prior of one on the weights."""
    sure = (words.hand > _MOSTLY) | (words.hand < _HARDLY)
    inputs = np.column_stack([np.ones(int(sure.sum())), words.measures[sure]])
    target = (words.hand[sure] > _MOSTLY).astype(float)
    ridge = np.diag([0.0, *[1.0] * words.measures.shape[1]])
    weights = np.zeros(inputs.shape[1])
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        slope = inputs.T @ (target - chance) - ridge @ weights
        bend = (inputs * (chance * (1 - chance) + 1e-9)[:, None]).T @ inputs + ridge
        weights += np.linalg.solve(bend, slope)
    return weights


def told(name: str, words: Words) -> str:
    """How many words of a hand were marked, and how many of print."""
    hand, print_ = words.hand > _MOSTLY, words.hand < _HARDLY
    return (
        f"{name}: {int(words.marked[hand].sum())} of {int(hand.sum())} words by hand marked, "
        f"{int(words.marked[print_].sum())} of {int(print_.sum())} printed ones"
    )


def _joined(parts: Sequence[Words]) -> Words:
    return Words(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recogniser.handwriting")
    parser.add_argument("--pages", type=int, default=20, help="generated pages of each kind (default 20)")
    parser.add_argument("--corpus", type=Path, help="folder of images with .txt truth, to try it on")
    options = parser.parse_args(arguments)
    trained = DATA / "vie.traineddata"
    network = Network.open(trained, DiskModels(CACHE))
    calibration = Calibration.open(trained.with_suffix(".calibration.json"))
    reader = Reader(network, Language.shipped("vie"), TUNED, calibration)
    with tempfile.TemporaryDirectory() as folder:
        write_corpus(Path(folder), pages=options.pages, seed=_SEED, dpi=300, kinds=(*WRITTEN, *KINDS))
        by_kind: dict[str, list[Words]] = {}
        for page in read_folder(Path(folder)):
            # Their lean is for the line's deskew, which is not run here.
            if page.kind != "skewed":
                by_kind.setdefault(page.kind, []).append(collect(page, reader))
    lines = [told(kind, _joined(parts)) for kind, parts in by_kind.items()]
    if options.corpus is not None:
        lines.append(told("corpus", _joined([collect(page, reader) for page in read_folder(options.corpus)])))
    weights = fitted(_joined([words for parts in by_kind.values() for words in parts]))
    lines.append(f"WEIGHTS = {tuple(round(float(one), 2) for one in weights)}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
