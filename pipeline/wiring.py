"""The composition root: settings from file and environment, and an adapter for every port."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
from pydantic import SecretStr, ValidationError

from models.errors import SettingsError
from models.flow import Flow
from models.ports import Archive, BlobStore, Clock, Engine, Signer
from models.settings import Settings
from pipeline.ledger.database import open_database
from pipeline.ledger.dispatch import Dispatch
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.migrate import check_version, migrate
from pipeline.ledger.retention import Retention
from pipeline.ledger.views import Views

PREFIX = "SOHOA_"
NOT_SETTINGS = ("SOHOA_SETTINGS", "SOHOA_REQUIRE_SERVERS")


class SystemClock:
    """The host's clock, UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def load_settings(
    file: Path | None = None, environment: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Settings from a TOML (or ``.json``) file, then ``SOHOA_*`` variables (``__`` between levels), then ``overrides``.

    Without ``file``, ``SOHOA_SETTINGS`` may name one. Raises ``SettingsError`` with every error at once.
    """
    environment = os.environ if environment is None else environment
    named = file or (Path(environment["SOHOA_SETTINGS"]) if environment.get("SOHOA_SETTINGS") else None)
    raw: dict[str, Any] = {}
    if named is not None:
        try:
            text = named.read_text("utf-8")
            raw = orjson.loads(text) if named.suffix == ".json" else tomllib.loads(text)
        except (OSError, ValueError) as error:  # also what TOML, JSON and UTF-8 decoders raise
            raise SettingsError("bad_settings_file", f"{named}: {error}") from error
        if not isinstance(raw, dict):
            raise SettingsError("bad_settings_file", f"{named}: must be a table of settings")
    for key, value in environment.items():
        if key.startswith(PREFIX) and key not in NOT_SETTINGS:
            _merge(raw, key.removeprefix(PREFIX).lower().split("__"), value)
    for path, value in (overrides or {}).items():
        _merge(raw, path.split("."), value)
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise SettingsError("bad_settings", "settings that do not hold:\n" + "\n".join(lines)) from error


def _merge(raw: dict[str, Any], path: list[str], value: Any) -> None:
    for name in path[:-1]:
        if not isinstance(raw.get(name), dict):
            raw[name] = {}
        raw = raw[name]
    raw[path[-1]] = value


def dump_settings(settings: Settings) -> bytes:
    """Settings as JSON with secrets in clear, for our own child processes only."""

    def plain(value: Any) -> Any:
        if isinstance(value, SecretStr):
            return value.get_secret_value()
        return str(value)

    return orjson.dumps(settings.model_dump(), default=plain)


class Adapters:
    """One adapter per port, made when first used. Heavy libraries are imported only then."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock: Clock = SystemClock()

    @cached_property
    def blobs(self) -> BlobStore:
        if self.settings.blobs.kind == "s3":
            from pipeline.adapters.s3_blobs import S3Blobs

            return S3Blobs(self.settings.blobs)
        from pipeline.adapters.disk_blobs import DiskBlobs

        return DiskBlobs(self.settings.blobs.root or self.settings.state / "blobs")

    @cached_property
    def archive(self) -> Archive:
        if self.settings.archive.kind == "s3":
            from pipeline.adapters.s3_archive import S3Archive

            return S3Archive(self.settings.archive)
        from pipeline.adapters.disk_archive import DiskArchive

        return DiskArchive(self.settings.archive.root or self.settings.state / "archive")

    @cached_property
    def signer(self) -> Signer:
        chosen = self.settings.signer
        if chosen.kind == "pkcs11":
            from pipeline.adapters.pkcs11 import Pkcs11Signer

            return Pkcs11Signer(chosen)
        if chosen.kind == "pkcs12":
            from pipeline.adapters.pkcs12 import Pkcs12Signer

            return Pkcs12Signer(chosen)
        from pipeline.adapters.test_ca import TestCaSigner

        return TestCaSigner(self.settings.state / "test-ca", chosen)

    @cached_property
    def engine(self) -> Engine:
        from pipeline.adapters.disk_models import DiskModels
        from stages.ocr import open_engine

        return open_engine(self.settings.ocr, DiskModels(self.settings.ocr.cache or self.settings.state / "ocr"))


def ledger_url(settings: Settings) -> str:
    """The database that the settings name, else SQLite in the state folder."""
    return settings.ledger.url or f"sqlite:///{settings.state.absolute() / 'ledger.sqlite'}"


class Books:
    """The ledger's four faces on one database: work, dispatch, views, and retention.

    An embedded ledger is made or migrated when it is opened; a cluster's waits for ``sohoa migrate``,
    so that no half of the cluster meets a schema that it does not know. Raises
    ``OperatorError("ledger_not_migrated")`` and ``Retryable("ledger_away")``.
    """

    def __init__(self, settings: Settings, flow: Flow) -> None:
        self.engine = open_database(ledger_url(settings))
        self.embedded = self.engine.dialect.name == "sqlite"
        self.ledger = Ledger(self.engine, flow, settings.delivery)
        self.dispatch = Dispatch(self.engine, settings.delivery)
        self.views = Views(self.engine)
        self.retention = Retention(self.engine, settings.retention)
        try:
            (migrate if self.embedded else check_version)(self.engine)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
