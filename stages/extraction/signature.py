"""The signature block of a Decree 30 document: bottom right, title in capitals, a gap, the name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stages.extraction.fold import is_caps, letters
from stages.extraction.layout import Page, Passage, join, part

_RECIPIENTS = "noinhan"
_RECIPIENTS_REACH = 40
"""Characters in which it stands, blots between its letters included."""
_MIDDLE = 0.5
"""Share of the width at which the right half begins."""
_REACH = 0.15
_NAME_BELOW = 0.16
"""Share of the page's height below the title in which the name stands: seal and signature are 35 mm."""
_TITLE_GAP = 1.2
"""Times the row height: rows of one title are closer."""
_OFF_CENTRE = 1.2
"""Times the name's height that its middle may be off the title's."""
_BESIDE = 2.5
"""Times the name's height: marks this near may hide a part of the name."""
_TITLE_WORDS = re.compile(
    r"^(?:tm|kt|tl|tuq|q)\b|^(?:pho |quyen )?(?:chu tich|chu nhiem|giam doc|tong giam doc|bo truong|thu truong|"
    r"cuc truong|tong cuc truong|truong|chanh|vien truong|thu tuong|hieu truong|chi cuc truong|vu truong|chu toa)\b"
    r"|^pho\b"
)
_MOST_NAME_WORDS = 6


@dataclass(frozen=True)
class Signature:
    """``title``: its rows, top to bottom; None where only the name can be read."""

    title: Passage | None
    name: Passage | None


def find_signature(page: Page) -> Signature | None:
    """The first signature block of this side, or None.

    It stands beside ``Nơi nhận:``; without that row it must show a title that officers have.
    """
    edge_px = _MIDDLE * page.width_px
    recipients = next((row for row in page.rows if letters(row.text[:_RECIPIENTS_REACH]).startswith(_RECIPIENTS)), None)
    rights = [right for _, right in (part(row, edge_px, _REACH * page.width_px) for row in page.rows) if right.words]
    if recipients is not None:
        top_px = recipients.box.top - 2 * recipients.box.height
        rights = [right for right in rights if right.box.top >= top_px]
    title = _title(rights, edge_px)
    if recipients is None and not title:
        return None
    top_px = title[-1].box.bottom if title else recipients.box.top if recipients else 0.0
    bottom_px = top_px + _NAME_BELOW * page.height_px
    block = [right for right in rights if top_px <= right.box.top <= bottom_px and right.box.left >= 0.9 * edge_px]
    name = next((right for right in block if is_name(right.text) and _whole(right, title, block)), None)
    if not title and name is None:
        return None
    return Signature(join(title) if title else None, name)


def is_name(text: str) -> bool:
    """Whether this can be a person's printed name: two to six words, each a capital and small letters."""
    words = text.split()
    return 2 <= len(words) <= _MOST_NAME_WORDS and all(
        word.isalpha() and word[0].isupper() and (word[1:].islower() or len(word) == 1) for word in words
    )


def _whole(name: Passage, title: list[Passage], block: list[Passage]) -> bool:
    """Whether nothing of the name is lost under seal or signature: half a name is no name.

    A whole name is centred under its title, and nothing unreadable stands beside it.
    """
    if title and abs(name.box.centre[0] - join(title).box.centre[0]) > _OFF_CENTRE * name.box.height:
        return False
    middle_px, height_px = name.box.centre[1], name.box.height
    return not any(
        other is not name
        and other.box.top < middle_px < other.box.bottom
        and other.box.right > name.box.left - _BESIDE * height_px
        and other.box.left < name.box.right + _BESIDE * height_px
        for other in block
    )


def _title(rights: list[Passage], edge_px: float) -> list[Passage]:
    """Neighbouring rows in capitals that begin with an officer's title (``KT. CHỦ TỊCH``, ``PHÓ CHỦ TỊCH``)."""
    rows: list[Passage] = []
    for right in rights:
        printed = all(c.isalpha() or c in " .,-" for c in right.text)
        fits = printed and is_caps(right.text) and right.box.left >= 0.8 * edge_px
        if rows and (not fits or right.box.top - rows[-1].box.bottom > _TITLE_GAP * rows[-1].box.height):
            break
        if fits and (rows or _TITLE_WORDS.match(right.folded.lstrip(" .-"))):
            rows.append(right)
    return rows
