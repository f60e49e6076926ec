"""The command line in this process: arguments in, exit code and words out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from ops.cli import main


@dataclass(frozen=True)
class Done:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return orjson.loads(self.out)


Sohoa = Callable[..., Done]


@pytest.fixture
def sohoa(capsys: pytest.CaptureFixture[str]) -> Iterator[Sohoa]:
    """``sohoa("status", "--json")``; logging is put back afterwards."""
    names = ("", "sohoa", "dramatiq", "pika")
    levels = {name: logging.getLogger(name).level for name in names}
    handlers = list(logging.getLogger().handlers)

    def run(*arguments: object) -> Done:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    yield run
    logging.getLogger().handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
