"""What segmentation hands to recognition: crops of text lines, in blocks in reading order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.geometry import Box


@dataclass(frozen=True)
class LineImage:
    """One printed line, or one part of a line that a wide gap splits.

    ``pixels``: grey crop (h, w), black text on white paper, any height: the band from the marks above the
    capitals to the descenders, with a margin. ``box``: the crop's place in full-scale pixels of the upright
    image. ``baseline_y`` and ``x_height_px``: in pixels of the crop, the baseline at the crop's middle.
    ``scale``: full-scale pixels per pixel of the crop. ``letters``: see :func:`stages.ocr.turbo.hand.letter_shapes`;
    None where nobody will ask whether a hand wrote the line. ``pen``: a word that a coloured pen wrote, cut out alone.
    ``joined``: stands on the line of the one before it.
    """

    pixels: NDArray[np.uint8]
    box: Box
    baseline_y: float
    x_height_px: float
    scale: float
    letters: NDArray[np.float64] | None = None
    pen: bool = False
    joined: bool = False

    def with_margin(self, share: float) -> LineImage:
        """The crop with this share of its height more of white paper above it: its letters look smaller."""
        rows = max(1, round(share * self.pixels.shape[0]))
        return replace(
            self,
            pixels=np.pad(self.pixels, ((rows, 0), (0, 0)), constant_values=255),
            box=Box(self.box.left, self.box.top - rows * self.scale, self.box.right, self.box.bottom),
            baseline_y=self.baseline_y + rows,
        )


@dataclass(frozen=True)
class TextBlock:
    """Lines that belong together, top to bottom.

    ``kind``: ``text``, ``header_left``, ``header_right``, ``cell``, ``signature_left``, ``signature_right``
    or ``page_number``.
    """

    lines: tuple[LineImage, ...]
    kind: str
