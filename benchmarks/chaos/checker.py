"""The judgement of a campaign: what was received, against receipts, ledger, archive and queues. Pure.

Nothing of what the processes under test say about themselves is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from benchmarks.chaos.papers import Expected


class Fault(StrEnum):
    """Kinds of violations."""

    LOST = "lost"
    DUPLICATED = "duplicated"
    OUT_OF_ORDER = "out_of_order"
    WRONG_OUTCOME = "wrong_outcome"
    QUARANTINED = "healthy_quarantined"
    UNANSWERED = "unanswered"
    UNVERIFIED = "unverified"
    STRANGER = "stranger"
    OWED = "owed"


@dataclass(frozen=True)
class Violation:
    fault: Fault
    document: str
    what: str


@dataclass(frozen=True)
class Revision:
    """A row of the ledger."""

    document: str
    revision: int
    status: str
    code: str
    message: str
    archive_key: str


@dataclass(frozen=True)
class Copy:
    """What the archive holds of one revision, under its key.

    ``versions``: how many times each object was written. ``pages``: SHA-256 of the image on each page of the PDF, in
    order; ``texts``: the words on it. ``record``: SHA-256 of the sides that the record names, in the copy's order.
    """

    key: str
    versions: dict[str, int]
    pages: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    record: tuple[str, ...] = ()
    certified: bool = False
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """All that the checker may look at. ``receipts``: batch to document; ``refusals``: batch to code.

    ``owed``: live steps by document; ``queues``: messages by queue.
    """

    receipts: dict[str, str]
    refusals: dict[str, str]
    revisions: tuple[Revision, ...]
    copies: tuple[Copy, ...]
    owed: dict[str, int] = field(default_factory=dict)
    queues: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """``ends``: received documents by how they ended."""

    violations: tuple[Violation, ...]
    receipts: int
    ends: dict[str, int]

    def count(self, fault: Fault) -> int:
        """Documents with such a violation."""
        return len({v.document for v in self.violations if v.fault is fault})

    @property
    def ok(self) -> bool:
        return not self.violations


def check(expected: Sequence[tuple[str, Expected]], seen: Evidence) -> Verdict:
    """``expected``: every batch that was handed in, with what has to become of its document."""
    violations = list(_answers(expected, seen))
    by_document: dict[str, list[Revision]] = {}
    for row in seen.revisions:
        by_document.setdefault(row.document, []).append(row)
    copies = {copy.key: copy for copy in seen.copies}
    received = {document: None for batch, document in seen.receipts.items()}
    wanted = {e.document: e for _, e in expected}
    ends: Counter[str] = Counter()
    for document in received:
        rows = by_document.get(document, [])
        if document not in wanted:
            violations.append(Violation(Fault.STRANGER, document, "a receipt for what nobody handed in"))
        elif not rows:
            violations.append(Violation(Fault.LOST, document, "received, and not in the ledger"))
        else:
            ends[rows[-1].status] += 1
            violations += _document(wanted[document], rows, copies)
    keys = {row.archive_key for row in seen.revisions if row.status == "ARCHIVED"}
    violations += [
        Violation(Fault.DUPLICATED, key, "the archive holds a copy of no archived revision")
        for key in copies.keys() - keys
    ]
    violations += [
        Violation(Fault.STRANGER, row.document, "in the ledger without a receipt")
        for row in seen.revisions
        if row.document not in received
    ]
    violations += [Violation(Fault.OWED, name, f"{count} steps owed") for name, count in seen.owed.items() if count]
    violations += [Violation(Fault.OWED, name, f"{count} messages") for name, count in seen.queues.items() if count]
    return Verdict(tuple(violations), len(received), dict(ends))


def _answers(expected: Sequence[tuple[str, Expected]], seen: Evidence) -> Iterator[Violation]:
    """Each batch has exactly one answer, the right one."""
    for batch, wanted in expected:
        receipt, refusal = seen.receipts.get(batch), seen.refusals.get(batch)
        if receipt is None and refusal is None:
            yield Violation(Fault.UNANSWERED, wanted.document, f"{batch} has neither receipt nor refusal")
        elif receipt is not None and refusal is not None:
            yield Violation(Fault.WRONG_OUTCOME, wanted.document, f"{batch} has receipt and refusal")
        elif wanted.status == "REFUSED" and refusal != wanted.code:
            yield Violation(Fault.WRONG_OUTCOME, wanted.document, f"{refusal or 'a receipt'} instead of {wanted.code}")
        elif wanted.status != "REFUSED" and receipt != wanted.document:
            what = f"refused: {refusal}" if refusal else f"a receipt for {receipt}"
            yield Violation(Fault.WRONG_OUTCOME, wanted.document, what)


def _document(wanted: Expected, rows: Sequence[Revision], copies: dict[str, Copy]) -> Iterator[Violation]:
    """One received document: its outcome, and its copy."""

    def bad(fault: Fault, what: str) -> Violation:
        return Violation(fault, wanted.document, what)

    if len(rows) > 1:
        yield bad(Fault.DUPLICATED, f"{len(rows)} revisions of what was handed in as one")
    row = rows[-1]
    if row.status == "RUNNING":
        yield bad(Fault.LOST, "received, and neither ended nor waiting for anybody")
        return
    ended = f"{row.status} {row.code}".strip()
    if (row.status, row.code) != (wanted.status, wanted.code):
        yield bad(
            Fault.WRONG_OUTCOME, f"{ended} ({row.message[:120]}) instead of {wanted.status} {wanted.code}".rstrip()
        )
        if row.code == "quarantined" and not wanted.poisoned:
            yield bad(Fault.QUARANTINED, ended)
    copy = copies.get(row.archive_key)
    if row.status == "ARCHIVED":
        if copy is None or not {"document.pdf", "record.json"} <= copy.versions.keys():
            yield bad(Fault.LOST, "archived, and its copy is not in the archive")
        else:
            yield from _copy(wanted, copy)


def _copy(wanted: Expected, copy: Copy) -> Iterator[Violation]:
    """Every page once, in order, with its own text; each object written once, and sound."""

    def bad(fault: Fault, what: str) -> Violation:
        return Violation(fault, wanted.document, what)

    for name, count in copy.versions.items():
        if count != 1:
            yield bad(Fault.DUPLICATED, f"{name} was written {count} times")
        if name not in ("document.pdf", "record.json"):
            yield bad(Fault.STRANGER, f"{name} is in the archive")
    for problem in copy.problems:
        yield bad(Fault.UNVERIFIED, problem)
    if wanted.status != "ARCHIVED":
        return
    if copy.certified != wanted.certified:
        yield bad(Fault.WRONG_OUTCOME, "certified" if copy.certified else "not certified")
    for what, found in (("page", copy.pages), ("side of the record", copy.record)):
        missing, extra = Counter(wanted.pages) - Counter(found), Counter(found) - Counter(wanted.pages)
        if missing:
            yield bad(Fault.LOST, f"{missing.total()} {what}(s) missing")
        if extra:
            yield bad(Fault.DUPLICATED, f"{extra.total()} {what}(s) too many")
        if not missing and not extra and found != wanted.pages:
            yield bad(Fault.OUT_OF_ORDER, f"each {what} is there, in another order")
    if not copy.texts or len(copy.texts) != len(wanted.marks):
        yield bad(Fault.LOST, f"{len(copy.texts)} pages with text")
    elif any(mark not in text for mark, text in zip(wanted.marks, copy.texts, strict=True)):
        yield bad(Fault.OUT_OF_ORDER, "the text of a page is another page's")
