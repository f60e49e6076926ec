"""A TCP proxy that breaks connections the way networks do: cut, slow, half-open, or the answer lost.

Each service of each host reaches its servers through proxies of its own, so that one host alone can be cut off. All
proxies of a :class:`Switchboard` share one thread.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeVar

T = TypeVar("T")

Mode = Literal["pass", "cut", "slow", "half_open", "lose_answer", "hold_answer"]
_CHUNK = 65536
_CONTINUE = b"HTTP/1.1 100"
"""The server asks for a request's body: not yet its answer."""
_LAST_WORDS_S = 1.0
"""How long one end may still talk when the other has closed."""
_TAIL = 128
"""Bytes kept of what went before, so that a pattern is seen where two chunks meet."""


@dataclass
class Condition:
    """How a link behaves. ``pattern``: of the request whose answer is lost or held; ``times``: how many of them."""

    mode: Mode = "pass"
    delay_s: float = 0.0
    pattern: bytes = b""
    times: int = 1
    met: threading.Event = field(default_factory=threading.Event)
    """Set when a pattern was met: the server has the request, and the client will not hear of it."""


class Proxy:
    """Listens on a free port and passes on to ``target``, a port of 127.0.0.1, as its condition says."""

    def __init__(self, target: int, address: str) -> None:
        self.target = target
        self.address = address
        self.port = 0
        self.condition = Condition()
        self._calls: set[_Call] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, self.address, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        self._abort(self._calls)

    async def behave(self, condition: Condition) -> None:
        """Change how the link behaves. What was swallowed is never made good: those connections are reset."""
        self.condition = condition
        self._abort(self._calls if condition.mode == "cut" else {call for call in self._calls if call.torn})

    def _abort(self, calls: set[_Call]) -> None:
        for call in list(calls):
            call.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.condition.mode == "cut":
            _reset(writer)
            return
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _reset(writer)
            return
        call = _Call(self, reader, writer, server_reader, server_writer)
        self._calls.add(call)
        try:
            await call.run()
        finally:
            self._calls.discard(call)


class _Call:
    """One connection through a proxy. ``torn``: bytes were swallowed, so it can never be right again."""

    def __init__(
        self,
        proxy: Proxy,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        self._proxy = proxy
        self._client, self._to_client, self._server, self._to_server = client, to_client, server, to_server
        self._tail = b""
        self._unanswered: Condition | None = None
        self._over = asyncio.Event()
        self.torn = False

    async def run(self) -> None:
        """Until both ends are closed, or one of them and a second is gone."""
        pumps = [
            asyncio.create_task(self._pump(self._client, self._to_server, asking=True)),
            asyncio.create_task(self._pump(self._server, self._to_client, asking=False)),
        ]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait(pumps, timeout=_LAST_WORDS_S)
        self.abort()
        await asyncio.gather(*pumps, return_exceptions=True)

    def abort(self) -> None:
        """Reset both ends."""
        self._over.set()
        for writer in (self._to_client, self._to_server):
            _reset(writer)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, asking: bool) -> None:
        with suppress(OSError):
            while data := await source.read(_CHUNK):
                condition = self._proxy.condition
                if condition.mode == "slow":
                    await asyncio.sleep(condition.delay_s)
                if self._swallows(data, condition, asking=asking):
                    self.torn = True
                    if self._unanswered is not None and self._unanswered.mode == "lose_answer":
                        self.abort()
                else:
                    sink.write(data)
                    await sink.drain()
        if self.torn:  # neither does a half-open connection tell of its end
            await self._over.wait()
        elif sink.can_write_eof() and not self._over.is_set():
            with suppress(OSError):
                sink.write_eof()

    def _swallows(self, data: bytes, condition: Condition, *, asking: bool) -> bool:
        if condition.mode == "half_open" or (self.torn and self._unanswered is None):
            return True
        if asking:
            if condition.mode in ("lose_answer", "hold_answer") and condition.times > 0 and self._unanswered is None:
                seen = self._tail + data
                self._tail = seen[-_TAIL:]
                if condition.pattern in seen:
                    condition.times -= 1
                    self._unanswered = condition
            return False
        if self._unanswered is None or data.startswith(_CONTINUE):
            return False
        self._unanswered.met.set()
        return True


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection as a network failure does: without a polite end, whatever is still to be sent."""
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Switchboard:
    """The thread that all proxies run in. Use as a context manager; its methods may be called from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxies", daemon=True)
        self._proxies: list[Proxy] = []

    def open(self, target: int, address: str = "127.0.0.1") -> Proxy:
        """A proxy in front of a port of 127.0.0.1. ``address``: of this machine, where it listens."""
        proxy = Proxy(target, address)
        self._call(proxy.open())
        self._proxies.append(proxy)
        return proxy

    def behave(self, proxy: Proxy, condition: Condition) -> None:
        """Change how a link behaves, at once."""
        self._call(proxy.behave(condition))

    def heal(self, proxy: Proxy) -> None:
        """Let a link pass everything."""
        self.behave(proxy, Condition())

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for proxy in self._proxies:
            self._call(proxy.close())
        self._call(_settle())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _settle() -> None:
    """Let what was aborted end."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
