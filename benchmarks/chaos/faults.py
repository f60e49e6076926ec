"""The nemesis: each fault is a small class that starts and heals; this file has those of processes and servers."""

from __future__ import annotations

import os
import random
import signal
import time
from abc import ABC, abstractmethod
from contextlib import closing, suppress
from pathlib import Path
from typing import ClassVar

import pika
from sqlalchemy import func, select

from benchmarks.chaos.cluster import Cluster, Role, Service
from benchmarks.chaos.schedule import FaultKind
from benchmarks.chaos.servers import ServerName
from models.errors import SohoaError
from models.step import Step
from pipeline.hints import Hints
from pipeline.ledger.database import reading
from pipeline.ledger.schema import steps
from stages.flow import FLOW

COPIES = 10
"""How often a hint is published again."""
POOL_NAMES = tuple(FLOW.pools)


class Skipped(SohoaError):
    """The fault cannot be done here, or not at this moment (``passing``); the report says why."""

    @property
    def passing(self) -> bool:
        return self.code not in ("no_mount", "no_namespace", "no_such_step")


class Fault(ABC):
    """One strike: ``start`` returns what was struck, and raises ``Skipped``."""

    kind: ClassVar[FaultKind]

    def __init__(self, cluster: Cluster, chance: int, lasts_s: float) -> None:
        self.cluster = cluster
        self.rng = random.Random(chance)  # noqa: S311 - a campaign, not a secret
        self.lasts_s = lasts_s

    @property
    def rest_s(self) -> float:
        """From the end of ``start`` to ``heal``."""
        return self.lasts_s

    @abstractmethod
    def start(self) -> str: ...

    def heal(self) -> None:  # noqa: B027 - what is started again by itself needs nothing
        """Undo what lasts."""

    def some(self, role: Role) -> Service:
        """A running service of the role."""
        running = [service for service in self.cluster.of(role) if service.pid is not None]
        if not running:
            raise Skipped("none_running", f"no {role} runs at this moment")
        return self.rng.choice(running)


class _Killed(Fault):
    role: ClassVar[Role]
    number: ClassVar[signal.Signals] = signal.SIGKILL

    def start(self) -> str:
        service = self.some(self.role)
        service.signal(self.number)
        return service.name


class _Stopped(Fault):
    """SIGSTOP for a while: longer than a lease, so that others take its work."""

    role: ClassVar[Role]
    service: Service
    pid: int | None

    def start(self) -> str:
        self.service = self.some(self.role)
        self.pid = self.service.pid
        self.service.signal(signal.SIGSTOP)
        return self.service.name

    def heal(self) -> None:
        if self.service.pid == self.pid:
            self.service.signal(signal.SIGCONT)


class WorkerKilled(_Killed):
    kind = FaultKind("worker_killed", "worker", "worker", 0.5, 1.5)
    role = "worker"


class WorkerDrained(_Killed):
    """SIGTERM: it finishes or gives back, and ends."""

    kind = FaultKind("worker_drained", "worker", "worker", 0.5, 1.5)
    role = "worker"
    number = signal.SIGTERM


class WorkerStopped(_Stopped):
    kind = FaultKind("worker_stopped", "worker", "worker", 7.0, 11.0)
    role = "worker"


class RelayKilled(_Killed):
    kind = FaultKind("relay_killed", "relay", "relay", 0.5, 1.5)
    role = "relay"


class RelayStopped(_Stopped):
    kind = FaultKind("relay_stopped", "relay", "relay", 4.0, 8.0)
    role = "relay"


class IntakeKilled(_Killed):
    kind = FaultKind("intake_killed", "intake", "intake", 0.5, 1.5)
    role = "intake"


class IntakeStopped(_Stopped):
    kind = FaultKind("intake_stopped", "intake", "intake", 3.0, 7.0)
    role = "intake"


class HostFrozen(Fault):
    """A worker with its fork server and slot children stops, as a virtual machine does that is being moved."""

    kind = FaultKind("host_frozen", "worker", "worker", 7.0, 11.0)
    frozen: tuple[int, ...]

    def start(self) -> str:
        service = self.some("worker")
        assert service.pid is not None
        self.frozen = (service.pid, *descendants(service.pid))
        for pid in self.frozen:
            send(pid, signal.SIGSTOP)
        return f"{service.name} and {len(self.frozen) - 1} below it"

    def heal(self) -> None:
        for pid in reversed(self.frozen):
            send(pid, signal.SIGCONT)


class _OnChild(Fault):
    """Strikes one slot child, at work if there is one."""

    def child(self) -> tuple[int, str]:
        """A slot child, stopped, that does not work on a page of which a child was killed before.

        Two killed children quarantine their page, by design: a nemesis that kills twice proves nothing.
        """
        service = self.some("worker")
        assert service.pid is not None
        found = [
            (pid, name) for pid in descendants(service.pid) if (name := comm(pid)).rpartition("-")[0] in POOL_NAMES
        ]
        busy = {pool for pool, _ in self._claimed(service.pid)}
        found = [(p, n) for p, n in found if n.rpartition("-")[0] in busy] or found
        if not found:
            raise Skipped("no_child", f"{service.name} has no slot child at this moment")
        pid, name = self.rng.choice(found)
        send(pid, signal.SIGSTOP)
        if any(kills for pool, kills in self._claimed(service.pid) if pool == name.rpartition("-")[0]):
            send(pid, signal.SIGCONT)
            raise Skipped("struck_before", f"{name} of {service.name} works on a page that lost a child before")
        return pid, f"{name} of {service.name}"

    def _claimed(self, worker: int) -> list[tuple[str, int]]:
        """Pool and counted kills of what a worker process holds."""
        query = select(steps.c.pool, steps.c.kills).where(
            steps.c.state == "claimed", func.split_part(steps.c.worker, ":", 2) == str(worker)
        )
        try:
            with reading(self.cluster.books.engine) as tx:
                return [(pool, kills) for pool, kills in tx.execute(query)]
        except SohoaError as error:
            raise Skipped("ledger_away", "nobody can say what the child works on") from error


class ChildKilled(_OnChild):
    kind = FaultKind("child_killed", "child", "child", 0.2, 0.5)

    def start(self) -> str:
        pid, what = self.child()
        send(pid, signal.SIGKILL)
        return what


class ChildStopped(_OnChild):
    kind = FaultKind("child_stopped", "child", "child", 1.0, 3.0)
    pid: int

    def start(self) -> str:
        self.pid, what = self.child()
        return what

    def heal(self) -> None:
        send(self.pid, signal.SIGCONT)


class ForkServerKilled(_OnChild):
    kind = FaultKind("fork_server_killed", "child", "child", 0.2, 0.5)

    def start(self) -> str:
        service = self.some("worker")
        assert service.pid is not None
        servers = [pid for pid in descendants(service.pid) if parent(pid) == service.pid]
        if not servers:
            raise Skipped("no_fork_server", f"{service.name} has none at this moment")
        send(servers[0], signal.SIGKILL)
        return f"fork server of {service.name}"


class _ServerKilled(Fault):
    server: ClassVar[ServerName]

    def start(self) -> str:
        self.cluster.servers.kill(self.server)
        return "kill -9"

    def heal(self) -> None:
        self.cluster.servers.restart(self.server)


class BrokerKilled(_ServerKilled):
    kind = FaultKind("broker_killed", "broker", "broker", 1.0, 4.0)
    server = "broker"


class BrokerKilledTwice(_ServerKilled):
    """Back, and gone again at once: within one step of a page."""

    kind = FaultKind("broker_killed_twice", "broker", "broker", 0.2, 0.5)
    server = "broker"

    def heal(self) -> None:
        super().heal()
        self.cluster.servers.kill(self.server)
        super().heal()


class LedgerKilled(_ServerKilled):
    kind = FaultKind("ledger_killed", "ledger", "ledger", 0.5, 5.0)
    server = "ledger"


class StoreKilled(_ServerKilled):
    kind = FaultKind("store_killed", "store", "store", 0.5, 4.0)
    server = "store"


class BrokerAlarm(Fault):
    """RabbitMQ says that its memory is full, and blocks every publisher."""

    kind = FaultKind("broker_alarm", "broker", "broker", 4.0, 8.0)

    def start(self) -> str:
        self.cluster.servers.broker.control("set_vm_memory_high_watermark", "0")
        return "memory alarm"

    def heal(self) -> None:
        self.cluster.servers.broker.control("set_vm_memory_high_watermark", "0.4")


class QueueDeleted(Fault):
    """An operator's mistake: a pool's queue is gone, with every hint in it, under its consumers."""

    kind = FaultKind("queue_deleted", "broker", "broker", 0.2, 0.5)

    def start(self) -> str:
        name = f"{self.cluster.prefix}.{self.rng.choice(POOL_NAMES)}"
        try:
            parameters = pika.URLParameters(self.cluster.servers.broker.url)
            with closing(pika.BlockingConnection(parameters)) as connection:
                connection.channel().queue_delete(name)
        except (pika.exceptions.AMQPError, OSError) as error:
            raise Skipped("broker_away", f"the queue could not be deleted: {type(error).__name__}") from error
        return name


class HintsDoubled(Fault):
    """Hints of live steps and of steps that were done long ago, each published ten times again."""

    kind = FaultKind("hints_doubled", "hints", "hints", 0.2, 0.5)

    def start(self) -> str:
        chosen = (steps.c.document, steps.c.revision, steps.c.segment, steps.c.page, steps.c.pool)
        try:
            with reading(self.cluster.books.engine) as tx:
                rows = list(tx.execute(select(*chosen).order_by(func.random()).limit(20)))
            broker = self.cluster.settings(self.cluster.folder, {}).broker
            hints = Hints(broker, POOL_NAMES)
            for row in rows:
                for _ in range(COPIES):
                    hints.publish(row.pool, Step(*row[:4]))
            hints.close()
        except (SohoaError, pika.exceptions.AMQPError, OSError) as error:
            raise Skipped("broker_away", f"hints could not be published: {type(error).__name__}") from error
        return f"{len(rows)} steps, {COPIES} times each"


class Boundary(Fault):
    """The worker that has just claimed a step of one segment is killed, between its claim and its commit."""

    segment: ClassVar[str]

    @property
    def rest_s(self) -> float:
        return 0.0  # all of it was there to wait for the moment

    def start(self) -> str:
        deadline = time.monotonic() + self.lasts_s
        query = select(func.split_part(steps.c.worker, ":", 2)).where(
            steps.c.segment == self.segment, steps.c.state == "claimed"
        )
        while time.monotonic() < deadline:
            try:
                with reading(self.cluster.books.engine) as tx:
                    pids = {int(pid) for (pid,) in tx.execute(query)}
            except SohoaError:
                pids = set()
            for service in self.cluster.of("worker"):
                if service.pid in pids and service.signal(signal.SIGKILL):
                    return f"{service.name} at {self.segment}"
            time.sleep(0.005)
        raise Skipped("no_such_step", f"no step of {self.segment} was at work for {self.lasts_s:.0f} s")


def boundary(segment: str) -> type[Boundary]:
    """The fault of one segment."""
    kind = FaultKind(f"boundary_{segment}", "boundary", "worker", 10.0, 20.0)
    return type(f"Boundary_{segment}", (Boundary,), {"kind": kind, "segment": segment})


def send(pid: int, number: signal.Signals) -> None:
    """A signal to a process that may be gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def descendants(pid: int) -> tuple[int, ...]:
    """Every process below one, parents first."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and (above := parent(int(folder.name))):
            children.setdefault(above, []).append(int(folder.name))
    found: list[int] = []
    ahead = [pid]
    while ahead:
        below = sorted(children.get(ahead.pop(0), []))
        found += below
        ahead += below
    return tuple(found)


def parent(pid: int) -> int:
    """Process number of the parent; 0 for a process that is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[1])
    except OSError:
        return 0


def comm(pid: int) -> str:
    """The name that a process gave itself; empty for one that is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8").strip()
    except OSError:
        return ""
