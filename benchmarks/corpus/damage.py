"""How much damage a scan takes: three levels, and what one scanner and one scan draw from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Level = Literal["clean", "normal", "hard"]


@dataclass(frozen=True)
class Damage:
    """Ranges that a level draws from. Shares are 0–1 of the paper's white; rates are probabilities.

    ``white``: paper level that the scanner turns into pure white (below it, paper keeps its grain);
    ``blur_mm``: sigma of the optics. ``behind``: share of the back's ink that shows through.
    ``fringe_mm``: how far the colours lie apart. ``dust``: specks per side.
    ``rough``: how ragged toner edges are, in levels. ``spread``: share by which toner creeps outwards.
    """

    skew_sd_deg: float
    skew_most_deg: float
    noise_sd: float
    shade: float
    tint: float
    blur_mm: tuple[float, float]
    behind: tuple[float, float]
    white: tuple[float, float]
    ink: tuple[float, float]
    fringe_mm: float
    rough: float
    spread: tuple[float, float]
    dust: int
    bed_rate: float
    streak_rate: float
    holes_rate: float
    staple_rate: float
    quality: tuple[int, int]


LEVELS: dict[Level, Damage] = {
    "clean": Damage(0.15, 0.4, 1.0, 0.0, 0.0, (0.02, 0.03), (0.0, 0.0), (232, 236), (8, 20), 0.0, 0.0, (0.0, 0.0), 2,
                    0.0, 0.0, 0.0, 0.0, (88, 92)),
    # Set side by side with scans of published decisions: nearly white paper, sharp toner, faint
    # traces of the back, dust, a grey edge of the scanner's bed, small skew with a long tail.
    "normal": Damage(0.9, 3.0, 5.0, 0.035, 0.025, (0.025, 0.05), (0.015, 0.06), (222, 238), (0, 40), 0.02, 45.0, (0.0, 0.45), 25,
                     0.35, 0.2, 0.15, 0.25, (75, 90)),
    "hard": Damage(1.8, 4.5, 8.0, 0.12, 0.09, (0.05, 0.085), (0.05, 0.13), (236, 252), (30, 80), 0.05, 80.0, (0.0, 0.6), 90,
                   0.6, 0.4, 0.3, 0.4, (60, 78)),
}  # fmt: skip


@dataclass(frozen=True)
class Scanner:
    """One scanner on one day: what all scans of a batch share. Tint: blue, green, red factors."""

    damage: Damage
    white: float
    ink: float
    blur_mm: float
    spread: float
    tint: tuple[float, float, float]
    bed: int
    streak_mm: float | None
    quality: int
    grey: bool = False


def scanner(rng: np.random.Generator, level: Level, *, grey: bool = False) -> Scanner:
    """Draw a scanner. ``grey``: it gives grey pictures in colour files, as photocopies look."""
    damage = LEVELS[level]
    yellow = float(rng.uniform(0, damage.tint))
    tint = (1.0 - yellow, 1.0 - yellow * 0.25, 1.0 - yellow * float(rng.uniform(0, 0.2)))
    return Scanner(
        damage=damage,
        white=float(rng.uniform(*damage.white)),
        ink=float(rng.uniform(*damage.ink)),
        blur_mm=float(rng.uniform(*damage.blur_mm)),
        spread=float(rng.uniform(*damage.spread)),
        tint=tint,
        bed=int(rng.integers(70, 190)) if rng.random() < damage.bed_rate else 255,
        streak_mm=float(rng.uniform(15, 195)) if rng.random() < damage.streak_rate else None,
        quality=int(rng.integers(damage.quality[0], damage.quality[1] + 1)),
        grey=grey,
    )


def skew_deg(rng: np.random.Generator, scan: Scanner) -> float:
    """Lean of one sheet, clockwise. A scanner that shows its bed has cropped to the sheet: little is left."""
    most = scan.damage.skew_most_deg
    spread = scan.damage.skew_sd_deg * (0.35 if scan.bed < 255 else 1.0)
    return float(np.clip(rng.normal(0, spread), -most, most))
