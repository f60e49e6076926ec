"""note_seen (page): is a sticky note on this side? Rule R4 asks for two scans of such a page."""

from __future__ import annotations

from models.facts import Fact
from models.geometry import Box
from models.stage import Inputs, Ports, Scope, Stage
from stages.decode import Decoded
from stages.note import note_patch
from stages.survey import survey


class NoteSeen(Fact):
    """``box``: around the note, in pixels of the scan; None without one. Sides in mm; ``colour``: its BGR."""

    box: Box | None = None
    short_mm: float = 0.0
    long_mm: float = 0.0
    colour: tuple[int, int, int] | None = None


def run(inputs: Inputs, ports: Ports) -> NoteSeen:
    """Looked for on every side, also on those that are said to carry a note or to be rid of it. Grey shows none."""
    del ports
    if not inputs.fact(Decoded).colour:
        return NoteSeen()
    raster = inputs.pixels()
    pictures = raster.once(survey)
    patch = note_patch.find(pictures)
    if patch is None:
        return NoteSeen()
    scale = raster.width_px / pictures.small.shape[1]
    box = Box(*(round(edge * scale, 1) for edge in patch.box))
    return NoteSeen(box=box, short_mm=round(patch.short_mm, 1), long_mm=round(patch.long_mm, 1), colour=patch.colour)


STAGE = Stage("note_seen", 1, Scope.PAGE, (Decoded,), NoteSeen, run, pure=True)
