"""assemble (document): the two-layer PDF/A-2b out of untouched scans and hidden text."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pikepdf.pdfa

from models.base import Sha256
from models.document import Document
from models.errors import Defect
from models.facts import Fact
from models.side import read_index
from models.stage import Inputs, Ports, Scope, Stage
from stages.both_sides import BothSidesJudged, read_selection
from stages.deskew import Deskewed
from stages.ocr.stage import TextRead
from stages.page_text import text_of
from stages.pdfa.copy import Page, write_copy
from stages.pdfa.metadata import About
from stages.quality import QualityChecked
from stages.unpack import Unpacked
from stages.upright import worth_straightening

_FLAVOUR = "2b"
_NAMED = 5


class Assembled(Fact):
    """``pdf``: blob of the unsigned PDF/A-2b."""

    pdf: Sha256
    pages: int
    size_bytes: int

    def blobs(self) -> tuple[str, ...]:
        return (self.pdf,)


def run(inputs: Inputs, ports: Ports) -> Assembled:
    """Write the copy and judge its specimen. Equal facts and blobs give equal bytes.

    Raises ``Defect("not_pdfa")``: what was written breaks a rule of ISO 19005-2.
    """
    selection = read_selection(ports.blobs.get(inputs.fact(BothSidesJudged).selection))
    copy = write_copy(_pages(inputs, ports, selection), about(inputs.document))
    check_pdfa(copy.specimen)
    return Assembled(pdf=ports.blobs.put(copy.pdf), pages=len(selection), size_bytes=len(copy.pdf))


def _pages(inputs: Inputs, ports: Ports, selection: tuple[int, ...]) -> Iterator[Page]:
    index = read_index(ports.blobs.get(inputs.fact(Unpacked).index))
    by_number = {side.number: side for side in index.sides}
    for number in selection:
        side = by_number[number]
        pose = inputs.fact(Deskewed, number)
        straighten = worth_straightening(pose.skew_deg) and not pose.clips_ink
        yield Page(
            side=side,
            data=ports.blobs.get(side.sha256),
            text=text_of(inputs, ports, number),
            orientation_deg=pose.orientation_deg,
            skew_deg=pose.skew_deg if straighten else 0.0,
        )


def about(document: Document) -> About:
    """Title and type as the manifest says, and ids; nothing that was read, no owner's number."""
    manifest = document.manifest
    identifier = f"{document.id}/r{document.revision}"
    if manifest is None:
        return About(identifier, document.id, document.received_at, agency=document.agency.name)
    return About(
        identifier,
        f"{manifest.type_name} {document.id}",
        document.received_at,
        kind=manifest.type_name,
        agency=document.agency.name,
    )


def check_pdfa(pdf: bytes) -> None:
    """The gate before signing. Raises ``Defect("not_pdfa")`` with the first broken rules."""
    report = pikepdf.pdfa.validate_written(io.BytesIO(pdf), _FLAVOUR)
    if not report.passed:
        broken = "; ".join(str(finding) for finding in report.findings[:_NAMED])
        raise Defect("not_pdfa", f"the assembled copy is not PDF/A-2b: {broken}")


STAGE = Stage(
    "assemble",
    1,
    Scope.DOCUMENT,
    (Unpacked, BothSidesJudged, QualityChecked, Deskewed, TextRead),
    Assembled,
    run,
)
