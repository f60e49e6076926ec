"""The OCR benchmark: lines are found wherever they were read, errors are sorted, engines run in their own processes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.accuracy import Errors, edit_distance, normalise
from benchmarks.ocr import compare, main
from benchmarks.ocr.align import WILD, align, distance, edits
from benchmarks.ocr.child import Child
from benchmarks.ocr.contest import Run
from benchmarks.ocr.crowd import ROUNDS
from benchmarks.ocr.engines import ENGINES
from benchmarks.ocr.engines.command import blocks_of_tsv
from benchmarks.ocr.kinds import EVERY, KINDS, write_page
from benchmarks.ocr.pages import OcrPage, TruthLine, parse_truth, read_folder
from benchmarks.ocr.report import html
from benchmarks.ocr.score import PageScore, base, follows, score
from models.errors import OperatorError

LINES = ("ỦY BAN NHÂN DÂN", "TỈNH AN LÂM", "Căn cứ Luật Đất đai ngày 18 tháng 01 năm 2024;", "1")
letters = st.text(alphabet="aăâbổốđ 12/", max_size=24).map(normalise)


def scored(truth: str, found: str) -> PageScore:
    """The score of a text against a truth file's text."""
    return score(parse_truth(truth), found)


@given(letters, letters)
def test_distance_is_levenshtein(line: str, found: str) -> None:
    """The table agrees with the bit-parallel distance, and its path has just as many errors."""
    assert distance(line, found) == edit_distance(line, found)
    steps = list(edits(line, found))
    assert sum(a != b for a, b in steps) == edit_distance(line, found)
    assert "".join(a for a, _ in steps) == line
    assert "".join(b for _, b in steps) == found


@given(letters, letters, letters)
def test_wild_takes_anything(head: str, middle: str, tail: str) -> None:
    """What stands where nothing is scored costs nothing."""
    assert distance(head + WILD + tail, head + middle + tail) == 0


@given(st.permutations(LINES))
def test_lines_are_found_in_any_order(order: list[str]) -> None:
    """Nothing is missing or invented, however the engine went over the page."""
    found = align(LINES, "\n".join(order))
    assert [match and match.found for match in found.matches] == list(LINES)
    assert found.invented == ()


@given(st.lists(letters.filter(bool), max_size=6), letters)
def test_every_character_is_accounted_for_once(lines: list[str], found: str) -> None:
    """What is matched and what is invented together are the text that was read, but for spaces."""
    told = align(lines, found)
    taken = "".join([*(match.found for match in told.matches if match), *told.invented])
    assert sorted(taken.replace(" ", "")) == sorted(found.replace(" ", ""))


def test_a_line_is_not_found_across_others_that_were_read_right() -> None:
    """The words of a misread line may stand elsewhere, across two lines; those keep what is theirs."""
    truth = ["phối hợp với Sở", "niêm yết tại trụ sở", "với Sở niêm yết"]
    told = align(truth, "phối hợp với Sở\nniêm yết tại trụ sở\nvới Sỏ niêm yết")
    assert [match and match.found for match in told.matches] == [*truth[:2], "với Sỏ niêm yết"]


def test_a_short_line_leaves_longer_ones_whole() -> None:
    """Words that end one paragraph and stand inside a misread line of another are not taken out of it."""
    truth = ["từng hồ sơ. Quá trình thực hiện", "sơ."]
    told = align(truth, "từng hô sơ. Quá trình thực hiện\nSƠ.")
    assert [match and match.found for match in told.matches] == ["từng hô sơ. Quá trình thực hiện", None]


def test_a_short_line_is_not_found_inside_a_word() -> None:
    """A row number must stand alone; it does not take a digit out of a date."""
    told = align(["1"], "ngày 12/11/2024")
    assert told.matches == (None,)


def test_missing_lines_are_deletions_and_invented_text_insertions() -> None:
    """A line that nothing was read for costs all its characters, text from nowhere all of its own."""
    told = scored("Điều 1. Phê duyệt\n\nĐiều 2. Thi hành", "Điều 1. Phê duyệt\nxyzw qqqq")
    assert told.missing == Errors(16, 16)
    assert told.invented == Errors(9, 0)
    assert told.characters == Errors(25, 33)
    assert told.words.edits == 4 + 2


def test_errors_are_sorted_by_what_was_printed() -> None:
    """Marks, base letters, digits and punctuation are told apart; đ for d is a mark."""
    told = scored("Số 107/QĐ bổ sung", "Sỗ 101/QD bổ sunq.")
    assert (told.diacritics.edits, told.letters.edits, told.digits.edits) == (2, 1, 1)
    assert told.invented.edits == 1
    assert (base("Ế"), base("đ"), base("ự")) == ("E", "d", "u")


def test_numbers_and_dates_count_only_when_exact() -> None:
    """One wrong digit is a wrong number, and makes the date wrong that holds it."""
    told = scored("Số 209/2024 ngày 05 tháng 1 năm 2024", "Số 209/2024 ngày 06 tháng 1 năm 2024")
    assert told.numbers == Errors(1, 4)
    assert told.dates == Errors(1, 1)


HEADER = "[left]\nỦY BAN NHÂN DÂN\nTỈNH AN LÂM\n\n[right]\nCỘNG HÒA XÃ HỘI\nĐộc lập - Tự do\n\nQUYẾT ĐỊNH"


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        ("ỦY BAN NHÂN DÂN\nTỈNH AN LÂM\nCỘNG HÒA XÃ HỘI\nĐộc lập - Tự do\nQUYẾT ĐỊNH", 0),
        ("CỘNG HÒA XÃ HỘI\nĐộc lập - Tự do\nỦY BAN NHÂN DÂN\nTỈNH AN LÂM\nQUYẾT ĐỊNH", 0),
        ("ỦY BAN NHÂN DÂN CỘNG HÒA XÃ HỘI\nTỈNH AN LÂM Độc lập - Tự do\nQUYẾT ĐỊNH", 2),
        ("QUYẾT ĐỊNH\nỦY BAN NHÂN DÂN\nTỈNH AN LÂM\nCỘNG HÒA XÃ HỘI\nĐộc lập - Tự do", 2),
    ],
)
def test_reading_order_has_its_own_score(found: str, wrong: int) -> None:
    """Either column may come first; columns read row by row, or text before its heading, are wrong. No character is."""
    told = scored(HEADER, found)
    assert told.order == Errors(wrong, 4)
    assert told.characters.edits == 0


def test_missing_lines_have_no_order() -> None:
    """An engine that leaves half out is scored on the same pairs as one that read all."""
    assert scored(HEADER, "QUYẾT ĐỊNH").order == Errors(4, 4)


def test_text_across_follows_both_columns() -> None:
    """What must follow what: the columns each by themselves, the text below them after both."""
    columns = ["", "left", "left", "right", "", ""]
    assert list(follows(columns)) == [(0, 1), (1, 2), (0, 3), (2, 4), (3, 4), (4, 5)]


@pytest.mark.parametrize("kind", sorted(EVERY))
def test_pages_of_every_kind_come_with_their_truth(tmp_path: Path, kind: str) -> None:
    """A page is written as the folder format wants it, the same bytes for the same seed."""
    for folder in ("a", "b"):
        write_page(tmp_path / folder, kind, 1, seed=5, dpi=100)
    (page,) = read_folder(tmp_path / "a")
    (again,) = read_folder(tmp_path / "b")
    assert page.path.read_bytes() == again.path.read_bytes()
    assert page.truth == again.truth
    assert (page.kind, page.dpi) == (kind, 100)
    assert page.length > (200 if kind in KINDS else 0)


def test_unknown_kinds_are_refused(tmp_path: Path) -> None:
    """The error names what there is."""
    with pytest.raises(OperatorError, match="prose"):
        write_page(tmp_path, "poem", 1, seed=5, dpi=100)


def test_a_folder_without_truth_is_no_corpus(tmp_path: Path) -> None:
    """Images alone cannot be scored; a folder that is not there neither."""
    (tmp_path / "a.jpg").write_bytes(b"")
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(OperatorError, match="no_pages"):
            read_folder(folder)


def test_broken_pages_are_named(tmp_path: Path) -> None:
    """An image that is none, and a truth that is not UTF-8."""
    (tmp_path / "a.jpg").write_bytes(b"no image")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(OperatorError, match=r"a\.jpg"):
        read_folder(tmp_path)
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(OperatorError, match=r"bad_page"):
        read_folder(tmp_path)


def fake_run(name: str, edits_by_page: dict[str, int], cpu_ms: float, length: int = 1000) -> Run:
    """An engine with so many errors on each page and the same time on all."""
    run = Run(name, version="1", peak_mb=100.0)
    for page, count in edits_by_page.items():
        run.scores[page] = replace(PageScore(), characters=Errors(count, length), order=Errors(1, 10))
        run.cpu_ms[page] = [cpu_ms, cpu_ms * 3, cpu_ms]
        run.wall_ms[page] = [cpu_ms, cpu_ms * 3, cpu_ms]
        run.notes[page] = {"lines": 40.0, "second_lines": 2.0}
    return run


def fake_pages(*kinds: str) -> list[OcrPage]:
    """Three pages of each kind."""
    return [
        OcrPage(Path(f"{number}.jpg"), kind, number, 300, (TruthLine("x" * 1000),))
        for number in (1, 2, 3)
        for kind in kinds
    ]


def test_headline_compares_on_the_same_pages() -> None:
    """Ratios use the pages that both read, the median of the repeats, and the kind on which turbo is worst."""
    pages = fake_pages("bold", "prose")
    turbo = fake_run("turbo", {page.name: 3 if page.kind == "bold" else 0 for page in pages}, 100)
    tesseract = fake_run("tesseract", {page.name: 1 for page in pages}, 1000)
    slow = fake_run("ocrmypdf", {pages[0].name: 1}, 7000)
    told = compare.headline([turbo, tesseract, slow], pages)
    assert told["turbo_over_tesseract"] == 10
    assert told["turbo_over_ocrmypdf"] == 70
    assert told["turbo_ms_per_page"] == 100
    assert told["cer_turbo"] == 0.0015
    assert told["cer_tesseract"] == 0.001
    assert told["cer_worst_kind_delta"] == pytest.approx(0.2)
    assert told["reading_order_score"] == 0.9
    assert told["second_reading_rate"] == 0.05
    assert told["peak_mb"] == 100


def test_headline_has_nulls_where_an_engine_is_missing() -> None:
    """Without turbo there is nothing to compare, and no error either."""
    pages = fake_pages("prose")
    missing = Run("turbo", unavailable="not built")
    told = compare.headline([missing, fake_run("tesseract", {page.name: 1 for page in pages}, 1000)], pages)
    assert told["cer_tesseract"] == 0.001
    assert {key for key, value in told.items() if value is not None} == {"cer_tesseract", "reading_order_tesseract"}


def test_interval_is_paired() -> None:
    """Pages differ much, engines always by the same: the interval of the difference is narrow."""
    names = [f"p/{number}" for number in range(20)]
    one = fake_run("a", {name: 100 * number + 2 for number, name in enumerate(names)}, 1)
    other = fake_run("b", {name: 100 * number for number, name in enumerate(names)}, 1)
    told = compare.delta(one, other, names)
    assert told["low"] == told["high"] == told["delta_points"] == pytest.approx(0.2)


def test_tsv_of_the_command_line() -> None:
    """Words by block and line with their corners; headings and empty words are no words, quotes are text."""
    head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
    rows = [
        "4\t1\t1\t1\t1\t0\t0\t0\t9\t9\t-1\t",
        '5\t1\t1\t1\t1\t1\t10\t20\t30\t40\t96\t"Số',
        "5\t1\t1\t1\t2\t1\t0\t0\t1\t1\t9\t9",
    ]
    (block,) = blocks_of_tsv("\n".join([head, *rows]))
    assert block == [[('"Số', (10.0, 20.0, 40.0, 60.0))], [("9", (0.0, 0.0, 1.0, 1.0))]]


def test_a_missing_engine_says_why(tmp_path: Path) -> None:
    """An engine that cannot run is unavailable with its reason, and nothing breaks."""
    with Child("tesseract", 0, {"languages": "vie", "tessdata": str(tmp_path)}) as child:
        assert "vie.traineddata" in child.unavailable


def test_an_engine_that_dies_is_replaced(tmp_path: Path) -> None:
    """A page on which the process ends has no text; the next page is read by a new one."""
    write_page(tmp_path, "header", 1, seed=5, dpi=100)
    (page,) = read_folder(tmp_path)
    with Child("scripted", 0, {"languages": "vie", "dies_on": "deadly.jpg"}) as child:
        (tmp_path / "deadly.jpg").write_bytes(b"")
        lost = child.read(tmp_path / "deadly.jpg", 300, 60)
        assert lost.error
        assert lost.text == ""
        assert child.read(page.path, 300, 60).text


def test_an_engine_that_fails_goes_on(tmp_path: Path) -> None:
    """An exception is the page's result."""
    with Child("scripted", 0, {"languages": "vie"}) as child:
        (tmp_path / "a.jpg").write_bytes(b"")
        assert "FileNotFoundError" in child.read(tmp_path / "a.jpg", 300, 60).error
        (tmp_path / "a.txt").write_text("ngày")
        assert child.read(tmp_path / "a.jpg", 300, 60).text == "ngày"


def test_the_whole_benchmark(tmp_path: Path) -> None:
    """Folder in, result, texts and report out; the scripted engine's faults are all found, and only those."""
    write_page(tmp_path / "corpus", "prose", 1, seed=5, dpi=100)
    write_page(tmp_path / "corpus", "header", 1, seed=5, dpi=100)
    arguments = ["--engines", "scripted", "--corpus", str(tmp_path / "corpus"), "--repeats", "2", "--core-hour", "0.5"]
    shown = [
        "--report",
        str(tmp_path / "r.html"),
        "--texts",
        str(tmp_path / "texts"),
        "--boxes",
        str(tmp_path / "boxes"),
    ]
    told = main(False, [*arguments, *shown])
    engine = told["details"]["engines"]["scripted"]
    cores = len(os.sched_getaffinity(0))
    crowds = told["details"]["scaling"].get("scripted", {})
    assert list(crowds) == [str(count) for count in range(1, cores + 1)] * (cores > 1)
    assert all(len(crowd["pages_per_second"]) == ROUNDS for crowd in crowds.values())
    assert engine["by_kind"]["prose"]["cost_per_million_pages"] == pytest.approx(
        engine["by_kind"]["prose"]["cpu_hours_per_million_pages"] * 0.5, abs=0.1
    )
    wrong = sum(path.read_text().count("ố") for path in (tmp_path / "corpus").rglob("*.txt"))
    assert engine["by_dpi"]["100_dpi"]["counts"]["diacritics"][0] == wrong > 0
    assert engine["by_dpi"]["100_dpi"]["counts"]["characters"][0] == wrong
    assert engine["by_dpi"]["100_dpi"]["reading_order"] == 1
    assert [len(page["wall_ms"]) for page in engine["pages"].values()] == [2, 2]
    assert engine["peak_mb"] > 1
    assert (tmp_path / "texts" / "scripted" / "prose" / "0001.txt").exists()
    assert (tmp_path / "boxes" / "scripted" / "header" / "0001.png").exists()
    text = (tmp_path / "r.html").read_text()
    assert "<svg" in text
    assert "<script" not in text
    assert html(told) == text


def test_unknown_engines_are_refused() -> None:
    """The error lists the engines."""
    with pytest.raises(OperatorError, match="tesseract-cli"):
        main(True, ["--engines", "nothing"])
    assert "turbo" in ENGINES
