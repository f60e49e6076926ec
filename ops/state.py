"""Which ledger a command means: the settings', or that of an output folder of ``sohoa process``."""

from __future__ import annotations

from pathlib import Path

from models.errors import OperatorError
from models.settings import Settings
from pipeline.processing import settings_for


def settings_of(settings: Settings, out: Path | None) -> Settings:
    """Settings that point at ``out`` when it is given. Raises ``OperatorError("no_ledger")``."""
    chosen = settings if out is None else settings_for(settings, out, None)
    if chosen.ledger.url is None and not (chosen.state / "ledger.sqlite").exists():
        raise OperatorError("no_ledger", f"no ledger in {chosen.state}; name one with --out or --settings")
    return chosen
