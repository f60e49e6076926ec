"""notes (document): the two scans of every page with a sticky note are one page in two variants (letter 9318; R4)."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import orjson

from models.base import Model, Sha256
from models.errors import Finding, Rejected
from models.facts import Fact
from models.side import Side, read_index
from models.stage import Inputs, Ports, Scope, Stage
from stages.count import NOTE_RULE
from stages.deskew import Deskewed
from stages.note.note_pair import Comparison, compare
from stages.note_seen import NoteSeen
from stages.ocr.stage import TextRead
from stages.page_text import text_of
from stages.raster import open_raster
from stages.sequence import limited
from stages.survey import Survey, survey
from stages.unpack import Unpacked

Verdict = Literal["paired", "swapped", "left_on", "second", "identical", "unseen", "differs", "other_page"]

_TINTED = 0.3
"""Share of a differing region on coloured paper that makes it a note; a note leaning in its box fills half."""
_STRAY, _STRAY_SHARE = 6, 0.01
"""Cells (and share of the inked ones) that may differ elsewhere: dust, a fold, a staple."""
_ONE_PAGE, _TWO_PAGES = 0.8, 0.62
"""Correlations that only one page reaches, and that unlike pages do not."""
_AGREED, _MUCH = 0.95, 150
"""Likeness of the print beside one large difference, and the cells of print that it takes to believe it."""
_MOST_ALIKE = 0.35
"""Share of the pairs of words of one scan that are on the other: 0.6 and more under a large note, 0.2 elsewhere."""
_LEAST_WORDS = 20


class NotePair(Model):
    """Two scans of one page. Side numbers; ``page``: the side that is declared as the page itself.

    ``note_on`` and ``note_off`` are what is seen, not what is declared: where they are ``swapped`` the copy holds
    the scan that shows the whole page. ``correlation``, ``stray``: see :class:`stages.note.note_pair.Comparison`.

    ``paired``: one compact coloured region differs. ``swapped``: the same, on the scan that is declared clean.
    ``left_on``: the scan that is declared clean carries a note as well. ``second``: one note was taken off, and
    another coloured patch is on both. ``identical``: no note on either. ``unseen``: a compact region differs, but not
    in its paper's colour (a white note, or something written in between). ``differs``: they differ elsewhere.
    ``other_page``: pictures and texts have nothing in common.
    """

    page: int
    note_on: int
    note_off: int
    verdict: Verdict
    correlation: float
    stray: int


class NotesPaired(Fact):
    """``variants``: blob, JSON list of :class:`NotePair`; None without one. ``flags``: codes with the page's side.

    ``sticky_note``: a note on a page that the copy holds, and no good second scan was declared. ``note_swapped``, ``note_second``,
    ``note_identical``, ``note_unseen``, ``note_differs``: see :class:`NotePair`.
    """

    pairs: int = 0
    variants: Sha256 | None = None
    flags: tuple[str, ...] = ()

    def blobs(self) -> tuple[str, ...]:
        return () if self.variants is None else (self.variants,)


def run(inputs: Inputs, ports: Ports) -> NotesPaired:
    """Compare every declared pair; pixels are decoded only for these.

    Raises ``Rejected`` with a finding for each code whose severity is ``reject``.
    """
    index = read_index(ports.blobs.get(inputs.fact(Unpacked).index))
    declared = declared_pairs(index.sides)
    extras = Counter(page.number for page, _ in declared)
    pairs = [_paired(page, extra, inputs, ports, alone=extras[page.number] == 1) for page, extra in declared]
    told = {pair.page for pair in pairs if pair.verdict not in ("unseen", "differs", "other_page")}
    codes = [(f"note_{pair.verdict}", pair.page) for pair in pairs if pair.verdict != "paired"]
    codes += [
        ("sticky_note", side.number)
        for side in index.sides
        if side.note_of is None and side.number not in told and inputs.fact(NoteSeen, side.number).box is not None
    ]
    sources = {side.number: side.source for side in index.sides}
    findings = [
        Finding(code, sentence(code, page, sources[page]), page)
        for code, page in codes
        if ports.settings.quality.severity_of(code) == "reject"
    ]
    if findings:
        raise Rejected.of(findings)
    return NotesPaired(
        pairs=len(pairs),
        variants=ports.blobs.put(orjson.dumps([pair.model_dump() for pair in pairs])) if pairs else None,
        flags=limited([f"{code}:{page}" for code, page in codes]),
    )


def declared_pairs(sides: Sequence[Side]) -> list[tuple[Side, Side]]:
    """The page itself and its scan with the note, for every extra, as the manifest says."""
    pages: dict[int | None, Side] = {}
    for side in sides:
        if side.note_of is None and side.sequence is not None:
            pages.setdefault(side.sequence, side)
    return [(pages[side.note_of], side) for side in sides if side.note_of is not None and side.note_of in pages]


def read_pairs(data: bytes) -> tuple[NotePair, ...]:
    """The pairs of a blob that :class:`NotesPaired` refers to."""
    return tuple(NotePair.model_validate(pair) for pair in orjson.loads(data))


def pairs_of(inputs: Inputs, ports: Ports) -> tuple[NotePair, ...]:
    """The pairs of this document; none where nothing was paired."""
    fact = inputs.find(NotesPaired)
    return () if fact is None or fact.variants is None else read_pairs(ports.blobs.get(fact.variants))


def shown(pairs: Sequence[NotePair]) -> dict[int, int]:
    """Which side the copy holds in the place of a page's own: the one without the note, where they were swapped."""
    return {pair.page: pair.note_off for pair in pairs if pair.note_off != pair.page}


def judge(found: Comparison, *, patch_on_clean: bool) -> Verdict:
    """What a comparison says. ``patch_on_clean``: a note is seen on the scan that is declared to be without."""
    coloured = [region for region in found.regions if 2 * region.loose < region.cells]
    on = [region for region in coloured if region.noted >= _TINTED]
    off = [region for region in coloured if region.cleaned >= _TINTED]
    plain = [region for region in found.regions if region not in on and region not in off]
    on_both = patch_on_clean and found.same_patch
    most = max(_STRAY, round(_STRAY_SHARE * found.inked))
    odd = found.stray + sum(region.loose for region in found.regions)
    alike = found.correlation >= _ONE_PAGE or (found.agreement >= _AGREED and found.inked >= _MUCH)
    if on_both and not on and found.correlation >= _ONE_PAGE:
        return "left_on"
    if odd > most:
        if len(plain) == 1 and not on and not off and found.stray <= most and alike:
            return "unseen"
        return "other_page" if found.correlation < _TWO_PAGES and odd > found.inked / 2 else "differs"
    if on:
        return "left_on" if off else "second" if on_both else "paired"
    if off:
        return "left_on" if on_both else "swapped"
    return "left_on" if on_both else "identical"


def _paired(page: Side, extra: Side, inputs: Inputs, ports: Ports, *, alone: bool) -> NotePair:
    """Compare a page with its extra. ``alone``: it has no other."""
    noted, clean = (_pictures(side, ports) for side in (extra, page))
    on_clean = inputs.fact(NoteSeen, page.number).box
    scale = clean.small.shape[1] / page.width_px
    place = None if on_clean is None else type(on_clean)(*(edge * scale for edge in on_clean))
    turn = _turn_deg(inputs.fact(Deskewed, extra.number)) - _turn_deg(inputs.fact(Deskewed, page.number))
    found = compare(noted, clean, turn, place)
    verdict = judge(found, patch_on_clean=on_clean is not None)
    if verdict == "other_page" and not _texts_differ(inputs, ports, page.number, extra.number):
        verdict = "differs"  # one source flags, two agreeing sources reject
    if verdict == "swapped" and not alone:
        verdict = "left_on"  # which of several scans is the clean one is for people to say
    on, off = (page, extra) if verdict == "swapped" else (extra, page)
    return NotePair(
        page=page.number,
        note_on=on.number,
        note_off=off.number,
        verdict=verdict,
        correlation=round(found.correlation, 3),
        stray=found.stray,
    )


def _pictures(side: Side, ports: Ports) -> Survey:
    return open_raster(side, ports.blobs.get(side.sha256)).once(survey)


def _turn_deg(pose: Deskewed) -> float:
    """Clockwise, from the scan to the upright page."""
    return pose.orientation_deg - pose.skew_deg


def _texts_differ(inputs: Inputs, ports: Ports, page: int, extra: int) -> bool:
    """Whether both sides read as print, and what can be read on the one is not on the other."""
    texts = [
        [word.text.casefold() for word in text_of(inputs, ports, number).words() if len(word.text) > 1]
        for number in (page, extra)
    ]
    if min(len(words) for words in texts) < _LEAST_WORDS:
        return False
    pairs = [Counter(itertools.pairwise(words)) for words in texts]
    shared = sum((pairs[0] & pairs[1]).values())
    return shared < _MOST_ALIKE * min(sum(counted.values()) for counted in pairs)


_AGAIN = f"{NOTE_RULE} Hãy quét lại hai bản của trang này và gửi lại cả bộ."
SENTENCES = {
    "sticky_note": f"còn gắn giấy ghi chú nhưng chỉ có một bản quét. {NOTE_RULE} Hãy quét thêm bản đã bỏ giấy "
    "ghi chú, đánh dấu bản có giấy ghi chú (note_of) trong bản kê và gửi lại cả bộ.",
    "note_left_on": f"được khai là bản đã bỏ giấy ghi chú nhưng giấy ghi chú vẫn còn trên trang. {_AGAIN}",
    "note_other_page": f"và bản có giấy ghi chú của nó không phải là cùng một trang. {_AGAIN}",
    "note_swapped": "là bản có giấy ghi chú nhưng được khai là bản đã bỏ; hai bản bị khai ngược. Hãy đổi lại "
    "note_of trong bản kê và gửi lại.",
    "note_second": f"được khai là bản đã bỏ giấy ghi chú nhưng hình như còn một tờ nữa trên trang. {_AGAIN}",
    "note_identical": f"và bản được khai là có giấy ghi chú giống hệt nhau, không thấy giấy ghi chú. {_AGAIN}",
    "note_unseen": f"và bản có giấy ghi chú khác nhau ở một chỗ nhưng không thấy tờ giấy màu. {_AGAIN}",
    "note_differs": f"và bản có giấy ghi chú khác nhau cả ở ngoài tờ giấy ghi chú. {_AGAIN}",
}
"""What the counter has to do, by code; they follow the name of the picture."""


def sentence(code: str, page: int, source: str) -> str:
    """The whole sentence. ``page``: the side's number; ``source``: its file."""
    return f"Ảnh thứ {page} ({source}) {SENTENCES[code]}"


STAGE = Stage("notes", 1, Scope.DOCUMENT, (Unpacked, Deskewed, NoteSeen, TextRead), NotesPaired, run)
