"""What is on a sheet and is no ink: holes, staples, rust, folds, tape, stains, fibres, printed grounds.

Each function changes a sheet under even light (BGR, 8 bits, 0 dark to 255) in place. ``mm``: pixels of a millimetre.
The amounts are shares of the paper's light that are missing, 0–1, set beside scans of real backs.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus.page import Grey
from benchmarks.corpus.strokes import Points, smooth

Colour = NDArray[np.uint8]
Trouble = Callable[[Colour, float, np.random.Generator], None]
_SHIFT = 4
"""Fractional bits of OpenCV's drawing."""

_NEUTRAL = (1.0, 1.0, 1.0)
_BROWN = (1.0, 0.72, 0.45)
"""How much of the missing light is missing in blue, green and red."""
_YELLOW = (1.0, 0.4, 0.2)


def darken(
    sheet: Colour, share: NDArray[np.float32], tone: tuple[float, float, float], left: int = 0, top: int = 0
) -> None:
    """Take that share of the light (negative: give it back) from a region of the sheet, cut to the sheet."""
    height, width = sheet.shape[:2]
    x, y = max(0, left), max(0, top)
    right, bottom = min(width, left + share.shape[1]), min(height, top + share.shape[0])
    if x >= right or y >= bottom:
        return
    part = share[y - top : bottom - top, x - left : right - left, None]
    region = sheet[y:bottom, x:right]
    if part.size > 500_000 and float(part.min()) >= 0:
        # Whole pages in 8 bits: four times as fast, and steps of 0.4 % drown in the grain.
        kept = [cv2.convertScaleAbs(1.0 - part[:, :, 0] * share, alpha=255) for share in tone]
        cv2.multiply(region, cv2.merge(kept), dst=region, scale=1 / 255)
        return
    factor = 1.0 - part * np.array(tone, np.float32)
    np.copyto(region, np.clip(region * factor, 0, 255), casting="unsafe")


def curve(
    sheet: Colour, points: Points, width: float, share: float, tone: tuple[float, float, float], *, closed: bool = False
) -> None:
    """A thin line through points (pixels) that takes a share of the light."""
    pad = width + 3
    left, top = np.floor(points.min(axis=0) - pad).astype(int)
    right, bottom = np.ceil(points.max(axis=0) + pad).astype(int)
    if right - left < 1 or bottom - top < 1:
        return
    # Lines thinner than a pixel are drawn on a finer grid.
    fine = 1 if width >= 2 else 3
    canvas = np.zeros(((bottom - top) * fine, (right - left) * fine), np.uint8)
    path = np.round((points - (left, top)) * fine * (1 << _SHIFT)).astype(np.int32)
    cv2.polylines(canvas, [path], closed, 255, max(1, round(width * fine)), cv2.LINE_AA, _SHIFT)
    if fine > 1:
        canvas = np.asarray(cv2.resize(canvas, (int(right - left), int(bottom - top)), interpolation=cv2.INTER_AREA))
    darken(sheet, canvas.astype(np.float32) * (share / 255), tone, int(left), int(top))


def _anywhere(sheet: Colour, mm: float, rng: np.random.Generator, rim_mm: float = 8.0) -> Points:
    height, width = sheet.shape[:2]
    return np.array([rng.uniform(rim_mm * mm, width - rim_mm * mm), rng.uniform(rim_mm * mm, height - rim_mm * mm)])


def punch_holes(sheet: Colour, mm: float, rng: np.random.Generator) -> None:
    """Two or four holes at a side or at the top, the bed or a light lid behind them; some are torn or never fell out."""
    height, width = sheet.shape[:2]
    behind = int(rng.choice([rng.integers(15, 90), rng.integers(90, 170), rng.integers(195, 235)]))
    radius, inset = float(rng.uniform(2.4, 3.3)) * mm, float(rng.uniform(8.5, 14)) * mm
    edge = int(rng.integers(3))
    along = (width if edge == 2 else height) / 2 + float(rng.normal(0, 4)) * mm
    offsets = (-40, 40) if rng.random() < 0.7 else (-120, -40, 40, 120)
    for offset in offsets:
        place = along + offset * mm
        centre = ((inset, place), (width - inset, place), (place, inset))[edge]
        at = (round(centre[0] * 16), round(centre[1] * 16))
        cv2.circle(sheet, at, round((radius + 0.25 * mm) * 16), (205, 207, 208), -1, cv2.LINE_AA, _SHIFT)
        cv2.circle(sheet, at, round(radius * 16), (behind,) * 3, -1, cv2.LINE_AA, _SHIFT)
        if rng.random() < 0.15:
            turn = rng.uniform(0, 2 * np.pi)
            way = np.array([np.cos(turn), np.sin(turn)])
            torn = np.array(centre) + np.array([radius * way, radius * 2.2 * way])
            curve(sheet, torn, 0.3 * mm, 0.3, _NEUTRAL)


def staple(sheet: Colour, mm: float, rng: np.random.Generator) -> None:
    """The legs of a staple on the back, or its crown with a shadow, in a corner or along the left edge."""
    _wire(sheet, mm, rng, behind=False)


def staple_behind(sheet: Colour, mm: float, rng: np.random.Generator) -> None:
    """What the same staple leaves on the other side: what the first does not show, or two pricks where it held more sheets."""
    _wire(sheet, mm, rng, behind=True)


def _wire(sheet: Colour, mm: float, rng: np.random.Generator, *, behind: bool) -> None:
    height, width = sheet.shape[:2]
    x, y = float(rng.uniform(6, 18)) * mm, float(rng.uniform(6, 18)) * mm
    if rng.random() < 0.2:
        y = float(rng.uniform(0.1, 0.9)) * height
    x = width - x if rng.random() < 0.5 else x
    turn = float(rng.choice([0.0, np.pi / 4, -np.pi / 4, np.pi / 2])) + float(rng.normal(0, 0.12))
    way = np.array([np.cos(turn), np.sin(turn)])
    middle, half = np.array([x, y]), float(rng.uniform(5, 6.3)) * mm
    crown, sheets = rng.random() < 0.5, 1 if rng.random() < 0.7 else 2
    shadow = np.array([0.25, 0.35]) * mm
    if behind and sheets > 1:
        for end in (middle - way * half, middle + way * half):
            cv2.circle(sheet, (int(end[0]), int(end[1])), max(1, round(0.3 * mm)), (95, 100, 104), -1, cv2.LINE_AA)
    elif crown != behind:
        ends = np.array([middle - way * half, middle + way * half])
        curve(sheet, ends + shadow, 0.9 * mm, 0.25, _NEUTRAL)
        curve(sheet, ends, 0.5 * mm, float(rng.uniform(0.4, 0.75)), _NEUTRAL)
    else:
        for sign in (-1, 1):
            foot = middle + sign * way * half
            bent = foot - sign * way * float(rng.uniform(3.5, 5.2)) * mm + rng.normal(0, 0.3, 2) * mm
            leg = np.array([foot, bent])
            curve(sheet, leg + shadow, 0.8 * mm, 0.25, _NEUTRAL)
            curve(sheet, leg, 0.45 * mm, float(rng.uniform(0.4, 0.75)), _NEUTRAL)


def staple_holes(sheet: Colour, mm: float, rng: np.random.Generator) -> None:
    """Where a staple was: two or four pricks, mostly with a halo of rust and a dent between them."""
    width = sheet.shape[1]
    x, y = float(rng.uniform(6, 16)) * mm, float(rng.uniform(6, 16)) * mm
    x = width - x if rng.random() < 0.5 else x
    turn = float(rng.choice([0.0, np.pi / 4, -np.pi / 4, np.pi / 2])) + float(rng.normal(0, 0.15))
    for _ in range(1 if rng.random() < 0.7 else 2):
        way = np.array([np.cos(turn), np.sin(turn)]) * 6 * mm
        middle = np.array([x, y]) + rng.normal(0, 2, 2) * mm
        rusty = rng.random() < 0.6
        for end in (middle - way, middle + way):
            cv2.circle(sheet, (int(end[0]), int(end[1])), max(1, round(0.3 * mm)), (95, 100, 104), -1, cv2.LINE_AA)
            if rusty:
                blot(sheet, end, float(rng.uniform(0.5, 1.1)) * mm, float(rng.uniform(0.12, 0.45)), _BROWN, rng)
        if rusty and rng.random() < 0.4:
            curve(sheet, np.array([middle - way, middle + way]), 0.6 * mm, float(rng.uniform(0.05, 0.2)), _BROWN)
        turn += float(rng.normal(0, 0.3))


def blot(
    sheet: Colour, at: Points, reach: float, share: float, tone: tuple[float, float, float], rng: np.random.Generator
) -> None:
    """A soft round spot: ``reach`` is its sigma in pixels."""
    size = int(6 * reach) | 1
    y, x = np.mgrid[:size, :size].astype(np.float32) - size / 2
    uneven = 1 + 0.25 * np.cos(np.arctan2(y, x) * int(rng.integers(1, 4)) + float(rng.uniform(0, 6)))
    spot = share * np.exp(-(x * x + y * y) / (2 * (reach * uneven) ** 2))
    darken(sheet, spot.astype(np.float32), tone, int(at[0]) - size // 2, int(at[1]) - size // 2)


def folds(sheet: Colour, mm: float, rng: np.random.Generator) -> None:
    """One or two folds across the sheet: a dark and a light flank, worn white or dirty, the panels lit differently."""
    height, width = sheet.shape[:2]
    for _ in range(int(rng.integers(1, 3))):
        across = rng.random() < 0.75
        length, other = (width, height) if across else (height, width)
        place = other * float(rng.choice([0.5, 1 / 3, 2 / 3, 0.25])) + float(rng.normal(0, 6)) * mm
        lean = float(rng.normal(0, 0.006)) * length
        t = np.linspace(0, 1, 40)
        wave = np.cumsum(rng.normal(0, 0.05, 40)) * mm
        _crease(sheet, np.stack([t * length, place + lean * (t - 0.5) + wave], axis=1), across, mm, rng)
        panel = float(rng.normal(0, 0.012))
        half = sheet[: int(place)] if across else sheet[:, : int(place)]
        np.copyto(half, np.clip(half * (1 - abs(panel)), 0, 255), casting="unsafe")


def _crease(sheet: Colour, path: Points, across: bool, mm: float, rng: np.random.Generator) -> None:
    points = path if across else path[:, ::-1]
    deep, wide = float(rng.uniform(0.03, 0.15)), float(rng.uniform(0.25, 0.7)) * mm
    side = (np.array([0.0, 1.0]) if across else np.array([1.0, 0.0])) * wide * float(rng.choice([-1, 1]))
    for piece in np.array_split(np.arange(len(points)), 6):
        run = points[max(0, piece[0] - 1) : piece[-1] + 1]
        strength = float(rng.uniform(0.5, 1.1))
        curve(sheet, run, wide, deep * strength, _NEUTRAL)
        curve(sheet, run + side, wide, -deep * 0.7 * strength, _NEUTRAL)


def crumple(sheet: Colour, mm: float, rng: np.random.Generator) -> None:
    """Creases anywhere, as on a paper that was carried in a pocket."""
    for _ in range(int(rng.integers(4, 14))):
        start, turn = _anywhere(sheet, mm, rng, 2), rng.uniform(0, 2 * np.pi)
        length = float(rng.uniform(15, 90)) * mm
        t = np.linspace(0, 1, 14)[:, None]
        way = np.array([[np.cos(turn), np.sin(turn)]])
        path = start + t * way * length + np.cumsum(rng.normal(0, 0.12, (14, 2)), axis=0) * mm
        deep, wide = float(rng.uniform(0.015, 0.07)), float(rng.uniform(0.3, 0.9)) * mm
        curve(sheet, path, wide, deep, _NEUTRAL)
        curve(sheet, path + way[:, ::-1] * wide, wide, -deep * 0.8, _NEUTRAL)


def folded_corner(sheet: Colour, mm: float, rng: np.random.Generator) -> None:
    """A dog's ear, still folded (the bed shows) or folded back (a crease stays)."""
    height, width = sheet.shape[:2]
    a, b = float(rng.uniform(8, 24)) * mm, float(rng.uniform(8, 24)) * mm
    right, low = rng.random() < 0.5, rng.random() < 0.5
    x, y = (float(width), -1.0) if right else (0.0, 1.0), (float(height), -1.0) if low else (0.0, 1.0)
    corner = np.array([[x[0], y[0]], [x[0] + x[1] * a, y[0]], [x[0], y[0] + y[1] * b]])
    if rng.random() < 0.5:
        dark = int(rng.integers(60, 215))
        cv2.fillPoly(sheet, [np.round(corner).astype(np.int32)], (dark, dark, dark), cv2.LINE_AA)
    curve(sheet, corner[1:], float(rng.uniform(0.3, 0.8)) * mm, float(rng.uniform(0.06, 0.25)), _NEUTRAL)


def tape(sheet: Colour, mm: float, rng: np.random.Generator) -> None:
    """A strip of clear tape over a tear or an edge: yellower inside, its edges draw pale lines."""
    height, width = sheet.shape[:2]
    long, wide = float(rng.uniform(35, 110)) * mm, float(rng.uniform(12, 19)) * mm
    centre = _anywhere(sheet, mm, rng, 5)
    if rng.random() < 0.6:
        centre[0] = float(rng.choice([0.02, 0.98])) * width
    turn = float(rng.choice([0.0, np.pi / 2])) + float(rng.normal(0, 0.03))
    way = np.array([np.cos(turn), np.sin(turn)])
    over = np.array([-way[1], way[0]])
    corners = np.array(
        [centre + sx * way * long / 2 + sy * over * wide / 2 for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    )
    inside = np.zeros((height, width), np.uint8)
    cv2.fillPoly(inside, [np.round(corners).astype(np.int32)], 255, cv2.LINE_AA)
    x, y, w, h = cv2.boundingRect(np.round(corners).astype(np.int32))
    x, y = max(0, x), max(0, y)
    part = inside[y : y + h, x : x + w].astype(np.float32)
    darken(sheet, part * (float(rng.uniform(0.01, 0.07)) / 255), _YELLOW, x, y)
    for start, end in ((0, 1), (1, 2), (2, 3), (3, 0)):
        if rng.random() < 0.85:
            curve(
                sheet,
                corners[[start, end]],
                float(rng.uniform(0.12, 0.35)) * mm,
                float(rng.uniform(0.03, 0.14)),
                _NEUTRAL,
            )


def stains(sheet: Colour, mm: float, rng: np.random.Generator) -> None:
    """Damp, tea, fingers: wide soft patches, some with a darker rim."""
    for _ in range(int(rng.integers(1, 5))):
        at, reach = _anywhere(sheet, mm, rng, 0), float(rng.uniform(3, 22)) * mm
        blot(sheet, at, reach, float(rng.uniform(0.02, 0.12)), _YELLOW if rng.random() < 0.6 else _BROWN, rng)
        if rng.random() < 0.25:
            turn = np.linspace(0, 2 * np.pi, 40)
            radius = reach * 1.4 * (1 + 0.06 * np.sin(turn * 3 + rng.uniform(0, 6)))
            ring = at + np.stack([np.cos(turn), np.sin(turn)], axis=1) * radius[:, None]
            curve(sheet, ring, float(rng.uniform(0.8, 2.0)) * mm, float(rng.uniform(0.02, 0.07)), _BROWN, closed=True)


def foxing(sheet: Colour, mm: float, rng: np.random.Generator) -> None:
    """Brown spots of old paper, a millimetre or two, and edges that have browned."""
    for _ in range(int(rng.integers(5, 60))):
        at = _anywhere(sheet, mm, rng, 0)
        blot(sheet, at, float(rng.uniform(0.25, 1.0)) * mm, float(rng.uniform(0.03, 0.16)), _BROWN, rng)
    height, width = sheet.shape[:2]
    x = np.minimum(np.arange(width), width - 1 - np.arange(width)) / mm
    y = np.minimum(np.arange(height), height - 1 - np.arange(height)) / mm
    reach, share = float(rng.uniform(5, 15)), float(rng.uniform(0.02, 0.1))
    fade = np.maximum(np.exp(-x / reach)[None, :], np.exp(-y / reach)[:, None]) * share
    darken(sheet, fade.astype(np.float32), _BROWN)


def fibres(sheet: Colour, mm: float, rng: np.random.Generator) -> None:
    """Recycled or security paper: short bent fibres of any colour and specks, evenly strewn."""
    tones = (_NEUTRAL, _BROWN, (0.3, 0.7, 1.0), (0.9, 1.0, 0.3), _NEUTRAL)
    most = float(rng.uniform(0.12, 0.45))
    for _ in range(int(rng.integers(80, 500))):
        start, turn = _anywhere(sheet, mm, rng, 0), rng.uniform(0, 2 * np.pi)
        bends = turn + np.cumsum(rng.normal(0, 0.5, 5))
        step = float(rng.uniform(0.3, 2.2)) / 5 * mm
        path = start + np.cumsum(np.stack([np.cos(bends), np.sin(bends)], axis=1), axis=0) * step
        share = float(rng.uniform(0.3, 1.0)) * most
        curve(sheet, path, float(rng.uniform(0.05, 0.12)) * mm, share, tones[int(rng.integers(len(tones)))])


def hair(sheet: Colour, mm: float, rng: np.random.Generator) -> None:
    """A hair or a thread on the glass."""
    start, turn = _anywhere(sheet, mm, rng), rng.uniform(0, 2 * np.pi)
    bends = turn + np.cumsum(rng.normal(0, 0.35, 8))
    step = float(rng.uniform(3, 14)) / 8 * mm
    path = smooth(start + np.cumsum(np.stack([np.cos(bends), np.sin(bends)], axis=1), axis=0) * step, 6)
    curve(sheet, path, float(rng.uniform(0.06, 0.11)) * mm, float(rng.uniform(0.35, 0.75)), _NEUTRAL)


def guilloche(sheet: Colour, mm: float, rng: np.random.Generator) -> None:
    """A printed ground of waves in one or two pale colours, with a frame's white margin or up to the edge."""
    height, width = sheet.shape[:2]
    inset = float(rng.choice([0.0, 6.0, 10.0])) * mm
    share = float(rng.uniform(0.05, 0.16))
    tones = ((0.5, 1.0, 0.6), (1.0, 0.35, 0.9), (0.2, 0.5, 1.0), (1.0, 0.9, 0.3), (1.0, 0.45, 0.2))
    canvas: Grey = np.zeros((height, width), np.uint8)
    for _ in range(int(rng.integers(1, 3))):
        canvas[:] = 0
        pitch, swing = float(rng.uniform(1.2, 2.8)) * mm, float(rng.uniform(1.0, 5.0)) * mm
        period, drift = float(rng.uniform(8, 40)) * mm, float(rng.uniform(0, 6))
        x = np.arange(inset, width - inset, 0.7 * mm)
        for y in np.arange(inset, height - inset, pitch):
            wave = y + swing * np.sin(2 * np.pi * x / period + drift + 0.35 * np.sin(y / (9 * mm)))
            path = np.stack([x, np.clip(wave, inset, height - inset)], axis=1)
            fixed = np.round(path * 16).astype(np.int32)
            cv2.polylines(canvas, [fixed], False, 255, max(1, round(0.14 * mm)), cv2.LINE_AA, _SHIFT)
        thin = min(1.0, 0.14 * mm)
        darken(sheet, canvas.astype(np.float32) * (share * thin / 255), tones[int(rng.integers(len(tones)))])


def ruling(sheet: Colour, mm: float, rng: np.random.Generator) -> None:
    """Pale printed lines: a ruled or a squared sheet, or the dotted lines of an empty form."""
    height, width = sheet.shape[:2]
    pitch = float(rng.choice([5.0, 7.0, 8.0, 10.0])) * mm
    share = float(rng.uniform(0.06, 0.24))
    tone = ((0.25, 0.5, 1.0), _NEUTRAL, (0.9, 0.9, 0.3), (0.4, 0.6, 1.0))[int(rng.integers(4))]
    left, right = (
        (0.0, float(width))
        if rng.random() < 0.5
        else (float(rng.uniform(10, 30)) * mm, width - float(rng.uniform(5, 20)) * mm)
    )
    top, bottom = float(rng.uniform(8, 40)) * mm, height - float(rng.uniform(5, 30)) * mm
    thin = float(rng.uniform(0.1, 0.22)) * mm
    for y in np.arange(top, bottom, pitch):
        curve(sheet, np.array([[left, y], [right, y]]), thin, share, tone)
    if rng.random() < 0.3:
        for x in np.arange(left, right, pitch):
            curve(sheet, np.array([[x, top], [x, bottom]]), thin, share, tone)


def lid_shadow(sheet: Colour, mm: float, rng: np.random.Generator) -> None:
    """The lid was not down: an edge lies in the dark."""
    height, width = sheet.shape[:2]
    reach, share = float(rng.uniform(3, 16)) * mm, float(rng.uniform(0.15, 0.6))
    edge = int(rng.integers(4))
    far = np.arange(width if edge < 2 else height, dtype=np.float32)
    if edge % 2:
        far = far[::-1]
    fade = (share * np.exp(-far / reach)).astype(np.float32)
    whole = (
        np.broadcast_to(fade[None, :], (height, width)) if edge < 2 else np.broadcast_to(fade[:, None], (height, width))
    )
    darken(sheet, whole, _NEUTRAL)


TROUBLES: dict[str, Trouble] = {
    "punch_holes": punch_holes,
    "staple": staple,
    "staple_holes": staple_holes,
    "folds": folds,
    "crumple": crumple,
    "folded_corner": folded_corner,
    "tape": tape,
    "stains": stains,
    "foxing": foxing,
    "fibres": fibres,
    "hair": hair,
    "guilloche": guilloche,
    "ruling": ruling,
    "lid_shadow": lid_shadow,
}
"""By name; what a scanner adds (streaks, edges, grain) is in :mod:`benchmarks.corpus.backs`."""
PIERCING: dict[str, Trouble] = {"punch_holes": punch_holes, "staple": staple_behind, "staple_holes": staple_holes}
"""What goes through the sheet, as its other side shows it: from the same draws, on the sheet as one looks through it."""
