"""What every blob store demands of the two halves of a blob's name."""

from __future__ import annotations

import re

from models.errors import Defect

DOCUMENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""``models.base.DocumentId``; matched whole, so that no id can leave its store."""
SHA256 = re.compile(r"[0-9a-f]{64}")


def checked_document(document: str) -> str:
    """The id. Raises ``Defect("bad_blob_id")`` for one that no document can have."""
    if not DOCUMENT_ID.fullmatch(document):
        raise Defect("bad_blob_id", f"{document[:80]!r} is no document id")
    return document


def checked_sha256(sha256: str) -> str:
    """The hash. Raises ``Defect("bad_blob_id")`` for what no hash can be."""
    if not SHA256.fullmatch(sha256):
        raise Defect("bad_blob_id", f"{sha256[:80]!r} is no SHA-256")
    return sha256
