"""Looks at a running cluster every few seconds: memory of each part, hints in RabbitMQ, depth and age in the ledger."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pika
import psycopg

from benchmarks.overload.cluster import SLOTS, Cluster
from benchmarks.processes import family, memory_mb
from models.errors import Defect

DEPTH = "SELECT class, count(*) FROM steps WHERE state = 'owed' GROUP BY class"


class Sample(NamedTuple):
    """One look. ``at_s``: UTC seconds. ``memory_mb``: by part. ``owed``: steps by class, left out where not counted."""

    at_s: float
    memory_mb: dict[str, float]
    hints: int
    flying: int
    counter_waits_s: float
    owed: dict[str, int]
    turned_away: int


class Watch:
    """Samples in order. ``turned_away``: documents that intake did not take; the generator counts them here."""

    def __init__(self, cluster: Cluster, every_s: float, depth_every: int) -> None:
        self.samples: list[Sample] = []
        self.turned_away = 0
        self._cluster = cluster
        self._every_s = every_s
        self._depth_every = depth_every
        self._stop = threading.Event()
        self._broken: BaseException | None = None

    def check(self) -> None:
        """Raises ``Defect("watch_broke")``."""
        if self._broken is not None:
            raise Defect("watch_broke", "the watch over the cluster ended") from self._broken

    def run(self) -> None:
        """Until stopped."""
        url = self._cluster.settings.broker.url
        assert url is not None
        try:
            with psycopg.connect(self._cluster.address, autocommit=True) as ledger:
                broker = pika.BlockingConnection(pika.URLParameters(url.get_secret_value()))
                channel = broker.channel()
                while not self._stop.wait(self._every_s):
                    self._look(ledger, channel)
                broker.close()
        except Exception as error:  # noqa: BLE001 - the benchmark tells it in its own thread
            self._broken = error

    def stop(self) -> None:
        self._stop.set()

    def _look(self, ledger: psycopg.Connection, channel: pika.adapters.blocking_connection.BlockingChannel) -> None:
        prefix = self._cluster.settings.broker.prefix
        queues = [channel.queue_declare(f"{prefix}.{pool}", passive=True) for pool in SLOTS]
        flying = ledger.execute("SELECT count(*) FROM steps WHERE state IN ('sent', 'claimed')").fetchall()[0][0]
        counted = len(self.samples) % self._depth_every == 0
        self.samples.append(
            Sample(
                at_s=time.time(),
                memory_mb=memory_by_part(self._cluster.processes),
                hints=sum(queue.method.message_count for queue in queues),
                flying=flying,
                counter_waits_s=self._cluster.books.views.counter_waits_s(),
                owed=dict(ledger.execute(DEPTH).fetchall()) if counted else {},
                turned_away=self.turned_away,
            )
        )


@contextmanager
def watching(cluster: Cluster, every_s: float, depth_every: int) -> Iterator[Watch]:
    """Watch while the block runs."""
    watch = Watch(cluster, every_s, depth_every)
    thread = threading.Thread(target=watch.run, name="watch")
    thread.start()
    try:
        yield watch
    finally:
        watch.stop()
        thread.join()


def memory_by_part(processes: dict[str, int]) -> dict[str, float]:
    """Memory of each part with the processes below it, the worker's slot children apart; intake is this process."""
    found = {name: sum(map(memory_mb, family(pid))) for name, pid in processes.items()}
    worker = memory_mb(processes["worker"])
    return found | {"worker": worker, "slot children": found["worker"] - worker, "intake": memory_mb(os.getpid())}
