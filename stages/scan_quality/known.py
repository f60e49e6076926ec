"""What a check of quality may look at, and what it answers. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from models.ports import Pixels, Raster
from models.settings import QualitySettings
from models.side import Side
from stages import ink
from stages.blank_side import BlankMeasured
from stages.decode import Decoded
from stages.deskew import Deskewed
from stages.scan_quality import papers, patches
from stages.survey import Survey, survey


class Seen(NamedTuple):
    """``code``: a key of :data:`models.quality.SEVERITIES`. ``detail``: Vietnamese, for the code's sentence."""

    code: str
    detail: str = ""


@dataclass(frozen=True)
class Known:
    """One side: what earlier stages learned, its header, and its pixels, reduced once for all checks."""

    side: Side
    decoded: Decoded
    posed: Deskewed
    blank: BlankMeasured
    raster: Raster
    settings: QualitySettings

    @property
    def survey(self) -> Survey:
        return self.raster.once(survey)

    @property
    def mm_px(self) -> float:
        """Pixels of a millimetre in the survey's pictures."""
        return self.survey.dpi / ink.MM_PER_INCH

    @property
    def has_ink(self) -> bool:
        """Print, writing or a doubt: a blank side is neither sharp nor blurred."""
        return self.blank.verdict == "ink"

    @cached_property
    def coarse(self) -> Pixels:
        """BGR at a quarter of the survey's scale: about 25 dpi, a pixel a millimetre."""
        half = self.survey.small
        for _ in range(2):  # twice by two takes a third of the time of once by four
            size = (max(1, half.shape[1] // 2), max(1, half.shape[0] // 2))
            half = np.asarray(cv2.resize(half, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        return half

    @cached_property
    def light(self) -> Pixels:
        """How light the paper is, BGR, at an eighth of the survey's scale."""
        return np.ascontiguousarray(self.survey.paper[::8, ::8])

    @cached_property
    def printed(self) -> patches.Patches:
        """Where there is most ink, as small pictures at half the scan's scale."""
        return patches.densest(self.survey.contrast, self.light, self.raster.grey())

    @cached_property
    def format(self) -> papers.Format:
        """Which paper this is and what kind of thing."""
        return papers.recognise(self)


Check = Callable[[Known], tuple[Seen, ...]]
"""Looks at a side; empty where nothing is wrong, or where it cannot tell."""
