"""What printing, copying and scanning do to a page, fast enough for a million lines. Pure, given the stream."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus.page import Grey
from benchmarks.corpus.scan import put
from benchmarks.recogniser.sheet import Sheet
from models.geometry import Affine
from models.ports import Pixels

_GRAIN_PX = 1024


@dataclass(frozen=True)
class Scan:
    """``pixels``: grey or BGR as the engine gets it. ``placed``: map of the printed page into it."""

    pixels: Pixels
    dpi: int
    placed: Affine


class Scanner:
    """Scans pages one after the other; the one before shows through the next."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        # Noise is drawn once and shifted about: drawing it anew takes longer than all else.
        self._grain = rng.standard_normal((_GRAIN_PX, _GRAIN_PX), dtype=np.float32)
        self._behind: Grey | None = None

    def scan(self, sheet: Sheet) -> Scan:
        """The page as a scanner sees it; a fifth of the pages stay nearly clean."""
        rng = self._rng
        hard = float(rng.beta(1.3, 1.6))
        ink: Grey = np.asarray(cv2.bitwise_not(np.asarray(sheet.image)), dtype=np.uint8)
        height, width = ink.shape
        toner = self._toner(ink, hard)
        paper = int(rng.uniform(225, 250))
        black = int(rng.uniform(5, 30 + 60 * hard))
        light = cv2.LUT(toner, np.round(np.linspace(paper, black, 256)).astype(np.uint8))
        if self._behind is not None and rng.random() < 0.5:
            light = cv2.subtract(light, self._through(width, height, float(rng.uniform(0.01, 0.04 + 0.16 * hard))))
        self._behind = ink
        grey = rng.random() < 0.25
        coloured = bool(sheet.marks) and not grey
        page = np.asarray(cv2.cvtColor(light, cv2.COLOR_GRAY2BGR) if coloured else light, dtype=np.uint8)
        for mark in sheet.marks:
            put(page, mark)
        placed = self._place(width, height)
        matrix = np.array([[placed.a, placed.b, placed.c], [placed.d, placed.e, placed.f]], np.float64)
        page = np.asarray(cv2.warpAffine(page, matrix, (width, height), flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)  # fmt: skip
        page = self._seen(page, sheet.dpi, hard, paper)
        return Scan(self._coded(page, hard), sheet.dpi, placed)

    def _toner(self, ink: Grey, hard: float) -> Grey:
        """Strokes fatter or thinner, with ragged edges, and here and there broken up."""
        rng = self._rng
        roll = rng.random()
        three = np.ones((3, 3), np.uint8)
        if roll < 0.45:
            fat = cv2.convertScaleAbs(cv2.dilate(ink, three), alpha=float(rng.uniform(0.05, 0.25 + 0.5 * hard)))
            ink = np.asarray(cv2.max(ink, fat), dtype=np.uint8)
        elif roll < 0.62:
            thin = cv2.erode(ink, np.ones((2, 2), np.uint8))
            share = float(rng.uniform(0.1, 0.3 + 0.4 * hard))
            ink = np.asarray(cv2.addWeighted(ink, 1 - share, thin, share, 0), dtype=np.uint8)
        inked = (ink > 8).astype(np.uint8)
        if rng.random() < 0.8:
            rough = self._noise(ink.shape, float(rng.uniform(0.6, 1.6)), float(rng.uniform(10, 40 + 70 * hard)))
            ink = np.asarray(cv2.add(ink, rough, dst=ink.copy(), mask=inked, dtype=cv2.CV_8U), dtype=np.uint8)
        if rng.random() < 0.12 + 0.25 * hard:
            # Dry toner: holes where a slow noise and a quick one are both high.
            slow = self._noise(ink.shape, 14.0, 60.0)
            quick = self._noise(ink.shape, 1.0, 70.0)
            holes = cv2.max(cv2.add(slow, quick), np.zeros(1))
            ink = np.asarray(cv2.subtract(ink, holes, dtype=cv2.CV_8U), dtype=np.uint8)
        if rng.random() < 0.6:
            uneven = cv2.resize(rng.uniform(1 - 0.4 * hard, 1.0, (24, 17)).astype(np.float32), ink.shape[::-1])
            ink = np.asarray(cv2.multiply(ink, uneven, dtype=cv2.CV_8U), dtype=np.uint8)
        return ink

    def _noise(self, shape: tuple[int, ...], grain_px: float, levels: float) -> NDArray[np.int16]:
        """Noise of a grain size; ``levels``: its standard deviation."""
        rng = self._rng
        height, width = shape[0], shape[1]
        rows, columns = int(height / grain_px) + 2, int(width / grain_px) + 2
        top, left = (int(rng.integers(_GRAIN_PX)) for _ in range(2))
        tile = np.roll(self._grain, (top, left), axis=(0, 1))
        tile = np.round(tile * levels).astype(np.int16)
        if rng.random() < 0.5:
            tile = tile[:, ::-1]
        times = (-(-rows // _GRAIN_PX), -(-columns // _GRAIN_PX))
        noise = np.tile(tile, times)[:rows, :columns]
        if grain_px != 1.0:
            noise = np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_LINEAR))
        return np.ascontiguousarray(noise[:height, :width])

    def _through(self, width: int, height: int, share: float) -> Grey:
        assert self._behind is not None
        back = cv2.resize(cv2.flip(self._behind, 1), (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        back = cv2.GaussianBlur(back, (0, 0), float(self._rng.uniform(0.7, 2.0)))
        return np.asarray(cv2.resize(cv2.convertScaleAbs(back, alpha=share), (width, height)), dtype=np.uint8)

    def _place(self, width: int, height: int) -> Affine:
        """The lean that straightening leaves, a shift by parts of a pixel, and slightly wider or narrower print."""
        rng = self._rng
        angle = float(np.clip(rng.normal(0, 0.12), -0.45, 0.45))
        turn = Affine.rotation(angle, (width / 2, height / 2),
                               (width / 2 + float(rng.uniform(-3, 3)), height / 2 + float(rng.uniform(-3, 3))))  # fmt: skip
        wide = float(rng.uniform(0.95, 1.03))
        return Affine(turn.a * wide, turn.b, turn.c + width * (1 - wide) / 2, turn.d * wide, turn.e, turn.f)

    def _seen(self, page: Pixels, dpi: int, hard: float, paper: int) -> Pixels:
        """Optics, uneven light, sensor noise, the scanner's sharpening and its curve."""
        rng = self._rng
        mm = dpi / 25.4
        sigma = float(rng.uniform(0.02, 0.05 + 0.05 * hard)) * mm
        page = np.asarray(cv2.GaussianBlur(page, (0, 0), max(0.25, sigma)), dtype=np.uint8)
        if rng.random() < 0.4:
            shade = rng.uniform(1.0 - 0.03 - 0.3 * hard * hard, 1.0, (4, 3))
            lamp = cv2.resize((shade * 255).astype(np.uint8), page.shape[1::-1], interpolation=cv2.INTER_CUBIC)
            if page.ndim == 3:
                lamp = cv2.cvtColor(lamp, cv2.COLOR_GRAY2BGR)
            page = np.asarray(cv2.multiply(page, lamp, scale=1 / 255), dtype=np.uint8)
        if rng.random() < 0.4:
            blurred = cv2.GaussianBlur(page, (0, 0), float(rng.uniform(0.8, 1.6)))
            much = float(rng.uniform(0.3, 1.5))
            page = np.asarray(cv2.addWeighted(page, 1 + much, blurred, -much, 0), dtype=np.uint8)
        noise = self._noise(page.shape, float(rng.choice((1.0, 1.5))), float(rng.uniform(0.5, 4 + 12 * hard)))
        noise = np.asarray(cv2.merge([noise] * 3)) if page.ndim == 3 else noise
        page = np.asarray(cv2.add(page, noise, dtype=cv2.CV_8U), dtype=np.uint8)
        if rng.random() < 0.7:
            white = paper - float(rng.uniform(2, 25))
            dark = float(rng.uniform(0, 40))
            curve = (np.arange(256) - dark) * 255 / (white - dark)
            page = np.asarray(cv2.LUT(page, np.clip(np.round(curve), 0, 255).astype(np.uint8)), dtype=np.uint8)
        for _ in range(int(rng.poisson(10 + 60 * hard))):
            centre = (int(rng.integers(page.shape[1])), int(rng.integers(page.shape[0])))
            dark = float(rng.integers(20, 180))
            cv2.circle(page, centre, int(rng.random() * 0.25 * mm), (dark, dark, dark), -1, cv2.LINE_AA)
        return page

    def _coded(self, page: Pixels, hard: float) -> Pixels:
        """In black and white now and then; then as JPEG."""
        rng = self._rng
        if rng.random() < 0.1:
            grey = np.asarray(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY) if page.ndim == 3 else page, dtype=np.uint8)
            level = float(rng.uniform(110, 190))
            page = np.asarray(cv2.threshold(grey, level, 255, cv2.THRESH_BINARY)[1], dtype=np.uint8)
        quality = int(rng.integers(70 - int(40 * hard), 96))
        coded = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_UNCHANGED), dtype=np.uint8)
