"""The Times-like fonts of the generated papers, from Debian packages that hold every Vietnamese letter."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PIL import ImageFont

from models.errors import OperatorError

Style = Literal["regular", "bold", "italic", "bolditalic"]
Family = Literal["termes", "tinos", "liberation", "sans"]

TERMES = "/usr/share/texmf/fonts/opentype/public/tex-gyre/texgyretermes-{}.otf"
TINOS = "/usr/share/fonts/truetype/croscore/Tinos-{}.ttf"
LIBERATION = "/usr/share/fonts/truetype/liberation2/LiberationSerif-{}.ttf"
ARIMO = "/usr/share/fonts/truetype/croscore/Arimo-{}.ttf"

TITLE = {"regular": "Regular", "bold": "Bold", "italic": "Italic", "bolditalic": "BoldItalic"}
_PATHS: dict[Family, tuple[str, str]] = {
    "termes": (TERMES, "fonts-texgyre"),
    "tinos": (TINOS, "fonts-croscore"),
    "liberation": (LIBERATION, "fonts-liberation2"),
    "sans": (ARIMO, "fonts-croscore"),
}
SERIF: tuple[Family, ...] = ("liberation", "tinos", "termes")


class Fonts:
    """Loaded faces of one family. The old package fonts-liberation lacks Vietnamese and is not used."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self._loaded: dict[tuple[Style, float], ImageFont.FreeTypeFont] = {}

    def get(self, style: Style, size_px: float) -> ImageFont.FreeTypeFont:
        """A face at a size. Raises ``OperatorError("font_missing")`` naming the package to install."""
        key = (style, round(size_px, 2))
        if key not in self._loaded:
            pattern, package = _PATHS[self.family]
            name = style if self.family == "termes" else TITLE[style]
            path = Path(pattern.format(name))
            if not path.exists():
                raise OperatorError("font_missing", f"{path} is not there: install the Debian package {package}")
            # Basic layout: precomposed Vietnamese needs no shaping, and the same pixels come out everywhere.
            self._loaded[key] = ImageFont.truetype(str(path), key[1], layout_engine=ImageFont.Layout.BASIC)
        return self._loaded[key]
