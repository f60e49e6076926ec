"""``benchmarks recogniser``: from pages with truth to headline and evidence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.ocr.kinds import write_page
from benchmarks.ocr.pages import OcrPage
from benchmarks.recogniser import main
from benchmarks.recogniser.evaluate import office
from benchmarks.recogniser.report import hours_of, read_frontier, training
from models.errors import OperatorError


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One page whose truth has a line that is not printed: the strict rate counts it."""
    folder = tmp_path_factory.mktemp("dev")
    write_page(folder, "header", 1, seed=5, dpi=150)
    text = folder / "header" / "0001.txt"
    text.write_text(text.read_text(encoding="utf-8") + "\nDòng này không có trên giấy 4815162342\n", encoding="utf-8")
    return folder


def test_the_headline_counts_what_is_missing_and_the_report_shows_it(dev: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    entries = [
        {"lines": 0, "cer": 0.04},
        {"lines": 3600, "loss": 0.2, "lines_per_s": 1.0},
        {"lines": 3600, "cer": 0.02, "hours": 1.0},
    ]
    log.write_text("\n".join(map(json.dumps, entries)), encoding="utf-8")
    frontier = tmp_path / "frontier.json"
    frontier.write_text(json.dumps({"wide": {"cer": 0.012, "columns_ms": 50.5, "steps_ms": 70, "lines": 9000}}))
    report = tmp_path / "evidence" / "report.html"
    files = ["--report", str(report), "--log", str(log), str(log), "--frontier", str(frontier)]
    outcome = main(True, ["--dev", str(dev), "--digital", str(dev), *files])
    told, page = outcome["headline"], outcome["details"]["dev"]["turbo"]["pages"]["header/0001"]
    assert told["cer_dev"] == told["cer_dev_worst_page"] == page["cer"] > page["cer_of_matched"]
    assert set(told) == {"cer_dev", "cer_dev_worst_page", "cer_hard_over_tesseract", "f1_digital", "names_delta",
                         "ms_over_stock"}  # fmt: skip
    assert set(outcome["details"]["hard"]) == {"turbo", "turbo:stock", "tesseract", "tesseract with ours"}
    assert outcome["details"]["offices"]["0001"]["turbo"] == page["cer"]
    hand = outcome["details"]["handwriting"]
    assert sum(kind["marked"] for kind in hand.values()) > 0.8 * sum(kind["by_hand"] for kind in hand.values()) > 0
    assert sum(kind["wrongly_marked"] for kind in hand.values()) < 0.01 * sum(kind["printed"] for kind in hand.values())
    given = outcome["details"]["cer_stock_tesseract_with_ours"]
    assert 0 < given["lines"] < given["lines_before"]
    html = report.read_text(encoding="utf-8")
    assert "Dòng này không có trên giấy 4815162342" in html
    assert "7,200 lines in 2.00 hours" in html
    assert html.count("<svg") == 4


def test_a_log_that_is_none_is_refused_in_words(dev: Path) -> None:
    with pytest.raises(OperatorError, match="not a training log"):
        training([dev / "header" / "0001.txt"])
    assert hours_of([]) == 0
    with pytest.raises(OperatorError, match="no frontier"):
        read_frontier(dev / "header" / "0001.txt")


def test_an_office_is_what_a_files_name_begins_with() -> None:
    names = {"decision-a-p1": "decision-a", "decision-c-p3-landscape": "decision-c", "0001": "0001", "x-page": "x-page"}
    assert {name: office(OcrPage(Path(f"{name}.jpg"), "page", 1, 200, ())) for name in names} == names
