"""Sheets that lean by more than is straightened. Pure."""

from __future__ import annotations

import numpy as np

from stages.scan_quality.known import Known, Seen

_INK = 50
_RANGE_DEG = (4.5, 20.0)
_STEP_DEG = 0.75
_SURE = 0.6
_CLEARER = 1.6
_FEWEST = 1500


def skewed(known: Known) -> tuple[Seen, ...]:
    """Lines lean by more than 5°. Looked for only where deskew found no clear lean within its range."""
    posed = known.posed
    if not known.has_ink or (posed.skew_confidence >= _SURE and abs(posed.skew_deg) < _RANGE_DEG[0]):
        return ()
    angle = steep_deg(known)
    return () if angle is None else (Seen("skewed", f"khoảng {abs(angle):.0f}°"),)


def steep_deg(known: Known) -> float | None:
    """The lean beyond 5° at which the profile of the ink is much sharper than at any smaller one; None where none is."""
    rows, columns = np.nonzero(known.survey.contrast[::2, ::2] >= _INK)
    if len(rows) < _FEWEST:
        return None
    best_small, best_steep, at = 0.0, 0.0, 0.0
    flat = []
    for angle in np.arange(-_RANGE_DEG[1], _RANGE_DEG[1] + 0.01, _STEP_DEG):
        tangent = np.tan(np.radians(angle))
        energy = max(_energy(rows - columns * tangent), _energy(columns + rows * tangent))
        flat.append(energy)
        if abs(angle) <= 5.0:
            best_small = max(best_small, energy)
        elif energy > best_steep:
            best_steep, at = energy, float(angle)
    return at if best_steep > _CLEARER * max(best_small, float(np.median(flat))) else None


def _energy(places: np.typing.NDArray[np.float64]) -> float:
    profile = np.bincount((places - places.min()).astype(np.intp))
    steps = np.diff(profile.astype(np.float64))
    return float(steps @ steps)
