"""Settings: where they come from, what wins, and what is said about wrong ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import SettingsError
from models.settings import PoolSettings, Settings
from pipeline.wiring import dump_settings, ledger_url, load_settings

SECRETS = {
    "SOHOA_BROKER__KIND": "rabbitmq",
    "SOHOA_BROKER__URL": "amqp://sohoa:hunter2@mq/",
    "SOHOA_ARCHIVE__ACCESS_KEY": "hunter2-access",
    "SOHOA_ARCHIVE__SECRET_KEY": "hunter2-secret",
    "SOHOA_SIGNER__PASSWORD": "hunter2-pin",
}


def write(folder: Path, text: str, name: str = "settings.toml") -> Path:
    """A settings file."""
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def test_without_anything_the_defaults_hold() -> None:
    """No file, no variables: embedded everything."""
    assert load_settings(environment={}) == Settings()
    assert load_settings(environment={"PATH": "/bin", "SOHOA_SETTINGS": ""}) == Settings()


def test_overrides_win_over_variables_and_those_over_the_file(tmp_path: Path) -> None:
    """Each layer changes only what it names."""
    file = write(
        tmp_path,
        """
        state = "/srv/sohoa"
        agency = { code = "H49.64", name = "Ủy ban nhân dân phường Hồng Gai" }
        [ocr]
        languages = "vie"
        [pools.page]
        slots = 2
        rss_mb = 1000
        """,
    )
    environment = {"SOHOA_POOLS__PAGE__SLOTS": "6", "SOHOA_OCR__LANGUAGES": "vie+eng", "SOHOA_GATES__APPROVAL": "false"}
    found = load_settings(file, environment, {"ocr.languages": "eng", "pools.sign.slots": 3})
    assert found.state == Path("/srv/sohoa")
    assert found.agency.name == "Ủy ban nhân dân phường Hồng Gai"
    assert found.pool("page") == PoolSettings(slots=6, rss_mb=1000)
    assert found.pool("sign").slots == 3
    assert found.pool("archive") == PoolSettings()
    assert found.ocr.languages == "eng"
    assert not found.gates.approval


def test_a_variable_names_the_file(tmp_path: Path) -> None:
    """``SOHOA_SETTINGS``; a file that is given wins; JSON is read too."""
    toml = write(tmp_path, 'state = "/a"')
    json = write(tmp_path, '{"state": "/b"}', "settings.json")
    assert load_settings(environment={"SOHOA_SETTINGS": str(toml)}).state == Path("/a")
    assert load_settings(json, {"SOHOA_SETTINGS": str(toml)}).state == Path("/b")


def test_every_error_is_said_at_once(tmp_path: Path) -> None:
    """Unknown names, wrong values and missing ones, from file and variables together, in one message."""
    file = write(tmp_path, 'colour = "red"\n[delivery]\nlease_s = 0\ndefects = "many"\n[signer]\nkind = "pkcs11"\n')
    environment = {
        "SOHOA_ARCHIVE__KIND": "s3",
        "SOHOA_INTAKE__HIGH_MB": "-1",
        "SOHOA_OCR__SPEED": "9",
        "SOHOA_X__Y": "1",
    }
    with pytest.raises(SettingsError) as caught:
        load_settings(file, environment)
    assert caught.value.code == "bad_settings"
    for wrong in (
        *("colour", "delivery.lease_s", "delivery.defects", "signer.path", "archive.bucket"),
        *("intake.high_mb", "ocr.speed", "x:"),
    ):
        assert wrong in caught.value.message


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.toml", b"= 1"),
        ("a.json", b"{"),
        ("a.json", b"[1]"),
        ("a.toml", "agency.name = 'Ủy ban'".encode("utf-16")),
        ("a.toml", None),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, content: bytes | None) -> None:
    """Missing, damaged, another encoding, no table: one kind of error that names the file."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SettingsError, match=name) as caught:
        load_settings(tmp_path / name, {})
    assert caught.value.code == "bad_settings_file"


def test_a_variable_below_a_value_is_an_error_and_no_crash(tmp_path: Path) -> None:
    """``SOHOA_STATE__X`` beside ``state = …``: the settings do not hold."""
    with pytest.raises(SettingsError, match="state"):
        load_settings(write(tmp_path, 'state = "/a"'), {"SOHOA_STATE__X": "1"})


def test_secrets_are_not_shown() -> None:
    """Neither settings in a log or traceback nor errors about them give a password away."""
    settings = load_settings(environment=SECRETS | {"SOHOA_LEDGER__URL": "postgresql+psycopg://sohoa:hunter2@db/sohoa"})
    for shown in (repr(settings), str(settings), repr(settings.ledger)):
        assert "hunter2" not in shown
    settings = load_settings(environment=SECRETS)
    for shown in (settings.model_dump_json(), repr(settings.model_dump())):
        assert "hunter2" not in shown
    with pytest.raises(SettingsError) as caught:
        load_settings(environment=SECRETS | {"SOHOA_BROKER__QUORUM": "perhaps", "SOHOA_SIGNER__PASSWORD__X": "hunter2"})
    assert "hunter2" not in str(caught.value)
    assert "broker.quorum" in caught.value.message


def test_dumped_settings_load_again_with_their_secrets(tmp_path: Path) -> None:
    """What a child process gets is what its parent has; no variable of the child's environment is needed."""
    settings = load_settings(
        environment=SECRETS | {"SOHOA_STATE": "/srv", "SOHOA_POOLS__PAGE__SLOTS": "3"},
        overrides={
            "quality.severity": {"low_dpi": "reject", "grey": "note"},
            "agency": {"code": "H49", "name": "Ủy ban nhân dân"},
        },
    )
    file = tmp_path / "child.json"
    file.write_bytes(dump_settings(settings))
    again = load_settings(file, {})
    assert again == settings
    assert again.signer.password is not None
    assert again.signer.password.get_secret_value() == "hunter2-pin"


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "state": st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20).map(lambda t: f"/srv/{t}"),
            "delivery": st.fixed_dictionaries(
                {"lease_s": st.floats(0.001, 1e6), "credit": st.integers(1, 100), "bulk_share": st.floats(0, 1)}
            ),
            "pools": st.dictionaries(
                st.text("abcdefgh_", min_size=1, max_size=8),
                st.fixed_dictionaries({"slots": st.integers(1, 64)}),
                max_size=3,
            ),
            "signer": st.fixed_dictionaries({"password": st.text(max_size=20)}),
        },
    )
)
def test_any_settings_survive_the_dump(tmp_path_factory: pytest.TempPathFactory, raw: dict[str, Any]) -> None:
    """Numbers keep every bit, passwords every character."""
    settings = Settings.model_validate(raw)
    file = tmp_path_factory.getbasetemp() / "dump.json"
    file.write_bytes(dump_settings(settings))
    assert load_settings(file, {}) == settings


def test_the_real_environment_is_the_default(tmp_path: Path) -> None:
    """Without being told otherwise the program reads its own variables."""
    code = "from pipeline.wiring import load_settings; print(load_settings().state)"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"SOHOA_STATE": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(tmp_path)


def test_where_the_ledger_is() -> None:
    """SQLite in the state folder, unless an address is set."""
    assert ledger_url(Settings(state=Path("/srv"))) == "sqlite:////srv/ledger.sqlite"
    named = load_settings(environment={"SOHOA_LEDGER__URL": "postgresql+psycopg://x/y"})
    assert ledger_url(named) == "postgresql+psycopg://x/y"
