"""An OCR engine that reads nothing: it gives back a text read before, so that only the line costs time."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import orjson

from benchmarks.stepwise import BarePages
from models.ports import Engine, UprightImage
from models.settings import Settings
from models.text import PageText
from pipeline.wiring import Adapters, dump_settings
from pipeline.work import Work
from stages.flow import FLOW

SERVE = "benchmarks.replay:serve"
"""For :class:`pipeline.slots.Slot`: a slot child whose engine replays."""
SERVE_BARE = "benchmarks.replay:serve_bare"
"""The same, running nothing but the page stages."""


class ReplayEngine:
    """The same real page for every image: as many words, lines and boxes as a paper of Decree 30 has."""

    name = "replay"
    version = "1"

    def __init__(self, text: PageText) -> None:
        self._text = text

    def read(self, image: UprightImage) -> PageText:
        """The stored text, whatever the image shows; boxes as they were on the page that was read.

        Decodes what the default engine decodes, so that it is part of what the line costs.
        """
        image.half()
        size = {"width_px": image.width_px, "height_px": image.height_px}
        return self._text.model_copy(update={**size, "engine": "replay 1"})


class ReplayAdapters(Adapters):
    """The embedded adapters, with the engine that replays."""

    def __init__(self, settings: Settings, text: PageText) -> None:
        super().__init__(settings)
        self._text = text

    @cached_property
    def engine(self) -> Engine:
        return ReplayEngine(self._text)


def config(settings: Settings, text: Path) -> bytes:
    """What the slot child gets; ``text``: file of the :class:`models.text.PageText` to replay."""
    return orjson.dumps({"settings": orjson.loads(dump_settings(settings)), "text": str(text)})


def serve(given: bytes) -> Callable[[bytes], bytes]:
    """What the slot child runs: the same work as the product's, but for the engine."""
    return Work(FLOW, ReplayAdapters(*_given(given))).handle


def serve_bare(given: bytes) -> Callable[[bytes], bytes]:
    """A task is a batch folder; the answer says how many sides there were and the CPU seconds of their stages."""
    settings, text = _given(given)
    engine = ReplayEngine(text)

    def handle(task: bytes) -> bytes:
        pages = BarePages.of(Path(task.decode()), settings)
        began = time.process_time()
        count = pages.run(engine)
        return orjson.dumps({"pages": count, "cpu_s": time.process_time() - began})

    return handle


def _given(given: bytes) -> tuple[Settings, PageText]:
    chosen = orjson.loads(given)
    text = PageText.model_validate_json(Path(chosen["text"]).read_bytes())
    return Settings.model_validate(chosen["settings"]), text
