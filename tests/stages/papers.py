"""Decree 30 papers as OCR would read them, built by hand: rows of words at given places."""

from __future__ import annotations

from collections.abc import Sequence

from models.geometry import Affine, Box
from models.text import Block, Line, PageText, Word

WIDTH_PX, HEIGHT_PX = 1654, 2339
CHAR_PX, WORD_PX, PITCH_PX = 14, 30, 46

Printed = tuple[str, float, float]
"""Text, left edge, top edge."""


def words(text: str, left: float, top: float, confidence: float = 0.95) -> list[Word]:
    """One printed line; each word as wide as its letters."""
    found = []
    for word in text.split():
        box = Box(left, top, left + CHAR_PX * len(word), top + WORD_PX)
        found.append(Word(text=word, box=box, confidence=confidence))
        left = box.right + CHAR_PX
    return found


def page(*printed: Printed, rotation_deg: float = 0.0, confidence: float = 0.95) -> PageText:
    """A side on which these lines stand, scanned turned by ``-rotation_deg``.

    Lines at one height are one line to OCR, as engines join the columns of a header.
    """
    quarter = round(rotation_deg / 90) % 2
    wide, high = (HEIGHT_PX, WIDTH_PX) if quarter else (WIDTH_PX, HEIGHT_PX)
    to_scan = Affine.rotation(-rotation_deg, (WIDTH_PX / 2, HEIGHT_PX / 2), (wide / 2, high / 2))
    rows: dict[float, list[Word]] = {}
    for text, left, top in printed:
        rows.setdefault(top, []).extend(words(text, left, top, confidence))
    blocks = []
    for row in rows.values():
        turned = tuple(w.model_copy(update={"box": to_scan.hull(w.box)}) for w in row)
        if turned:
            box = turned[0].box
            blocks.append(Block(lines=(Line(words=turned, box=box),), box=box))
    return PageText(width_px=wide, height_px=high, rotation_deg=rotation_deg, engine="hand", blocks=tuple(blocks))


def header(
    bodies: Sequence[str], number: str, dated: str, below: Sequence[str] = (), top: float = 160
) -> tuple[Printed, ...]:
    """The two columns: bodies, number and ``V/v`` left; motto and date right."""
    left: list[Printed] = [(text, 240, top + n * PITCH_PX) for n, text in enumerate((*bodies, number, *below))]
    dated_top = top + len(bodies) * PITCH_PX
    return (
        *left,
        ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 820, top),
        ("Độc lập - Tự do - Hạnh phúc", 900, top + PITCH_PX),
        (dated, 860, dated_top if len(bodies) > 1 else dated_top + PITCH_PX),
    )


def signature(title: Sequence[str], name: str, top: float, recipients: Sequence[str] = ()) -> tuple[Printed, ...]:
    """``Nơi nhận`` left, title and name right with room for a signature between them."""
    left: list[Printed] = [(text, 240, top + n * PITCH_PX) for n, text in enumerate(recipients)]
    right = [centred(text, 1150, top + n * PITCH_PX) for n, text in enumerate(title)]
    return (*left, *right, centred(name, 1150, top + 250))


def centred(text: str, middle: float, top: float) -> Printed:
    """A line about ``middle``."""
    return text, middle - CHAR_PX * len(text) / 2, top


def text_rows(rows: Sequence[str], top: float, left: float = 240) -> tuple[Printed, ...]:
    """Running text."""
    return tuple((text, left, top + n * PITCH_PX) for n, text in enumerate(rows))


DECISION_FIRST = (
    *header(("ỦY BAN NHÂN DÂN", "TỈNH BẠC LIÊU"), "Số: 209/QĐ-UBND", "Bạc Liêu, ngày 18 tháng 02 năm 2025"),
    ("QUYẾT ĐỊNH", 750, 420),
    ("Về việc công bố Danh mục thủ tục hành chính mới", 420, 466),
    ("ban hành trên địa bàn tỉnh Bạc Liêu", 500, 512),
    ("CHỦ TỊCH ỦY BAN NHÂN DÂN TỈNH", 560, 640),
    *text_rows(
        (
            "Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;",
            "Căn cứ Nghị định số 63/2010/NĐ-CP ngày 08 tháng 6 năm 2010 của Chính",
            "phủ về kiểm soát thủ tục hành chính.",
        ),
        760,
    ),
    ("QUYẾT ĐỊNH:", 780, 1000),
)
DECISION_LAST = (
    *text_rows(
        (
            "Điều 2. Quyết định này có hiệu lực thi hành kể từ ngày ký.",
            "Điều 3. Chánh Văn phòng và các cá nhân chịu trách nhiệm thi hành.",
        ),
        200,
    ),
    *signature(
        ("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"), "Huỳnh Hữu Trí", 400, ("Nơi nhận:", "- Như Điều 3;", "- Lưu: VT, KSTTHC.")
    ),
)
