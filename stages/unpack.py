"""unpack (document): received containers to one blob per scanned side."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.base import Sha256
from models.facts import Fact
from models.stage import Inputs, Ports, Scope, Stage


class Unpacked(Fact):
    """``sides``: images found, all kinds. ``index``: blob of the :class:`models.side.SideIndex`."""

    sides: Annotated[int, Field(ge=1)]
    index: Sha256

    def side_count(self) -> int:
        return self.sides

    def blobs(self) -> tuple[str, ...]:
        return (self.index,)


def run(inputs: Inputs, ports: Ports) -> Unpacked:
    raise NotImplementedError


STAGE = Stage("unpack", 1, Scope.DOCUMENT, (), Unpacked, run)
