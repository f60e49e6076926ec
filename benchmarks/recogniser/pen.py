"""Learns what tells a pen from print in the network's states (:mod:`stages.ocr.turbo.pen`), on generated pages::

    python -m benchmarks.recogniser.pen --texts TEXTS --faces FOLDER --pages 300

``--faces``: handwriting fonts (``.ttf``), beside the hands of ``benchmarks/corpus/penmanship.py``. To be run again, and
``benchmarks.recogniser.handwriting`` after it, whenever the network changes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.ocr.engines.line import CACHE
from benchmarks.recogniser import render
from benchmarks.recogniser.cut import moved, segmented
from benchmarks.recogniser.damage import Scanner
from benchmarks.recogniser.penned import pen_in
from benchmarks.recogniser.texts import Corpus
from models.geometry import Box
from pipeline.adapters.disk_models import DiskModels
from stages.ocr.turbo import graph, traineddata
from stages.ocr.turbo.calibration import Calibration
from stages.ocr.turbo.ctc import Reader
from stages.ocr.turbo.engine import DATA, TUNED
from stages.ocr.turbo.hand import stretches
from stages.ocr.turbo.language import Language
from stages.ocr.turbo.line_image import LineImage
from stages.ocr.turbo.network import Network
from stages.ocr.turbo.pen import Pen
from stages.ocr.turbo.words import ReadLine, ReadWord

Floats = NDArray[np.float32]

NETWORK = DATA / "vie.traineddata"
TRAITS = 8
MOSTLY, HARDLY = 0.6, 0.05
"""A word of which a hand wrote more than this is handwriting; less, print; between, neither."""
_MARKED = 0.2
"""Print under more of a seal or signature teaches nothing."""
_EPOCHS, _BATCH, _RATE, _DECAY = 25, 256, 3e-3, 1e-3
_WEIGHT = 4.0
"""Of a word by hand: there are fewer of them."""
_DROPPED = 0.1
_STACK = 10
"""Pages of one stream of chance: any part of them can be made again."""
_BRACKETED = 0.4
"""Of paragraphs: italics in upright print look as odd to the network as a hand does."""


class PennedPage(NamedTuple):
    """Lines as they were cut and read, and of each word in order the shares that a hand wrote, that is printed, and that
    lies under a seal or a signature.
    """

    lines: list[LineImage]
    read: list[ReadLine]
    hand: Floats
    printed: Floats
    marked: Floats


def pages(
    reader: Reader,
    count: int,
    seed: int,
    corpus: Corpus,
    faces: Sequence[Path],
    pens: Sequence[tuple[int, int, int]] = (),
) -> Iterator[PennedPage]:
    """Generated pages on which a hand wrote, damaged like scans. ``pens``: see :func:`pen_in`."""
    cv2.setNumThreads(1)
    for number in range(count):
        if number % _STACK == 0:
            rng = np.random.default_rng([seed, number])
            scanner = Scanner(rng)
        sheet = render.page(rng, corpus, bracketed=_BRACKETED)
        before = [
            Box(m.left_px, m.top_px, m.left_px + m.alpha.shape[1], m.top_px + m.alpha.shape[0]) for m in sheet.marks
        ]
        pen_in(sheet, rng, faces, pens)
        scan = scanner.scan(sheet)
        lines = segmented(scan)
        read = reader.read(lines)
        hands, marks = ([scan.placed.hull(box) for box in boxes] for boxes in (sheet.unknown, before))
        printed = [moved(word, scan) for word in sheet.words]
        prints = [Box(w.left, w.baseline - 0.6 * w.size_px, w.right, w.baseline + 0.1 * w.size_px) for w in printed]
        shares = np.array(
            [
                [share(line, word.x0_px, word.x1_px, boxes) for boxes in (hands, prints, marks)]
                for line, found in zip(lines, read, strict=True)
                for word in found.words
            ],
            np.float32,
        ).reshape(-1, 3)
        yield PennedPage(lines, read, *shares.T)


def share(line: LineImage, x0_px: float, x1_px: float, boxes: Sequence[Box]) -> float:
    """How much of a word's width such boxes cover, at the middle of its letters."""
    left, right = (line.box.left + x * line.scale for x in (x0_px, x1_px))
    middle = line.box.top + (line.baseline_y - line.x_height_px / 2) * line.scale
    over = [max(0.0, min(right, b.right) - max(left, b.left)) for b in boxes if b.top <= middle <= b.bottom]
    return sum(over) / max(1.0, right - left)


def seeing_reader() -> Reader:
    """The shipped network as the engine reads with it; all states of the network are its traits."""
    states = graph.plan(traineddata.read(NETWORK).network).states
    rows = tuple(tuple(map(float, row)) for row in np.eye(states, states + 1))
    return opened(Pen(rows, (0.0,) * (states + 1), ""))


def opened(pen: Pen) -> Reader:
    """The shipped network as the engine reads with it."""
    network = Network.open(NETWORK, DiskModels(CACHE), pen=pen)
    calibration = Calibration.open(NETWORK.with_suffix(".calibration.json"))
    return Reader(network, Language.shipped("vie"), TUNED, calibration)


def examples(found: PennedPage, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    """Mean states of the words of a page whose truth is certain and of a piece of each, and which of them a hand wrote."""
    hand, print_ = certain(found)
    # The engine does not look at the strokes of what a coloured pen wrote.
    seen = np.repeat([not line.pen for line in found.lines], [len(read.words) for read in found.read])
    hand, print_ = hand & seen, print_ & seen
    pieces = [read._replace(words=tuple(_piece(word, rng) for word in read.words)) for read in found.read]
    some = hand | print_
    both = [stretches(found.lines, read)[some] for read in (found.read, pieces)]
    return np.concatenate(both).astype(np.float32), np.tile(hand[some], 2)


def _piece(word: ReadWord, rng: np.random.Generator) -> ReadWord:
    """A part of a word: the engine looks where within a word a pen begins or ends."""
    wide = word.x1_px - word.x0_px
    size = wide * float(rng.uniform(0.15, 0.7))
    start = word.x0_px + float(rng.choice((0.0, 1.0, rng.random()))) * (wide - size)
    return word._replace(x0_px=start, x1_px=start + size)


def certain(found: PennedPage) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which words a hand surely wrote, and which are surely print."""
    return found.hand > MOSTLY, (found.hand < HARDLY) & (found.printed > MOSTLY) & (found.marked < _MARKED)


def learnt(
    states: NDArray[np.floating], hand: NDArray[np.bool_], network: str, *, traits: int = TRAITS, seed: int = 0
) -> Pen:
    """A network of one layer of ``traits``; Adam, cosine rate.

    In doubles: the order in which threads add up must not show in the digits that are kept.
    """
    rng = np.random.default_rng(seed)
    states = states.astype(np.float64)
    middle, spread = states.mean(axis=0), states.std(axis=0) + 0.05
    inputs, wanted = (states - middle) / spread, hand.astype(np.float64)
    weight = np.where(hand, _WEIGHT, 1.0)
    size = inputs.shape[1]
    values = [rng.normal(0, size**-0.5, (size, traits)), np.zeros(traits), rng.normal(0, 0.5, traits), np.zeros(1)]
    first, second = ([np.zeros_like(value) for value in values] for _ in range(2))
    total, now = _EPOCHS * (len(inputs) // _BATCH), 0
    for _ in range(_EPOCHS):
        order = rng.permutation(len(inputs))
        for start in range(0, len(inputs) - _BATCH + 1, _BATCH):
            some = order[start : start + _BATCH]
            seen = inputs[some] * (rng.random((_BATCH, size)) > _DROPPED) / (1 - _DROPPED)
            told = np.tanh(seen @ values[0] + values[1])
            chance = 1 / (1 + np.exp(-(told @ values[2] + values[3][0])))
            off = (chance - wanted[some]) * weight[some] / _BATCH
            back = off[:, None] * values[2] * (1 - told * told)
            slopes = (
                seen.T @ back + _DECAY * values[0], back.sum(axis=0), told.T @ off + _DECAY * values[2], off.sum(keepdims=True)
            )  # fmt: skip
            now += 1
            rate = _RATE * 0.5 * (1 + np.cos(np.pi * now / total))
            for at, slope in enumerate(slopes):
                first[at] = 0.9 * first[at] + 0.1 * slope
                second[at] = 0.999 * second[at] + 0.001 * slope * slope
                step = first[at] / (1 - 0.9**now) / (np.sqrt(second[at] / (1 - 0.999**now)) + 1e-8)
                values[at] = values[at] - rate * step
    inner = values[0] / spread[:, None]
    rows = np.column_stack([inner.T, values[1] - middle @ inner])
    return Pen(_rounded(rows), tuple(round(float(one), 4) for one in (*values[2], values[3][0])), network)


def _rounded(rows: NDArray[np.floating]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(one), 4) for one in row) for row in rows)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recogniser.pen")
    add = parser.add_argument
    add(
        "--out", type=Path, default=NETWORK.with_suffix(".pen.json"), help="file to write (default: beside the network)"
    )
    add("--texts", type=Path, help="folder of official texts")
    add("--faces", type=Path, help="folder of handwriting fonts (.ttf)")
    add("--pages", type=int, default=300, help="generated pages (default 300)")
    add("--seed", type=int, default=101)
    options = parser.parse_args(arguments)
    faces = sorted(options.faces.glob("*.ttf")) if options.faces else []
    corpus = Corpus.read(options.texts, held_out=False)
    rng = np.random.default_rng(options.seed)
    found = [examples(one, rng) for one in pages(seeing_reader(), options.pages, options.seed, corpus, faces)]
    states, hand = (np.concatenate(part) for part in zip(*found, strict=True))
    pen = learnt(states, hand, traineddata.read(NETWORK).sha256)
    pen.write(options.out)
    sys.stdout.write(f"learnt from {int(hand.sum()) // 2} words by hand and {int((~hand).sum()) // 2} of print\n")


if __name__ == "__main__":
    main(sys.argv[1:])
