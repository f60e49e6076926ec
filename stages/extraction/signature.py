"""The signature block of a Decree 30 document: bottom right, title in capitals, a gap, the name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stages.extraction.fold import is_caps, letters
from stages.extraction.layout import Page, Passage, join, part

_RECIPIENTS = "noinhan"
_MIDDLE = 0.5
"""Share of the width at which the right half begins."""
_REACH = 0.15
_NAME_BELOW = 0.16
"""Share of the page's height below the title in which the name stands: seal and signature are 35 mm."""
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
    recipients = next((row for row in page.rows if letters(row.text).startswith(_RECIPIENTS)), None)
    rights = [right for _, right in (part(row, edge_px, _REACH * page.width_px) for row in page.rows) if right.words]
    if recipients is not None:
        top_px = recipients.box.top - 2 * recipients.box.height
        rights = [right for right in rights if right.box.top >= top_px]
    title = _title(rights, edge_px, sure=recipients is not None)
    if recipients is None and not title:
        return None
    top_px = title[-1].box.bottom if title else recipients.box.top if recipients else 0.0
    name = next(
        (
            right
            for right in rights
            if top_px <= right.box.top <= top_px + _NAME_BELOW * page.height_px
            and right.box.left >= edge_px * 0.9
            and is_name(right.text)
        ),
        None,
    )
    if not title and name is None:
        return None
    return Signature(join(title) if title else None, name)


def is_name(text: str) -> bool:
    """Whether this can be a person's printed name: two to six words, each a capital and small letters."""
    words = text.split()
    return 2 <= len(words) <= _MOST_NAME_WORDS and all(
        word.isalpha() and word[0].isupper() and (word[1:].islower() or len(word) == 1) for word in words
    )


def _title(rights: list[Passage], edge_px: float, *, sure: bool) -> list[Passage]:
    """Neighbouring rows in capitals that begin with an officer's title (``KT. CHỦ TỊCH``, ``PHÓ CHỦ TỊCH``)."""
    rows: list[Passage] = []
    for right in rights:
        fits = is_caps(right.text) and right.box.left >= edge_px * 0.8
        if rows:
            near = right.box.top - rows[-1].box.bottom < 1.2 * rows[-1].box.height
            if not (fits and near):
                break
            rows.append(right)
        elif fits and (_TITLE_WORDS.match(right.folded.lstrip(" .-")) or (sure and len(right.words) > 1)):
            rows.append(right)
    return rows
