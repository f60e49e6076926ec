"""A slot child's life: build the handler once, then answer one task at a time until the parent is gone."""

from __future__ import annotations

import ctypes
import importlib
import os
import resource
import signal
import socket
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from models.errors import Defect
from pipeline.framing import Frame, FrameReader, Kind, encode

Handler = Callable[[bytes], bytes]
"""Answers one task. It returns its failures as bytes too; what it raises is a fault of the program."""

CONNECTION_FD = 3
"""A child's connection to its slot is always this descriptor."""

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_READ_BYTES = 65536
_LIBC = ctypes.CDLL(None, use_errno=True)


def become_child(name: str, parent_pid: int) -> None:
    """Settle in as a fresh child: dies with its parent, leaves no core dump, goes first when memory is short.

    A core dump would hold citizens' papers. ``name`` (15 bytes are shown) stands in ``ps`` and ``top``.
    """
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(0)  # the parent died between fork and prctl
    _LIBC.prctl(_PR_SET_NAME, name.encode()[:15])
    for asked_to_end in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(asked_to_end, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # a sandbox may forbid it; then the kernel chooses by size alone
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


def load(serve: str) -> Callable[[bytes], Handler]:
    """The factory that ``module:function`` names."""
    module, _, function = serve.partition(":")
    factory: Callable[[bytes], Handler] = getattr(importlib.import_module(module), function)
    return factory


def live(connection: socket.socket, serve: str) -> None:
    """Build the handler from the CONFIG frame, then answer tasks until the connection ends."""
    reader = FrameReader()
    config = _receive(connection, reader)
    if config is None:
        return
    try:
        handler = load(serve)(config.payload)
    except Exception as error:  # noqa: BLE001 whatever it is, the slot has to hear of it
        connection.sendall(encode(Kind.ERROR, describe(error).encode()))
        return
    connection.sendall(encode(Kind.READY))
    while (task := _receive(connection, reader)) is not None:
        connection.sendall(encode(Kind.BEGUN))
        try:
            answer = encode(Kind.RESULT, handler(task.payload))
        except Exception as error:  # noqa: BLE001 an exception never crosses as an exception
            answer = encode(Kind.ERROR, describe(error).encode())
        connection.sendall(answer)


def describe(error: BaseException) -> str:
    """Type and innermost places of an exception; never its message, which may quote a citizen's paper."""
    places = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)[-6:]]
    code = f"[{error.code}]" if isinstance(error, Defect) else ""
    return f"{type(error).__name__}{code} at {' < '.join(reversed(places)) or 'nowhere'}"


def _receive(connection: socket.socket, reader: FrameReader) -> Frame | None:
    """The next frame, or None when the parent is gone."""
    while (frame := reader.take()) is None:
        data = connection.recv(_READ_BYTES)
        if not data:
            return None
        reader.feed(data)
    return frame
