"""A cluster of our own to overload: PostgreSQL, RabbitMQ, a relay and a worker of all pools; intake is this process."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from benchmarks.private_postgres import PrivatePostgres
from benchmarks.simulated import SIMULATED, document
from models.manifest import ServiceClass
from models.settings import (
    BrokerSettings,
    DeliverySettings,
    IntakeSettings,
    LedgerSettings,
    PoolSettings,
    Settings,
)
from pipeline.child_server import ChildServer
from pipeline.ledger.database import open_database
from pipeline.ledger.migrate import migrate
from pipeline.private_rabbitmq import PrivateRabbitMq
from pipeline.watermark import Watermark
from pipeline.wiring import Adapters, Books, dump_settings

SLOTS = {"arrive": 2, "page": 4, "document": 2, "sign": 1, "archive": 1}
PARTS = ("relay", "worker")
START_S = 60.0
COUNTERS = 20
BULK_EVERY, BULK_SIDES, MOST_SIDES = 5, 20, 10
"""Of the arrivals every fifth is bulk, of 20 sides; a counter's has 1 to 10."""
MEAN_SIDES = (BULK_SIDES + (BULK_EVERY - 1) * (1 + MOST_SIDES) / 2) / BULK_EVERY


@dataclass(frozen=True)
class Cluster:
    """What runs. ``processes``: process id of each part, by name."""

    settings: Settings
    books: Books
    watermark: Watermark
    address: str
    """Of the ledger, for psycopg."""
    processes: dict[str, int]

    def admit(self, name: str, counter: str, service_class: ServiceClass) -> None:
        """Take one document in; its name ends with its number of sides."""
        self.books.ledger.admit(document(name, counter, service_class), "b" * 64, frozenset())


@contextmanager
def running(folder: Path, max_age_s: float) -> Iterator[Cluster]:
    """Start everything in ``folder``; ``max_age_s``: how long a counter may wait before intake takes no more."""
    with ExitStack() as stack:
        postgres = PrivatePostgres()
        stack.callback(postgres.stop)
        rabbitmq = stack.enter_context(PrivateRabbitMq(folder / "rabbitmq"))
        url = postgres.fresh_database(_migrated)
        settings = Settings(
            state=folder / "state",
            ledger=LedgerSettings(url=url),
            broker=BrokerSettings(kind="rabbitmq", url=SecretStr(rabbitmq.url)),
            pools={pool: PoolSettings(slots=slots) for pool, slots in SLOTS.items()},
            delivery=DeliverySettings(),
            intake=IntakeSettings(max_owed_age_s=max_age_s),
        )
        settings.state.mkdir(parents=True)
        file = folder / "cluster.json"
        file.write_bytes(dump_settings(settings))
        books = Books(settings, SIMULATED)
        stack.callback(books.close)
        processes = {"RabbitMQ": rabbitmq.pid, "PostgreSQL": postgres.pid}
        for part in PARTS:
            command = (sys.executable, "-m", "benchmarks.overload.host", part, str(file))
            server = ChildServer(part, command, dict(os.environ), folder / f"{part}.log")
            server.start()
            stack.callback(server.stop)
            processes[part] = server.pid
        server.wait_ready(lambda: books.dispatch.slots() == SLOTS, START_S)
        watermark = Watermark(settings.intake, Adapters(settings).blobs, books.views)
        yield Cluster(settings, books, watermark, url.replace("+psycopg", ""), processes)


def arrivals(kind: str, chance: random.Random) -> Iterator[tuple[str, str, ServiceClass]]:
    """Documents as they come from the counters and from bulk, without end: name, counter and class."""
    number = 0
    while True:
        number += 1
        counter = f"counter-{chance.randrange(COUNTERS):02d}"
        if number % BULK_EVERY:
            yield f"{kind}-{number:06d}-{chance.randint(1, MOST_SIDES)}", counter, ServiceClass.COUNTER
        else:
            yield f"{kind}-{number:06d}-{BULK_SIDES}", counter, ServiceClass.BULK


def _migrated(url: str) -> None:
    engine = open_database(url)
    migrate(engine)
    engine.dispose()
