"""Finds round seals in black, of a bilevel or grey scan, and takes them off the print that runs into them. Pure.

A coloured seal is lifted by its colour (:mod:`stages.ocr.turbo.prepare`). A black one is told by its rings: circles
that are inked nearly all around, with print along the inner side. It touches titles and the signature, so its mark says
little; the edges of large marks vote for the centre that they are bent around. About 1 ms where there is none, 30 ms with
the lines found anew where there is one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.ink import MM_PER_INCH
from stages.ocr.turbo.lines import WIDE_GAP, Lines, Segment, fitted
from stages.ocr.turbo.marks import Bools, Ints, Marks, Mask, Numbers
from stages.ocr.turbo.windows import Window

_RADIUS_MM = (12.0, 22.0)
"""Seals are 28 to 42 mm wide."""
_LARGE_MM = 5.0
"""Parts of a worn ring are higher than this, and letters are not."""
_PAGE_SHARE = 0.75
"""What has this share of a side of the page is the scan's edge."""
_EDGE = 60
"""Least slope of an edge, of an ink mask that was shrunk to half and blurred."""
_MOST_EDGES = 4_000
"""More edges of large marks are a drawing: some of them are enough."""
_BIN = 2
"""Side of a place for a centre, in pixels of the shrunk page."""
_TRIES = 4
"""Centres with the most votes that are looked at."""
_LEAST_VOTES = 1.9
"""Votes for a centre, per pixel of the least circle: each edge of a whole ring votes two or three times."""
_ALONG, _NEAR = 0.94, 2.5
"""Cosine between an edge's slope and the radius, and the distance, in shrunk pixels, of the edges of one circle."""
_RING_SHARE = 0.6
"""A ring is inked along so much of its circle."""
_AS_WHOLE = 0.8
"""All circles of a seal are about as whole; print along them is less."""
_INNER = 0.6
"""Share of the least radius that an inner ring has at least."""
_PRINT_BAND = (0.7, 0.93)
"""Where the print along the ring stands, in shares of its radius."""
_LETTER_BAND = (0.62, 0.99)
"""What lies wholly in this band is a letter of it."""
_SECTORS, _PRINT_SHARE, _INKED = 36, 0.6, (0.03, 0.6)
"""Sectors of that band; the share of them that has print; and how much of them print inks."""
_ANGLES, _FEW_ANGLES, _MOVES = 1080, 360, 3
"""Angles at which a circle is looked at, and at which its centre is sought, in so many moves of each length."""
_FRINGE = 2
"""Pixels by which a ring is not quite round, or thicker than mostly."""
_OUTSIDE_X, _ON_X, _LEVEL_SHARE = 2.5, 0.12, 0.6
"""A line of print that runs into a seal has letters so wide, in x-heights, outside of it, and most stand on its baseline."""
_BLANK_X = 1.3
"""It ends in the seal before a wider blank, in x-heights."""
_TALL = 0.8
"""Its letters have at least this share of an x-height or a capital."""
_RISE_X, _FALL_X = 1.45, 0.3
"""How far its print reaches above and below its baseline."""


@dataclass(frozen=True)
class Seal:
    """A round seal: its centre and the outer radius of its ring, in working pixels.

    ``strokes``: first and last radius of each of its circles.
    """

    x: float
    y: float
    radius: float
    strokes: tuple[tuple[int, int], ...]

    def half_chord(self, y: float) -> float:
        """How far the ring reaches to each side of its centre at a height, 0 where it does not."""
        return math.sqrt(max(0.0, self.radius**2 - (y - self.y) ** 2))


def find_seals(marks: Marks, dpi: float) -> tuple[Seal, ...]:
    """Black round seals. ``dpi``: of the marks' picture."""
    parts, mm = marks.parts, dpi / MM_PER_INCH
    large = (parts.height > _LARGE_MM * mm) & ~marks.penned & ~marks.picture
    height, width = parts.labels.shape
    large &= (parts.height < _PAGE_SHARE * height) & (parts.width < _PAGE_SHARE * width)
    at = np.flatnonzero(large)
    if not at.size:
        return ()
    left, top = int(parts.left[at].min()), int(parts.top[at].min())
    window = slice(top, int(parts.bottom[at].max())), slice(left, int(parts.right[at].max()))
    mask: Mask = marks.painted(np.where(large, 255, 0).astype(np.uint8), window)
    edges = _edges(mask)
    found: list[Seal] = []
    low, high = (radius * mm / 2 for radius in _RADIUS_MM)
    for x, y in _centres(edges, low, high, (mask.shape[1] // 2, mask.shape[0] // 2)):
        circle = _circle(edges, x, y, low, high)
        if circle is None:
            continue
        seal = _seal(marks.ink, left + 2 * circle[0], top + 2 * circle[1], mm)
        if seal is not None and all(math.dist((seal.x, seal.y), (s.x, s.y)) > seal.radius for s in found):
            found.append(seal)
    return tuple(found)


def _edges(mask: Mask) -> NDArray[np.float32]:
    """Rows of the place and the unit slope of each edge, in pixels of the mask shrunk to half."""
    size = (max(1, mask.shape[1] // 2), max(1, mask.shape[0] // 2))
    small = cv2.GaussianBlur(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), (3, 3), 0)
    across, down = cv2.Sobel(small, cv2.CV_16S, 1, 0), cv2.Sobel(small, cv2.CV_16S, 0, 1)
    steep = np.maximum(np.abs(across), np.abs(down)) > 4 * _EDGE
    y, x = np.nonzero(steep)
    slope = np.stack([across[y, x], down[y, x]]).astype(np.float32)
    return np.concatenate([np.stack([x, y]).astype(np.float32), slope / np.hypot(*slope)])


def _centres(edges: NDArray[np.float32], low: float, high: float, size: tuple[int, int]) -> list[tuple[float, float]]:
    """Where most edges are bent around, the best first."""
    step = -(-edges.shape[1] // _MOST_EDGES)
    x, y, across, down = edges[:, ::step] if step else edges
    width, height = size[0] // _BIN + 1, size[1] // _BIN + 1
    # A margin takes the votes for centres beyond the window.
    margin = math.ceil(high / _BIN) + 1
    wide = width + 2 * margin
    first = (y / _BIN + margin).astype(np.float32), (x / _BIN + margin).astype(np.float32)
    places = []
    for radius in np.arange(low, high, _BIN, dtype=np.float32) / np.float32(_BIN):
        for way in (-radius, radius):
            row, column = (first[0] + way * down).astype(np.int32), (first[1] + way * across).astype(np.int32)
            places.append(row * wide + column)
    votes = np.bincount(np.concatenate(places), minlength=wide * (height + 2 * margin))
    counts = votes.reshape(-1, wide)[margin:-margin, margin:-margin].astype(np.float32)
    place = cv2.boxFilter(counts, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    found: list[tuple[float, float]] = []
    for _ in range(_TRIES):
        row, column = divmod(int(place.argmax()), width)
        if place[row, column] * max(1, step) < _LEAST_VOTES * 2 * math.pi * low:
            break
        found.append(((column + 0.5) * _BIN, (row + 0.5) * _BIN))
        apart = round(low / _BIN / 2)
        place[max(0, row - apart) : row + apart + 1, max(0, column - apart) : column + apart + 1] = 0
    return found


def _circle(
    edges: NDArray[np.float32], x: float, y: float, low: float, high: float
) -> tuple[float, float, float] | None:
    """Centre and radius of the circle with the most edges around a place, fitted to them."""
    radius = 0.0
    for _ in range(3):
        from_x, from_y = edges[0] - x, edges[1] - y
        far = np.hypot(from_x, from_y)
        like = (far > low * 0.9) & (far < high * 1.1)
        like &= np.abs(from_x * edges[2] + from_y * edges[3]) > _ALONG * far
        if np.count_nonzero(like) < 2 * low:
            return None
        if not radius:
            counts = np.bincount(far[like].astype(int))
            radius = float(np.convolve(counts, np.ones(3), "same").argmax()) + 0.5
        like &= np.abs(far - radius) < _NEAR
        px, py = edges[0][like].astype(float), edges[1][like].astype(float)
        if px.size < low:
            return None
        system = np.stack([px, py, np.ones(px.size)], axis=1)
        (a, b, c), *_ = np.linalg.lstsq(system, px * px + py * py, rcond=None)
        x, y = float(a / 2), float(b / 2)
        radius = math.sqrt(max(1.0, float(c) + x * x + y * y))
    return x, y, radius


def _polar(ink: Mask, x: float, y: float, reach: int, angles: int = _ANGLES) -> Mask:
    """The ink around a centre: a row for each angle, a column for each radius in pixels."""
    return np.asarray(
        cv2.warpPolar(ink, (reach, angles), (x, y), reach, cv2.INTER_NEAREST | cv2.WARP_POLAR_LINEAR), dtype=np.uint8
    )


def _centred(ink: Mask, x: float, y: float, reach: int) -> tuple[float, float]:
    """The centre near by around which the circles are thinnest: print beside and along the ring draws a fit away from it."""

    def sharpness(at: tuple[float, float]) -> float:
        return float(np.square(_polar(ink, *at, reach, _FEW_ANGLES).mean(axis=0)).sum())

    best = x, y
    for step in (2.0, 1.0, 0.5):
        for _ in range(_MOVES):
            near = [(best[0] + across * step, best[1] + down * step) for across in (0, -1, 1) for down in (0, -1, 1)]
            found = max(near, key=sharpness)
            if found == best:
                break
            best = found
    return best


def _seal(ink: Mask, x: float, y: float, mm: float) -> Seal | None:
    """The seal around a centre, if there is one."""
    reach = round((_RADIUS_MM[1] + 2) * mm)
    x, y = _centred(ink, x, y, reach)
    around = _polar(ink, x, y, reach) > 0
    near = around.copy()
    for step in (1, 2):
        near[:, step:] |= around[:, :-step]
        near[:, :-step] |= around[:, step:]
    share = near.mean(axis=0)
    rings = np.flatnonzero(share >= _RING_SHARE)
    rings = rings[rings >= _INNER * _RADIUS_MM[0] * mm]
    if not rings.size or not _RADIUS_MM[0] * mm <= rings[-1] <= _RADIUS_MM[1] * mm:
        return None
    radius = int(rings[-1])
    low, high = (round(part * radius) for part in _PRINT_BAND)
    band = around[:, low:high]
    inked = band.reshape(_SECTORS, -1).mean(axis=1)
    if ((inked > _INKED[0]) & (inked < _INKED[1])).mean() < _PRINT_SHARE:
        return None
    rings = rings[share[rings] >= _AS_WHOLE * share[rings].max()]
    cuts = np.flatnonzero(np.diff(rings) > 1)
    firsts, lasts = rings[np.append(0, cuts + 1)], rings[np.append(cuts, rings.size - 1)]
    strokes = tuple((int(first), int(last)) for first, last in zip(firsts, lasts, strict=True))
    return Seal(x, y, float(radius), strokes)


def ring_ink(marks: Marks, seals: tuple[Seal, ...]) -> Mask:
    """A mask (0 or 255) of the circles of seals, but for the strokes of print that cross them."""
    mask = np.zeros_like(marks.ink)
    for seal in seals:
        window, far, angle = _around(seal, mask.shape)
        thin = _thin(_polar(marks.ink, seal.x, seal.y, round(seal.radius) + 2 * _FRINGE), seal)
        ring = thin[angle, np.minimum(far.astype(int), thin.shape[1] - 1)]
        wide = np.asarray(cv2.dilate(ring, np.ones((3, 3), np.uint8)), dtype=np.uint8)
        wide[(marks.ink[window] > 0) & (ring == 0)] = 0
        mask[window] |= wide
    return mask


def inner_ink(marks: Marks, lines: Lines, seals: tuple[Seal, ...]) -> Mask:
    """A mask (0 or 255) of all within the rings of seals, but for print that runs into them. The circles are gone."""
    mask = np.zeros_like(marks.ink)
    for seal in seals:
        window, far, _ = _around(seal, mask.shape)
        within = far < seal.radius
        along_ring = _along_ring(marks, seal, window, far)
        for index in range(len(lines.segments)):
            sides = {side: _running_in(lines, marks, index, seal, side) for side in (-1, 1)}
            through = None not in sides.values()
            for side, line in sides.items():
                if line is not None:
                    _keep(within, line, marks, seal, side, window, along_ring, through=through)
        mask[window] |= np.where(within, np.uint8(255), np.uint8(0))
    return mask


def _around(seal: Seal, shape: tuple[int, ...]) -> tuple[Window, Numbers, Ints]:
    """The window of a page with a seal; how far its pixels are from the centre, and at which of the angles."""
    reach = math.ceil(seal.radius) + _FRINGE
    x, y = round(seal.x), round(seal.y)
    window = slice(max(0, y - reach), min(shape[0], y + reach)), slice(max(0, x - reach), min(shape[1], x + reach))
    down, across = np.ogrid[window]
    angle = np.arctan2(down - seal.y, across - seal.x) * (_ANGLES / (2 * math.pi))
    return window, np.hypot(across - seal.x, down - seal.y), angle.astype(int) % _ANGLES


def _along_ring(marks: Marks, seal: Seal, window: Window, far: Numbers) -> Bools:
    """Marks that stand wholly in the band of the print along the ring."""
    low, high = (share * seal.radius for share in _LETTER_BAND)
    count = len(marks.parts.area)
    inside = np.bincount(marks.parts.labels[window][(far > low) & (far < high)], minlength=count)
    found = inside >= marks.parts.area
    found[0] = False
    return np.asarray(found, dtype=bool)


def _thin(around: Mask, seal: Seal) -> Mask:
    """The ink of the circles where it is no thicker than they mostly are; see :func:`_polar`."""
    found = np.zeros_like(around)
    for first, last in seal.strokes:
        low, high = max(0, first - _FRINGE), last + _FRINGE + 1
        band = around[:, low:high] > 0
        thick = int(np.median(band.sum(axis=1))) + _FRINGE
        through = cv2.morphologyEx(around, cv2.MORPH_OPEN, np.ones((1, thick), np.uint8))[:, low:high]
        found[:, low:high] |= np.where(band & (through == 0), np.uint8(255), np.uint8(0))
    return found


def _running_in(lines: Lines, marks: Marks, index: int, seal: Seal, side: int) -> Segment | None:
    """The part of a line outside of a seal, if it is print that runs into the ring from the left (−1) or right (1)."""
    line, parts = lines.segments[index], marks.parts
    half, near = seal.half_chord(_nearest(line, seal)), WIDE_GAP * line.x_height
    if not half or line.left > seal.x + half + near or line.right < seal.x - half - near:
        return None
    middle = parts.left + parts.width / 2
    out = np.flatnonzero((lines.owner == index) & marks.letter & (side * (middle - seal.x) > half))
    if not out.size:
        return None
    line = fitted(marks, out, line.region)
    along = middle[out] - line.left
    off = np.abs(parts.bottom[out] - (line.offset + (line.slope + line.bow * along) * along))
    wide, level = parts.width[out].sum(), off <= max(1.0, _ON_X * line.x_height)
    return line if wide >= _OUTSIDE_X * line.x_height and level.mean() >= _LEVEL_SHARE else None


def _nearest(line: Segment, seal: Seal) -> float:
    """The height, between baseline and top of ``x``, at which a line comes nearest to a seal's centre."""
    base = line.baseline(min(max(seal.x, line.left), line.right))
    return min(max(seal.y, base - line.x_height), base)


def _keep(
    within: Bools,
    line: Segment,
    marks: Marks,
    seal: Seal,
    side: int,
    window: Window,
    along_ring: Bools,
    *,
    through: bool,
) -> None:
    """Take what a line has in a seal out of ``within``, a window of the page that is changed.

    It has what stands in its row from the ring up to a blank; all, where it goes on at the other side (``through``).
    """
    parts, x, end = marks.parts, line.x_height, seal.x + side * seal.half_chord(_nearest(line, seal))
    base, (top, left) = line.baseline(end), (window[0].start, window[1].start)
    head, foot = min(line.top, base - _RISE_X * x), max(line.bottom, base + _FALL_X * x)
    near = max(1.0, _ON_X * x)
    stands = (np.abs(parts.bottom - base) <= near) | (np.abs(parts.top - base + x) <= near)
    stands &= parts.height >= _TALL * x
    # An accent stands above, and several letters that touch are wider.
    strange = along_ring & ~stands & (parts.bottom > base - _TALL * x) & (parts.width < x) & (parts.height < x)
    free = np.asarray(marks.painted(np.where(strange, 0, 255).astype(np.uint8), window) > 0, dtype=bool)
    ink = np.asarray(free & (marks.ink[window] > 0), dtype=bool)
    body = np.asarray(ink[max(0, round(base - x) - top) : max(1, round(base) - top)].any(axis=0), dtype=bool)
    at = min(max(0, round(end) - left), body.size - 1)
    inward = body[at:] if side < 0 else body[at::-1]
    filled = np.append(0, np.flatnonzero(inward) + 1)
    cuts = np.flatnonzero(np.diff(filled) > _BLANK_X * min(x, marks.x_height))
    reach = int(filled[cuts[0]] if cuts.size and not through else filled[-1])
    rows = slice(max(0, round(head) - top - 1), max(1, round(foot) - top + 1))
    columns = slice(0, at + reach + 1) if side < 0 else slice(max(0, at - reach), None)
    within[rows, columns] &= ~free[rows, columns]


def without_seals(lines: Lines, marks: Marks, seals: tuple[Seal, ...]) -> Lines:
    """The lines but those that stand wholly in a seal."""
    if not seals:
        return lines
    parts = marks.parts
    x, y = parts.left + parts.width / 2, parts.top + parts.height / 2
    inside = np.any([np.hypot(x - seal.x, y - seal.y) < seal.radius for seal in seals], axis=0)
    owner, mine = lines.owner.copy(), lines.owner >= 0
    count = len(lines.segments)
    keep = (np.bincount(owner[mine & ~inside], minlength=count) > 0) | (np.bincount(owner[mine], minlength=count) == 0)
    owner[mine] = np.where(keep, np.cumsum(keep) - 1, -1)[owner[mine]]
    return Lines(tuple(line for line, kept in zip(lines.segments, keep, strict=True) if kept), owner)
