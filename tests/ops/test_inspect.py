"""``sohoa inspect``: one entry an image, from the line's own stages."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from models.settings import QualitySettings, Settings
from ops.commands import inspect
from ops.output import Output
from tests.stages import rendered


def entries(capsys: pytest.CaptureFixture[str], *images: Path) -> tuple[int, list[dict[str, object]]]:
    """Exit code and JSON of the command."""
    parser = argparse.ArgumentParser()
    inspect.configure(parser)
    code = inspect.run(parser.parse_args([str(image) for image in images]), Settings(), Output(json=True))
    return code, json.loads(capsys.readouterr().out)


def test_what_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Size, dpi, lean, turn, ink and flags of consecutive sides."""
    front, back = tmp_path / "1.jpg", tmp_path / "2.png"
    rendered.prose(dpi=200).rotate(-2.0, fillcolor="white").rotate(180).save(front, dpi=(200, 200))
    rendered.sheet(200).save(back, dpi=(200, 200))
    code, (first, second) = entries(capsys, front, back)
    assert code == 0
    assert (first["paper"], first["kind"], first["width_mm"], first["dpi_source"]) == ("A4", "page", 210.1, "declared")
    assert (first["path"], first["width_px"], first["height_px"], first["dpi"]) == (str(front), 1654, 2338, 200)
    assert first["skew_deg"] == pytest.approx(2.0, abs=0.1)
    assert first["orientation_deg"] == 180
    assert first["blank"]["verdict"] == "ink"  # type: ignore[index]
    assert second["blank"] == {"verdict": "blank", "ink": 0.0}
    findings = first["findings"]
    assert isinstance(findings, list)
    (finding,) = findings
    assert (finding["code"], finding["severity"]) == ("grey", "flag")
    assert finding["message"].startswith("Mặt 1 là ảnh đen trắng")
    assert (first["flags"], second["flags"]) == (["grey"], [])


def test_a_bad_file_does_not_hide_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A cut file, a foreign one and a missing one have an error; the good one is measured."""
    good = tmp_path / "good.jpg"
    rendered.prose(5).save(good)
    cut, foreign = tmp_path / "cut.jpg", tmp_path / "note.txt"
    cut.write_bytes(good.read_bytes()[:-2000])
    foreign.write_text("không phải ảnh", encoding="utf-8")
    code, found = entries(capsys, cut, foreign, tmp_path / "none.jpg", good)
    assert code == 3
    assert [entry.get("error", {}).get("code") for entry in found] == [  # type: ignore[attr-defined]
        "truncated",
        "foreign_file",
        "unreadable_file",
        None,
    ]


def test_every_page_of_a_tiff(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each has an entry of its own that says which page it is."""
    tiff = tmp_path / "two.tif"
    rendered.prose(5).save(tiff, save_all=True, append_images=[rendered.sheet()], dpi=(150, 150))
    code, found = entries(capsys, tiff)
    assert code == 0
    assert [entry["page"] for entry in found] == [1, 2]


def test_text_says_at_a_glance_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder stands for its pictures by name; a verdict first, then a sentence for each thing that is wrong."""
    rendered.prose(8, dpi=200).save(tmp_path / "a.jpg", dpi=(200, 200))
    coarse = rendered.prose(8, dpi=150)
    coarse.save(tmp_path / "b.jpg", dpi=(150, 150))
    (tmp_path / "notes.txt").write_text("không phải ảnh", encoding="utf-8")
    parser = argparse.ArgumentParser()
    inspect.configure(parser)
    strict = Settings(quality=QualitySettings(severity={"low_dpi": "reject", "grey": "note"}))
    assert inspect.run(parser.parse_args([str(tmp_path)]), strict, Output(json=False)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["OK", "·", "REJECT", "✗", "·", "2"]
    assert "low_dpi: Mặt 1 có độ phân giải quá thấp (150 dpi, cần từ 200 dpi)" in lines[3]
    assert lines[-1] == "2 sides: 1 OK, 1 REJECT (grey 2, low_dpi 1)"
