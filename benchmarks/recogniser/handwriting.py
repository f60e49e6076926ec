"""Fits what tells handwriting from print (:mod:`stages.ocr.turbo.hand`) on generated pages, and says how well it does::

    python -m benchmarks.recogniser.handwriting --pages 20 --texts TEXTS --faces FOLDER

Pages of other kinds, or of a ``--corpus`` of your own without handwriting, show what is marked wrongly. To be run again,
and ``WEIGHTS`` copied, whenever the network, its calibration or its pen (``benchmarks.recogniser.pen``) changes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.ocr.kinds import KINDS, write_corpus
from benchmarks.ocr.pages import OcrPage, read_folder
from benchmarks.recogniser.pen import HARDLY, MOSTLY, NETWORK, certain, opened, pages, share
from benchmarks.recogniser.texts import Corpus
from models.geometry import Box
from stages.ocr.sheet import Picture
from stages.ocr.turbo.ctc import Reader
from stages.ocr.turbo.hand import by_hand, measures
from stages.ocr.turbo.line_image import LineImage
from stages.ocr.turbo.pen import Pen
from stages.ocr.turbo.segment import segment
from stages.ocr.turbo.words import ReadLine

Numbers = NDArray[np.float64]

WRITTEN = ("form", "signed")
PENNED = "penned"
"""Pages of training, with a pen's words in the place of print."""
_SEED = 901
_ROUNDS = 60


class Words(NamedTuple):
    """Of words in a row: their :func:`measures`, the share that a hand wrote, whether they were marked, and their confidence."""

    measures: Numbers
    hand: Numbers
    marked: Numbers
    confidence: Numbers


def collect(page: OcrPage, reader: Reader, pen: Pen) -> Words:
    """The words of one upright page."""
    picture = Picture(np.asarray(cv2.imread(str(page.path)), dtype=np.uint8), page.dpi)
    blocks = segment(picture.half(), page.dpi, picture.full_grey)
    lines = [line for block in blocks for line in block.lines]
    read = reader.read(lines)
    places = page.path.with_suffix(".hand.json")
    boxes = [Box(*edges) for edges in json.loads(places.read_text(encoding="utf-8"))] if places.is_file() else []
    hand = [share(line, w.x0_px, w.x1_px, boxes) for line, found in zip(lines, read, strict=True) for w in found.words]
    return _words(lines, read, np.array(hand), pen)


def penned(
    reader: Reader,
    pen: Pen,
    count: int,
    seed: int,
    corpus: Corpus,
    faces: Sequence[Path],
    pens: Sequence[tuple[int, int, int]] = (),
) -> Iterator[Words]:
    """The words of pages of training; a share of one half for those of which nobody is certain."""
    for page in pages(reader, count, seed, corpus, faces, pens):
        hand, print_ = certain(page)
        yield _words(page.lines, page.read, np.where(hand, 1.0, np.where(print_, 0.0, 0.5)), pen)


def _words(lines: Sequence[LineImage], read: Sequence[ReadLine], hand: Numbers, pen: Pen) -> Words:
    marks = by_hand(lines, read, pen)
    marked = np.array([float(mark or line.pen) for line, some in zip(lines, marks, strict=True) for mark in some])
    confidence = np.array([word.confidence for line in read for word in line.words])
    return Words(measures(lines, read, pen), hand, marked, confidence)


def fitted(words: Words) -> Numbers:
    """Bias and weights: logistic regression by Newton's method, with a prior of one on the weights."""
    sure = (words.hand > MOSTLY) | (words.hand < HARDLY)
    inputs = np.column_stack([np.ones(int(sure.sum())), words.measures[sure]])
    target = (words.hand[sure] > MOSTLY).astype(float)
    ridge = np.diag([0.0, *[1.0] * words.measures.shape[1]])
    weights = np.zeros(inputs.shape[1])
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        slope = inputs.T @ (target - chance) - ridge @ weights
        bend = (inputs * (chance * (1 - chance) + 1e-9)[:, None]).T @ inputs + ridge
        weights += np.linalg.solve(bend, slope)
    return weights


def counted(words: Words) -> dict[str, int]:
    """How many words are by hand and printed, and how many of each were marked."""
    hand, print_ = words.hand > MOSTLY, words.hand < HARDLY
    return {
        "by_hand": int(hand.sum()),
        "marked": int(words.marked[hand].sum()),
        "printed": int(print_.sum()),
        "wrongly_marked": int(words.marked[print_].sum()),
    }


def told(name: str, words: Words) -> str:
    """How many words of a hand were marked, and how many of print."""
    found = counted(words)
    return (
        f"{name}: {found['marked']} of {found['by_hand']} words by hand marked, "
        f"{found['wrongly_marked']} of {found['printed']} printed ones"
    )


def joined(parts: Sequence[Words]) -> Words:
    """One after the other."""
    return Words(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def by_kind(
    count: int, seed: int, corpus: Corpus, faces: Sequence[Path], kinds: Sequence[str] = (*WRITTEN, *KINDS)
) -> dict[str, Words]:
    """The words of ``count`` pages of each kind, and of three times as many of training."""
    pen = Pen.open(NETWORK.with_suffix(".pen.json"))
    reader = opened(pen)
    found = {PENNED: joined(list(penned(reader, pen, 3 * count, seed, corpus, faces)))}
    with tempfile.TemporaryDirectory() as folder:
        # Those that lean are for the line's deskew, which is not run here.
        straight = tuple(kind for kind in kinds if kind != "skewed")
        write_corpus(Path(folder), pages=count, seed=seed, dpi=300, kinds=straight)
        parts: dict[str, list[Words]] = {}
        for page in read_folder(Path(folder)):
            parts.setdefault(page.kind, []).append(collect(page, reader, pen))
    return found | {kind: joined(some) for kind, some in parts.items()}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recogniser.handwriting")
    add = parser.add_argument
    add("--pages", type=int, default=20, help="generated pages of each kind (default 20)")
    add("--seed", type=int, default=_SEED)
    add("--corpus", type=Path, help="folder of images with .txt truth, to try it on")
    add("--texts", type=Path, help="folder of official texts, of which the held-out share is printed")
    add("--faces", type=Path, help="folder of handwriting fonts (.ttf)")
    options = parser.parse_args(arguments)
    faces = sorted(options.faces.glob("*.ttf")) if options.faces else []
    found = by_kind(options.pages, options.seed, Corpus.read(options.texts, held_out=True), faces)
    lines = [told(kind, words) for kind, words in found.items()]
    if options.corpus is not None:
        pen = Pen.open(NETWORK.with_suffix(".pen.json"))
        reader = opened(pen)
        lines.append(told("corpus", joined([collect(page, reader, pen) for page in read_folder(options.corpus)])))
    weights = fitted(joined(list(found.values())))
    lines.append(f"WEIGHTS = {tuple(round(float(one), 2) for one in weights)}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
