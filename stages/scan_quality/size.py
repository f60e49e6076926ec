"""Size, resolution and colour against what the law asks for (rules R5 and R6). Pure."""

from __future__ import annotations

import numpy as np

from stages import ink, paper
from stages.scan_quality.known import Known, Seen

_HUGE_MM = 1300.0
"""Longer than an A0 sheet: the declared resolution cannot be true, or it is not one sheet."""
_TINY_MM = 25.0
"""Shorter than a photograph of 3 × 4 cm."""
_PATCHES = 3
_ENOUGH = 90
_SEEN_PX = 3
"""Lower letters than this, in the survey, are not measured."""


def low_dpi(known: Known) -> tuple[Seen, ...]:
    """Fewer pixels than the law asks for; drawings need more (rule R6)."""
    settings, dpi = known.settings, known.decoded.dpi
    least = settings.min_drawing_dpi if known.format.kind == "drawing" else settings.min_dpi
    return (Seen("low_dpi", f"{dpi} dpi, cần từ {least} dpi"),) if dpi < least else ()


def grey(known: Known) -> tuple[Seen, ...]:
    """No colour: the law asks for colour as the original, so a grey paper is a flag and no more.

    A blank side scanned in colour has none to show.
    """
    nothing_to_show = not known.has_ink and known.decoded.channels == 3
    return () if known.decoded.colour or nothing_to_show else (Seen("grey"),)


def size(known: Known) -> tuple[Seen, ...]:
    """Not the size of a sheet, so that the declared resolution is doubtful; or of no known paper."""
    decoded = known.decoded
    width_mm, height_mm = paper.size_mm(decoded.width_px, decoded.height_px, decoded.dpi)
    detail = f"{width_mm:.0f} × {height_mm:.0f} mm"
    found = []
    if known.format.kind == "other":
        found.append(Seen("odd_size", detail))
    if max(width_mm, height_mm) > _HUGE_MM:
        found.append(Seen("huge", detail))
    if min(width_mm, height_mm) < _TINY_MM:
        found.append(Seen("tiny", detail))
    return tuple(found)


def dpi_guessed(known: Known) -> tuple[Seen, ...]:
    """The file does not say its resolution, and no known paper tells it."""
    return (Seen("dpi_guessed", f"{known.decoded.dpi} dpi"),) if known.side.dpi_source == "assumed" else ()


def letter_height_mm(known: Known) -> float | None:
    """Median height of the marks that may be small letters, each counted by its width; None for few."""
    heights, widths = [], []
    for patch in known.printed.contrast[:_PATCHES]:
        marks = ink.components(patch >= 50)
        letters = (marks.area >= 6) & (marks.width < 3 * marks.height) & (marks.height < 4 * marks.width)
        letters &= marks.height >= _SEEN_PX
        letters[0] = False
        heights.append(marks.height[letters])
        widths.append(marks.width[letters])
    tall = np.concatenate(heights) if heights else np.zeros(0)
    if len(tall) < _ENOUGH:
        return None
    weight = np.concatenate(widths)
    order = np.argsort(tall)
    running = np.cumsum(weight[order])
    return float(tall[order[np.searchsorted(running, running[-1] / 2)]]) / known.mm_px
