"""What the n-gram is counted from."""

from __future__ import annotations

from pathlib import Path

from benchmarks.ngram import texts_of

_PAGE = """<html><head><script>var menu = "Trang chủ của cổng thông tin";</script></head><body>
<div>Cơ sở dữ liệu quốc gia về pháp luật</div><p>Điều 1. Phạm vi&nbsp;điều   chỉnh<br>Nghị định này quy định chi tiết</p>
<p>{body}</p><p>Everyone is permitted to copy and distribute</p><td>STT</td><p>Xem thêm tại https://luật.vn/nghị-định</p></body></html>"""


def test_pages_give_each_vietnamese_line_once(tmp_path: Path) -> None:
    """What all pages share comes once; other languages, scraps, scripts and addresses do not come at all."""
    for number, body in enumerate(("Mức phạt tiền đối với tổ chức", "Hồ sơ đề nghị cấp giấy phép")):
        (tmp_path / f"{number}.html").write_text(_PAGE.replace("{body}", body), encoding="utf-8")
    assert texts_of(tmp_path) == [
        "Cơ sở dữ liệu quốc gia về pháp luật",
        "Điều 1. Phạm vi điều chỉnh",
        "Nghị định này quy định chi tiết",
        "Mức phạt tiền đối với tổ chức",
        "Hồ sơ đề nghị cấp giấy phép",
    ]


def test_a_text_file_gives_its_lines(tmp_path: Path) -> None:
    """All but the empty ones."""
    path = tmp_path / "law.txt"
    path.write_text("Điều 1\n\nEnglish too\n", encoding="utf-8")
    assert texts_of(path) == ["Điều 1", "English too"]
