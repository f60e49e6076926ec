"""The manifest that a counter sends with a scan batch: one document, its papers and its files."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from models.base import AgencyCode, DocumentId, Model, Sha256

_UNPRINTABLE = frozenset(("Cc", "Cs", "Zl", "Zp"))
_TURNS_TEXT = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of what follows: a name could show as another one."""
_RARE = frozenset("\u1e9c\u1e9d\u1e9f\u2011\u2023\u2024\u2025")
"""Letters and marks that Times New Roman's substitute lacks."""
_MOST_SEQUENCE = 1_000_000
_MOST_REVISION = 1_000_000
_YEARS = range(2000, 2200)


def printable(character: str) -> bool:
    """Whether a name may hold the character: XML can say it, and it does not disturb what stands around it."""
    no_character = ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF
    return not no_character and character not in _TURNS_TEXT and unicodedata.category(character) not in _UNPRINTABLE


def _readable(text: str) -> str:
    if not all(map(printable, text)):
        raise ValueError("có ký tự điều khiển hoặc ký tự không in được")
    return text


def _latin(name: str) -> str:
    """Printed in the stamp, whose typeface is a Latin one (Decree 30/2020 App I: Times New Roman)."""
    for character in unicodedata.normalize("NFC", name):
        latin = character <= "\u024f" or "\u1e00" <= character <= "\u1ef9" or "\u2010" <= character <= "\u2026"
        if not latin or character in _RARE:
            raise ValueError("có chữ không in được trên dấu sao y: chỉ dùng chữ tiếng Việt hoặc chữ La-tinh")
    if not name.strip():
        raise ValueError("để trống")
    return name


FileName = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f]+$"), AfterValidator(_readable)
]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9.\-]+$")]
Text200 = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$"), AfterValidator(_readable)
]


class ServiceClass(StrEnum):
    """How urgent: a citizen stands at the counter (same-day deadline), or bulk work."""

    COUNTER = "counter"
    BULK = "bulk"


class SourceKind(StrEnum):
    """What kind of paper was scanned; only the first two may be copied as SAO Y (Decree 30/2020 Art 3)."""

    ORIGINAL = "original"
    """bản gốc"""
    PRINCIPAL = "principal"
    """bản chính"""
    CERTIFIED_COPY = "certified_copy"
    """bản sao y"""
    AUTHENTICATED_COPY = "authenticated_copy"
    """bản sao chứng thực"""
    PHOTOCOPY = "photocopy"
    """bản chụp"""

    @property
    def may_be_certified(self) -> bool:
        return self in (SourceKind.ORIGINAL, SourceKind.PRINCIPAL)


class Agency(Model):
    """A body of the State: its code (Decision 20/2020/QĐ-TTg) and full name."""

    code: AgencyCode
    name: Annotated[Text200, AfterValidator(_latin)]


class Owner(Model):
    """Whose paper it is (chủ giấy tờ): a citizen's or an organisation's identity number."""

    kind: Literal["citizen", "organisation"]
    id: Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=r"^[0-9A-Za-z-]+$")]


class ScannedFile(Model):
    """One file of the batch. ``sequence``: the scanner's number of the file's first side, from 1.

    ``note_of``: this file is the extra scan *with* a sticky note of the side that has this
    sequence number (giấy ghi chú, letter 9318); the scan without the note is the page itself.
    """

    name: FileName
    size_bytes: Annotated[int, Field(ge=0)]
    sha256: Sha256
    sequence: Annotated[int, Field(ge=1, le=_MOST_SEQUENCE)]
    note_of: Annotated[int, Field(ge=1, le=_MOST_SEQUENCE)] | None = None

    @field_validator("name")
    @classmethod
    def _no_traversal(cls, name: str) -> str:
        if name in (".", "..") or name != name.strip():
            raise ValueError("phải là tên tệp trong thư mục của lô quét")
        return name


class Manifest(Model):
    """One document as the counter declares it (manifest schema 1).

    ``sheets``: sheets of paper (số tờ). ``sides``: pages that the copy must have (số trang):
    ``sheets`` when every back is blank, else twice that. A duplex scanner may send the blank
    backs along: ``2 × sheets`` images are accepted either way. ``notes``: sides scanned a second
    time because a note is stuck on them. ``replaces``: the revision that a rescan takes over from.
    """

    schema_version: Literal[1] = 1
    document_id: DocumentId
    revision: Annotated[int, Field(ge=1, le=_MOST_REVISION)] = 1
    replaces: Annotated[int, Field(ge=1, le=_MOST_REVISION)] | None = None
    receiving_agency: Agency
    owning_agency: Agency
    counter: DocumentId
    service_class: Annotated[ServiceClass, Field(alias="class")] = ServiceClass.COUNTER
    deadline: datetime | None = None
    dossier_code: Code | None = None
    owner: Owner | None = None
    type_code: Code
    type_name: Text200
    source_kind: SourceKind
    sheets: Annotated[int, Field(ge=1, le=10_000)]
    sides: Annotated[int, Field(ge=1, le=20_000)]
    notes: Annotated[int, Field(ge=0, le=10_000)] = 0
    files: Annotated[tuple[ScannedFile, ...], Field(min_length=1, max_length=30_000)]

    @field_validator("deadline")
    @classmethod
    def _zoned(cls, deadline: datetime | None) -> datetime | None:
        if deadline is not None and deadline.tzinfo is None:
            raise ValueError("thiếu múi giờ, ví dụ đúng: 2026-11-23T17:00:00+07:00")
        if deadline is not None and deadline.year not in _YEARS:
            raise ValueError("năm không hợp lý")
        return deadline

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [f.name for f in self.files]
        if len(set(names)) != len(names):
            raise ValueError("files: một tên tệp được kê hai lần")
        if self.replaces is not None and self.replaces >= self.revision:
            raise ValueError("replaces: phải là một lần (revision) trước đó")
        return self
