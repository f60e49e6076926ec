"""What the network of ``stages.blank.sight`` learns from: places of generated hard sides, and what stands there.

``python -m benchmarks.page_stages.sight FOLDER --seed 2001 --sides 4000`` writes windows with their truth, which is had
by drawing each side again without its ink, and without what shines through.
``benchmarks.page_stages.sight_train`` learns from them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus.backs import Draw, HardSide, draw
from benchmarks.page_stages.blank import raster
from models.ports import Pixels, Raster
from stages import blank_side, ink
from stages.blank import windows
from stages.blank.windows import Places, Windows
from stages.survey import survey

DIRT, THROUGH, INK = 0, 1, 2
_SHARD = 250
"""Sides of a file."""
_DARKEST, _SALIENT, _ANY, _INKED, _DOUBTED, _PALE = 3, 4, 1, 4, 4, 6
"""Places of each side: the darkest, of the most salient eight, any, with ink, and of each doubt."""
_LOST = 5
"""Something is there if its place gets lighter by so much (levels) without it."""
_AROUND_MM = 0.8
_HARDLY = 0.0041
"""Print behind a sheet that nobody sees, drawn all the same: what is drawn after it stays where it was."""


class Learnt(NamedTuple):
    """Windows of one side, and what is there: 0 dirt, 1 what shines through, 2 ink."""

    seen: Windows
    truth: NDArray[np.int8]


def learnt(case: Draw) -> Learnt | None:
    """None where nothing stands out anywhere."""
    rng = np.random.default_rng([case.seed, case.number, 77])
    side = raster(HardSide(case).back(), case.dpi)
    seen = side.once(survey)
    mm = seen.dpi / ink.MM_PER_INCH
    without = {INK: replace(case, ink=None, truth="blank")} if case.ink is not None else {}
    if case.behind > _HARDLY:
        without[THROUGH] = replace(case, behind=_HARDLY)
    lost = {what: _lost(side, raster(HardSide(other).back(), case.dpi)) for what, other in without.items()}
    everywhere = windows.places(np.full(seen.contrast.shape, 255, np.uint8), seen.contrast, mm, most=400)
    chosen = [everywhere[:_DARKEST], _some(everywhere[_DARKEST:], _ANY, rng)]
    found = blank_side.marked(seen, side.full_grey)
    if found.strokes is not None:
        chosen.append(_some(windows.salient(found.strokes, mm, 8), _SALIENT, rng))
    for name, there in found.doubtful.items():
        chosen.append(_some(windows.places(there, seen.contrast, mm), _PALE if name == "pale" else _DOUBTED, rng))
    if INK in lost:
        chosen.append(_some(windows.places(lost[INK], seen.contrast, mm), _INKED, rng))
    at = np.unique(np.concatenate(chosen), axis=0)
    if not len(at):
        return None
    truth = np.full(len(at), DIRT, np.int8)
    for what, fewest in ((THROUGH, 3), (INK, 2)):
        if what in lost:
            truth[[_near(lost[what], place, mm) >= fewest for place in at]] = what
    return Learnt(windows.windows(seen, side.full_grey(), at), truth)


def _lost(side: Raster, without: Raster) -> Pixels:
    """255 where a side is darker than it is without something."""
    there, gone = (cv2.GaussianBlur(one.once(survey).small, (3, 3), 0).astype(np.int16) for one in (side, without))
    more = (gone - there).max(axis=2) >= _LOST
    return np.asarray(cv2.morphologyEx(more.astype(np.uint8) * 255, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)))


def _near(lost: Pixels, place: Places, mm: float) -> int:
    """Pixels that are lost within 0.8 mm of a place."""
    reach = round(_AROUND_MM * mm)
    x, y = (int(value) for value in place)
    return int(np.count_nonzero(lost[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]))


def _some(places: Places, most: int, rng: np.random.Generator) -> Places:
    return places[rng.permutation(len(places))[:most]]


def shards(sides: Iterator[Draw]) -> Iterator[dict[str, NDArray[np.int8]]]:
    """Windows of 250 sides together, with ``truth``."""
    found: list[Learnt] = []
    for number, case in enumerate(sides, 1):
        one = learnt(case)
        found += [one] if one is not None else []
        if number % _SHARD == 0 and found:
            yield _joined(found)
            found = []
    if found:
        yield _joined(found)


def _joined(found: Sequence[Learnt]) -> dict[str, NDArray[np.int8]]:
    parts = {name: np.concatenate([getattr(one.seen, name) for one in found]) for name in Windows._fields}
    return parts | {"truth": np.concatenate([one.truth for one in found])}


def main(arguments: Sequence[str]) -> None:
    """Write the files of one seed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page_stages.sight")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=2001)
    parser.add_argument("--sides", type=int, default=4000)
    chosen = parser.parse_args(arguments)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    for number, shard in enumerate(shards(draw(chosen.seed, number) for number in range(chosen.sides))):
        np.savez(chosen.folder / f"{chosen.seed}-{number:03d}.npz", **shard)  # type: ignore[arg-type]
        sys.stdout.write(f"{(number + 1) * _SHARD} sides\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
