"""What every result carries, and the command that runs benchmarks."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from benchmarks import measure
from benchmarks.__main__ import main, names


def test_corpus_hash_sees_names_and_bytes_not_places(tmp_path: Path) -> None:
    """The same files elsewhere hash the same; another name or another byte does not."""
    for name in ("a", "b", "c"):
        (tmp_path / name / "x").mkdir(parents=True)
        (tmp_path / name / "x" / "1.jpg").write_bytes(b"scan")
    assert measure.corpus_hash(tmp_path / "a") == measure.corpus_hash(tmp_path / "b")
    (tmp_path / "b" / "x" / "1.jpg").rename(tmp_path / "b" / "x" / "2.jpg")
    (tmp_path / "c" / "x" / "1.jpg").write_bytes(b"scam")
    assert len({measure.corpus_hash(tmp_path / name) for name in "abc"}) == 3


def test_repeat_leaves_out_the_warm_up() -> None:
    """The first run is not among the values."""
    taken = iter([100.0, 3.0, 1.0, 2.0])
    spread = measure.repeat(3, lambda: next(taken))
    assert spread.as_json() == {"median": 2.0, "least": 1.0, "most": 3.0, "values": [3.0, 1.0, 2.0]}


def test_slope_is_growth_per_step() -> None:
    """A straight line gives its rise; a flat one, and a single value, give nothing."""
    assert measure.slope([1.0, 3.0, 5.0, 7.0]) == pytest.approx(2.0)
    assert measure.slope([4.0, 4.0, 4.0]) == 0
    assert measure.slope([4.0]) == 0


def test_results_name_machine_and_versions(tmp_path: Path) -> None:
    """A written result can be read back and says on what it was measured."""
    measure.write_json(tmp_path / "new" / "r.json", measure.result("line", {"pages": 1}, {}, None))
    read = orjson.loads((tmp_path / "new" / "r.json").read_bytes())
    assert read["machine"]["cores"] >= 1
    assert read["versions"]["numpy"] != "not installed"
    assert read["headline"] == {"pages": 1}


def test_unknown_benchmarks_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong name exits with the operator's code and lists the right ones."""
    assert main(["nothing"]) == 64
    assert "corpus" in capsys.readouterr().err


def test_last_line_is_the_headline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The corpus is reachable as a benchmark, and the last line printed is one JSON object."""
    arguments = [
        "corpus",
        str(tmp_path),
        "--documents",
        "1",
        "--kinds",
        "declaration",
        "--dpi",
        "200",
        "--level",
        "clean",
    ]
    assert main(arguments) == 0
    told = orjson.loads(capsys.readouterr().out.strip().split("\n")[-1])
    assert told["documents"] == 1
    assert "corpus" in names()
