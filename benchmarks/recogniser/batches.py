"""Batches of lines of like width, in a new order at each pass, from as many shards as there are at the time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.recogniser import shards
from benchmarks.recogniser.charset import Charset
from benchmarks.recogniser.cut import HEIGHT_PX

_BATCH_PX = 18_000
_MOST_LINES = 64
_SORTED = 1500
"""Lines that are sorted by width together: enough for even batches, few enough to stay a shuffle."""
_STRETCH = (0.88, 1.1)
_GREY_ZERO = 127.5


class Batch(NamedTuple):
    """``pixels``: float (lines, 36, width); ``steps``: of each line; ``codes``: of all lines, one after the other."""

    pixels: NDArray[np.float32]
    steps: NDArray[np.int64]
    codes: NDArray[np.int64]
    sizes: NDArray[np.int64]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class _Place:
    shard: int
    index: int
    width: int


class Lines:
    """All lines of a folder whose characters the charset has."""

    def __init__(self, folder: Path, charset: Charset, step_px: int) -> None:
        self._folder = folder
        self._charset = charset
        self._step_px = step_px
        self._shards: list[shards.Shard] = []
        self._places: list[_Place] = []
        self._codes: list[list[int]] = []
        self._paths: set[Path] = set()

    def __len__(self) -> int:
        return len(self._places)

    def refresh(self) -> None:
        """Open shards that have come since."""
        for path in shards.paths(self._folder):
            if path in self._paths:
                continue
            self._paths.add(path)
            shard = shards.Shard.open(path)
            self._shards.append(shard)
            for index, (text, width) in enumerate(zip(shard.texts, shard.widths, strict=True)):
                codes = self._charset.codes(text)
                if codes is not None and width >= self._step_px * max(4, len(codes) + 1):
                    self._places.append(_Place(len(self._shards) - 1, index, width))
                    self._codes.append(codes)

    def passes(self, seed: int, first: int = 0, part: float = 1.0) -> Iterator[Iterator[Batch]]:
        """Passes over all lines without end. ``part``: share of the lines that a pass takes."""
        number = first
        while True:
            self.refresh()
            rng = np.random.default_rng([seed, number])
            order = rng.permutation(len(self._places))
            yield self._batches(order[: max(1, int(part * len(order)))], rng, bend=True)
            number += 1

    def plain(self, most: int) -> Iterator[Batch]:
        """The first lines, unchanged, for validation."""
        self.refresh()
        yield from self._batches(np.arange(min(most, len(self._places))), np.random.default_rng(0), bend=False)

    def _batches(self, order: NDArray[np.intp], rng: np.random.Generator, *, bend: bool) -> Iterator[Batch]:
        groups: list[list[int]] = []
        for start in range(0, len(order), _SORTED):
            some = sorted(order[start : start + _SORTED].tolist(), key=lambda number: self._places[number].width)
            found: list[list[int]] = []
            for number in some:
                width = self._places[number].width
                if not found or len(found[-1]) >= min(_MOST_LINES, max(4, _BATCH_PX // width)):
                    found.append([])
                found[-1].append(number)
            groups += [found[place] for place in rng.permutation(len(found))]
        for group in groups:
            yield self._batch(group, rng, bend=bend)

    def _batch(self, group: list[int], rng: np.random.Generator, *, bend: bool) -> Batch:
        stretch = float(rng.uniform(*_STRETCH)) if bend and rng.random() < 0.5 else 1.0
        pictures, codes = [], []
        for number in group:
            place = self._places[number]
            picture = self._shards[place.shard].pixels(place.index)
            if stretch != 1.0 and place.width * stretch > self._step_px * (len(self._codes[number]) + 2) * 1.2:
                picture = np.asarray(cv2.resize(picture, (round(place.width * stretch), HEIGHT_PX)), dtype=np.uint8)
            if bend and rng.random() < 0.2:
                picture = np.roll(picture, int(rng.integers(-1, 2)), axis=0)
            pictures.append(picture)
            codes.append(self._codes[number])
        widest = max(picture.shape[1] for picture in pictures)
        pixels = np.zeros((len(group), HEIGHT_PX, -(-widest // self._step_px) * self._step_px), np.float32)
        for row, picture in enumerate(pictures):
            pixels[row, :, : picture.shape[1]] = picture.astype(np.float32) / _GREY_ZERO - 1
        steps = np.array([picture.shape[1] // self._step_px for picture in pictures])
        texts = tuple("".join(self._charset.texts[code] for code in line) for line in codes)
        return Batch(pixels, steps, np.array([code for line in codes for code in line], np.int64),
                     np.array([len(line) for line in codes]), texts)  # fmt: skip
