"""Hard sides: backs of sheets that are empty but dirty, or hold a little pale ink; and what is printed before them.

A side is drawn from a seed and a number, so that one case can be made again by itself. Its front is scanned only when
somebody asks: most backs need none.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from typing import Literal

import cv2
import numpy as np

from benchmarks.corpus import dirt, forms, letters, tables
from benchmarks.corpus.faint import INKS
from benchmarks.corpus.fonts import SERIF, Fonts
from benchmarks.corpus.office import Order
from benchmarks.corpus.page import A4, Grey, Page
from benchmarks.corpus.scan import put

Colour = dirt.Colour
PAPERS: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "white": ((238, 238, 238), (252, 252, 252)),
    "grey": ((205, 208, 210), (228, 230, 232)),
    "yellowed": ((165, 205, 218), (210, 232, 240)),
    "pink": ((205, 190, 228), (225, 212, 246)),
    "green": ((190, 222, 195), (215, 240, 218)),
    "blue": ((228, 212, 190), (246, 230, 212)),
    "yellow": ((120, 222, 235), (160, 240, 250)),
    "brown": ((130, 168, 190), (165, 195, 212)),
}
"""From the darkest to the lightest: blue, green, red."""
_PAPER_ODDS = (0.42, 0.1, 0.14, 0.07, 0.08, 0.07, 0.06, 0.06)
SCANNER_TROUBLES = ("streak", "light_streak", "dust", "bed", "moire", "grain", "shade", "show_through", "clean")
_COMMON = tuple(name for name in (*dirt.TROUBLES, *SCANNER_TROUBLES) if name not in ("hair", "guilloche"))
"""What comes on top of a side's own trouble."""
_FRONTS = 12
"""Different printed fronts."""


@dataclass(frozen=True)
class Draw:
    """What is fixed for one side before a pixel of it is drawn. ``behind``: share of the front's ink that shines through."""

    seed: int
    number: int
    truth: Literal["blank", "ink"]
    kinds: tuple[str, ...]
    ink: str | None
    dpi: int
    quality: int
    grey: bool
    paper: str
    behind: float
    front: int

    @property
    def name(self) -> str:
        """What the table counts it under: the ink, or the first trouble."""
        return self.ink or self.kinds[0]

    def rng(self, part: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, self.number, part])


def draw(seed: int, number: int) -> Draw:
    """Sides take turns: an even number is blank but dirty, an odd one holds a little ink; every kind in turn."""
    rng = np.random.default_rng([seed, number, 0])
    half = number // 2
    names = (*dirt.TROUBLES, *SCANNER_TROUBLES, "show_through", "show_through")
    # Two sheets in three are worn by more than their own trouble.
    more = [str(name) for name in rng.choice(_COMMON, int(rng.integers(0, 3)), replace=False)]
    blank = number % 2 == 0
    kinds = [names[half % len(names)], *more] if blank else more
    behind = float(rng.uniform(0.0, 0.02))
    if "show_through" in kinds:
        behind = float(rng.choice([rng.uniform(0.03, 0.08), rng.uniform(0.06, 0.14), rng.uniform(0.12, 0.2)]))
    return Draw(
        seed=seed,
        number=number,
        truth="blank" if blank else "ink",
        kinds=tuple(dict.fromkeys(kinds)),
        ink=None if blank else tuple(INKS)[half % len(INKS)],
        dpi=int(rng.choice([150, 200, 300], p=[0.5, 0.36, 0.14])),
        quality=int(rng.integers(60, 91)),
        grey=bool(rng.random() < 0.25),
        paper=str(rng.choice(list(PAPERS), p=_PAPER_ODDS)),
        behind=behind,
        front=int(rng.integers(_FRONTS)),
    )


@dataclass
class HardSide:
    """A drawn side: its JPEG, and on demand that of its front, scanned in the same pass."""

    draw: Draw
    _base: tuple[int, int, int] = field(init=False)

    def __post_init__(self) -> None:
        low, high = (np.array(end) for end in PAPERS[self.draw.paper])
        share = self.draw.rng(1).random()
        self._base = tuple(int(v) for v in low + (high - low) * share)  # type: ignore[assignment]

    def back(self) -> bytes:
        """JPEG of the side itself."""
        case = self.draw
        sheet = self._sheet()
        rng = case.rng(2)
        mm = case.dpi / 25.4
        for kind in case.kinds:
            if kind in ("guilloche", "ruling", "fibres"):
                dirt.TROUBLES[kind](sheet, mm, rng)
        if case.ink is not None:
            page = Page(A4, case.dpi, Fonts("liberation"), case.rng(3), "blank")
            INKS[case.ink](page)
            for mark in page.marks:
                put(sheet, mark)
        if case.behind > 0.004:
            _shine_through(sheet, front_of(case.front, case.dpi), case.behind, mm, rng)
        for kind in case.kinds:
            if kind in dirt.TROUBLES and kind not in ("guilloche", "ruling", "fibres"):
                dirt.TROUBLES[kind](sheet, mm, case.rng(_piercing(kind)) if kind in dirt.PIERCING else rng)
        return _scanned(sheet, self._base, replace(case), rng, mirrored_skew=True)

    def front(self) -> bytes:
        """JPEG of what is printed before it; holes and staples go through."""
        case = self.draw
        sheet = self._sheet()
        sheet = np.asarray(cv2.multiply(sheet, front_of(case.front, case.dpi), scale=1 / 255), dtype=np.uint8)
        looked_through = np.ascontiguousarray(sheet[:, ::-1])
        for kind in case.kinds:
            if kind in dirt.PIERCING:
                dirt.PIERCING[kind](looked_through, case.dpi / 25.4, case.rng(_piercing(kind)))
        sheet = np.ascontiguousarray(looked_through[:, ::-1])
        kinds = tuple(kind for kind in case.kinds if kind in ("grain", "shade", "bed", "moire"))
        return _scanned(sheet, self._base, replace(case, kinds=kinds), case.rng(4), mirrored_skew=False)

    def _sheet(self) -> Colour:
        height, width = round(A4.height_mm * self.draw.dpi / 25.4), round(A4.width_mm * self.draw.dpi / 25.4)
        row = np.tile(np.array(self._base, np.uint8), width)
        return np.tile(row, (height, 1)).reshape(height, width, 3)


def _piercing(kind: str) -> int:
    """The part of a draw that both sides of the sheet share."""
    return 10 + tuple(dirt.PIERCING).index(kind)


def front_of(number: int, dpi: int) -> Colour:
    """A printed side on perfectly white paper, portrait: what it leaves of the light, BGR."""
    at_200 = _print(number)
    if dpi == 200:
        return at_200
    size = (round(A4.width_mm * dpi / 25.4), round(A4.height_mm * dpi / 25.4))
    return np.asarray(cv2.resize(at_200, size, interpolation=cv2.INTER_AREA if dpi < 200 else cv2.INTER_LINEAR))


@functools.lru_cache(maxsize=_FRONTS)
def _print(number: int) -> Colour:
    rng = np.random.default_rng([71, number])
    order = Order(rng, 200, SERIF[number % 3], pages=2, hand=number % 2 == 0, landscape=False)
    kinds = (letters.decision, letters.letter, forms.declaration, tables.table, forms.birth_certificate)
    pages = kinds[number % 5](order).pages
    page = pages[number // 5 % len(pages)]
    ink = cv2.convertScaleAbs(np.asarray(page.image), alpha=0.92, beta=20)
    sheet = np.asarray(cv2.merge([ink, ink, ink]), dtype=np.uint8)
    for mark in page.marks:
        put(sheet, mark)
    if sheet.shape[1] > sheet.shape[0]:
        sheet = np.asarray(cv2.rotate(sheet, cv2.ROTATE_90_CLOCKWISE), dtype=np.uint8)
    size = (round(A4.width_mm * 200 / 25.4), round(A4.height_mm * 200 / 25.4))
    return np.asarray(cv2.resize(sheet, size), dtype=np.uint8)


def _shine_through(sheet: Colour, front: Colour, share: float, mm: float, rng: np.random.Generator) -> None:
    """The front's ink takes light from the back: mirrored, spread in the paper, unevenly, paper being cloudy."""
    height, width = sheet.shape[:2]
    half = cv2.resize(255 - front, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    spread = cv2.GaussianBlur(cv2.flip(half, 1), (0, 0), max(0.5, float(rng.uniform(0.08, 0.22)) * mm / 2))
    cloud = cv2.resize(rng.uniform(0.75, 1.15, (30, 21)).astype(np.float32), (width // 2, height // 2))
    lost = cv2.multiply(spread, cv2.merge([cloud] * 3), scale=share, dtype=cv2.CV_8U)
    cv2.multiply(sheet, 255 - cv2.resize(lost, (width, height)), dst=sheet, scale=1 / 255)


def _scanned(
    sheet: Colour, base: tuple[int, int, int], case: Draw, rng: np.random.Generator, *, mirrored_skew: bool
) -> bytes:
    """Geometry, light, glass, sensor, curve, JPEG."""
    mm = case.dpi / 25.4
    pass_rng = case.rng(5)
    lean, shift = float(pass_rng.normal(0, 0.8)), pass_rng.normal(0, 1.0, 2) * mm
    if mirrored_skew:
        # Both sides go through at once; the second camera sits a little off the first.
        lean, shift[0] = -lean, -shift[0]
    lean += float(rng.normal(0, 0.25 if rng.random() < 0.7 else 1.0))
    shift = shift + rng.normal(0, 0.7, 2) * mm
    bed = int(rng.integers(20, 190)) if "bed" in case.kinds or rng.random() < 0.15 else 0
    height, width = sheet.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -lean, 1.0)
    matrix[:, 2] = matrix[:, 2] + shift
    edge = (bed, bed, bed) if bed else base
    seen = np.asarray(cv2.warpAffine(sheet, matrix, (width, height), borderValue=edge), dtype=np.uint8)
    blur = float(rng.uniform(0.02, 0.06)) * mm
    seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), max(0.3, blur)), dtype=np.uint8)
    _light(seen, case, rng)
    _glass(seen, case, mm, rng)
    noise = float(rng.uniform(6, 13) if "grain" in case.kinds else rng.uniform(0.8, 4.5))
    seen = _sensor(seen, noise, rng)
    if rng.random() < 0.45:
        # The scanner's own white point: paper turns nearly white, and what is pale with it gets paler.
        level = np.arange(256, dtype=np.float32)
        top = min(250.0, max(base) * float(rng.uniform(0.97, 1.03)))
        table = np.clip(np.round((level - 12) * 250 / (top - 12)), 0, 255).astype(np.uint8)
        seen = np.asarray(cv2.LUT(seen, table), dtype=np.uint8)
    if case.grey:
        seen = np.asarray(cv2.cvtColor(seen, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    return bytes(cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, case.quality])[1])


def _light(seen: Colour, case: Draw, rng: np.random.Generator) -> None:
    """Uneven lamps, and the beat of a screen with the sensor's lines."""
    height, width = seen.shape[:2]
    fall = float(rng.uniform(0.05, 0.25) if "shade" in case.kinds else rng.uniform(0, 0.05))
    coarse = cv2.resize(
        rng.uniform(1 - fall, 1, (4, 3)).astype(np.float32), (width // 8, height // 8), interpolation=cv2.INTER_CUBIC
    )
    if "moire" not in case.kinds:
        lamp = cv2.convertScaleAbs(coarse, alpha=255)
        cv2.multiply(seen, cv2.resize(cv2.merge([lamp] * 3), (width, height)), dst=seen, scale=1 / 255)
        return
    period, turn = float(rng.uniform(2.2, 9.0)), float(rng.uniform(0, np.pi))
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    across, down = 2 * np.pi / period * np.cos(turn) * x, 2 * np.pi / period * np.sin(turn) * y
    # sin(a + b) from four short tables, not a million sines.
    wave = np.outer(np.cos(down), np.sin(across)) + np.outer(np.sin(down), np.cos(across))
    beat = 1 - float(rng.uniform(0.01, 0.035)) * wave.astype(np.float32)
    shade = cv2.convertScaleAbs(cv2.resize(coarse, (width, height)) * beat, alpha=255)
    cv2.multiply(seen, cv2.merge([shade] * 3), dst=seen, scale=1 / 255)


def _glass(seen: Colour, case: Draw, mm: float, rng: np.random.Generator) -> None:
    """Streaks of a sheet feeder, which never lean and have no end, and specks."""
    height, width = seen.shape[:2]
    for light in (False, True):
        if ("light_streak" if light else "streak") not in case.kinds:
            continue
        for _ in range(int(rng.integers(1, 4))):
            x, wide = int(rng.integers(5, width - 5)), max(1, round(float(rng.uniform(0.08, 0.5)) * mm))
            share = float(rng.uniform(0.03, 0.6)) * (-0.4 if light else 1.0)
            tone = ((1.0, 1.0, 1.0), (1.0, 0.4, 0.1), (0.1, 0.6, 1.0))[int(rng.integers(3))]
            dirt.darken(seen, np.full((height, wide), share, np.float32), tone, x, 0)
    specks = int(rng.integers(40, 160)) if "dust" in case.kinds else int(rng.poisson(6))
    for _ in range(specks):
        centre = (int(rng.integers(width) * 16), int(rng.integers(height) * 16))
        dark = int(rng.integers(30, 200))
        cv2.circle(seen, centre, round(float(rng.gamma(2.0, 0.05)) * mm * 16), (dark, dark, dark), -1, cv2.LINE_AA, 4)


@functools.lru_cache(maxsize=1)
def _noise() -> tuple[Grey, ...]:
    """Grain that is drawn once: one independent, one that hangs together over two pixels."""
    rng = np.random.default_rng(5)
    raw = rng.standard_normal((1400, 1400)).astype(np.float32)
    soft = cv2.GaussianBlur(raw, (0, 0), 0.9)
    return tuple((np.clip(f / f.std() * 32, -127, 127).astype(np.int8)).view(np.uint8) for f in (raw, soft))


def _sensor(seen: Colour, noise_sd: float, rng: np.random.Generator) -> Colour:
    height, width = seen.shape[:2]
    tile = _noise()[int(rng.integers(2))].view(np.int8)
    tile = np.roll(tile, (int(rng.integers(1400)), int(rng.integers(1400))), (0, 1))
    tile = np.tile(tile, (-(-height // 1400), -(-width // 1400)))[:height, :width]
    grain = cv2.merge([(tile.view(np.uint8) ^ 128)] * 3)
    share = noise_sd / 32
    return np.asarray(cv2.addWeighted(seen, 1.0, grain, share, -128 * share), dtype=np.uint8)
