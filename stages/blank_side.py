"""blank_side (page): is there anything on this side? A measure, never a deletion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

import cv2
import numpy as np

from models.base import Sha256
from models.facts import Fact
from models.ports import Pixels
from models.settings import BlankSettings
from models.stage import Inputs, Ports, Scope, Stage
from stages import ink
from stages.blank import brown, clear, grain, litter, pale, show_through, sight, staples, straight, windows
from stages.blank.clear import Doubt
from stages.count import Counted
from stages.decode import Decoded
from stages.survey import Survey, survey

Verdict = Literal["blank", "ink", "unsure"]
_LIKE_PRINT: frozenset[Doubt] = frozenset({"pale", "faint"})

_CLEAR = 66
"""A mark is ink if it is this dark somewhere (contrast, of 255): pencil is, print that shines through from the back is not."""
_CLEAR_EDGE = 36
"""How far such a mark reaches."""
_PALE = 8
"""Contrast from which a pixel belongs to a pale mark, on quiet paper."""
_NOISE_FACTOR = 4.0
"""Standard deviations of the grain from which a pixel belongs to a mark."""
_PRINT, _PRINTED, _PRINTED_MARKS = 120, 0.004, 40
"""A side with so many marks as dark as this, on so much of its area, is printed or written on."""
_MOST_DUST = 0.0005
"""More of the page than this is not dust: 30 mm² on A4."""
_DARK_PAPER = 90
"""Paper darker than this is no paper: lid open, or black."""
_INK, _BEHIND = 0.97, 0.5
"""What is doubtful is ink if the network holds that for so likely, and nowhere that the other side shines through."""
_PEN, _MISSED, _TOGETHER = 0.5, 0.8, 1.5
"""From this likelihood of ink on a hair may have been a pen, and what nothing else found is a doubt; or from this sum of them:
a thin line is ink a little everywhere."""
_SALIENT, _RIM_MM = 20, 1.5
"""Places that it looks at where nothing is doubtful, and how far from dark edges and staples they lie."""


class BlankMeasured(Fact):
    """``ink``: share of the page area that is ink, 0–1, borders, holes and dust left out.

    ``doubts``: why it is not blank although little or nothing on it counts as ink, see :class:`InkMeasure`.
    ``marks``: blob, a small picture of what stands on the side (:mod:`stages.blank.show_through`), where backs were scanned.
    ``wires``: what the doubt ``staple`` is about, in pixels of that picture; ``marks_dpi``: how many make an inch.
    """

    verdict: Verdict
    ink: float
    doubts: tuple[Doubt, ...] = ()
    marks: Sha256 | None = None
    wires: tuple[staples.Wire, ...] = ()
    marks_dpi: float = show_through.DPI

    def blobs(self) -> tuple[str, ...]:
        return (self.marks,) if self.marks else ()


class InkMeasure(NamedTuple):
    """``share``: see :class:`BlankMeasured`. ``doubtful``: 255 where something stands that is not counted as ink, by doubt.

    ``pale``: marks no darker than what shines through from the other side can be. ``faint``: something stands out of
    a grain that hides single strokes. ``streak``: a straight line over most of the page that does end on it; ``line``:
    a shorter one. ``staple``: a staple's crown or legs, which look like a line or dashes in black ink. ``hair``: a single
    thin curve; ``small``: a mark between a fibre and a digit. ``dust``: more specks than dust. ``dark_paper``: the lid
    was open, or it is black. ``sight``: only the network takes something for ink.
    ``hairs``: 255 where something is so thin that it can only be one, None without any. ``wires``: the staples. ``strokes``:
    contrast of all that may be some, where there is little ink. ``behind``: 255 where a pale doubt is print that shines
    through, or ink. All in the survey's pixels.
    """

    share: float
    doubtful: Mapping[Doubt, Pixels] = MappingProxyType({})
    hairs: Pixels | None = None
    wires: tuple[staples.Wire, ...] = ()
    strokes: Pixels | None = None
    behind: Pixels | None = None

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        return tuple(self.doubtful)


def measure(seen: Survey, full_grey: Callable[[], Pixels] | None = None) -> InkMeasure:
    """How much of a side is ink. ``full_grey``: the whole side's pixels, asked for only where something is doubtful.

    Left out: the scan's dark edges and folded corners, punch holes, streaks from edge to edge, specks of
    dust; and of pale marks also folds, edges of tape, ruled lines, blots, and patches too broad for strokes.
    With ``full_grey`` a network looks at what is doubtful (:mod:`stages.blank.sight`).
    """
    found = marked(seen, full_grey)
    return found if full_grey is None or found.share >= clear.SURELY else _looked_at(seen, full_grey, found)


def marked(seen: Survey, full_grey: Callable[[], Pixels] | None = None) -> InkMeasure:
    """What stands on a side before the network looks."""
    if float(np.median(seen.paper[::4, ::4])) < _DARK_PAPER:
        return InkMeasure(1.0, {"dark_paper": np.full(seen.contrast.shape, 255, np.uint8)})
    mm = seen.dpi / ink.MM_PER_INCH
    level, noise = grain.smoothed(seen.contrast)
    middle = float(np.median(level[::4, ::4]))
    edge, least = middle + max(_CLEAR_EDGE, _NOISE_FACTOR * noise), middle + _CLEAR + 3 * noise
    plain = _plain_print(level, edge, least, seen.dpi)
    if plain is not None:
        return InkMeasure(plain)
    level = straight.evened(level, mm)
    found = clear.measured(seen, level, edge, least, mm, full_grey)
    share = float(found.marks.area[found.counted].sum()) / level.size
    doubtful = {name: clear.painted(found.marks, there) for name, there in found.doubts.items() if there.any()}
    if found.marks.area[found.specks].sum() > _MOST_DUST * level.size:
        doubtful["dust"] = clear.painted(found.marks, found.specks)
    hairs = clear.painted(found.marks, found.hairs) if found.hairs.any() else None
    strokes = None
    if share < clear.SURELY:
        found_pale = pale.measured(seen, level, found, max(_PALE, _NOISE_FACTOR * noise), mm, full_grey)
        if found_pale.hairs is not None:
            hairs = _both(hairs, found_pale.hairs)
        if found_pale.maybe_hairs is not None:
            doubtful["hair"] = _both(doubtful.get("hair"), found_pale.maybe_hairs)
        if found_pale.marks is not None:
            doubtful["pale"] = found_pale.marks
        elif grain.noise(seen.contrast) > pale.GRAIN and (faint := pale.faint(seen, level, found, mm)) is not None:
            doubtful["faint"] = faint
        rims = _wider(clear.painted(found.marks, found.rims), mm)
        strokes = np.asarray(cv2.subtract(found_pale.strokes, rims), dtype=np.uint8)
    return InkMeasure(share, doubtful, hairs, found.wires, strokes)


def _looked_at(seen: Survey, full_grey: Callable[[], Pixels], found: InkMeasure) -> InkMeasure:
    """Less what the network says is dirt; what it says is ink counts as such; and what only the network sees is a doubt."""
    mm = seen.dpi / ink.MM_PER_INCH
    share, doubtful, behind, wires = found.share, dict(found.doubtful), None, found.wires
    for name, there in found.doubtful.items():
        looked = sight.look(seen, full_grey, windows.places(there, seen.contrast, mm))
        if name == "staple" and looked.clean.all():
            # A short rule in black ink looks no other: the sheet's other side has to agree.
            wires = tuple(wire._replace(metal=True) for wire in wires)
        elif name == "pale" and looked.clean.all() and brown.is_red(there, seen.small, seen.paper):
            continue
        elif looked.clean.all():
            del doubtful[name]
        elif looked.inked >= _INK and looked.through < _BEHIND:
            share += float(np.count_nonzero(there)) / there.size
        else:
            clean = sight.around(looked.at[looked.clean], there.shape, mm)
            doubtful[name] = np.asarray(cv2.subtract(there, clean), dtype=np.uint8)
            if name in _LIKE_PRINT:
                behind = sight.around(looked.at[looked.printed_behind], there.shape, mm)
    if found.hairs is not None:
        looked = sight.look(seen, full_grey, windows.places(found.hairs, seen.contrast, mm))
        if looked.inked >= _PEN:
            doubtful["hair"] = _both(doubtful.get("hair"), found.hairs)
    if doubtful.keys() <= {"staple"} and found.strokes is not None:
        strokes = found.strokes
        if "staple" in doubtful:
            strokes = np.asarray(cv2.subtract(strokes, _wider(doubtful["staple"], mm)), dtype=np.uint8)
        looked = sight.look(seen, full_grey, windows.salient(strokes, mm, _SALIENT))
        if looked.inked >= _MISSED or looked.inked_together >= _TOGETHER:
            doubtful["sight"] = sight.around(looked.at[~looked.clean], seen.contrast.shape, mm)
    return found._replace(share=share, doubtful=doubtful, wires=wires if "staple" in doubtful else (), behind=behind)


def _wider(there: Pixels, mm: float) -> Pixels:
    """These marks and 1.5 mm around them."""
    size = 2 * round(_RIM_MM * mm) + 1
    return np.asarray(cv2.dilate(there, np.ones((size, size), np.uint8)), dtype=np.uint8)


def _both(one: Pixels | None, other: Pixels) -> Pixels:
    return other if one is None else np.maximum(one, other)


def _plain_print(level: Pixels, edge: float, least: float, dpi: float) -> float | None:
    """The ink share of a side that is full of dark marks, as most are; None where a closer look is needed."""
    if np.count_nonzero(level >= least) < _PRINTED * level.size:
        return None
    marks = ink.components((level >= edge).view(np.uint8))
    dark = litter.reach(marks, level, max(_PRINT, least)) & ~ink.edge_dirt(marks, dpi)
    dark &= np.maximum(marks.width, marks.height) >= 1.6 * dpi / ink.MM_PER_INCH
    share = float(marks.area[dark].sum()) / level.size
    return share if share >= _PRINTED and np.count_nonzero(dark) >= _PRINTED_MARKS else None


def judge(found: InkMeasure, settings: BlankSettings) -> Verdict:
    """``ink`` from the upper threshold, ``blank`` below the lower one unless there is a doubt."""
    if found.share < settings.blank_below:
        return "unsure" if found.doubts else "blank"
    return "ink" if found.share >= settings.ink_above and found.share < 1.0 else "unsure"


def packed(seen: Survey, found: InkMeasure, verdict: Verdict) -> bytes:
    """The small picture that the sheet's other side is compared with; with what is doubtful, if the verdict is."""
    doubtful = found.doubtful.get("pale", found.doubtful.get("faint")) if verdict == "unsure" else None
    return show_through.packed(seen, doubtful, found.behind)


def run(inputs: Inputs, ports: Ports) -> BlankMeasured:
    pixels = inputs.pixels()
    seen = pixels.once(survey)
    found = measure(seen, pixels.full_grey)
    verdict = judge(found, ports.settings.blank)
    counted = inputs.find(Counted, 0)
    marks = None
    if counted is not None and counted.duplex:
        marks = ports.blobs.put(packed(seen, found, verdict))
    return BlankMeasured(
        verdict=verdict,
        ink=round(found.share, 7),
        doubts=found.doubts,
        marks=marks,
        wires=tuple(wire.scaled(1 / show_through.shrink(seen)) for wire in found.wires),
        marks_dpi=round(seen.dpi / show_through.shrink(seen), 2),
    )


STAGE = Stage("blank_side", 6, Scope.PAGE, (Decoded, Counted), BlankMeasured, run)
