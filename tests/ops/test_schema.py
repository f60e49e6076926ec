"""``sohoa schema`` and the file that is shipped."""

from __future__ import annotations

from pathlib import Path

import orjson

from models.manifest import Manifest
from tests.ops.conftest import Sohoa


def test_the_shipped_schema_is_up_to_date(sohoa: Sohoa, repository: Path) -> None:
    """After a change of the manifest: ``sohoa schema > models/manifest.schema.json``."""
    shipped = (repository / "models" / "manifest.schema.json").read_text("utf-8")
    assert sohoa("schema").out == shipped
    assert sohoa("schema", "--json").out == shipped


def test_the_schema_uses_the_names_of_the_file(repository: Path) -> None:
    """Counters write ``class``; every field of the model is there, and nothing else is allowed."""
    schema = orjson.loads((repository / "models" / "manifest.schema.json").read_bytes())
    names = {field.alias or name for name, field in Manifest.model_fields.items()}
    assert set(schema["properties"]) == names
    assert "class" in names
    assert schema["additionalProperties"] is False
    assert "$schema" in schema


def test_the_schema_is_shipped_with_the_package(repository: Path) -> None:
    """Installed copies have the file too."""
    assert 'models = ["*.json"]' in (repository / "pyproject.toml").read_text("utf-8")
