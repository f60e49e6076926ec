"""Simulated hosts: each has a state folder, proxies and services of its own, and shares no disk with another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import SecretStr

from benchmarks.chaos.guards import GUARD_FILE
from benchmarks.chaos.network import Cable, Cables
from benchmarks.chaos.proxy import Proxy, Switchboard
from benchmarks.chaos.servers import Servers
from models.settings import (
    ArchiveSettings,
    BlobSettings,
    BrokerSettings,
    DeliverySettings,
    LedgerSettings,
    PoolSettings,
    Settings,
    SignerSettings,
)
from pipeline.child_server import DIES_WITH_PARENT
from pipeline.wiring import Books, dump_settings
from stages.flow import FLOW

Link = Literal["ledger", "broker", "store", "tsa"]
Role = Literal["intake", "relay", "worker"]

LOCAL = "127.0.0.1"
RESTART_S = 0.3
LOOK_S = 0.05
STOP_S = 60.0
ROOT = Path(__file__).resolve().parents[2]

DELIVERY = DeliverySettings(
    sent_expires_s=5.0,
    lease_s=6.0,
    leader_s=3.0,
    heartbeat_s=1.0,
    sweep_s=6.0,
    retry_first_s=0.3,
    retry_most_s=4.0,
    drain_s=8.0,
)
"""A day of a data centre in minutes: everything that waits, waits a fifth to a tenth as long as it would there."""
POOLS = {
    "page": PoolSettings(slots=1, wall_s=60.0, cpu_s=3.0, rss_mb=800, recycle_after=40),
    **{pool: PoolSettings(slots=1, wall_s=60.0) for pool in FLOW.pools if pool != "page"},
}


@dataclass
class Service:
    """One process that is started again whenever it ends; ``starts``: how often it was."""

    name: str
    role: Role
    command: tuple[str, ...]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    wanted: bool = False
    starts: int = 0
    again_at: float = 0.0

    @property
    def pid(self) -> int | None:
        """Process id, None while it is down."""
        return self.process.pid if self.process is not None and self.process.poll() is None else None

    def signal(self, number: signal.Signals) -> bool:
        """Send a signal to the process alone; whether there was one."""
        pid = self.pid
        if pid is None:
            return False
        os.kill(pid, number)  # a zombie of ours at worst: nobody else waits for it
        return True


@dataclass
class Host:
    """``incoming``: where a counter's batches arrive; None on a host without intake.

    ``cable``: to a network of its own; None where hosts are processes only.
    """

    name: str
    state: Path
    settings: Settings
    proxies: dict[Link, Proxy]
    services: list[Service] = field(default_factory=list)
    incoming: Path | None = None
    cable: Cable | None = None

    def service(self, role: Role) -> Service:
        """The service of that role. Raises ``StopIteration``."""
        return next(s for s in self.services if s.role == role)


class Cluster:
    """Hosts on shared servers. ``guard``: one that is taken out of every process.

    Use as a context manager: on leaving it everything is stopped. One thread starts all services, because the kernel
    ends a service with the thread that started it.
    """

    def __init__(self, folder: Path, servers: Servers, board: Switchboard, guard: str | None = None) -> None:
        self.folder = folder
        self.servers = servers
        self.board = board
        self.guard = guard
        self.prefix = f"chaos-{folder.name}"[:40]
        self.ledger_url = servers.fresh_ledger()
        self.work_bucket = servers.fresh_bucket("work")
        self.copy_bucket = servers.fresh_bucket("copies", object_lock=True)
        self.hosts: list[Host] = []
        self.books = Books(self.settings(folder / "judge", {}), FLOW)
        """The judge's own, straight to the server."""
        self.cables = Cables.open()
        """None where hosts can have no network of their own."""
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    @property
    def services(self) -> list[Service]:
        return [service for host in self.hosts for service in host.services]

    def of(self, role: Role) -> list[Service]:
        """Every service of a role."""
        return [service for service in self.services if service.role == role]

    def host(self, name: str, roles: Sequence[Role], incoming: Path | None = None, *, start: bool = True) -> Host:
        """Add a host; its services start at once, unless ``start`` is False."""
        state = self.folder / name
        state.mkdir(parents=True)
        if self.guard:
            (state / GUARD_FILE).write_text(self.guard, "ascii")
        cable = self.cables.plug() if self.cables is not None else None
        address = LOCAL if cable is None else cable.address
        proxies = {link: self.board.open(port, address) for link, port in self._targets().items()}
        settings = self.settings(state, {link: proxy.port for link, proxy in proxies.items()}, address)
        file = state / "settings.json"
        file.write_bytes(dump_settings(settings))
        host = Host(name, state, settings, proxies, incoming=incoming, cable=cable)
        there = () if cable is None else cable.prefix
        for role in roles:
            folder = (str(incoming),) if role == "intake" and incoming is not None else ()
            command = (
                *DIES_WITH_PARENT,
                *there,
                sys.executable,
                "-m",
                "benchmarks.chaos.host",
                role,
                str(file),
                *folder,
            )
            log = self.folder / f"{name}-{role}.log"
            host.services.append(Service(f"{name}/{role}", role, command, log, wanted=start))
        self.hosts.append(host)
        return host

    def settings(self, state: Path, ports: Mapping[Link, int], address: str = LOCAL) -> Settings:
        """A host's settings; ``ports``: of its proxies, the servers' own where there is none; ``address``: of both."""
        port = self._targets() | dict(ports)
        s3 = {
            "endpoint": f"http://{address}:{port['store']}",
            "access_key": SecretStr(self.servers.store.access_key),
            "secret_key": SecretStr(self.servers.store.secret_key),
        }
        return Settings(
            state=state,
            ledger=LedgerSettings(url=_at(self.ledger_url, address, port["ledger"])),
            broker=BrokerSettings(
                kind="rabbitmq",
                url=SecretStr(_at(self.servers.broker.url, address, port["broker"])),
                quorum=False,
                prefix=self.prefix,
                blocked_timeout_s=2.0,
            ),
            blobs=BlobSettings.model_validate({"kind": "s3", "bucket": self.work_bucket, **s3}),
            archive=ArchiveSettings.model_validate({"kind": "s3", "bucket": self.copy_bucket, **s3}),
            signer=SignerSettings(tsa_url=f"http://{address}:{port['tsa']}/tsa", tsa_timeout_s=5.0),
            delivery=DELIVERY,
            pools=POOLS,
        )

    def _targets(self) -> dict[Link, int]:
        return {
            "ledger": urlsplit(self.ledger_url).port or 0,
            "broker": self.servers.broker.port,
            "store": self.servers.store.port,
            "tsa": self.servers.tsa_port,
        }

    def heal(self) -> None:
        """Every link passes, every stopped process goes on."""
        for host in self.hosts:
            for proxy in host.proxies.values():
                self.board.heal(proxy)
            if host.cable is not None:
                host.cable.mend()
        for service in self.services:
            service.signal(signal.SIGCONT)

    def stop(self) -> dict[str, int]:
        """SIGTERM to all, SIGKILL to what is there after a minute; exit status by service."""
        with self._starting:
            for service in self.services:
                service.wanted = False
        running = [s for s in self.services if s.signal(signal.SIGTERM)]
        deadline = time.monotonic() + STOP_S
        found = {}
        for service in running:
            assert service.process is not None
            try:
                found[service.name] = service.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                service.process.kill()
                found[service.name] = service.process.wait()
        return found

    def _keep(self) -> None:
        while not self._stopping.wait(LOOK_S):
            with self._starting:
                for service in self.services:
                    if service.wanted and service.pid is None and time.monotonic() >= service.again_at:
                        self._start(service)

    def _start(self, service: Service) -> None:
        if service.process is not None:
            service.process.wait()
        with service.log.open("ab") as log:
            service.process = subprocess.Popen(
                service.command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        service.starts += 1
        service.again_at = time.monotonic() + RESTART_S

    def __enter__(self) -> Self:
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.heal()
        self.stop()
        self._stopping.set()
        self._keeper.join()
        self.books.close()
        if self.cables is not None:
            self.cables.close()


def _at(url: str, address: str, port: int) -> str:
    parts = urlsplit(url)
    user = parts.netloc.rpartition("@")[0]
    return parts._replace(netloc=f"{user}@{address}:{port}").geturl()
