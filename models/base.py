"""The base of every frozen model, and the constrained types that several models share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

DocumentId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""Names a document everywhere: safe as a folder name, an object key and a log field."""

AgencyCode = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""Code of an agency (Decision 20/2020/QĐ-TTg), for example ``H49.64.33``; safe in an object key."""

Sha256 = Annotated[str, Field(min_length=64, max_length=64, pattern=r"^[0-9a-f]*$")]
"""Lower-case hex SHA-256."""

Confidence = Annotated[float, Field(ge=0.0, le=1.0)]
"""Confidence, 0 (none) to 1 (certain)."""


class Model(BaseModel):
    """A frozen value: equal by content, and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
