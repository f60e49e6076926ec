"""both_sides (document): the law's both-sides rule (letter 9318; rules R1 and R2)."""

from __future__ import annotations

from models.base import Sha256
from models.facts import Fact
from models.stage import Inputs, Ports, Scope, Stage
from stages.blank_side import BlankMeasured
from stages.count import Counted
from stages.sequence import Sequenced


class BothSidesJudged(Fact):
    """Which sides the copy holds. ``rule``: ``fronts_only`` (all backs blank), ``all_sides``, ``as_scanned``.

    ``pages``: sides in the copy; ``left_out``: blank backs that the copy leaves out (their scans
    stay in the batch); ``selection``: blob, JSON list of the side numbers in the copy, in order.
    """

    rule: str
    pages: int
    left_out: int
    selection: Sha256
    flags: tuple[str, ...] = ()

    def blobs(self) -> tuple[str, ...]:
        return (self.selection,)


def run(inputs: Inputs, ports: Ports) -> BothSidesJudged:
    raise NotImplementedError


STAGE = Stage("both_sides", 1, Scope.DOCUMENT, (Counted, BlankMeasured, Sequenced), BothSidesJudged, run)
