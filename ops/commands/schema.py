"""``sohoa schema``: the JSON Schema of the manifest, for those who write counter software."""

from __future__ import annotations

import argparse
from typing import Any

import orjson

from models.manifest import Manifest
from models.settings import Settings
from ops.output import Output

HELP = "print the JSON Schema of manifest.json; the same as models/manifest.schema.json"


def manifest_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a manifest; rules between fields are in the descriptions only."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Manifest.model_json_schema()


def configure(_parser: argparse.ArgumentParser) -> None:
    """Take no arguments."""


def run(_args: argparse.Namespace, _settings: Settings, out: Output) -> int:
    """Always exit 0."""
    schema = manifest_schema()
    out.document(schema)
    out.say(orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode())
    return 0
