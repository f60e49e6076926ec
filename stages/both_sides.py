"""both_sides (document): the law's both-sides rule (letter 9318; rules R1 and R2)."""

from __future__ import annotations

import orjson

from models.base import Sha256
from models.facts import Fact
from models.side import read_index
from models.stage import Inputs, Ports, Scope, Stage
from stages.blank import sheet_pairs
from stages.blank_side import BlankMeasured
from stages.count import Counted
from stages.notes import NotesPaired, pairs_of, shown
from stages.sequence import Sequenced, fed_upside_down, limited
from stages.unpack import Unpacked

RULE = "Chụp cả hai mặt tài liệu, trừ khi tất cả các tờ đều trắng một mặt."
"""Letter 9318, the wording to show (domain section 8)."""


_RESOLVED = {"blank": "shown_through", "ink": "pale_ink"}


class BothSidesJudged(Fact):
    """Which sides the copy holds. ``rule``: ``fronts_only`` (all backs blank), ``all_sides``, ``as_scanned``.

    ``pages``: sides in the copy; ``left_out``: blank backs that the copy leaves out (their scans
    stay in the batch); ``selection``: blob, JSON list of the side numbers in the copy, in order.
    ``flags``: ``shown_through:side`` (blank: what stands there is the print of the sheet's other side, or a staple),
    ``pale_ink:side`` (ink: pale, and not the other side's), ``unsure_back:side``, ``blank_front:side``,
    ``note_scan:side`` (an extra scan with a note, never in the copy), ``declared_sides:count`` (the manifest's
    sides are not what R1 gives), ``fed_upside_down`` (every front is blank and every back has ink: the stack lay
    in the feeder the wrong way up), ``all_blank`` (nothing on any page).
    """

    rule: str
    pages: int
    left_out: int
    selection: Sha256
    flags: tuple[str, ...] = ()

    def blobs(self) -> tuple[str, ...]:
        return (self.selection,)


def run(inputs: Inputs, ports: Ports) -> BothSidesJudged:
    """Decide per document, never per page; nothing is deleted."""
    index = read_index(ports.blobs.get(inputs.fact(Unpacked).index))
    pages = [side.number for side in index.sides if side.note_of is None]
    flags = [f"note_scan:{side.number}" for side in index.sides if side.note_of is not None]
    instead = shown(pairs_of(inputs, ports))
    rule, chosen = "as_scanned", pages
    counted = inputs.fact(Counted)
    measured = {number: inputs.fact(BlankMeasured, instead.get(number, number)) for number in pages}
    resolved = sheet_pairs.resolved(measured, ports.blobs.get) if counted.duplex else {}
    verdicts = {number: resolved.get(number, fact.verdict) for number, fact in measured.items()}
    flags += [f"{_RESOLVED[verdict]}:{number}" for number, verdict in resolved.items()]
    if all(verdict == "blank" for verdict in verdicts.values()):
        flags.append("all_blank")
    elif counted.declared and not counted.duplex:
        # Only fronts were scanned: what is on the other side of this sheet is lost if it lay upside down.
        flags += [f"blank_front:{number}" for number in pages if verdicts[number] == "blank"]
    if counted.duplex:
        fronts, backs = pages[::2], pages[1::2]
        flags += [f"unsure_back:{number}" for number in backs if verdicts[number] == "unsure"]
        if fed_upside_down([verdicts[number] for number in pages]):
            flags.append("fed_upside_down")
        flags += [f"blank_front:{number}" for number in fronts if verdicts[number] == "blank"]
        if all(verdicts[number] == "blank" for number in backs):
            rule, chosen = "fronts_only", fronts
        else:
            rule = "all_sides"
        manifest = inputs.document.manifest
        if manifest is not None and manifest.sides != len(chosen):
            flags.append(f"declared_sides:{manifest.sides}")
    chosen = [instead.get(number, number) for number in chosen]
    return BothSidesJudged(
        rule=rule,
        pages=len(chosen),
        left_out=len(pages) - len(chosen),
        selection=ports.blobs.put(orjson.dumps(chosen)),
        flags=limited(flags),
    )


def read_selection(data: bytes) -> tuple[int, ...]:
    """The side numbers of a selection blob, in the order of the copy."""
    numbers: list[int] = orjson.loads(data)
    return tuple(numbers)


STAGE = Stage(
    "both_sides", 4, Scope.DOCUMENT, (Unpacked, Counted, BlankMeasured, Sequenced, NotesPaired), BothSidesJudged, run
)
