"""Boxes and affine maps. Pixels of the scanned image, origin top left, y downwards."""

from __future__ import annotations

import math
from typing import NamedTuple


class Box(NamedTuple):
    """An axis-aligned rectangle in pixels; ``right`` and ``bottom`` are exclusive."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def union(self, other: Box) -> Box:
        """The smallest box that holds both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


class Affine(NamedTuple):
    """The map ``x' = a·x + b·y + c``, ``y' = d·x + e·y + f``."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    @classmethod
    def rotation(cls, angle_deg: float, centre: tuple[float, float], to: tuple[float, float]) -> Affine:
        """Turn by ``angle_deg`` clockwise (as seen, y downwards) about ``centre``, which lands on ``to``."""
        t = math.radians(angle_deg)
        cos, sin = math.cos(t), math.sin(t)
        cx, cy = centre
        return cls(cos, -sin, to[0] - cos * cx + sin * cy, sin, cos, to[1] - sin * cx - cos * cy)

    def then(self, after: Affine) -> Affine:
        """The map that does this one first and ``after`` second."""
        return Affine(
            after.a * self.a + after.b * self.d,
            after.a * self.b + after.b * self.e,
            after.a * self.c + after.b * self.f + after.c,
            after.d * self.a + after.e * self.d,
            after.d * self.b + after.e * self.e,
            after.d * self.c + after.e * self.f + after.f,
        )

    def inverse(self) -> Affine:
        """The map back. Raises ``ZeroDivisionError`` on a map that flattens the plane."""
        det = self.a * self.e - self.b * self.d
        a, b, d, e = self.e / det, -self.b / det, -self.d / det, self.a / det
        return Affine(a, b, -(a * self.c + b * self.f), d, e, -(d * self.c + e * self.f))

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point goes."""
        return self.a * x + self.b * y + self.c, self.d * x + self.e * y + self.f

    def hull(self, box: Box) -> Box:
        """The axis-aligned box around the mapped box."""
        corners = [self.point(x, y) for x in (box.left, box.right) for y in (box.top, box.bottom)]
        xs, ys = [c[0] for c in corners], [c[1] for c in corners]
        return Box(min(xs), min(ys), max(xs), max(ys))
