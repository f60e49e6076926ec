"""ocr (page): text, words and boxes. Each engine is one file here with ``ENGINE``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from models.errors import OperatorError
from models.ports import Engine, ModelCache
from models.settings import OcrSettings


@dataclass(frozen=True)
class EngineSpec:
    """What an engine's file exports as ``ENGINE``. ``open`` loads models and is slow; the result is warm.

    ``open`` raises ``OperatorError`` where something is not installed.
    """

    name: str
    open: Callable[[OcrSettings, ModelCache], Engine]


def engines() -> dict[str, EngineSpec]:
    """Every engine in this folder, by name."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    specs = [module.ENGINE for module in modules if hasattr(module, "ENGINE")]
    return {spec.name: spec for spec in specs}


def open_engine(settings: OcrSettings, models: ModelCache) -> Engine:
    """The engine that the settings name, warm. ``models``: where it may keep what it makes of an installed model.

    Raises ``OperatorError("unknown_engine"|"traineddata_missing")``.
    """
    known = engines()
    if settings.engine not in known:
        names = ", ".join(sorted(known))
        raise OperatorError("unknown_engine", f"no OCR engine {settings.engine!r}; there are: {names}")
    return known[settings.engine].open(settings, models)
