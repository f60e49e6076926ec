"""The turbo engine with the installed network instead of the one that comes with sohoa."""

from __future__ import annotations

from stages.ocr.turbo.engine import STOCK as ENGINE

__all__ = ["ENGINE"]
