"""One broken batch: how it is written, and the endings that are right for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

ARCHIVED = "ARCHIVED"
WAITING = "WAITING"
"""Quarantined: only for what kills the process that opens it."""

DAMAGE = frozenset({"truncated", "damaged_image", "unreadable_image", "unsupported_image", "foreign_file"})
"""Codes of pictures that are broken in one way or another."""
HARMLESS_OR_NOT = DAMAGE | {
    *(ARCHIVED, "uneven_dpi", "too_many_pixels", "damaged_pdf", "encrypted_pdf", "born_digital", "layered_pdf"),
    *("several_images", "no_page_image", "extra_side", "missing_side", "signed_pdf"),
}
"""What a flipped bit may lead to."""


@dataclass(frozen=True)
class Case:
    """``name``: the batch folder's, unique in its campaign. ``write`` fills that folder, which is there.

    ``ends``: codes of rejection, ``ARCHIVED`` or ``WAITING``; several where chance decides. ``loose``: there is
    no manifest; then the documents are what ``sohoa process`` finds, and their number is open.
    """

    kind: str
    name: str
    ends: frozenset[str]
    write: Callable[[Path], None]
    loose: bool = False


@dataclass(frozen=True)
class Files:
    """A batch with a manifest. ``changes``: to the manifest, after the files were listed in it."""

    document: str
    contents: Mapping[str, bytes]
    changes: Mapping[str, Any] = field(default_factory=dict)

    def manifest(self) -> dict[str, Any]:
        """What a counter declares: every file is one sheet, printed on one side."""
        agency = {"code": "H99.08", "name": "Ủy ban nhân dân tỉnh An Lâm"}
        return {
            "document_id": self.document,
            "receiving_agency": agency,
            "owning_agency": agency,
            "counter": "quay-01",
            "type_code": "KQ.G01.000001",
            "type_name": "Giấy khai sinh",
            "source_kind": "original",
            "sheets": len(self.contents),
            "sides": len(self.contents),
            "files": [listed(name, data, n) for n, (name, data) in enumerate(self.contents.items(), start=1)],
        } | dict(self.changes)

    def write(self, folder: Path) -> None:
        """The files, then the manifest."""
        for name, data in self.contents.items():
            (folder / name).write_bytes(data)
        (folder / "manifest.json").write_bytes(orjson.dumps(self.manifest()))


def listed(name: str, data: bytes, sequence: int) -> dict[str, Any]:
    """A manifest's line about a file."""
    return {
        "name": name,
        "size_bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "sequence": sequence,
    }


def one_file(
    kind: str, name: str, file: str, data: bytes | Callable[[], bytes], ends: Set[str], **changes: Any
) -> Case:
    """A batch of one file, declared truthfully; ``changes`` to its manifest. Large files are made when written."""

    def write(folder: Path) -> None:
        Files(name, {file: data if isinstance(data, bytes) else data()}, changes).write(folder)

    return Case(kind, name, frozenset(ends), write)
