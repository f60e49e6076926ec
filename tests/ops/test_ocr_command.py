"""``sohoa ocr``: text in reading order, whatever the quality."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from models.errors import OperatorError
from models.settings import QualitySettings, Settings
from ops.commands import ocr
from ops.output import Output
from tests.stages import rendered


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    """Exit code and JSON of the command; the settings would refuse any of these images."""
    parser = argparse.ArgumentParser()
    ocr.configure(parser)
    strict = Settings(
        quality=QualitySettings(min_dpi=600, severity={"low_dpi": "reject", "grey": "reject", "odd_size": "reject"})
    )
    code = ocr.run(parser.parse_args(words), strict, Output(json=True))
    return code, json.loads(capsys.readouterr().out)


def test_text_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines with boxes inside the image, and the whole text; bad quality is no reason to refuse."""
    image = rendered.sheet(200).crop((0, 0, 1600, 900))
    rendered.write(image, rendered.LINES, (30, 30), 200)
    path = tmp_path / "part.jpg"
    image.convert("L").save(path, dpi=(200, 200))
    code, (entry,) = run(capsys, str(path), "--engine", "tesseract")
    assert code == 0
    assert set(entry) == {"path", "engine", "seconds", "text", "lines"}
    assert entry["engine"] == "tesseract"
    assert [line["text"] for line in entry["lines"]] == list(rendered.LINES)
    for line in entry["lines"]:
        left, top, right, bottom = line["box"]
        assert 0 <= left < right <= 1600
        assert 0 <= top < bottom <= 900
        assert 0 < line["confidence"] <= 1


def test_the_others_are_read_when_one_is_broken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The broken one has an error, and the exit code says so."""
    image = rendered.sheet(200)
    rendered.write(image, rendered.LINES, (30, 30), 200)
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    image.save(good, dpi=(200, 200))
    bad.write_bytes(good.read_bytes()[:-500])
    code, (first, second) = run(capsys, str(bad), str(good))
    assert code == 3
    assert first["error"]["code"] in ("truncated", "damaged_image")
    assert "QUYẾT ĐỊNH" in second["text"]


def test_a_blank_image_has_no_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to read is not an error."""
    path = tmp_path / "blank.png"
    rendered.sheet(200).save(path)
    code, (entry,) = run(capsys, str(path))
    assert (code, entry["text"], entry["lines"]) == (0, "", [])


def test_an_unknown_engine_stops_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is read."""
    with pytest.raises(OperatorError, match="tesseract"):
        run(capsys, str(tmp_path / "any.png"), "--engine", "none")


def test_a_fax_with_uneven_resolutions_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line rejects it, but who asks for the text of one image gets it."""
    path = tmp_path / "fax.png"
    rendered.prose(3).resize((1654, 1170)).save(path, dpi=(204, 98))
    code, (entry,) = run(capsys, str(path))
    assert code == 0
    assert entry["lines"]
