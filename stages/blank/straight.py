"""Straight things on a side that are no writing: streaks of the glass, folds and creases, edges of tape, ruled lines. Pure.

Works on the marks, or the mask of marks, of a picture at about 100 dpi (:mod:`stages.ink`).
"""

from __future__ import annotations

import cv2
import numpy as np

from models.ports import Pixels
from stages import ink
from stages.ink import Bools, Components

_DRAWN, _DRAWN_MM = 36, 30.0
"""A single line that is darker, and no longer, may have been drawn."""
_BANDS, _STREAK = 12, 3.0
"""In how many parts a streak is looked for, and the mean contrast that it must have in each."""


def without_streaks(mask: Pixels, mm: float) -> Pixels:
    """A mask (0 or 255) less thin lines that run along an axis from edge to edge: dirt on the glass of a sheet feeder.

    They never lean and never end: a line that a hand drew does both. What crosses them stays.
    """
    for axis in (0, 1):
        share = cv2.reduce(mask, axis, cv2.REDUCE_AVG).ravel()
        full = np.flatnonzero(share >= 0.97 * 255)
        for run in np.split(full, np.flatnonzero(np.diff(full) > 1) + 1):
            if 0 < len(run) <= 1.8 * mm:
                mask = mask.copy()
                window = slice(max(0, int(run[0]) - 2), int(run[-1]) + 3)
                if axis == 0:
                    mask[:, window] = 0
                else:
                    mask[window] = 0
    return mask


def evened(level: Pixels, mm: float) -> Pixels:
    """A picture of contrast less what streaks of the glass add to it, however pale, and whatever they cross.

    Only where a thin line along an axis stands out in each of twelve parts from edge to edge: no line of writing and
    no rule of a form begins and ends at the paper's edges. What crosses it loses no more than the streak gave.
    """
    if min(level.shape) < _BANDS:
        return level
    for across in (True, False):
        strips = np.array_split(level, _BANDS, axis=0 if across else 1)
        means = [cv2.reduce(strip, 0 if across else 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel() for strip in strips]
        parts = np.stack(means)
        above = parts - cv2.morphologyEx(parts, cv2.MORPH_OPEN, np.ones((1, round(1.8 * mm) | 1), np.uint8))
        least = above.min(axis=0)
        runs = ink.components((least >= _STREAK / 2).astype(np.uint8)[None, :])
        streaks = np.unique(runs.labels[0][least >= _STREAK])
        if not len(streaks):
            continue
        gives = np.where(np.isin(runs.labels[0], streaks), np.median(above, axis=0), 0)
        gives = np.ceil(gives).clip(0, 255).astype(np.uint8)
        everywhere = np.broadcast_to(gives if across else gives[:, None], level.shape)
        level = np.asarray(cv2.subtract(level, np.ascontiguousarray(everywhere)), dtype=np.uint8)
    return level


def broken_streaks(marks: Components, mm: float) -> Bools:
    """Thin lines along an axis over most of the picture that do end on it: a doubt."""
    height, width = marks.labels.shape
    thin = 1.3 * mm
    down = (marks.height >= 0.6 * height) & (marks.width <= thin)
    across = (marks.width >= 0.6 * width) & (marks.height <= thin)
    return _no_ground(down | across)


def creases(marks: Components, image: Pixels, candidates: Bools, mm: float) -> Bools:
    """Of these marks, those that have a flank lighter than the paper along them: no ink gives light."""
    found = np.zeros(len(marks.area), np.bool_)
    pad = max(3, round(1.4 * mm))
    numbers = np.flatnonzero(candidates)
    for number in numbers[np.argsort(-marks.area[numbers], kind="stable")][:40]:
        top, left = max(0, int(marks.top[number]) - pad), max(0, int(marks.left[number]) - pad)
        window = (slice(top, int(marks.bottom[number]) + pad), slice(left, int(marks.right[number]) + pad))
        inside = (marks.labels[window] == number).astype(np.uint8)
        beside = (cv2.dilate(inside, np.ones((2 * pad + 1, 2 * pad + 1), np.uint8)) > inside).view(np.uint8)
        level = image[window]
        ground = np.array(cv2.mean(level, beside)[:3])
        darks = ground - np.array(cv2.mean(level, inside)[:3])
        # In the colour that shows the mark: a red seal is light in red.
        colour = int(np.argmax(darks))
        plane, dark = np.ascontiguousarray(level[:, :, colour]), float(darks[colour])
        found[number] = _flank(plane, inside, beside, pad) - ground[colour] >= max(1.0, 0.33 * dark)
    return found


def _flank(plane: Pixels, inside: Pixels, beside: Pixels, pad: int) -> float:
    """Mean light of the lightest flank: the mark's own shape, moved off it a little in one of eight directions."""
    lightest = 0.0
    for right, down in ((1, 0), (0, 1), (1, 1), (1, -1), (-1, 0), (0, -1), (-1, -1), (-1, 1)):
        for step in range(2, pad + 1):
            move = np.array([[1, 0, right * step], [0, 1, down * step]], np.float32)
            flank = cv2.bitwise_and(cv2.warpAffine(inside, move, inside.shape[::-1], flags=cv2.INTER_NEAREST), beside)
            if int(flank.sum()) >= 0.5 * int(inside.sum()):
                lightest = max(lightest, float(cv2.mean(plane, flank)[0]))
    return lightest


def lines(marks: Components, mm: float) -> Bools:
    """Straight thin lines nearly along an axis: folds, edges of tape, ruled paper.

    At least 5 mm long, thin on average, leaning at most 4°.
    """
    long, short = np.maximum(marks.width, marks.height), np.minimum(marks.width, marks.height)
    thin = marks.area <= 0.8 * mm * long + 2
    return _no_ground((long >= 5 * mm) & (short <= 0.07 * long + 0.9 * mm) & thin)


def long_lines(marks: Components, candidates: Bools, mm: float) -> Bools:
    """Of these lines, those that lie in line over more than half of the picture: folds and ruled paper."""
    found = np.zeros(len(marks.area), np.bool_)
    height, width = marks.labels.shape
    for across in (True, False):
        begin, size = (marks.left, marks.width) if across else (marks.top, marks.height)
        other = (marks.top + marks.height / 2) if across else (marks.left + marks.width / 2)
        span = width if across else height
        numbers = np.flatnonzero(candidates & ((marks.width > marks.height) == across))
        numbers = numbers[np.argsort(other[numbers], kind="stable")]
        if not len(numbers):
            continue
        # A line that leans by 1.5° wanders by 5 mm over the width of A4: its pieces follow one another closely.
        gaps = np.flatnonzero(np.diff(other[numbers]) > 1.5 * mm) + 1
        for group in np.split(numbers, gaps):
            covered = np.zeros(span, np.bool_)
            for number in group:
                covered[begin[number] : begin[number] + size[number]] = True
            if covered.mean() > 0.5:
                found[group] = True
    return found


def dashes(marks: Components, mm: float) -> Bools:
    """Thin straight pieces along an axis that lie in line over more than half of the picture: what is left of a pale line."""
    long, short = np.maximum(marks.width, marks.height), np.minimum(marks.width, marks.height)
    return long_lines(marks, _no_ground((long >= 1.2 * mm) & (short <= 0.55 * mm + 1)), mm)


def corner_folds(marks: Components, candidates: Bools, mm: float) -> Bools:
    """Of these marks, straight lines that cut a corner off, from one edge to the other: a folded corner's crease."""
    found = np.zeros(len(marks.area), np.bool_)
    height, width = marks.labels.shape
    gaps = (marks.left, marks.top, width - marks.right, height - marks.bottom)
    long, short = np.maximum(marks.width, marks.height), np.minimum(marks.width, marks.height)
    leans = (long <= 27 * mm) & (short >= 5 * mm) & (marks.area <= 2 * mm * np.hypot(long, short))
    for side in range(4):
        for number in np.flatnonzero(candidates & leans & (gaps[side] <= 6 * mm) & (gaps[(side + 1) % 4] <= 6 * mm)):
            window = (slice(marks.top[number], marks.bottom[number]), slice(marks.left[number], marks.right[number]))
            y, x = np.nonzero(marks.labels[window] == number)
            # From the corner of its box on this edge to the one on the other.
            down = int(marks.height[number]) - 1 - y if side in (0, 2) else y
            off = x / max(1, int(marks.width[number]) - 1) - down / max(1, int(marks.height[number]) - 1)
            found[number] = bool((np.abs(off) * short[number] <= 1.5 * mm).all())
    return found


def without_ruling(mask: Pixels, level: Pixels, mm: float, *, single: bool = False) -> Pixels:
    """A mask (0 or 255) less the long lines along the axes, where there are at least five of them side by side.

    ``level``: contrast; what is thicker or clearly darker than the lines stays: it is written across them.
    ``single``: also a few single ones, edges of tape and folds, wherever they meet one another; not more than eight,
    for the bars of a bar code are long straight lines as well, and none that is dark and short: a pencil draws those.
    """
    closed = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), dtype=np.uint8)
    ruled = np.zeros_like(mask)
    percentile = 75
    for across in (True, False):
        run = _run(closed, 4 * mm, across=across)
        if _many(run if across else run.T, mm):
            # Where a line is too pale for a moment, it goes on all the same.
            percentile = 95
            beyond = (round(8 * mm) | 1, 1) if across else (1, round(8 * mm) | 1)
            ruled = np.maximum(ruled, cv2.dilate(run, np.ones(beyond[::-1], np.uint8)))
        elif single:
            run = _run(closed, 8 * mm, across=across)
            runs = ink.components(run)
            if len(runs.area) <= 1 + 8:
                drawn = np.maximum(runs.width, runs.height) <= _DRAWN_MM * mm
                drawn[~np.isin(np.arange(len(drawn)), runs.labels[level >= _DRAWN])] = False
                ruled = np.maximum(ruled, runs.painted(np.where(drawn, 0, 255).astype(np.uint8)) & run)
    if not ruled.any():
        return mask
    # Lines that lean are darker here and there, where they meet the pixels.
    usual = float(np.percentile(level[(ruled > 0) & (mask > 0)], percentile))
    darker = (level > 1.4 * usual + 5).view(np.uint8) * np.uint8(255)
    square = np.ones((max(3, round(1.2 * mm)),) * 2, np.uint8)
    stays = cv2.bitwise_or(darker, cv2.morphologyEx(closed, cv2.MORPH_OPEN, square))
    gone = cv2.subtract(cv2.dilate(ruled, np.ones((3, 3), np.uint8)), stays)
    return np.asarray(cv2.subtract(mask, gone), dtype=np.uint8)


def _run(mask: Pixels, length_px: float, *, across: bool) -> Pixels:
    """Where the mask goes on straight for that long."""
    size = max(5, round(length_px))
    shape = (1, size) if across else (size, 1)
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones(shape, np.uint8)), dtype=np.uint8)


def _many(strips: Pixels, mm: float) -> bool:
    """Whether at least five rows, 4 mm high, are mostly covered by lines that may lean a little."""
    rows = max(1, round(4 * mm))
    high = strips.shape[0] // rows * rows
    columns = strips[:high].reshape(-1, rows, strips.shape[1]).any(axis=1)
    return int((columns.mean(axis=1) > 0.3).sum()) >= 5


def _no_ground(found: Bools) -> Bools:
    found = np.asarray(found, dtype=np.bool_)
    found[0] = False
    return found
