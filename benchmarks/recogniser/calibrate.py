"""Measures how often words of each confidence are right, for the network that comes with sohoa::

    python -m benchmarks.recogniser.calibrate --texts FOLDER

writes ``vie.calibration.json`` beside the network. To be run again whenever the network changes. About a quarter of the
words are of pages as hard and strange as those of training, where a word of 0.9 is right in three cases of four; the
others are of ordinary pages, where it is right in nine. Half and half told clear papers that they were doubtful.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from benchmarks.accuracy import normalise
from benchmarks.ocr.align import WILD, align
from benchmarks.ocr.engines.line import CACHE
from benchmarks.ocr.kinds import KINDS, write_corpus
from benchmarks.ocr.pages import TruthLine, read_folder
from benchmarks.recogniser.cut import segments
from benchmarks.recogniser.damage import Scanner
from benchmarks.recogniser.render import page
from benchmarks.recogniser.texts import Corpus
from pipeline.adapters.disk_models import DiskModels
from stages.ocr.sheet import Picture
from stages.ocr.turbo.calibration import Calibration
from stages.ocr.turbo.ctc import Reader
from stages.ocr.turbo.engine import DATA, TUNED
from stages.ocr.turbo.language import Language
from stages.ocr.turbo.network import Network
from stages.ocr.turbo.segment import segment
from stages.ocr.turbo.words import ReadLine

_WRONG_PER_KNOT = 50
"""A share is told as exactly as there are wrong words behind it."""
_LEAST_STEP = 1e-4
_BINS = 20


class Judged(NamedTuple):
    """A word that was read."""

    confidence: float
    right: bool


def judged(line: str, read: Sequence[tuple[str, float]]) -> list[Judged]:
    """Words read for a line of truth, each with its confidence: right where the line has it, in order."""
    printed, found = normalise(line).split(), [normalise(word) for word, _ in read]
    right = set[int]()
    for same in SequenceMatcher(None, printed, found, autojunk=False).get_matching_blocks():
        right.update(range(same.b, same.b + same.size))
    return [Judged(confidence, place in right) for place, (_, confidence) in enumerate(read)]


def judged_page(truth: Sequence[TruthLine], lines: Sequence[Sequence[tuple[str, float]]]) -> list[Judged]:
    """Words read on a page. What no line of truth took was invented; what stands beside unscored places is left out."""
    words, places = [], []
    at = 0
    for row in lines:
        for word, confidence in row:
            words.append((word, confidence))
            places.append(at)
            at += len(normalise(word)) + 1
    matches = align([line.text for line in truth], "\n".join(" ".join(word for word, _ in row) for row in lines))
    rest = dict(enumerate(words))
    told: list[Judged] = []
    for line, match in zip(truth, matches.matches, strict=True):
        if match is not None:
            inside = range(*np.searchsorted(places, (match.place, match.place + len(match.found))).tolist())
            taken = [rest.pop(number) for number in inside if number in rest]
            told += [] if WILD in line.text else judged(line.text, taken)
    return told + [Judged(confidence, False) for _, confidence in rest.values()]


def fit(words: Sequence[Judged], network: str = "") -> Calibration:
    """Steps with as many wrong words each, joined until they rise (pool adjacent violators), as knots."""
    ordered = sorted(words)
    wrong = np.cumsum([not word.right for word in ordered])
    knots = max(1, int(wrong[-1]) // _WRONG_PER_KNOT) if ordered else 0
    cuts = [0, *np.searchsorted(wrong, wrong[-1] * np.arange(1, knots) / knots).tolist(), len(ordered)] if knots else []
    pools: list[np.ndarray[tuple[int], np.dtype[np.float64]]] = []
    for start, end in pairwise(cuts):
        if start == end:
            continue
        part = np.array(ordered[start:end], np.float64)
        pools.append(np.array([*part.sum(axis=0), len(part)]))
        while len(pools) > 1 and pools[-2][1] * pools[-1][2] >= pools[-1][1] * pools[-2][2]:
            pools[-2:] = [pools[-2] + pools[-1]]
    found, right = [0.0], [0.0]
    for confidences, rights, count in pools:
        x, y = float(confidences / count), float(rights / count)
        if found[-1] + _LEAST_STEP < x < 1 - _LEAST_STEP and right[-1] + _LEAST_STEP < y < 1 - _LEAST_STEP:
            found.append(round(x, 6))
            right.append(round(y, 6))
    return Calibration((*found, 1.0), (*right, 1.0), network)


def error(words: Sequence[Judged]) -> float:
    """Expected calibration error: how far confidence and share of right words are apart, over 20 bins, by words."""
    if not words:
        return 0.0
    table = np.array(words, np.float64)
    apart = np.zeros(_BINS)
    np.add.at(apart, np.minimum((table[:, 0] * _BINS).astype(int), _BINS - 1), table[:, 0] - table[:, 1])
    return float(np.abs(apart).sum() / len(table))


def recalibrated(words: Sequence[Judged], calibration: Calibration) -> list[Judged]:
    """The same words with calibrated confidences."""
    calibrated = calibration(np.array([word.confidence for word in words])).tolist()
    return [Judged(confidence, word.right) for confidence, word in zip(calibrated, words, strict=True)]


def generated(reader: Reader, seed: int, lines: int, corpus: Corpus) -> Iterator[Judged]:
    """Words of pages as the network was trained on, but others."""
    rng = np.random.default_rng(seed)
    scanner = Scanner(rng)
    cv2.setNumThreads(1)
    done = 0
    while done < lines:
        sheet = page(rng, corpus)
        known = [(line, text) for line, text in segments(sheet, scanner.scan(sheet)) if text is not None]
        done += len(known)
        for found, (_, text) in zip(reader.read([line for line, _ in known]), known, strict=True):
            yield from judged(text, _told(found))


def kinds(reader: Reader, seed: int, pages: int) -> Iterator[Judged]:
    """Words of ``pages`` pages of each kind of ``benchmarks ocr``, which training never saw."""
    with tempfile.TemporaryDirectory(prefix="sohoa-calibrate-") as name:
        write_corpus(
            Path(name), pages=pages, seed=seed, dpi=200, kinds=tuple(kind for kind in KINDS if kind != "skewed")
        )
        for told in read_folder(Path(name)):
            pixels = cv2.imread(str(told.path), cv2.IMREAD_UNCHANGED)
            assert pixels is not None
            image = Picture(np.asarray(pixels, np.uint8), told.dpi)
            blocks = segment(image.half(), image.dpi, image.full_grey)
            found = reader.read([line for block in blocks for line in block.lines])
            yield from judged_page(told.truth, [_told(line) for line in found if line.words])


def raw_reader() -> tuple[Reader, str]:
    """The shipped network as the engine reads with it, but for its calibration; and the hash of the network."""
    network = Network.open(DATA / "vie.traineddata", DiskModels(CACHE))
    return Reader(network, Language.shipped("vie"), TUNED), network.data.sha256


def _told(line: ReadLine) -> list[tuple[str, float]]:
    return [(word.text, word.confidence) for word in line.words]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recogniser.calibrate")
    add = parser.add_argument
    add("--out", type=Path, default=DATA / "vie.calibration.json", help="file to write (default: beside the network)")
    add("--texts", type=Path, help="folder of official texts, of which the held-out share is printed")
    add("--lines", type=int, default=2000, help="lines of pages as in training (default 2000)")
    add("--pages", type=int, default=10, help="pages of each kind of benchmarks ocr (default 10)")
    add("--seed", type=int, default=31)
    options = parser.parse_args()
    reader, network = raw_reader()
    corpus = Corpus.read(options.texts, held_out=True)
    words = [*generated(reader, options.seed, options.lines, corpus), *kinds(reader, options.seed, options.pages)]
    calibration = fit(words, network)
    calibration.write(options.out)
    before, after = error(words), error(recalibrated(words, calibration))
    sys.stdout.write(f"{len(words)} words, calibration error {before:.4f}, now {after:.4f}\n")


if __name__ == "__main__":
    main()
