"""The proxy: passes everything unchanged until it is told to break, and breaks as it was told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.chaos.proxy import Condition, Proxy, Switchboard

SOON_S = 0.3


class Echo:
    """A server that answers every byte with itself, and keeps what it was asked."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.heard = b""
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                while data := connection.recv(4096):
                    self.heard += data
                    connection.sendall(data)
            except OSError:
                return

    def close(self) -> None:
        with suppress(OSError):  # closed already
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes accept
        self._socket.close()


@pytest.fixture(scope="module")
def board() -> Iterator[Switchboard]:
    with Switchboard() as board:
        yield board


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


@pytest.fixture
def proxy(board: Switchboard, echo: Echo) -> Proxy:
    return board.open(echo.port)


def dial(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=20)


def hear(proxy: Proxy) -> bytes:
    """What a new connection hears first; under load the reset may come while it is being made."""
    with dial(proxy) as line:
        return line.recv(1)


def receive(line: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count and (data := line.recv(count - len(found))):
        found += data
    return found


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(min_size=1, max_size=5000), max_size=8))
def test_what_is_said_arrives(proxy: Proxy, chunks: list[bytes]) -> None:
    """Any bytes in any pieces, both ways."""
    with dial(proxy) as line:
        for chunk in chunks:
            line.sendall(chunk)
            assert receive(line, len(chunk)) == chunk


def test_cut_ends_connections_and_takes_no_new_ones(board: Switchboard, proxy: Proxy) -> None:
    """A reset, not a polite end; after healing new ones work."""
    with dial(proxy) as line:
        line.sendall(b"a")
        assert receive(line, 1) == b"a"
        board.behave(proxy, Condition("cut"))
        with pytest.raises(ConnectionError):
            line.recv(1)
    with pytest.raises(ConnectionError):
        hear(proxy)
    board.heal(proxy)
    with dial(proxy) as line:
        line.sendall(b"b")
        assert receive(line, 1) == b"b"


def test_half_open_says_nothing_and_does_not_end(board: Switchboard, proxy: Proxy, echo: Echo) -> None:
    """Nothing reaches the server, nothing comes back, no end is seen, until healing resets what was torn."""
    with dial(proxy) as line, dial(proxy) as untouched:
        for each in (line, untouched):
            each.sendall(b"a")
            receive(each, 1)
        board.behave(proxy, Condition("half_open"))
        line.sendall(b"lost")
        line.settimeout(SOON_S)
        with pytest.raises(TimeoutError):
            line.recv(1)
        board.heal(proxy)
        line.settimeout(20)
        with pytest.raises(ConnectionError):
            line.recv(1)
        untouched.sendall(b"c")
        assert receive(untouched, 1) == b"c"
    assert echo.heard == b"aac"


@pytest.mark.parametrize("pieces", [[b"PUT /x/record.json"], [b"PUT /x/rec", b"ord.json"]])
def test_a_lost_answer_was_given(board: Switchboard, proxy: Proxy, echo: Echo, pieces: list[bytes]) -> None:
    """The server has the request; the client sees a reset, once; other requests pass."""
    condition = Condition("lose_answer", pattern=b"record.json")
    board.behave(proxy, condition)
    with dial(proxy) as other:
        other.sendall(b"GET /y")
        assert receive(other, 6) == b"GET /y"
    with dial(proxy) as line:
        for piece in pieces[:-1]:
            line.sendall(piece)
            receive(line, len(piece))
        line.sendall(pieces[-1])
        with pytest.raises(ConnectionError):
            receive(line, 1)
    assert condition.met.is_set()
    assert echo.heard.endswith(b"".join(pieces))
    with dial(proxy) as line:
        line.sendall(b"record.json")
        assert receive(line, 11) == b"record.json"


def test_a_held_answer_never_comes(board: Switchboard, proxy: Proxy, echo: Echo) -> None:
    """As a lost one, but the client goes on waiting."""
    condition = Condition("hold_answer", pattern=b"PUT")
    board.behave(proxy, condition)
    with dial(proxy) as line:
        line.sendall(b"PUT")
        assert condition.met.wait(20)
        line.settimeout(SOON_S)
        with pytest.raises(TimeoutError):
            line.recv(1)
    assert echo.heard == b"PUT"


def test_a_server_that_ends_is_heard_of(board: Switchboard, echo: Echo) -> None:
    """No server behind the proxy: the connection ends."""
    proxy = board.open(echo.port)
    echo.close()
    with pytest.raises(ConnectionError):
        hear(proxy)
