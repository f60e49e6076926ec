"""Document types: one file each with ``DOCTYPE``; found by being here."""

from __future__ import annotations

import importlib
import pkgutil

from models.errors import Defect
from stages.doctypes.doctype import DocType


def doctypes() -> tuple[DocType, ...]:
    """Every document type, by name. Raises ``Defect("bad_doctype")`` for a file without ``DOCTYPE``."""
    found = []
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        if module == "doctype":
            continue
        doctype = getattr(importlib.import_module(f"{__name__}.{module}"), "DOCTYPE", None)
        if not isinstance(doctype, DocType):
            raise Defect("bad_doctype", f"stages/doctypes/{module}.py has no DOCTYPE")
        found.append(doctype)
    return tuple(found)
