"""Light: print washed out, pictures too dark, the lid open, print of the back between the lines. Pure."""

from __future__ import annotations

import cv2
import numpy as np

from stages.scan_quality.known import Known, Seen
from stages.scan_quality.levels import percentile

_DARK_PAPER = 118
"""Paper whose lightest channel is below this is not paper as it looks: kraft is 170, pink 200."""
_WHITE = 252
_PALE = 0.30
"""Contrast of the darkest print, 0–1. Pencil is 0.5, thermal print 0.4."""
_LEAST_PX = 32
_PATCHES = 3
_BLACK_LID = 70
_MUCH_LID = 0.25
_SHINES = (14, 50)
"""Contrast of print that shines through, of 255: more than grain, less than print."""
_DISTURBING = 0.03


def ink_contrast(known: Known) -> float | None:
    """How dark the darkest print is against its paper, 0–1; None where there is no print to measure."""
    shares = []
    for patch in known.printed.grey[:_PATCHES]:
        dark, light = percentile(patch, 0.01), percentile(patch, 0.8)
        shares.append((light - dark) / max(light, 1.0))
    return max(shares) if shares else None


def washed_out(known: Known) -> tuple[Seen, ...]:
    """Print so pale that little more light would have lost it. On a doubtful side only where the paper is burnt out:
    else it is print that shines through."""
    burnt = percentile(known.light[:, :, 0].copy(), 0.5) >= _WHITE
    if not known.has_ink and not (known.blank.verdict == "unsure" and burnt):
        return ()
    contrast = ink_contrast(known)
    return (Seen("washed_out", f"{contrast:.0%}"),) if contrast is not None and contrast < _PALE else ()


def too_dark(known: Known) -> tuple[Seen, ...]:
    """Under-exposed: nowhere is there light paper, not even as much as a card on the glass."""
    blue, green, red = cv2.split(known.light)
    level = percentile(np.asarray(cv2.max(cv2.max(blue, green), red), dtype=np.uint8), 0.97)
    if level >= _DARK_PAPER or known.format.kind in ("photo", "card"):
        return ()
    return (Seen("too_dark", f"{level / 255:.0%}"),)


def dark_lid(known: Known) -> tuple[Seen, ...]:
    """Much black around the sheet: the lid was open. No harm, but the copy prints badly."""
    share = known.format.around_share
    return (Seen("dark_lid"),) if share >= _MUCH_LID and known.format.around_level < _BLACK_LID else ()


def show_through_share(known: Known) -> float:
    """Share of the paper without print on which something pale shines through."""
    contrast = known.survey.contrast
    if min(contrast.shape) < _LEAST_PX:
        return 0.0
    half = (contrast.shape[1] // 2, contrast.shape[0] // 2)
    smooth = np.asarray(cv2.resize(contrast, half, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    printed = (smooth >= _SHINES[1]).astype(np.uint8)
    bare = np.asarray(1 - cv2.dilate(printed, np.ones((5, 5), np.uint8)), dtype=np.uint8)
    paper = cv2.countNonZero(bare)
    if paper < bare.size / 4:
        return 0.0
    usual, most = percentile(smooth, 0.3, bare), percentile(smooth, 0.7, bare)
    pale = (smooth >= usual + _SHINES[0] + 2 * (most - usual)).astype(np.uint8) & bare
    return cv2.countNonZero(pale) / paper


def show_through(known: Known) -> tuple[Seen, ...]:
    """Print of the other side between the lines, on much of the page."""
    share = show_through_share(known)
    return (Seen("show_through", f"{share:.0%}"),) if share >= _DISTURBING else ()
