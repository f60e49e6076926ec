"""One run over given paths: admit every batch, let the line work, wait until nothing moves any more."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from models.errors import OperatorError, Rejected
from models.facts import Approved
from models.settings import Settings
from pipeline.embedded import EmbeddedLine
from pipeline.intake import Batch, Intake, find_batches
from pipeline.ledger.rows import NewFact
from pipeline.watermark import Watermark
from pipeline.wiring import Adapters, Books

POLL_S, LONGEST_POLL_S = 0.4, 2.0
"""How often a run looks whether it is through; the line itself needs nobody to look. A long run looks less often."""
WAITED_SHARE = 0.05
"""The most that a run may last longer because it looked late."""
SHARE = 0.02
"""The most of its time that a run spends looking: a look at a ledger of a million pages is long."""
OBSTACLE_S = 2.0
"""How often a run looks whether the workers need an operator."""


class Line(Protocol):
    """What a run needs of a line, embedded or clustered."""

    broker_kind: str
    owns_workers: bool
    """Nobody else's worker does what is admitted here."""
    settings: Settings
    adapters: Adapters
    books: Books
    intake: Intake


@dataclass(frozen=True)
class Turned:
    """A batch that intake turned away, with the reason for the counter."""

    name: str
    code: str
    message: str


@contextmanager
def output_lock(out: Path) -> Iterator[None]:
    """Own an output folder. Raises ``OperatorError("locked")`` while another process does."""
    out.mkdir(parents=True, exist_ok=True)
    handle = os.open(out / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise OperatorError("locked", f"another sohoa works in {out}; wait for it or choose another --out") from None
    try:
        yield
    finally:
        os.close(handle)


def check_paths(paths: Sequence[Path]) -> None:
    """Raises ``OperatorError("not_found")`` that names every path that is not there."""
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise OperatorError("not_found", f"no such file or folder: {', '.join(missing)}")


def settings_for(settings: Settings, out: Path, broker: str | None) -> Settings:
    """The embedded defaults placed below ``out``; what the operator has chosen stays."""
    out = out.absolute()
    changes: dict[str, object] = {}
    if "state" not in settings.model_fields_set:
        changes["state"] = out / "state"
    if settings.archive.kind == "disk" and settings.archive.root is None:
        changes["archive"] = settings.archive.model_copy(update={"root": out / "archive"})
    if broker == "memory":
        changes["broker"] = settings.broker.model_copy(update={"kind": "memory", "url": None})
    return settings.model_copy(update=changes)


def open_line(settings: Settings, out: Path, broker: str | None) -> AbstractContextManager[Line]:
    """The line that the settings and ``--broker`` ask for.

    ``rabbitmq`` without an address in the settings: a private RabbitMQ, relay and two workers.
    """
    if settings.broker.kind == "rabbitmq":
        from pipeline.cluster import SharedCluster

        return SharedCluster(settings)
    if broker == "rabbitmq":
        from pipeline.cluster import PrivateCluster

        return PrivateCluster(settings, out.absolute())
    if settings.ledger.url is not None and not settings.ledger.url.startswith("sqlite"):
        raise OperatorError(
            "shared_ledger", "a memory broker is of one process, the ledger is of many: set broker.kind = rabbitmq"
        )
    return EmbeddedLine(settings)


class Processing:
    """Admits batches and waits. ``run`` returns early when ``interrupted`` is set."""

    def __init__(self, line: Line, paths: Sequence[Path], interrupted: threading.Event) -> None:
        self.documents: set[tuple[str, int]] = set()
        self.turned: list[Turned] = []
        self.seconds = 0.0
        self.batches = 0
        self._line = line
        self._paths = paths
        self._interrupted = interrupted
        self._began = 0.0
        self._look_at = 0.0
        self._obstacle_at = 0.0
        self._watermark = Watermark(line.settings.intake, line.adapters.blobs, line.books.views)

    def run(self, on_progress: Callable[[int, int], None]) -> None:
        """Until every admitted revision has ended or waits; ``on_progress(finished, known)``.

        Raises ``OperatorError`` when workers of our own need something that is not installed or not right.
        """
        self._began = time.monotonic()
        for path in self._paths:
            for batch in find_batches(path):
                while not self._interrupted.is_set() and self._watermark.reason() is not None:
                    self._look(on_progress)
                    self._interrupted.wait(POLL_S)
                if self._interrupted.is_set():
                    break
                self._admit(batch)
                if time.monotonic() >= self._look_at:
                    self._look(on_progress)
        while not self._interrupted.is_set() and self._look(on_progress) < self.batches:
            self._interrupted.wait(self._look_at - time.monotonic())
        self.seconds = time.monotonic() - self._began

    def _look(self, on_progress: Callable[[int, int], None]) -> int:
        """Tell how far the run is; how many batches are through."""
        began = time.monotonic()
        finished = len(self.turned) + len(self.documents) - self._line.books.views.running(self.documents)
        on_progress(finished, self.batches)
        # One host of a cluster that others run may be wrong: its steps are done on another one.
        if self._line.owns_workers and finished < self.batches and began >= self._obstacle_at:
            if obstacle := self._line.books.views.obstacle():
                raise OperatorError(*obstacle)
            self._obstacle_at = began + OBSTACLE_S
        now = time.monotonic()
        patience_s = min(max(POLL_S, WAITED_SHARE * (now - self._began)), LONGEST_POLL_S)
        self._look_at = now + max(patience_s, (now - began) / SHARE)
        return finished

    def _admit(self, batch: Batch) -> None:
        self.batches += 1
        try:
            receipt = self._line.intake.admit(batch, self._opened())
        except Rejected as error:
            self.turned.append(Turned(batch.name, error.code, error.message))
            return
        if (receipt.document, receipt.revision) in self.documents:
            self.batches -= 1  # the same files under two names are one document
        self.documents.add((receipt.document, receipt.revision))

    def _opened(self) -> tuple[NewFact, ...]:
        """Only the built-in test CA may approve by itself: its stamp says that the copy is a test.

        A cluster's worker has settings of its own, and may sign with the agency's key.
        """
        if not self._line.owns_workers or self._line.settings.signer.kind != "test-ca":
            return ()
        approved = Approved(by="sohoa process (test CA)", at=self._line.adapters.clock.now())
        return (NewFact(approved, 0, "person", 1),)
