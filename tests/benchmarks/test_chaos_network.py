"""Networks of simulated hosts: they break as networks do, and nothing of them stays."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.chaos.network import NAMESPACES, Cable, Cables, remove_leftovers

OPEN = "from benchmarks.chaos.network import Cables\nopened = Cables.open()\n"
PLUG = f"{OPEN}assert opened is not None\nprint(opened.plug().namespace, flush=True)\ninput()\n"
ASK = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 0.5) as line:
    line.sendall(b"a")
    assert line.recv(1) == b"b"
"""


@pytest.fixture
def cables() -> Iterator[Cables]:
    """Cables of one cluster."""
    opened = Cables.open()
    if opened is None:
        pytest.skip("only root may make network namespaces")
    yield opened
    opened.close()


@pytest.fixture
def server(cables: Cables) -> Iterator[tuple[Cable, socket.socket]]:
    """A host, and a server outside that it can reach."""
    cable = cables.plug()
    with socket.create_server((cable.address, 0)) as listening:
        yield cable, listening


def asks(cable: Cable, listening: socket.socket) -> subprocess.Popen[bytes]:
    """A program on the host that asks the server."""
    command = (*cable.prefix, sys.executable, "-c", ASK, cable.address, str(listening.getsockname()[1]))
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def answers(listening: socket.socket) -> None:
    """Answer one question."""
    line, _ = listening.accept()
    with line:
        assert line.recv(1) == b"a"
        line.sendall(b"b")


def test_a_host_reaches_what_is_outside_through_its_cable(server: tuple[Cable, socket.socket]) -> None:
    """And nothing else: it has a network of its own."""
    cable, listening = server
    asking = asks(cable, listening)
    answers(listening)
    assert asking.wait(30) == 0
    links = subprocess.run([*cable.prefix, "/usr/sbin/ip", "-o", "link"], capture_output=True, text=True, check=True)
    assert len(links.stdout.splitlines()) == 2


@pytest.mark.parametrize("damage", [Cable.pull, Cable.mute, Cable.deafen])
def test_what_is_damaged_hears_nothing_until_it_is_mended(
    server: tuple[Cable, socket.socket], damage: Callable[[Cable], None]
) -> None:
    """Doing it twice changes nothing, nor does mending twice."""
    cable, listening = server
    for _ in range(2):
        damage(cable)
    assert asks(cable, listening).wait(30) != 0
    for _ in range(2):
        cable.mend()
    asking = asks(cable, listening)
    answers(listening)
    assert asking.wait(30) == 0


def test_packets_that_get_lost_are_sent_again(server: tuple[Cable, socket.socket]) -> None:
    """TCP sees to it: the link works, and slowly."""
    cable, listening = server
    cable.lose()
    shown = subprocess.run(["/usr/sbin/tc", "qdisc", "show", "dev", cable.outside], capture_output=True, check=True)
    assert b"netem" in shown.stdout or b"tbf" in shown.stdout
    cable.mend()
    asking = asks(cable, listening)
    answers(listening)
    assert asking.wait(30) == 0


def test_what_a_killed_campaign_left_is_removed_by_the_next(cables: Cables, repository: Path) -> None:
    """By no other way than the lock that died with it; the networks of those that live stay."""
    living = cables.plug()
    with subprocess.Popen(
        [sys.executable, "-c", PLUG], cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        left = NAMESPACES / other.stdout.readline().strip()
        remove_leftovers()
        assert left.exists()
        os.kill(other.pid, signal.SIGKILL)
    remove_leftovers()
    assert not left.exists()
    assert (NAMESPACES / living.namespace).exists()


@pytest.mark.usefixtures("cables")
def test_who_is_not_root_gets_none(repository: Path) -> None:
    """Hosts are processes only then; nobody is told off for it."""
    program = OPEN.replace("\n", "\nimport os; os.seteuid(65534)\n", 1) + "assert opened is None\n"
    subprocess.run([sys.executable, "-c", program], cwd=repository, check=True)


def test_closing_leaves_nothing(cables: Cables) -> None:
    """No namespace and no cable."""
    cable = cables.plug()
    assert (Path("/sys/class/net") / cable.outside).exists()
    other = Cables.open()
    assert other is not None
    gone = other.plug()
    other.close()
    assert not (NAMESPACES / gone.namespace).exists()
    assert not (Path("/sys/class/net") / gone.outside).exists()
    assert (NAMESPACES / cable.namespace).exists()
