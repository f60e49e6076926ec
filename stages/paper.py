"""Known paper sizes, and the resolution that a scan of them must have. Pure."""

from __future__ import annotations

MM_PER_INCH = 25.4
TOLERANCE = 0.02
"""A scan is a known paper when both sides are within 2 % (rule R5)."""
ASSUMED_DPI = 300
"""What office scanners are set to; the last resort."""

PAPERS: dict[str, tuple[float, float]] = {
    "A0": (841.0, 1189.0),
    "A1": (594.0, 841.0),
    "A2": (420.0, 594.0),
    "A3": (297.0, 420.0),
    "A4": (210.0, 297.0),
    "A5": (148.0, 210.0),
    "A6": (105.0, 148.0),
    "B4": (250.0, 353.0),
    "B5": (176.0, 250.0),
    "Letter": (215.9, 279.4),
    "Legal": (215.9, 355.6),
    "F4": (210.0, 330.0),
    "ID-1": (53.98, 85.6),
    "ID-3": (88.0, 125.0),
}
"""Short and long side in mm. ISO 216; ANSI; F4 is the folio of older offices; ISO/IEC 7810 for cards
(ID-1: citizen's card) and passport pages (ID-3)."""

_USUAL_DPI = (300, 200, 600, 400, 150, 240, 100)
"""Scanner settings, most usual first: which one makes the pixels a known paper?"""
_USUAL_PAPERS = ("A4", "A3", "A5")
"""Papers that the pixels alone may be taken for; with more of them everything fits something."""


def size_mm(width_px: int, height_px: int, dpi: float) -> tuple[float, float]:
    """Size on paper, to 0.1 mm."""
    return round(width_px / dpi * MM_PER_INCH, 1), round(height_px / dpi * MM_PER_INCH, 1)


def paper_name(width_mm: float, height_mm: float) -> str:
    """Name of the known paper of this size in either orientation, the closest one, or ``other``."""
    short, long = sorted((width_mm, height_mm))
    misfits = {name: max(abs(short / sides[0] - 1.0), abs(long / sides[1] - 1.0)) for name, sides in PAPERS.items()}
    best = min(misfits, key=lambda name: misfits[name])
    return best if misfits[best] <= TOLERANCE else "other"


def dpi_from_paper(width_px: int, height_px: int) -> int | None:
    """The usual scanner resolution at which these pixels are A4, A3 or A5; None where none fits."""
    for dpi in _USUAL_DPI:
        if paper_name(*size_mm(width_px, height_px, dpi)) in _USUAL_PAPERS:
            return dpi
    return None
