"""What an engine's file offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from models.ports import Engine
from models.settings import OcrSettings


@dataclass(frozen=True)
class EngineSpec:
    """``open`` gives a warm engine; raises ``OperatorError`` where something is not installed."""

    name: str
    open: Callable[[OcrSettings], Engine]
