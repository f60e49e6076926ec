"""Workers: a pool's threads, each thread with a slot child of its own; all pools of a process are a crew."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Sequence
from queue import SimpleQueue

import dramatiq

from models.errors import Retryable
from models.flow import Flow
from models.ports import BlobStore
from models.settings import PoolSettings, Settings
from models.step import Step
from pipeline.allocator import keep_objects
from pipeline.breaker import Breakers
from pipeline.hints import Hints
from pipeline.ledger.dispatch import Beat
from pipeline.nursery import Nursery
from pipeline.runner import Runner
from pipeline.slots import Slot, SlotLimits
from pipeline.wiring import Books, dump_settings

log = logging.getLogger("sohoa.worker")

LOOK_S = 0.1
"""How often a pool that pauses looks whether the ledger is back; the heart asks it."""
IDLE_MS = 500
"""How long dramatiq's threads wait before they look whether they should stop."""

SERVE = "pipeline.work:serve"
"""What slot children run: the product's own stages and adapters."""
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
        serve: str = SERVE,
    ) -> None:
        self.pool = pool
        self.name = worker_name(pool)
        self._delivery = settings.delivery
        self._slots_free: SimpleQueue[Slot] = SimpleQueue()
        chosen = settings.pool(pool)
        config = dump_settings(settings)
        self._slots = tuple(
            Slot(f"{pool}-{n + 1}", serve, config, _limits(chosen), nursery=nursery) for n in range(chosen.slots)
        )
        for slot in self._slots:
            self._slots_free.put(slot)
        self.breakers = Breakers(pool, settings.delivery.retry_first_s, settings.delivery.retry_most_s)
        self._runner = Runner(self.name, flow, books.ledger, blobs, settings.delivery, self.breakers)
        self._dispatch = books.dispatch
        self._draining = threading.Event()
        hints.listen(pool, self._handle)
        self._worker = dramatiq.Worker(
            hints.broker(pool),
            queues={hints.queue(pool)},
            worker_threads=len(self._slots),
            worker_timeout=IDLE_MS,
        )
        self._worker.queue_prefetch = len(self._slots)

    def start(self) -> None:
        """Consume in background threads."""
        self._worker.start()

    def beat(self) -> Beat:
        """What the ledger's register shall say now."""
        offered = 0 if self._draining.is_set() else self.breakers.slots(len(self._slots))
        return Beat(self.name, self.pool, offered)

    def renew(self) -> None:
        """Renew the claims of this worker that are due."""
        self._runner.renew()

    def stop(self) -> None:
        """Take no more work, let running steps finish for ``drain_s``, give the rest back."""
        self._draining.set()
        timer = threading.Timer(self._delivery.drain_s, self._interrupt)
        timer.start()
        self._worker.stop(timeout=int((self._delivery.drain_s + 10) * 1000))
        timer.cancel()
        for slot in self._slots:
            slot.stop()

    def _handle(self, step: Step) -> None:
        while self.breakers.pauses("ledger") and not self._draining.wait(LOOK_S):
            pass  # nothing can be claimed: a hint that was dropped now would be missed until it expires
        if self._draining.is_set():
            self._give_back(step)
            return
        slot = self._slots_free.get()
        try:
            self._runner.run(step, slot)
        finally:
            self._slots_free.put(slot)

    def _give_back(self, step: Step) -> None:
        """Owe a step again whose hint came too late, so that others have it at once."""
        try:
            self._dispatch.unsend([step])
        except Retryable as error:
            log.warning("hint not given back; it expires", extra={"step": str(step), "code": error.code})

    def _interrupt(self) -> None:
        for slot in self._slots:
            slot.interrupt()


class Crew:
    """The workers of one process, one for each pool: a fork server, and a heart, for all of them."""

    def __init__(
        self,
        pools: Sequence[str],
        settings: Settings,
        flow: Flow,
        books: Books,
        hints: Hints,
        blobs: BlobStore,
        serve: str = SERVE,
    ) -> None:
        self._every_s = min(settings.delivery.heartbeat_s, settings.delivery.lease_s / 6)
        self._dispatch = books.dispatch
        self._acknowledged = hints.acknowledged
        self._nursery = Nursery(PRELOADED)
        self._workers = [PoolWorker(pool, settings, flow, books, hints, blobs, self._nursery, serve) for pool in pools]
        self._stopped = threading.Event()
        self._heart = threading.Thread(target=self._live, name="heart", daemon=True)

    def start(self) -> None:
        """Work in background threads; the slots are in the register when this returns."""
        self._beat()
        for worker in self._workers:
            worker.start()
        self._heart.start()
        keep_objects()

    def stop(self) -> None:
        """Drain all workers together, then leave the register."""
        stoppers = [threading.Thread(target=worker.stop) for worker in self._workers]
        for stopper in stoppers:
            stopper.start()
        for stopper in stoppers:
            stopper.join()
        self._stopped.set()
        self._heart.join()
        self._nursery.close()

    def _live(self) -> None:
        while not self._stopped.wait(self._every_s):
            try:
                self._beat()
                for worker in self._workers:
                    worker.renew()
            except Exception:  # a worker without a heart gets no work and looks alive
                log.exception("heartbeat broke")
        self._beat()
        try:
            self._dispatch.leave([worker.name for worker in self._workers])
        except Retryable as error:
            log.warning("could not leave; the register forgets by itself", extra={"code": error.code})

    def _beat(self) -> None:
        try:
            self._dispatch.beat_all([worker.beat() for worker in self._workers], self._acknowledged.drain())
        except Retryable as error:
            log.warning("no heartbeat", extra={"code": error.code, "reason": error.message})
            for worker in self._workers:
                worker.breakers.away(error.dependency)
        else:
            for worker in self._workers:
                worker.breakers.answered(("ledger",))


def _limits(pool: PoolSettings) -> SlotLimits:
    return SlotLimits(wall_s=pool.wall_s, cpu_s=pool.cpu_s, rss_mb=pool.rss_mb, recycle_after=pool.recycle_after)
