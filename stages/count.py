"""count (document): sides found against sheets, sides and notes declared, before any other work."""

from __future__ import annotations

from collections.abc import Sequence

from models.errors import Finding, Rejected
from models.facts import Fact
from models.manifest import Manifest
from models.side import Side, read_index
from models.stage import Inputs, Ports, Scope, Stage
from stages.unpack import Unpacked

RULE = "Số lượng ảnh ở bản sao chụp phải bằng số lượng trang đầu vào và được sắp xếp theo đúng thứ tự."
"""Letter 9318, the wording to show (domain section 8)."""
NOTE_RULE = (
    "Tạo hai bản quét cho các trang có gắn giấy ghi chú: "
    "Một bản có giấy có ghi chú trên văn bản và một bản đã bỏ giấy ghi chú."
)
_REMEDY = "Hãy quét lại mặt bị thiếu và gửi lại cả bộ."
_NAMED = 12
"""Sides that one sentence names."""


class Counted(Fact):
    """``pages``: images that are pages (not with-note extras). ``duplex``: backs were scanned.

    ``declared``: whether a manifest said how many there should be.
    """

    pages: int
    notes: int
    duplex: bool
    declared: bool


def run(inputs: Inputs, ports: Ports) -> Counted:
    """Without a manifest everything is accepted. Raises one ``Rejected`` with all that does not add up."""
    index = read_index(ports.blobs.get(inputs.fact(Unpacked).index))
    pages = [side for side in index.sides if side.note_of is None]
    notes = [side for side in index.sides if side.note_of is not None]
    manifest = inputs.document.manifest
    if manifest is None:
        return Counted(pages=len(pages), notes=len(notes), duplex=False, declared=False)
    findings = _declaration_findings(manifest)
    if not findings and not _unmarked_notes(manifest, pages, notes):
        findings += _page_findings(manifest, pages, notes)
    findings += _note_findings(manifest, pages, notes)
    if findings:
        raise Rejected.of(findings)
    return Counted(pages=len(pages), notes=len(notes), duplex=len(pages) == 2 * manifest.sheets, declared=True)


def _declaration_findings(manifest: Manifest) -> list[Finding]:
    """Sheets and sides that cannot both be true (rule R1: S or 2 S sides)."""
    sheets, sides = manifest.sheets, manifest.sides
    if sides in (sheets, 2 * sheets):
        return []
    if sides < sheets:
        hint = "Mỗi tờ có ít nhất một trang."
    elif sides > 2 * sheets:
        hint = "Một tờ chỉ có hai mặt; trang có giấy ghi chú được kê riêng (notes)."
    else:
        hint = f"Nếu có tờ in hai mặt thì khai {2 * sheets} trang, tính cả mặt trắng."
    message = (
        f"Bản kê khai {sheets} tờ nhưng {sides} trang: số trang phải bằng số tờ "
        f"(mọi tờ trắng một mặt) hoặc gấp đôi số tờ. {hint} Hãy sửa bản kê và gửi lại."
    )
    return [Finding("manifest_contradicts", message)]


def _page_findings(manifest: Manifest, pages: Sequence[Side], notes: Sequence[Side]) -> list[Finding]:
    """The sheet and side that is missing, or there twice."""
    if len(pages) in {manifest.sides, 2 * manifest.sheets}:
        return []
    expected = _expected(manifest, pages)
    duplex = expected == 2 * manifest.sheets
    declared = f"Khai {manifest.sheets} tờ, {manifest.sides} trang; nhận được {len(pages)} ảnh."
    if len(pages) < expected:
        return [Finding("missing_side", f"{_missing(manifest, pages, notes, expected)} {declared} {RULE} {_REMEDY}")]
    extra = extra_sides(pages, expected)
    message = (
        f"Thừa {len(extra)} ảnh: {named([_extra(side, pages, duplex) for side in extra])}. {declared} {RULE} "
        "Hãy bỏ ảnh thừa, hoặc sửa số tờ trong bản kê, rồi gửi lại cả bộ."
    )
    return [Finding("extra_side", message, side.number) for side in extra]


def _missing(manifest: Manifest, pages: Sequence[Side], notes: Sequence[Side], expected: int) -> str:
    """Which sides are missing, and what happens at a scanner when it looks so."""
    sheets, duplex = manifest.sheets, expected == 2 * manifest.sheets
    count = expected - len(pages)
    if duplex and len(pages) == sheets and not scanner_gaps(pages, notes):
        return (
            f"Thiếu {count} ảnh: bản kê khai hai mặt nhưng chỉ có một ảnh cho mỗi tờ. Máy quét chỉ chụp một mặt; hãy bật "
            f"chế độ quét hai mặt (nếu mọi mặt sau đều trắng thì sửa số trang trong bản kê thành {sheets})."
        )
    places = missing_places(pages, notes, expected)
    names = [f"{place(at, duplex)} (số quét {sequence})" if sequence else place(at, duplex) for at, sequence in places]
    sentence = f"Thiếu {count} ảnh: {named(names)}."
    if not any(sequence for _, sequence in places):
        fed = " Máy có thể đã kéo hai tờ cùng lúc." if not duplex or count % 2 == 0 else ""
        return f"{sentence} Số quét liền nhau nên không rõ đúng chỗ nào.{fed} Hãy đếm lại giấy."
    if duplex and all(sequence and at % 2 == 0 for at, sequence in places):
        return f"{sentence} Chỉ thiếu mặt sau: máy quét có thể tự bỏ trang trắng, hãy tắt chức năng đó."
    return sentence


def _expected(manifest: Manifest, pages: Sequence[Side]) -> int:
    """How many images the counter meant to send: with or without the backs."""
    sheets = manifest.sheets
    if manifest.sides == 2 * sheets:
        return 2 * sheets
    last = max((side.sequence or 0 for side in pages), default=0)
    # Blank backs came along when the scanner counted them, or when images are nearer to two a sheet.
    with_backs = last == 2 * sheets or 2 * len(pages) > 3 * sheets
    return 2 * sheets if with_backs and len(pages) > sheets else sheets


def scanner_gaps(pages: Sequence[Side], notes: Sequence[Side]) -> list[tuple[int, int]]:
    """Place in the document (from 1) and scanner's number of each number that is left out before the last."""
    extras = {side.sequence for side in notes}
    present = {side.sequence for side in pages if side.sequence is not None}
    last = max((number for number in present | extras if number is not None), default=0)
    slots = [number for number in range(1, last + 1) if number not in extras]
    return [(at, number) for at, number in enumerate(slots, start=1) if number not in present]


def missing_places(pages: Sequence[Side], notes: Sequence[Side], expected: int) -> list[tuple[int, int]]:
    """Place in the document (from 1) and scanner number of each side that is not there.

    Gaps in the scanner's numbers come first; without gaps, or with too few, the last places are
    meant, and their number is 0. With more gaps than missing sides every gap is named.
    """
    gaps = scanner_gaps(pages, notes)
    tail = max(expected - len(pages) - len(gaps), 0)
    return gaps + [(position, 0) for position in range(expected - tail + 1, expected + 1)]


def extra_sides(pages: Sequence[Side], expected: int) -> list[Side]:
    """The sides that are too many: first those whose scanner number was there before, then the last."""
    count = len(pages) - expected
    seen: set[int] = set()
    again: list[Side] = []
    for side in pages:
        if side.sequence is not None and side.sequence in seen:
            again.append(side)
        elif side.sequence is not None:
            seen.add(side.sequence)
    rest = [side for side in reversed(pages) if side not in again]
    return sorted((again + rest)[:count], key=lambda side: side.number)


def _extra(side: Side, pages: Sequence[Side], duplex: bool) -> str:
    """Which image it is, and which sheet it repeats."""
    name = f"ảnh thứ {side.number} ({side.source})"
    twins = [place for place, other in enumerate(pages, start=1) if other.sequence == side.sequence]
    if side.sequence is None or len(twins) < 2:
        return name
    return f"{name}, trùng số quét {side.sequence} với {place(twins[0], duplex)}"


def place(position: int, duplex: bool) -> str:
    """``tờ 2, mặt sau``: the sheet and side of the position in the document, from 1."""
    if not duplex:
        return f"tờ {position}"
    return f"tờ {(position + 1) // 2}, mặt {'trước' if position % 2 else 'sau'}"


def _unmarked_notes(manifest: Manifest, pages: Sequence[Side], notes: Sequence[Side]) -> bool:
    """Whether the images that are too many are as many as the declared notes that no image is marked as."""
    unmarked = manifest.notes - len(notes)
    return unmarked > 0 and len(pages) - unmarked in {manifest.sides, 2 * manifest.sheets}


def _note_findings(manifest: Manifest, pages: Sequence[Side], notes: Sequence[Side]) -> list[Finding]:
    """Extras that are marked must be as many as declared, each of a page that is there."""
    findings = []
    if len(notes) != manifest.notes:
        hint = "Hãy đánh dấu đúng các ảnh có ghi chú trong bản kê và gửi lại."
        if _unmarked_notes(manifest, pages, notes):
            hint = f"Trong {len(pages)} ảnh trang có thể có ảnh chụp kèm giấy ghi chú chưa được đánh dấu. {hint}"
        elif len(notes) > manifest.notes:
            hint = f"Hãy sửa số trang có ghi chú (notes) trong bản kê thành {len(notes)}, hoặc bỏ ảnh thừa, và gửi lại."
        message = (
            f"Khai {manifest.notes} trang có giấy ghi chú nhưng có {len(notes)} ảnh được đánh dấu là bản có ghi chú "
            f"(note_of). {NOTE_RULE} {hint}"
        )
        findings.append(Finding("count_mismatch", message))
    present = {side.sequence for side in pages}
    lost = [side for side in notes if side.note_of not in present]
    return findings + [
        Finding(
            "count_mismatch",
            f"Ảnh có ghi chú {side.source} thuộc trang có số quét {side.note_of}, nhưng không có trang đó. {NOTE_RULE} "
            "Hãy quét trang đã bỏ giấy ghi chú và gửi lại.",
            side.number,
        )
        for side in lost
    ]


def named(names: Sequence[str]) -> str:
    """The first dozen, and how many more there are."""
    more = len(names) - _NAMED
    return "; ".join(names[:_NAMED]) + (f" và {more} ảnh khác" if more > 0 else "")


STAGE = Stage("count", 2, Scope.DOCUMENT, (Unpacked,), Counted, run)
