"""The nemesis of what lies around the processes: links, disks and clocks; and the catalogue of all faults."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from benchmarks.chaos import faults
from benchmarks.chaos.cluster import Host, Link
from benchmarks.chaos.faults import Fault, Skipped, boundary
from benchmarks.chaos.guards import CLOCK_FILE
from benchmarks.chaos.network import Cable
from benchmarks.chaos.proxy import Condition, Mode
from benchmarks.chaos.schedule import FaultKind
from stages.flow import FLOW

DAY_S = 86_400
DISK_MB = 48
CHUNK = b"\0" * (1 << 20)
MOUNT = Path("/usr/bin/mount")
TRIES = 20


class _OnLink(Fault):
    """One host, or all of them, reaches a server only in the way that the condition says."""

    link: ClassVar[Link]
    mode: ClassVar[Mode]
    delay_s: ClassVar[float] = 0.0
    pattern: ClassVar[bytes] = b""
    hosts: tuple[Host, ...]

    def start(self) -> str:
        everywhere = self.rng.random() < 0.3
        self.hosts = tuple(self.cluster.hosts if everywhere else [self.rng.choice(self.cluster.hosts)])
        for host in self.hosts:
            times = self.rng.randint(1, 3)
            condition = Condition(self.mode, delay_s=self.delay_s, pattern=self.pattern, times=times)
            self.cluster.board.behave(host.proxies[self.link], condition)
        return ", ".join(host.name for host in self.hosts)

    def heal(self) -> None:
        for host in self.hosts:
            self.cluster.board.heal(host.proxies[self.link])


def _on_link(
    name: str, group: str, link: Link, mode: Mode, most_s: float, *, delay_s: float = 0.0, pattern: bytes = b""
) -> type[Fault]:
    told = {
        "kind": FaultKind(name, group, f"link-{link}", most_s / 2, most_s),
        "link": link,
        "mode": mode,
        "delay_s": delay_s,
        "pattern": pattern,
    }
    return type(name, (_OnLink,), told)


LINKS: tuple[type[Fault], ...] = (
    _on_link("ledger_cut", "ledger", "ledger", "cut", 6.0),
    _on_link("ledger_half_open", "ledger", "ledger", "half_open", 8.0),
    _on_link("ledger_slow", "ledger", "ledger", "slow", 6.0, delay_s=0.05),
    _on_link("ledger_answer_lost", "ledger", "ledger", "lose_answer", 4.0, pattern=b"COMMIT"),
    _on_link("broker_cut", "broker", "broker", "cut", 6.0),
    _on_link("broker_half_open", "broker", "broker", "half_open", 8.0),
    _on_link("broker_slow", "broker", "broker", "slow", 6.0, delay_s=0.05),
    _on_link("store_cut", "store", "store", "cut", 6.0),
    _on_link("store_half_open", "store", "store", "half_open", 8.0),
    _on_link("store_slow", "store", "store", "slow", 6.0, delay_s=0.2),
    _on_link("store_answer_lost", "store", "store", "lose_answer", 4.0, pattern=b"PUT /"),
    _on_link("tsa_away", "signer", "tsa", "cut", 6.0),
    _on_link("tsa_half_open", "signer", "tsa", "half_open", 8.0),
)


class _OnCable(Fault):
    """One host's network as a whole; what the proxies do to single links they do beside it."""

    damage: ClassVar[Callable[[Cable], None]]
    host: Host

    def start(self) -> str:
        self.host = self.rng.choice(self.cluster.hosts)
        if self.host.cable is None:
            raise Skipped("no_namespace", "hosts are processes here: network namespaces are not allowed")
        type(self).damage(self.host.cable)
        return self.host.name

    def heal(self) -> None:
        assert self.host.cable is not None
        self.host.cable.mend()


def _on_cable(name: str, damage: Callable[[Cable], None], most_s: float) -> type[Fault]:
    return type(name, (_OnCable,), {"kind": FaultKind(name, "network", "cable", most_s / 2, most_s), "damage": damage})


CABLES: tuple[type[Fault], ...] = (
    _on_cable("host_unplugged", Cable.pull, 8.0),
    _on_cable("host_mute", Cable.mute, 8.0),
    _on_cable("host_deaf", Cable.deafen, 8.0),
    _on_cable("host_loses_packets", Cable.lose, 8.0),
)


class _OnDisk(Fault):
    """The small disk of one host's intake, a tmpfs."""

    host: Host

    def mounted(self) -> Path:
        """Where the disk is. Raises ``Skipped`` where mounting is not allowed."""
        self.host = self.rng.choice([host for host in self.cluster.hosts if host.incoming is not None])
        assert self.host.incoming is not None
        if not os.path.ismount(self.host.incoming):
            raise Skipped("no_mount", "only root may mount a small disk")
        return self.host.incoming


class DiskFull(_OnDisk):
    kind = FaultKind("disk_full", "disk", "disk", 3.0, 6.0)

    def start(self) -> str:
        folder = self.mounted()
        with suppress(OSError), (folder / ".filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(CHUNK)
        return f"{self.host.name}: {os.statvfs(folder).f_bavail} blocks free"

    def heal(self) -> None:
        assert self.host.incoming is not None
        (self.host.incoming / ".filler").unlink(missing_ok=True)


class DiskReadOnly(_OnDisk):
    kind = FaultKind("disk_read_only", "disk", "disk", 3.0, 6.0)

    def start(self) -> str:
        folder = self.mounted()
        for _ in range(TRIES):  # refused while a file is open for writing
            if _remount(folder, "ro"):
                return self.host.name
            time.sleep(0.1)
        raise Skipped("disk_busy", "the disk is being written to all the time")

    def heal(self) -> None:
        assert self.host.incoming is not None
        _remount(self.host.incoming, "rw")


class _WrongClock(Fault):
    """One host's clock, as the product's ports see it; the ledger's is the database's and stays right."""

    shift_s: ClassVar[int]
    host: Host

    def start(self) -> str:
        self.host = self.rng.choice(self.cluster.hosts)
        (self.host.state / CLOCK_FILE).write_text(str(self.shift_s), "ascii")
        return self.host.name

    def heal(self) -> None:
        (self.host.state / CLOCK_FILE).unlink(missing_ok=True)


class ClockAhead(_WrongClock):
    kind = FaultKind("clock_a_day_ahead", "clock", "clock", 4.0, 8.0)
    shift_s = DAY_S


class ClockBehind(_WrongClock):
    kind = FaultKind("clock_a_day_behind", "clock", "clock", 4.0, 8.0)
    shift_s = -DAY_S


_ALL: tuple[type[Fault], ...] = (
    *(faults.WorkerKilled, faults.WorkerDrained, faults.WorkerStopped, faults.HostFrozen),
    *(faults.ChildKilled, faults.ChildStopped, faults.ForkServerKilled),
    *(faults.RelayKilled, faults.RelayStopped, faults.IntakeKilled, faults.IntakeStopped),
    *(faults.BrokerKilled, faults.BrokerKilledTwice, faults.BrokerAlarm, faults.QueueDeleted, faults.HintsDoubled),
    *(faults.LedgerKilled, faults.StoreKilled),
    *(*LINKS, *CABLES),
    *(DiskFull, DiskReadOnly, ClockAhead, ClockBehind),
    *(boundary(segment.name) for segment in FLOW.segments),
)
CATALOGUE: dict[str, type[Fault]] = {fault.kind.name: fault for fault in _ALL}
"""Every fault, by name."""


def mount(folder: Path) -> bool:
    """Make the folder a small disk of its own; False where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    return os.geteuid() == 0 and _run("-t", "tmpfs", "-o", f"size={DISK_MB}m", "sohoa-chaos", str(folder))


def unmount(folder: Path) -> None:
    """Let the disk go, busy or not."""
    if os.path.ismount(folder):
        subprocess.run(["/usr/bin/umount", "-l", str(folder)], check=False, capture_output=True)


def _remount(folder: Path, how: str) -> bool:
    return _run("-o", f"remount,{how}", str(folder))


def _run(*words: str) -> bool:
    return subprocess.run([str(MOUNT), *words], check=False, capture_output=True).returncode == 0
