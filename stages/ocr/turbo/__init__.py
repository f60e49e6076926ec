"""The turbo engine: the installed network, run several times faster. See :mod:`stages.ocr.turbo.engine`."""

from __future__ import annotations

from stages.ocr.turbo.engine import ENGINE

__all__ = ["ENGINE"]
