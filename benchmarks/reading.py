"""Scores what an engine read on one side against the truth, by where the words stand on the paper."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmarks.accuracy import Errors, Score, characters, in_order, normalise, words
from benchmarks.corpus.truth import BlockTruth, SideTruth
from models.geometry import Affine, Box
from models.text import PageText, Word

_SLACK = 0.35
"""How far (in line heights) a word's middle may lie above or below its line's box."""


@dataclass(frozen=True)
class Frame:
    """Turns boxes of the scan upright and straight, about the middle of the picture."""

    turn: Affine
    across: bool
    lean_rad: float

    @classmethod
    def of(cls, side: SideTruth) -> Frame:
        """The frame of a side whose lean and orientation are known."""
        middle = (side.width_px / 2, side.height_px / 2)
        turn = Affine.rotation(side.orientation_deg - side.angle_deg, middle, middle)
        return cls(turn, side.orientation_deg in (90, 270), math.radians(abs(side.angle_deg)))

    def box(self, box: Box) -> Box:
        """The straight rectangle whose leaning image the given box encloses."""
        x, y = self.turn.point(*box.centre)
        wide, high = (box.height, box.width) if self.across else (box.width, box.height)
        # An enclosing box measures w·cos + h·sin by w·sin + h·cos: solve for w and h.
        cos, sin = math.cos(self.lean_rad), math.sin(self.lean_rad)
        scale = cos * cos - sin * sin
        w = max(1.0, (wide * cos - high * sin) / scale)
        h = max(1.0, (high * cos - wide * sin) / scale)
        return Box(x - w / 2, y - h / 2, x + w / 2, y + h / 2)


def score_side(truth: SideTruth, found: PageText) -> Score:
    """Give each word to the printed line it stands on, then compare line by line.

    Columns that an engine runs together therefore cost nothing here; they show in ``order``.
    Handwriting is not scored, nor what was read into seals, signatures and notes beside the print.
    """
    frame = Frame.of(truth)
    lines = [line for block in truth.blocks if block.printed for line in block.lines]
    places = [frame.box(line.box) for line in lines]
    read: list[list[tuple[float, str]]] = [[] for _ in lines]
    visited: list[int] = []
    invented: list[str] = []
    for word in found.words():
        if _lies_in(word, truth.blocks, ("handwriting",)):
            continue
        box = frame.box(word.box)
        at = _line_of(box, places)
        if at is not None:
            read[at].append((box.left, word.text))
            if at not in visited:
                visited.append(at)
        elif not _lies_in(word, truth.blocks, ("seal", "signature", "note")):
            invented.append(normalise(word.text))
    chars, word_errors = Errors(sum(map(len, invented))), Errors(len(invented))
    for line, row in zip(lines, read, strict=True):
        text = " ".join(text for _, text in sorted(row))
        chars += characters(line.text, text)
        word_errors += words(line.text, text)
    return Score(chars, word_errors, sum(not row for row in read), len(invented), in_order(visited))


def _line_of(word: Box, places: list[Box]) -> int | None:
    """The line whose middle is nearest to the word's, among those whose box holds it."""
    x, y = word.centre
    near = [
        (abs(y - box.centre[1]), at)
        for at, box in enumerate(places)
        if box.left - box.height < x < box.right + box.height
        and box.top - box.height * _SLACK < y < box.bottom + box.height * _SLACK
    ]
    return min(near)[1] if near else None


def _lies_in(word: Word, blocks: tuple[BlockTruth, ...], kinds: tuple[str, ...]) -> bool:
    """Whether the middle of the word lies in a block of these kinds."""
    x, y = word.box.centre
    return any(
        block.box.left <= x < block.box.right and block.box.top <= y < block.box.bottom
        for block in blocks
        if block.kind in kinds
    )
