"""Slot children whose OCR engine reads nothing: for tests of everything else in the line."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import orjson

from models.ports import Engine, UprightImage
from models.settings import Settings
from models.text import PageText
from pipeline.wiring import Adapters
from pipeline.work import Work
from stages.flow import FLOW

SERVE = "tests.support.silent_work:serve"


class SilentEngine:
    """Looks at the pixels, as an engine does, and finds no text."""

    name = "silent"
    version = "1"

    def read(self, image: UprightImage) -> PageText:
        image.half()
        return PageText(width_px=image.width_px, height_px=image.height_px, engine="silent 1")


class SilentAdapters(Adapters):
    """The embedded adapters with that engine."""

    @cached_property
    def engine(self) -> Engine:
        return SilentEngine()


def serve(config: bytes) -> Callable[[bytes], bytes]:
    """What the slot child runs: the product's work, but for the engine."""
    return Work(FLOW, SilentAdapters(Settings.model_validate(orjson.loads(config)))).handle
