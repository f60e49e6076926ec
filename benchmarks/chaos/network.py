"""A network of its own for each simulated host, where root allows: a namespace, and one cable to this machine.

Names carry a number that one campaign alone has, by a lock that the kernel lets go however the campaign ends: what a
killed one has left is removed by the next that starts.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from models.errors import OperatorError

IP, TC, NSENTER = Path("/usr/sbin/ip"), Path("/usr/sbin/tc"), Path("/usr/bin/nsenter")
NAMESPACES = Path("/run/netns")
LOCKS = Path("/run/lock")
NUMBERS = 256
INSIDE = "eth0"
LOSS = (("netem", "loss", "30%"), ("tbf", "rate", "200kbit", "burst", "3000", "limit", "3000"))
"""What loses packets, the first that the kernel has: by chance, or where more is sent than a thin line takes."""
_OURS = re.compile(r"sohoa-chaos-(\d+)-(\d+)")


@dataclass(frozen=True)
class Cable:
    """A host's only way out. ``address``: of this machine, as the host sees it; ``outside``: its end of the cable."""

    namespace: str
    outside: str
    address: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """Begin a command with it, and it runs on the host."""
        return (str(NSENTER), f"--net={NAMESPACES / self.namespace}")

    def pull(self) -> None:
        """The cable is out: what the host sends is refused at once, what is sent to it is never heard of again."""
        _run(IP, "-n", self.namespace, "link", "set", INSIDE, "down")

    def mute(self) -> None:
        """Half open: the host hears, and nothing that it says arrives."""
        _run(TC, "-n", self.namespace, "qdisc", "replace", "dev", INSIDE, "root", "blackhole")

    def deafen(self) -> None:
        """Half open: what the host says arrives and is done, and it hears nothing of it."""
        _run(TC, "qdisc", "replace", "dev", self.outside, "root", "blackhole")

    def lose(self) -> None:
        """Some packets get lost, both ways."""
        for where in (
            ("-n", self.namespace, "qdisc", "replace", "dev", INSIDE),
            ("qdisc", "replace", "dev", self.outside),
        ):
            if not any(_done(TC, *where, "root", *how) for how in LOSS):
                raise OperatorError("no_packet_loss", "this kernel has neither netem nor tbf")

    def mend(self) -> None:
        """As good as new; nothing happens to one that is."""
        _run(IP, "-n", self.namespace, "link", "set", INSIDE, "up")
        _done(TC, "-n", self.namespace, "qdisc", "del", "dev", INSIDE, "root")
        _done(TC, "qdisc", "del", "dev", self.outside, "root")


class Cables:
    """All cables of one cluster. Source of the addresses: RFC 2544, appendix C.2.2; nobody routes them."""

    def __init__(self) -> None:
        self._lock, self._number = _free_number()
        self._hosts = itertools.count()

    @classmethod
    def open(cls) -> Cables | None:
        """None where it is not allowed, or a program for it is not installed."""
        if os.geteuid() != 0 or not all(program.exists() for program in (IP, TC, NSENTER)):
            return None
        remove_leftovers()
        cables = cls()
        try:
            cables.plug()
        except OperatorError:
            cables.close()
            return None
        return cables

    def plug(self) -> Cable:
        """A network for one more host. Raises ``OperatorError("no_namespace")``."""
        host = next(self._hosts)
        namespace, outside = f"sohoa-chaos-{self._number}-{host}", f"sohoa{self._number}-{host}"
        ours, theirs = (f"198.18.{self._number}.{4 * host + end}" for end in (1, 2))
        _run(IP, "netns", "add", namespace)
        _run(IP, "link", "add", outside, "type", "veth", "peer", "name", INSIDE, "netns", namespace)
        _run(IP, "address", "add", f"{ours}/30", "dev", outside)
        _run(IP, "link", "set", outside, "up")
        _run(IP, "-n", namespace, "address", "add", f"{theirs}/30", "dev", INSIDE)
        for link in ("lo", INSIDE):
            _run(IP, "-n", namespace, "link", "set", link, "up")
        return Cable(namespace, outside, ours)

    def close(self) -> None:
        """Remove all of them."""
        _remove(self._number)
        os.close(self._lock)


def remove_leftovers() -> None:
    """Remove the networks of campaigns that are no more."""
    for number in {int(found[1]) for name in _names() if (found := _OURS.fullmatch(name))}:
        with suppress(BlockingIOError):
            lock = _locked(number)
            _remove(number)
            os.close(lock)


def _remove(number: int) -> None:
    for name in _names():
        found = _OURS.fullmatch(name)
        if found and int(found[1]) == number:
            _done(IP, "link", "del", f"sohoa{number}-{found[2]}")
            _done(IP, "netns", "del", name)


def _names() -> list[str]:
    return [place.name for place in NAMESPACES.iterdir()] if NAMESPACES.is_dir() else []


def _free_number() -> tuple[int, int]:
    """A lock, and the number that it is for. Raises ``OperatorError("no_namespace")``."""
    for number in range(NUMBERS):
        with suppress(BlockingIOError):
            return _locked(number), number
    raise OperatorError("no_namespace", f"{NUMBERS} campaigns run on this machine already")


def _locked(number: int) -> int:
    """Raises ``BlockingIOError`` while a campaign has this number."""
    lock = os.open(LOCKS / f"sohoa-chaos-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise
    return lock


def _run(program: Path, *words: str) -> None:
    done = subprocess.run([str(program), *words], check=False, capture_output=True, text=True)
    if done.returncode:
        raise OperatorError("no_namespace", f"{program.name} {' '.join(words)}: {done.stderr.strip()}")


def _done(program: Path, *words: str) -> bool:
    return subprocess.run([str(program), *words], check=False, capture_output=True).returncode == 0
