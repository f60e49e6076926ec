"""What every archive demands of a key."""

from __future__ import annotations

from models.errors import Defect


def checked(key: str) -> str:
    """The key. Raises ``Defect("bad_key")`` unless it is a relative path of plain, visible names."""
    if not all(part and not part.startswith(".") and "\\" not in part and "\0" not in part for part in key.split("/")):
        raise Defect("bad_key", "an archive key is a relative path whose parts do not start with a dot")
    return key
