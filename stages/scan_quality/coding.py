"""Damage of JPEG: tables that throw nearly everything away, and data that are lost or wrong. Pure."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from stages.containers import jpeg
from stages.scan_quality.known import Known, Seen

_STANDARD = np.array(
    [16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
     87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
     72, 92, 95, 98, 112, 100, 103, 99], np.float64
)  # fmt: skip
"""Luminance table of ITU-T T.81 Annex K.1, row by row: what libjpeg calls quality 50."""
_COARSE = 40
_MID_GREY = 128
_JUMP = 10.0
_PAPER = (0.75, 0.96)
"""Shares of a row's pixels that are darker than what is looked at: paper between print, and paper of the margins."""
_STAYS = 8
"""Rows of a millimetre on both sides of a jump over which the levels stay."""
_FILLED = 0.01


@lru_cache(1)
def _sums() -> NDArray[np.float64]:
    """What the luminance table of each of libjpeg's qualities, from 1, sums up to."""
    quality = np.arange(1, 101)
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    return np.asarray(np.clip((_STANDARD * scale[:, None] + 50) // 100, 1, 255).sum(axis=1))


def jpeg_quality(table: tuple[int, ...]) -> int:
    """1–100 on libjpeg's scale of a luminance table (64 numbers, any order): the one whose table has the nearest sum."""
    return int(np.abs(_sums() - sum(table)).argmin()) + 1


def coarse_jpeg(known: Known) -> tuple[Seen, ...]:
    """Compressed so hard that small print breaks; by the file's own table."""
    if known.side.media != "image/jpeg":
        return ()
    table = jpeg.luminance_table(known.raster.encoded)
    if table is None:
        return ()
    quality = jpeg_quality(table)
    return (Seen("coarse_jpeg", f"mức {quality}/100"),) if quality < _COARSE else ()


def broken_jpeg(known: Known) -> tuple[Seen, ...]:
    """Data lost or wrong inside the file: seen in the picture first, then confirmed by the decoder.

    Decoders repair silently: what is missing becomes exact mid-grey (``broken_jpeg``), and after a wrong bit all
    levels of the rest of the page are off (``doubtful_jpeg``: a page may be printed so, and decoders complain of
    harmless things too). Only where the picture looks so is it decoded again by a decoder that complains.
    """
    if known.side.media != "image/jpeg":
        return ()
    if not suspected(known) or jpeg.decodes_cleanly(known.raster.encoded):
        return ()
    return (Seen("broken_jpeg" if _filled(known) else "doubtful_jpeg"),)


def suspected(known: Known) -> bool:
    """Whether the picture looks as if data were lost."""
    return _filled(known) or _jumps(known)


def _filled(known: Known) -> bool:
    """Whether whole stretches are what libjpeg fills in."""
    sample = known.raster.grey()[::8, ::8]
    return float((sample == _MID_GREY).mean()) >= _FILLED


def _jumps(known: Known) -> bool:
    """Whether the paper's levels change at some row, and stay so, across the whole width.

    A filled head of a table leaves the margins beside it as they are; a wrong bit does not.
    """
    sample = np.sort(known.coarse[:, ::6], axis=1)
    width = sample.shape[1]
    found = [_steps(sample[:, int(width * share)].astype(np.float64)) for share in _PAPER]
    return len(sample) >= 4 * _STAYS and bool(np.logical_and.reduce(found).any())


def _steps(rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where the levels of rows, ``(rows, channels)``, jump and stay."""
    sums = np.concatenate([np.zeros((1, 3)), np.cumsum(rows, axis=0)])
    means = (sums[_STAYS:] - sums[:-_STAYS]) / _STAYS
    step = np.abs(means[_STAYS + 2 :] - means[: -_STAYS - 2]).max(axis=1)
    abrupt = np.abs(rows[2:] - rows[:-2]).max(axis=1)[_STAYS - 1 :][: len(step)]
    return np.asarray((step >= _JUMP) & (abrupt >= 0.8 * _JUMP), dtype=np.bool_)
