"""quality (page): is this a whole, legible, lawful scan of one sheet? Rules R5 and R6. It deletes and changes nothing."""

from __future__ import annotations

from pydantic import Field

from models.errors import Finding, Rejected
from models.facts import Fact
from models.settings import QualitySettings
from models.stage import Inputs, Ports, Scope, Stage
from stages.blank_side import BlankMeasured
from stages.decode import Decoded
from stages.deskew import Deskewed
from stages.raster import side_of
from stages.scan_quality import coding, corners, edges, leaning, scale, sharpness, size, tone
from stages.scan_quality.known import Check, Known, Seen
from stages.scan_quality.papers import Kind
from stages.scan_quality.sentences import sentence

CHECKS: tuple[Check, ...] = (
    size.low_dpi,
    size.grey,
    size.size,
    size.dpi_guessed,
    scale.wrong_scale,
    edges.cut_off,
    corners.folded_corner,
    edges.fingers,
    leaning.skewed,
    sharpness.sharp,
    tone.washed_out,
    tone.too_dark,
    tone.dark_lid,
    tone.show_through,
    coding.coarse_jpeg,
    coding.broken_jpeg,
)
"""In the order in which the counter reads them. A new check: a function here, its code and severity in
:mod:`models.quality`, its sentence in :mod:`stages.scan_quality.sentences`."""


class QualityChecked(Fact):
    """``paper``: the known size (``A4``, ``A3``, ``A5``, ``ID-1``…) of the sheet, or ``other``; ``paper_kind``: what it is.

    Both are of the smaller sheet where one lies within the picture (a card on the glass), and so are ``width_mm``
    and ``height_mm``. ``flags``: codes that a person should look at; ``notes``: codes that are only written down.
    ``details``: what was seen, by code, for :func:`stages.scan_quality.sentences.sentence`. A code that settings
    make a reason to reject is never here, but for who asks :data:`LOOK`.
    """

    width_mm: float
    height_mm: float
    paper: str
    paper_kind: Kind = "page"
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    details: dict[str, str] = Field(default_factory=dict)


def look(inputs: Inputs, ports: Ports) -> QualityChecked:
    """What is seen, without rejecting anything: codes that would reject are among the flags."""
    side = side_of(inputs, ports)
    settings = ports.settings.quality
    facts = (inputs.fact(Decoded), inputs.fact(Deskewed), inputs.fact(BlankMeasured))
    known = Known(side, *facts, inputs.pixels(), settings)
    return concluded(known, [seen for check in CHECKS for seen in check(known)])


def concluded(known: Known, seen: list[Seen]) -> QualityChecked:
    """The fact of what the checks saw."""
    codes = list(dict.fromkeys(one.code for one in seen))
    notes = tuple(code for code in codes if known.settings.severity_of(code) == "note")
    return QualityChecked(
        width_mm=known.format.width_mm,
        height_mm=known.format.height_mm,
        paper=known.format.paper,
        paper_kind=known.format.kind,
        flags=tuple(code for code in codes if code not in notes),
        notes=notes,
        details={one.code: one.detail for one in reversed(seen) if one.detail},
    )


def rejecting(checked: QualityChecked, page: int, settings: QualitySettings) -> list[Finding]:
    """Why the side has to be scanned again, one finding a code."""
    codes = [code for code in checked.flags if settings.severity_of(code) == "reject"]
    return [Finding(code, sentence(code, page, checked.details.get(code, "")), page) for code in codes]


def run(inputs: Inputs, ports: Ports) -> QualityChecked:
    """Raises ``Rejected`` with a finding for each code whose severity is ``reject``."""
    checked = look(inputs, ports)
    findings = rejecting(checked, inputs.page, ports.settings.quality)
    if findings:
        raise Rejected.of(findings)
    return checked


_NEEDS = (Decoded, Deskewed, BlankMeasured)
STAGE = Stage("quality", 2, Scope.PAGE, _NEEDS, QualityChecked, run)
LOOK = Stage("quality", 2, Scope.PAGE, _NEEDS, QualityChecked, look)
"""The same for who only looks: rejects nothing."""
