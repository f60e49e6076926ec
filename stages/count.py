"""count (document): sides found against sheets, sides and notes declared, before any other work."""

from __future__ import annotations

from models.facts import Fact
from models.stage import Inputs, Ports, Scope, Stage
from stages.unpack import Unpacked


class Counted(Fact):
    """``pages``: images that are pages (not with-note extras). ``duplex``: backs were scanned.

    ``declared``: whether a manifest said how many there should be.
    """

    pages: int
    notes: int
    duplex: bool
    declared: bool


def run(inputs: Inputs, ports: Ports) -> Counted:
    raise NotImplementedError


STAGE = Stage("count", 1, Scope.DOCUMENT, (Unpacked,), Counted, run)
