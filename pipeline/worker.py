"""A worker: one pool's threads, each thread with a slot child of its own, and the heartbeat of its slots."""

from __future__ import annotations

import logging
import os
import socket
import threading
from queue import SimpleQueue

import dramatiq

from models.errors import Retryable
from models.flow import Flow
from models.ports import BlobStore
from models.settings import PoolSettings, Settings
from models.step import Step
from pipeline.hints import Hints
from pipeline.nursery import Nursery
from pipeline.runner import Runner
from pipeline.slots import Slot, SlotLimits
from pipeline.wiring import Books, dump_settings

log = logging.getLogger("sohoa.worker")

IDLE_MS = 500
"""How long dramatiq's threads wait before they look whether they should stop."""

PRELOADED = ("pipeline.work", "cv2", "tesserocr", "pikepdf", "pyhanko.sign.signers")
"""What the fork server of a process imports once for all its slot children."""


def worker_name(pool: str) -> str:
    """Unique among hosts and processes, readable for operators."""
    return f"{socket.gethostname()}:{os.getpid()}:{pool}"


class PoolWorker:
    """Consumes one pool's hints. ``start``, then ``stop``: finishes or gives back what it holds."""

    def __init__(
        self,
        pool: str,
        settings: Settings,
        flow: Flow,
        books: Books,
        hints: Hints,
        blobs: BlobStore,
        nursery: Nursery,
    ) -> None:
        self.pool = pool
        self.name = worker_name(pool)
        self._delivery = settings.delivery
        self._books = books
        self._hints = hints
        self._slots_free: SimpleQueue[Slot] = SimpleQueue()
        chosen = settings.pool(pool)
        config = dump_settings(settings)
        self._slots = tuple(
            Slot(f"{pool}-{n + 1}", "pipeline.work:serve", config, _limits(chosen), nursery=nursery)
            for n in range(chosen.slots)
        )
        for slot in self._slots:
            self._slots_free.put(slot)
        self._runner = Runner(self.name, flow, books.ledger, blobs, settings.delivery)
        self._draining = threading.Event()
        hints.listen(pool, self._handle)
        self._worker = dramatiq.Worker(
            hints.broker(pool),
            queues={hints.queue(pool)},
            worker_threads=len(self._slots),
            worker_timeout=IDLE_MS,
        )
        self._worker.queue_prefetch = len(self._slots)
        self._stopped = threading.Event()
        self._heart = threading.Thread(target=self._beat, name=f"heart-{pool}", daemon=True)

    def start(self) -> None:
        """Consume in background threads."""
        self._heart.start()
        self._worker.start()

    def stop(self) -> None:
        """Take no more work, let running steps finish for ``drain_s``, give the rest back."""
        self._draining.set()
        timer = threading.Timer(self._delivery.drain_s, self._interrupt)
        timer.start()
        self._worker.stop(timeout=int((self._delivery.drain_s + 10) * 1000))
        timer.cancel()
        self._stopped.set()
        self._heart.join()
        for slot in self._slots:
            slot.stop()

    def _handle(self, step: Step) -> None:
        if self._draining.is_set():
            return  # the step stays sent, expires and is owed again
        slot = self._slots_free.get()
        try:
            self._runner.run(step, slot)
        finally:
            self._slots_free.put(slot)

    def _interrupt(self) -> None:
        for slot in self._slots:
            slot.interrupt()

    def _beat(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stopped.is_set()
            try:
                if stopping:
                    self._books.dispatch.leave(self.name)
                else:
                    self._books.dispatch.beat(self.name, self.pool, 0 if self._draining.is_set() else len(self._slots))
                if count := self._hints.acknowledged.drain():
                    self._books.dispatch.count("acked", count)
            except Retryable as error:
                log.warning("no heartbeat", extra={"code": error.code, "reason": error.message})
            self._stopped.wait(self._delivery.heartbeat_s)


def _limits(pool: PoolSettings) -> SlotLimits:
    return SlotLimits(wall_s=pool.wall_s, cpu_s=pool.cpu_s, rss_mb=pool.rss_mb, recycle_after=pool.recycle_after)
