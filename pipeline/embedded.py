"""The embedded line: intake, ledger, relay and every pool in one process, with no server."""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import Self

from models.flow import Flow
from models.settings import PoolSettings, Settings
from pipeline.hints import Hints
from pipeline.intake import Intake
from pipeline.relay import Relay
from pipeline.sweeper import Sweeper
from pipeline.wiring import Adapters, Books
from pipeline.worker import SERVE, Crew
from stages.flow import FLOW


def with_page_slots(settings: Settings, slots: int | None = None) -> Settings:
    """Settings with one page slot per core (or ``slots``), where nothing was chosen."""
    if "page" in settings.pools:
        return settings
    count = slots or len(os.sched_getaffinity(0))
    return settings.model_copy(update={"pools": settings.pools | {"page": PoolSettings(slots=count)}})


POLL_S = 1.0
"""The relay of one process is woken by its commits; it polls only for pauses that run out."""


class EmbeddedLine:
    """A context manager; while it is open, admitted documents move.

    The caller must own the state folder alone: what an earlier process left in flight is owed again.
    ``serve``: what slot children run.
    """

    broker_kind = "memory"
    owns_workers = True

    def __init__(self, settings: Settings, flow: Flow = FLOW, serve: str = SERVE) -> None:
        self.settings = with_page_slots(settings)
        self.adapters = Adapters(self.settings)
        self.books = Books(self.settings, flow)
        self.intake = Intake(self.settings, self.books.ledger, self.adapters.blobs, self.adapters.clock)
        self.books.dispatch.take_back_all()
        self._hints = Hints(self.settings.broker, flow.pools)
        delivery = self.settings.delivery.model_copy(update={"poll_s": POLL_S})
        self._relay = Relay(f"embedded:{os.getpid()}", self.books.ledger, self.books.dispatch, self._hints, delivery)
        self.books.ledger.wake = self._relay.tell
        self._thread = threading.Thread(target=self._relay.run, name="relay", daemon=True)
        self._stop = threading.Event()
        retention = self.settings.retention
        sweeper = Sweeper(self.books.retention, self.adapters.blobs, self.adapters.clock, retention)
        self._sweeping = threading.Thread(target=sweeper.run, args=(self._stop,), name="sweeper", daemon=True)
        self._crew = Crew(flow.pools, self.settings, flow, self.books, self._hints, self.adapters.blobs, serve)

    def __enter__(self) -> Self:
        self._crew.start()
        self._thread.start()
        self._sweeping.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._relay.stop()
        self._thread.join()
        self._sweeping.join()
        self._crew.stop()
        self._hints.close()
        self.books.close()
