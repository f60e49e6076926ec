"""The faces of training pages: Times-like, Arial-like, typewriter; letters that one lacks come from another."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from fontTools.ttLib import TTFont
from PIL import ImageFont

from benchmarks.corpus.fonts import ARIMO, LIBERATION, TERMES, TINOS, TITLE, Style
from models.errors import OperatorError

_TRUETYPE = "/usr/share/fonts/truetype"
_GYRE = "/usr/share/texmf/fonts/opentype/public/tex-gyre"
_DEJAVU_SANS = {"regular": "", "bold": "-Bold", "italic": "-Oblique", "bolditalic": "-BoldOblique"}
_DEJAVU = {"regular": "", "bold": "-Bold", "italic": "-Italic", "bolditalic": "-BoldItalic"}
_LOWER = {style: style for style in TITLE}

_FACES: dict[str, tuple[str, dict[str, str], float]] = {
    "Liberation Serif": (LIBERATION, TITLE, 0.29),
    "Tinos": (TINOS, TITLE, 0.20),
    "Termes": (TERMES, _LOWER, 0.24),
    "Liberation Sans": (f"{_TRUETYPE}/liberation2/LiberationSans-{{}}.ttf", TITLE, 0.05),
    "Arimo": (ARIMO, TITLE, 0.04),
    "Heros": (f"{_GYRE}/texgyreheros-{{}}.otf", _LOWER, 0.04),
    "Heros Cn": (f"{_GYRE}/texgyreheroscn-{{}}.otf", _LOWER, 0.015),
    "Liberation Mono": (f"{_TRUETYPE}/liberation2/LiberationMono-{{}}.ttf", TITLE, 0.025),
    "Cousine": (f"{_TRUETYPE}/croscore/Cousine-{{}}.ttf", TITLE, 0.02),
    "Cursor": (f"{_GYRE}/texgyrecursor-{{}}.otf", _LOWER, 0.025),
    "DejaVu Serif": (f"{_TRUETYPE}/dejavu/DejaVuSerif{{}}.ttf", _DEJAVU, 0.02),
    "DejaVu Sans": (f"{_TRUETYPE}/dejavu/DejaVuSans{{}}.ttf", _DEJAVU_SANS, 0.015),
    "Serif Condensed": (f"{_TRUETYPE}/dejavu/DejaVuSerifCondensed{{}}.ttf", _DEJAVU, 0.02),
}
"""Pattern of the file, its styles, and the share of pages."""
_OTHERS = ("Liberation Serif", "DejaVu Sans")


@cache
def _known(path: str) -> frozenset[int]:
    """The characters of a font file."""
    if not Path(path).exists():
        raise OperatorError(
            "font_missing", f"{path} is not there: install fonts-liberation2, -croscore, -texgyre, -dejavu"
        )
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


@cache
def _loaded(path: str, size_px: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size_px, layout_engine=ImageFont.Layout.BASIC)


class Faces:
    """The faces of one page. Raises ``OperatorError("font_missing")`` naming the packages."""

    def __init__(self, family: str) -> None:
        self.family = family

    @classmethod
    def some(cls, rng: np.random.Generator) -> Faces:
        """A family, as often as papers have it."""
        shares = np.array([face[2] for face in _FACES.values()])
        return cls(list(_FACES)[int(rng.choice(len(shares), p=shares / shares.sum()))])

    def pieces(self, text: str, style: Style, size_px: float) -> list[tuple[str, ImageFont.FreeTypeFont]]:
        """``text`` in parts of one font each; a sign that no face has is left out."""
        size = round(size_px * 4) / 4
        own = _path(self.family, style)
        if all(ord(letter) in _known(own) for letter in text):
            return [(text, _loaded(own, size))]
        found: list[tuple[str, ImageFont.FreeTypeFont]] = []
        for letter in text:
            paths = (own, *(_path(family, style) for family in _OTHERS))
            path = next((path for path in paths if ord(letter) in _known(path)), None)
            if path is not None:
                found.append((letter, _loaded(path, size)))
        return found


def _path(family: str, style: Style) -> str:
    pattern, styles, _ = _FACES[family]
    return pattern.format(styles[style])
