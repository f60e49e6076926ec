"""The command line as a whole: help, JSON, exit codes, settings, and the page that documents it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from models.errors import Defect, OperatorError, Rejected, Retryable, SettingsError, SohoaError
from ops.cli import build_parser, command_names, load_command
from tests.ops.conftest import Sohoa


@pytest.mark.parametrize("name", command_names())
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """``--help`` shows what the command does and ends with 0."""
    with pytest.raises(SystemExit) as ended:
        build_parser((name,)).parse_args([name, "--help"])
    assert ended.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert " ".join(load_command(name).HELP.split()) in shown
    for option in ("--json", "--settings", "--verbose"):
        assert option in shown


def test_the_help_of_all_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """``sohoa --help`` is the table of contents."""
    with pytest.raises(SystemExit):
        build_parser(command_names()).parse_args(["--help"])
    shown = capsys.readouterr().out.split()
    assert set(command_names()) <= set(shown)


@pytest.mark.parametrize("name", command_names())
def test_every_command_is_in_the_readme(name: str, repository: Path) -> None:
    """A command that nobody can read about does not exist."""
    assert f"sohoa {name}" in (repository / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Rejected("x", "y"), 3),
        (OperatorError("x", "y"), 64),
        (Defect("x", "y"), 70),
        (Retryable("x", "y", "ledger"), 75),
        (SettingsError("x", "y"), 78),
    ],
)
def test_exit_codes_of_the_error_tree(error: SohoaError, code: int) -> None:
    """Scripts tell whose fault it was."""
    assert error.exit_code == code


def test_an_operators_error_is_one_document_and_64(sohoa: Sohoa, tmp_path: Path) -> None:
    """With ``--json`` the error stands on standard output, and for people on standard error."""
    done = sohoa("approve", "nobody", "--by", "me", "--out", tmp_path, "--json")
    assert done.code == 64
    assert done.document["error"]["code"] == "no_ledger"
    assert "[no_ledger]" in done.err
    plain = sohoa("approve", "nobody", "--by", "me", "--out", tmp_path)
    assert (plain.code, plain.out) == (64, "")
    assert not list(tmp_path.iterdir())


def test_a_ledger_that_is_away_is_75(sohoa: Sohoa, tmp_path: Path) -> None:
    """Try again later; the password of the address is not shown."""
    file = tmp_path / "settings.toml"
    file.write_text('ledger.url = "postgresql+psycopg://sohoa:hunter2@127.0.0.1:1/none"\n')
    for command in (("status",), ("approve", "x", "--by", "me"), ("backup", tmp_path / "b"), ("migrate",)):
        done = sohoa(*command, "--settings", file, "--json")
        assert done.code == 75
        assert done.document["error"]["code"] == "ledger_away"
        assert "hunter2" not in done.out + done.err


def test_all_bad_settings_are_said_at_once(sohoa: Sohoa, tmp_path: Path) -> None:
    """Unknown names and bad values, in one go, with exit code 78."""
    file = tmp_path / "settings.toml"
    file.write_text(
        'colour = "red"\n[broker]\nkind = "rabbitmq"\n[delivery]\nlease_s = -1\n[archive]\nkind = "tape"\nspeed = 9\n'
    )
    done = sohoa("schema", "--settings", file, "--json")
    assert done.code == 78
    message = done.document["error"]["message"]
    for wrong in ("colour", "broker.url", "delivery.lease_s", "archive.kind", "archive.speed"):
        assert wrong in message


def test_a_settings_file_that_cannot_be_read_is_78(sohoa: Sohoa, tmp_path: Path) -> None:
    """Missing, or no TOML."""
    (tmp_path / "bad.toml").write_text("= 1")
    for name in ("none.toml", "bad.toml"):
        done = sohoa("schema", "--settings", tmp_path / name, "--json")
        assert (done.code, done.document["error"]["code"]) == (78, "bad_settings_file")


def test_the_installed_command(tmp_path: Path) -> None:
    """The console script: one JSON document on standard output, nothing on standard error."""
    program = Path(sys.executable).with_name("sohoa")
    done = subprocess.run([str(program), "schema", "--json"], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert orjson.loads(done.stdout)["title"] == "Manifest"
    assert not list(tmp_path.iterdir())


def test_an_unknown_command_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """argparse ends with 2 and lists what there is."""
    with pytest.raises(SystemExit) as ended:
        build_parser(command_names()).parse_args(["digitize"])
    assert ended.value.code == 2
    assert "process" in capsys.readouterr().err
