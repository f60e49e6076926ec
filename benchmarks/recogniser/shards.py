"""Training lines on disk: ``NNNNN.pixels`` (raw bytes, lines one after the other) beside ``NNNNN.json``.

A shard comes whole or not at all, depends on nothing but the seed and its number, and may be read while others are made.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.recogniser import render
from benchmarks.recogniser.cut import HEIGHT_PX, CutLine, cut
from benchmarks.recogniser.damage import Scanner
from benchmarks.recogniser.texts import Corpus

LINES = 2000
_BLANK_SHARE = 0.012
"""Share of crops that hold no print (pieces of seals and signatures), which are to be read as nothing."""


@dataclass(frozen=True)
class Shard:
    """An opened shard; pixels stay on disk until they are used."""

    texts: tuple[str, ...]
    widths: tuple[int, ...]
    starts: tuple[int, ...]
    flat: NDArray[np.uint8]

    @classmethod
    def open(cls, path: Path) -> Shard:
        """``path``: of the ``.json``."""
        told = json.loads(path.read_text(encoding="utf-8"))
        widths = [int(width) for width in told["widths"]]
        ends = np.cumsum([width * HEIGHT_PX for width in widths]).tolist()
        flat = np.memmap(path.with_suffix(".pixels"), np.uint8, "r")
        return cls(tuple(told["texts"]), tuple(widths), (0, *ends[:-1]), flat)

    def pixels(self, index: int) -> NDArray[np.uint8]:
        """One line, ``(36, width)``."""
        start, width = self.starts[index], self.widths[index]
        return np.asarray(self.flat[start : start + width * HEIGHT_PX]).reshape(HEIGHT_PX, width)


def paths(folder: Path) -> list[Path]:
    """The shards that are complete, in order."""
    return sorted(folder.glob("*.json"))


def make(
    folder: Path, numbers: Sequence[int], seed: int, corpus: Corpus, *, lines: int = LINES
) -> Iterator[dict[str, int]]:
    """Make the shards that are not there yet, of a few more than ``lines``; what each took."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        if not (folder / f"{number:05d}.json").exists():
            yield _make(folder / f"{number:05d}", np.random.default_rng([seed, number]), corpus, lines)


def _make(path: Path, rng: np.random.Generator, corpus: Corpus, least: int) -> dict[str, int]:
    scanner = Scanner(rng)
    lines: list[CutLine] = []
    pages = doubtful = blank = 0
    while len(lines) < least:
        sheet = render.page(rng, corpus)
        found = cut(sheet, scanner.scan(sheet))
        lines += found.lines
        pages, doubtful = pages + 1, doubtful + found.doubtful
        for line in found.blank:
            if blank < _BLANK_SHARE * len(lines):
                lines.append(line)
                blank += 1
    write_whole(path.with_suffix(".pixels"), b"".join(line.pixels.tobytes() for line in lines))
    told = {"texts": [line.text for line in lines], "widths": [line.pixels.shape[1] for line in lines]}
    write_whole(path.with_suffix(".json"), json.dumps(told, ensure_ascii=False).encode())
    return {"shard": int(path.name), "lines": len(lines), "pages": pages, "doubtful": doubtful, "blank": blank}


def write_whole(path: Path, content: bytes) -> None:
    """Write so that readers see all of it or nothing."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(content)
    beside.replace(path)
