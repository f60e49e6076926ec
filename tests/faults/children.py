"""Handlers that behave badly in every way that a slot has to survive. They run in slot children."""

from __future__ import annotations

import ctypes
import itertools
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from pipeline.child import CONNECTION_FD, Handler
from pipeline.framing import Kind, encode


def echo(config: bytes) -> Handler:
    """Answers config and task."""
    return lambda task: config + task


def pid(config: bytes) -> Handler:
    """Answers its process number."""
    del config
    return lambda _: str(os.getpid()).encode()


def broken_result(config: bytes) -> Handler:
    """Writes a part of a result itself, then ends as told.

    ``config``: the payload of the result. Task ``kill 7``: write 7 bytes of its frame, then SIGKILL;
    ``stop 7``: then SIGSTOP; ``sleep 7``: then hang; ``flip 7``: the whole frame, byte 7 changed. Any other
    task is echoed.
    """
    whole = encode(Kind.RESULT, config)

    def handler(task: bytes) -> bytes:
        how, _, where = task.partition(b" ")
        if how not in (b"kill", b"stop", b"sleep", b"flip"):
            return task
        at = int(where)
        connection = socket.socket(fileno=os.dup(CONNECTION_FD))
        if how == b"flip":
            connection.sendall(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        else:
            connection.sendall(whole[:at])
        if how == b"kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == b"stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        _for_ever()

    return handler


def misbehave(config: bytes) -> Handler:
    """Ends, hangs or raises as the task names (``hang``, ``spin``, ``segfault`` …), else answers it."""
    del config
    ends: dict[bytes, Callable[[], object]] = {
        b"hang": lambda: None,
        b"spin": _spin,
        b"hog": _hog,
        b"segfault": lambda: ctypes.string_at(0),
        b"abort": os.abort,
        b"terminate": lambda: os.kill(os.getpid(), signal.SIGTERM),
        b"exit": lambda: os._exit(7),
        b"hang-up": lambda: os.close(CONNECTION_FD),
        b"raise": _raise,
    }

    def handler(task: bytes) -> bytes:
        if task in ends:
            ends[task]()
            _for_ever()
        return b"done " + task

    return handler


def use_files(config: bytes) -> Handler:
    """Works with files in the folder ``config``: ``await x``, ``append x``, ``tell x`` (and hang); ``large 99``."""
    folder = Path(config.decode())

    def handler(task: bytes) -> bytes:
        what, _, name = task.decode().partition(" ")
        if what == "large":
            return bytes(int(name))
        if what == "await":
            while not (folder / name).exists():
                time.sleep(0.01)
        if what in ("append", "tell"):
            with (folder / name).open("ab", buffering=0) as file:
                file.write(b".")
        if what == "tell":
            _for_ever()
        return b"done " + task

    return handler


def cannot_start(config: bytes) -> Handler:
    """A factory that fails: always by raising."""
    raise RuntimeError(config.decode())


def starts_at_last(config: bytes) -> Handler:
    """A factory that ends its process twice before it works. ``config``: file that counts the tries."""
    tries = Path(config.decode())
    with tries.open("ab") as file:
        file.write(b".")
    if tries.stat().st_size <= 2:
        os._exit(1)
    return echo(b"")


def _for_ever() -> NoReturn:
    while True:
        time.sleep(60)


def _spin() -> None:
    for _ in itertools.count():
        pass


def _hog() -> NoReturn:
    hoard = [bytearray(os.urandom(4096)) * 2560 for _ in range(40)]
    while hoard:
        time.sleep(60)
    raise AssertionError


def _raise() -> None:
    raise ValueError("Nguyễn Văn A, 001099012345")
