"""Runs on RabbitMQ: a cluster that is there already, or a private one for one run."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import uvloop
from pydantic import SecretStr

from models.flow import Flow
from models.settings import BrokerSettings, PoolSettings, Settings
from pipeline.intake import Intake
from pipeline.private_rabbitmq import PrivateRabbitMq
from pipeline.wiring import Adapters, Books, dump_settings
from stages.flow import FLOW

log = logging.getLogger("sohoa.cluster")

WORKERS = 2
RESTART_S = 0.2
LOOK_S = 0.5


class SharedCluster:
    """Intake into the cluster of the settings; its own relay and workers do the rest."""

    broker_kind = "rabbitmq"
    owns_workers = False

    def __init__(self, settings: Settings, flow: Flow = FLOW) -> None:
        self.settings = settings
        self.adapters = Adapters(settings)
        self.books = Books(settings, flow)
        self.intake = Intake(settings, self.books.ledger, self.adapters.blobs, self.adapters.clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.books.close()


class PrivateCluster(SharedCluster):
    """A RabbitMQ, a relay and two worker processes of our own, started again whenever one dies.

    The caller must own the state folder alone. Needs Debian's ``rabbitmq-server``.
    """

    owns_workers = True

    def __init__(self, settings: Settings, out: Path, flow: Flow = FLOW) -> None:
        self._rabbitmq = PrivateRabbitMq(out / "rabbitmq")
        self._file = out / "cluster.json"
        self._log = out / "log.jsonl"
        self._pools = flow.pools
        self._supervisor: Supervisor | None = None
        pages = settings.pools.get("page", PoolSettings(slots=max(1, len(os.sched_getaffinity(0)) // WORKERS)))
        super().__init__(settings.model_copy(update={"pools": settings.pools | {"page": pages}}), flow)

    def __enter__(self) -> Self:
        self._rabbitmq.start()
        broker = BrokerSettings(kind="rabbitmq", url=SecretStr(self._rabbitmq.url))
        self.settings = self.settings.model_copy(update={"broker": broker})
        self.books.dispatch.take_back_all()
        part = self._file.with_suffix(".part")  # whoever reads the settings of a running cluster finds them whole
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        part.write_bytes(dump_settings(self.settings))
        part.replace(self._file)
        pools = [argument for pool in self._pools for argument in ("--pool", pool)]
        services = [Service("relay", ("relay",))]
        services += [Service(f"worker-{n + 1}", ("worker", *pools)) for n in range(WORKERS)]
        self._supervisor = Supervisor(services, self._file, self._log, self._rabbitmq)
        self._supervisor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._supervisor is not None:
            self._supervisor.stop(self.settings.delivery.drain_s + 15)
        self._rabbitmq.stop()
        super().__exit__(kind, error, trace)


@dataclass(frozen=True)
class Service:
    """A ``sohoa`` command that has to run all the time."""

    name: str
    arguments: tuple[str, ...]


class Supervisor:
    """Keeps services and the private broker alive from a thread of its own."""

    def __init__(self, services: Sequence[Service], settings: Path, log_file: Path, rabbitmq: PrivateRabbitMq) -> None:
        self._services = services
        self._settings = settings
        self._log_file = log_file
        self._rabbitmq = rabbitmq
        self._stopping = threading.Event()
        self._drain_s = 0.0
        self._thread = threading.Thread(target=lambda: uvloop.run(self._supervise()), name="supervisor", daemon=True)

    def start(self) -> None:
        """Start everything in the background."""
        self._thread.start()

    def stop(self, drain_s: float) -> None:
        """SIGTERM to all, SIGKILL to what is there after ``drain_s``."""
        self._drain_s = drain_s
        self._stopping.set()
        self._thread.join()

    async def _supervise(self) -> None:
        await asyncio.gather(self._keep_broker(), *(self._keep(service) for service in self._services))

    async def _keep(self, service: Service) -> None:
        while not self._stopping.is_set():
            with self._log_file.open("ab") as sink:
                process = await asyncio.create_subprocess_exec(
                    *_sohoa(),
                    *service.arguments,
                    "--settings",
                    str(self._settings),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=sink,
                    stderr=sink,
                    start_new_session=True,  # Ctrl-C at the terminal is the run's to handle
                )
            log.info("service started", extra={"service": service.name, "pid": process.pid})
            ended = asyncio.ensure_future(process.wait())
            while not ended.done() and not self._stopping.is_set():
                await asyncio.wait([ended], timeout=LOOK_S)
            if ended.done():
                log.warning("service died, starting it again", extra={"service": service.name, "rc": ended.result()})
                await asyncio.sleep(RESTART_S)
            else:
                await self._end(process, ended)

    async def _end(self, process: asyncio.subprocess.Process, ended: asyncio.Future[int]) -> None:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait([ended], timeout=self._drain_s)
        if not ended.done():
            process.kill()
            await ended

    async def _keep_broker(self) -> None:
        while not self._stopping.is_set():
            if not self._rabbitmq.running:
                log.warning("the private RabbitMQ died, starting it again")
                await asyncio.to_thread(self._rabbitmq.restart)
            await asyncio.sleep(LOOK_S)


def _sohoa() -> tuple[str, ...]:
    """The installed command beside this interpreter; the kernel ends it when its supervisor is gone."""
    return "/usr/bin/setpriv", "--pdeathsig", "TERM", sys.executable, str(Path(sys.executable).with_name("sohoa"))
