"""The sweeper: deletes the blobs of documents that ended long ago, and of batches that intake refused."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta

from models.errors import Retryable
from models.ports import BlobStore, Clock
from models.settings import RetentionSettings
from pipeline.ledger.retention import Retention

log = logging.getLogger("sohoa.sweeper")

AT_ONCE = 500
"""Documents that the ledger is asked for at a time."""


class Sweeper:
    """Any host may run one, and several may run: a document's blobs are deleted under the ledger's lock."""

    def __init__(self, retention: Retention, blobs: BlobStore, clock: Clock, settings: RetentionSettings) -> None:
        self._retention = retention
        self._blobs = blobs
        self._clock = clock
        self._settings = settings

    def run(self, stop: threading.Event) -> None:
        """Sweep every ``every_s`` until stopped. Never raises: what is left is swept the next time."""
        while not stop.is_set():
            try:
                self.sweep(stop)
            except Retryable as error:
                log.warning("sweep broken off", extra={"code": error.code, "reason": error.message})
            except Exception:
                log.exception("sweep broken off")
            stop.wait(self._settings.every_s)

    def sweep(self, stop: threading.Event) -> int:
        """Delete what may go; returns of how many documents. Raises ``Retryable`` where blobs or ledger are away."""
        swept, seen = 0, self._retention.clock()
        for document in self._over():
            if stop.is_set():
                break
            with self._retention.deleting(document, seen) as may:
                if may:
                    self._blobs.remove_document(document)
            swept += may
        if swept:
            log.info("blobs deleted", extra={"documents": swept})
        return swept

    def _over(self) -> Iterator[str]:
        names = self._blobs.documents()
        for first in range(0, len(names), AT_ONCE):
            some = names[first : first + AT_ONCE]
            over = self._retention.over(some)
            yield from (name for name in some if (over[name] if name in over else self._is_forgotten(name)))

    def _is_forgotten(self, document: str) -> bool:
        """Blobs that the ledger does not know: intake refused the batch, or died over it."""
        written_at = self._blobs.written_at(document)
        return written_at is not None and self._clock.now() - written_at > timedelta(days=self._settings.rejected_days)
