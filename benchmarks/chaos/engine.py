"""The scripted engine of a campaign: reads a page's mark off its patch of colour, and falls for poison."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from functools import cached_property

import orjson

from benchmarks.chaos.guards import compose
from benchmarks.chaos.papers import POISON, Kind, colour_of, mark_of
from models.errors import Defect
from models.geometry import Box
from models.ports import Engine, UprightImage
from models.settings import Settings
from models.text import Block, Line, PageText, Word
from pipeline.wiring import Adapters
from pipeline.work import Work

SERVE = "benchmarks.chaos.engine:serve"
HOG_BYTES, HOG_MOST_BYTES = 64 << 20, 4 << 30
CRASH_ADDRESS = 8


class ScriptedEngine:
    """One word a page. On a poisoned page it crashes, never ends, or takes memory until it is stopped."""

    name = "scripted"
    version = "1"

    def read(self, image: UprightImage) -> PageText:
        """The mark. Raises ``Defect("no_mark")`` on a page that is none of ours."""
        colour = colour_of(image.half())
        if colour is None:
            raise Defect("no_mark", "the page has no patch of colour")
        for kind, poison in POISON.items():
            if colour == poison:
                _fall_for(kind)
        box = Box(60, 60, 360, 90)
        line = Line(words=(Word(text=mark_of(colour), box=box, confidence=1.0),), box=box)
        size = {"width_px": image.width_px, "height_px": image.height_px}
        return PageText(**size, engine="scripted 1", blocks=(Block(lines=(line,), box=box),))


def _fall_for(kind: Kind) -> None:
    """Never returns."""
    if kind is Kind.SEGFAULT:
        ctypes.string_at(CRASH_ADDRESS)
    hoard: list[bytearray] = []
    while True:
        if kind is Kind.HOG and len(hoard) * HOG_BYTES < HOG_MOST_BYTES:
            hoard.append(bytearray(b"\1" * HOG_BYTES))
            time.sleep(0.02)


class ScriptedAdapters(Adapters):
    """The product's adapters, with that engine."""

    @cached_property
    def engine(self) -> Engine:
        return ScriptedEngine()


def serve(config: bytes) -> Callable[[bytes], bytes]:
    """What a slot child of the campaign runs: the product's work, but for the engine and a guard taken out."""
    settings = Settings.model_validate(orjson.loads(config))
    return Work(compose(settings.state), ScriptedAdapters(settings)).handle
