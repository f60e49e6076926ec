"""Pages that are hard to take apart: filled by hand, with pictures, tables of dots or of nothing, bent, framed in black.

They are not among the ten kinds of :mod:`benchmarks.ocr.kinds` that a plain run reads: name them with ``--kinds``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import Image

from benchmarks.corpus import names, penmanship, pictures
from benchmarks.corpus.layout import Run, Setting, break_lines, place_line, place_text
from benchmarks.corpus.office import BODY, CENTRE, nation, sign
from benchmarks.corpus.page import A4, PT_MM, Page, PrintedLine
from benchmarks.corpus.scan import Colour
from benchmarks.corpus.strokes import initial, signature
from benchmarks.ocr.align import WILD
from benchmarks.ocr.desk import Desk
from models.geometry import Box

_LABEL = Setting(size_pt=13.0, align="left", after_mm=0.0)
_DOTS = "."
_CELL = Setting(size_pt=11.0, align="left", leading=1.14, after_mm=0.0)
_FIELDS = (
    ("Họ, chữ đệm, tên:", "name"), ("Ngày, tháng, năm sinh:", "day"), ("Giới tính:", "sex"), ("Dân tộc:", "ethnic"),
    ("Quốc tịch:", "nation"), ("Nơi cư trú:", "place"), ("Giấy tờ tùy thân:", "number"), ("Quê quán:", "place"),
    ("Họ, chữ đệm, tên người cha:", "name"), ("Họ, chữ đệm, tên người mẹ:", "name"), ("Số điện thoại:", "number"),
    ("Nghề nghiệp:", "job"), ("Nơi làm việc:", "place"), ("Ghi chú:", ""), ("Lý do:", "job"),
)  # fmt: skip


def _answer(desk: Desk, what: str) -> str:
    rng = desk.order.rng
    who = names.person(rng)
    return {
        "name": who.name,
        "day": f"{rng.integers(1, 29):02d}/{rng.integers(1, 13):02d}/{who.birth_year}",
        "sex": who.sex,
        "ethnic": who.ethnic,
        "nation": "Việt Nam",
        "place": names.place(rng).commune_text,
        "number": who.number,
        "job": ("làm ruộng", "buôn bán nhỏ", "giáo viên", "công nhân may", "xin cấp lại do mất")[int(rng.integers(5))],
        "": "",
    }[what]


def form(desk: Desk) -> Page:
    """A declaration with leaders of dots (or rules), most of them filled by pen in one of five colours."""
    flow, rng = desk.flow, desk.order.rng
    page = flow.page
    hand = penmanship.some_hand(rng)
    page.pen = hand.pen
    flow.y_mm = nation(page, 30, 162, 20) + 6
    flow.paragraph("type", [Run("TỜ KHAI ĐĂNG KÝ HỘ TỊCH", "bold")], CENTRE)
    flow.paragraph("addressee", [Run(f"Kính gửi: {desk.office.name}")], CENTRE)
    flow.y_mm += 3
    leader = "rule" if rng.random() < 0.2 else "dots"
    order = rng.permutation(len(_FIELDS))
    for number in order[: int(rng.integers(10, 15))]:
        label, what = _FIELDS[int(number)]
        _field(desk, hand, label, _answer(desk, what) if rng.random() < 0.85 else "", leader)
    pledge = "Tôi cam đoan những nội dung khai trên đây là đúng sự thật và chịu trách nhiệm trước pháp luật."
    flow.paragraph("text", [Run(pledge)], BODY)
    if rng.random() < 0.5:
        _remark(desk, hand)
    top = flow.y_mm + 4
    place_text(page, "signer", [Run("Người yêu cầu", "bold")], 112, 84, top, CENTRE)
    page.marks.append(signature(page, 130, top + 7, 44, 18))
    who = names.person(rng).name
    if rng.random() < 0.6:
        _by_hand(page, hand, who, 132, top + 34, 6.0)
    else:
        place_text(page, "signer", [Run(who)], 112, 84, top + 27, CENTRE)
    return page


def _field(desk: Desk, hand: penmanship.Hand, label: str, answer: str, leader: str) -> None:
    page, flow = desk.flow.page, desk.flow
    base = flow.y_mm + 6.5
    ink = page.text(flow.left_mm, base, label, "regular", _LABEL.size_pt)
    begin = flow.left_mm + page.width_mm(label + " ", "regular", _LABEL.size_pt)
    end = page.size.width_mm - flow.margins.right_mm
    if leader == "rule":
        page.rule(begin, base + 0.6, end, base + 0.6, 0.4)
    else:
        dot = page.width_mm(_DOTS, "regular", _LABEL.size_pt)
        page.text(begin, base, _DOTS * int((end - begin) / dot), "regular", _LABEL.size_pt)
    if answer:
        size = min(float(page.rng.uniform(5.0, 7.0)), 6.0 * (end - begin) / penmanship.width_mm(answer, hand, 6.0))
        _by_hand(page, hand, answer, begin + 2, base - float(page.rng.uniform(-0.3, 0.8)), size)
    page.add("label", [PrintedLine(f"{label} {WILD}", ink)])
    flow.y_mm += 9.0


def _remark(desk: Desk, hand: penmanship.Hand) -> None:
    """Two lines written under the text, as someone in charge does."""
    page, flow = desk.flow.page, desk.flow
    for text in ("Đã kiểm tra, đề nghị giải quyết theo quy định", "chuyển bộ phận một cửa"):
        flow.y_mm += 8.0
        _by_hand(page, hand, text, flow.left_mm + 6, flow.y_mm, 5.5)
    flow.y_mm += 3.0


def _by_hand(page: Page, hand: penmanship.Hand, text: str, x_mm: float, baseline_mm: float, size_mm: float) -> None:
    box = penmanship.write(page, hand, text, x_mm, baseline_mm, size_mm)
    page.add("handwriting", [PrintedLine(text, box)], printed=False)


def signed(desk: Desk) -> Page:
    """The end of a paper; a name, a tick and a remark in black stand beside print."""
    flow, rng = desk.flow, desk.order.rng
    flow.page.pen = penmanship.PENS[2 + int(rng.integers(2))]
    hand = replace(penmanship.some_hand(rng), pen=flow.page.pen)
    for _ in range(2):
        flow.paragraph("text", [Run(desk.writer.prose(1))], BODY)
    receivers = [line for line in desk.writer.several("receiver", 6) if not line.startswith("Như")]
    top = flow.y_mm
    sign(flow, desk.office, desk.signer, ("Như trên;", *receivers, "Lưu: VT."))
    _by_hand(flow.page, hand, ("uy", "Thu", "Hg", "Lan")[int(rng.integers(4))], flow.left_mm + 24, top + 10, 5.0)
    flow.page.marks.append(initial(flow.page, flow.left_mm + 60, top + 16))
    flow.y_mm += 6
    _remark(desk, hand)
    return flow.page


def photo(desk: Desk) -> Page:
    """Prose beside one or two photographs, under an emblem or a logo."""
    flow, rng = desk.flow, desk.order.rng
    pictures.emblem(flow.page, (105, 24), float(rng.uniform(16, 26)))
    flow.y_mm = 42.0
    flow.paragraph("text", [Run(desk.writer.prose(2))], BODY)
    top = flow.y_mm + 2
    for left in (35.0, 85.0, 135.0)[: int(rng.integers(1, 4))]:
        pictures.photograph(flow.page, left, top, float(rng.uniform(25, 40)), 40.0)
    flow.y_mm = top + 45
    return desk.fill("regular", BODY)


def codes(desk: Desk) -> Page:
    """Prose under a square code and a bar code with its digits."""
    flow, rng = desk.flow, desk.order.rng
    page = flow.page
    side = float(rng.uniform(12, 30))
    pictures.square_code(page, 30.0, 15.0, side)
    pictures.bar_code(page, 110.0, 15.0, float(rng.uniform(45, 70)), float(rng.uniform(8, 13)))
    number = "".join(map(str, rng.integers(0, 10, 13)))
    place_text(page, "number", [Run(number)], 110, 60, 29, replace(_CELL, size_pt=10.0))
    flow.y_mm = 20.0 + max(side, 20.0)
    return desk.fill("regular", BODY)


@dataclass(frozen=True)
class _Grid:
    """``across``, ``down``: how rules look: ``solid``, ``dots``, or empty for none. ``pad_mm``: between text and rule."""

    size_pt: float
    across: str
    down: str
    pad_mm: float
    wrap: bool = True


def _stroke(page: Page, ends: tuple[float, float, float, float], look: str) -> None:
    if look == "solid":
        page.rule(*ends, 0.6)
    elif look:
        x1, y1, x2, y2 = ends
        length = max(x2 - x1, y2 - y1)
        step, dot = 0.9, 0.35
        for at in np.arange(0, length - dot, step):
            share, stop = at / length, (at + dot) / length
            part = (x1 + (x2 - x1) * share, y1 + (y2 - y1) * share, x1 + (x2 - x1) * stop, y1 + (y2 - y1) * stop)
            page.rule(*part, 0.6)


def _grid(desk: Desk, grid: _Grid) -> Page:
    """A list of people, one a row, down the page; every cell is a block."""
    page, flow, rng = desk.flow.page, desk.flow, desk.order.rng
    flow.paragraph("heading", [Run("DANH SÁCH KÈM THEO", "bold")], CENTRE)
    cell = replace(_CELL, size_pt=grid.size_pt)
    shares = (0.08, 0.27, 0.13, 0.34, 0.18)
    left, wide = 24.0, 166.0
    rows: list[Sequence[str]] = [("STT", "Họ và tên", "Năm sinh", "Nơi cư trú", "Số tiền (đồng)")]
    pitch = grid.size_pt * PT_MM * cell.leading
    top = y = flow.y_mm + 2
    while y < 262.0:
        who = names.person(rng)
        where = names.place(rng).commune_text if not grid.wrap else who.home
        rows.append((str(len(rows)), who.name, str(who.birth_year), where, f"{rng.integers(100, 9999)}.000"))
        texts = rows[0] if y == top else rows[-2]
        widths = [share * wide for share in shares]
        broken = [
            break_lines(page, [Run(text, "bold" if y == top else "regular")], width - 2 * grid.pad_mm, cell)
            for text, width in zip(texts, widths, strict=True)
        ]
        height = max(map(len, broken)) * pitch + 1.6
        _stroke(page, (left, y, left + wide, y), grid.across)
        x = left
        for lines, width in zip(broken, widths, strict=True):
            printed = [
                place_line(page, line, x + grid.pad_mm, width - 2 * grid.pad_mm, y + 0.8 + pitch * (at + 0.8), cell,
                           first=at == 0)
                for at, line in enumerate(lines)
            ]  # fmt: skip
            page.add("cell", printed)
            _stroke(page, (x, y, x, y + height), grid.down)
            x += width
        _stroke(page, (x, y, x, y + height), grid.down)
        y += height
    _stroke(page, (left, y, left + wide, y), grid.across)
    return page


def dotted_table(desk: Desk) -> Page:
    """A table with rules of dots, the ones down the page solid in half of them."""
    down = "solid" if desk.order.rng.random() < 0.5 else "dots"
    return _grid(desk, _Grid(11.0, "dots", down, 1.2))


def bare_table(desk: Desk) -> Page:
    """A table without rules, or with only those across; cells of one line, now and then a narrow gap."""
    across = "solid" if desk.order.rng.random() < 0.3 else ""
    return _grid(desk, _Grid(11.0, across, "", 0.8, wrap=False))


def fine_table(desk: Desk) -> Page:
    """A ruled table in nine points."""
    return _grid(desk, _Grid(9.0, "solid", "solid", 0.9))


def gazette(desk: Desk) -> Page:
    """A page of an official gazette: its head, and text in two columns with a narrow gutter."""
    page, rng = desk.flow.page, desk.order.rng
    small = Setting(size_pt=11.0, align="centre", after_mm=0.0)
    number = f"{rng.integers(1, 900)} + {rng.integers(901, 999)}"
    place_text(page, "page_number", [Run(str(rng.integers(2, 96)), "bold")], 22, 12, 13, replace(small, align="left"))
    place_text(page, "heading", [Run(f"CÔNG BÁO/Số {number}/Ngày {rng.integers(10, 29)}-{rng.integers(3, 12)}-2025", "bold")],
               40, 130, 13, small)  # fmt: skip
    page.rule(22, 20.5, 188, 20.5, 0.8)
    gutter = float(rng.uniform(4.5, 8.0))
    width = (166 - gutter) / 2
    text = Setting(size_pt=float(rng.choice([9.5, 10.5, 11.0])), indent_mm=5.0, after_mm=0.8)
    for left in (22.0, 22.0 + width + gutter):
        y = 26.0
        while y < 262.0:
            if rng.random() < 0.12:
                y = place_text(page, "heading", [Run(desk.writer.hold("subject"), "bold")], left, width, y,
                               replace(small, size_pt=text.size_pt))  # fmt: skip
            prose = desk.writer.prose(int(rng.integers(1, 3)))
            lines = break_lines(page, [Run(prose)], width, text)
            pitch = text.size_pt * PT_MM * text.leading
            if y + len(lines) * pitch > 276:
                break
            y = place_text(page, "text", [Run(prose)], left, width, y, text)
    return page


def prose(desk: Desk) -> Page:
    return desk.fill("regular", BODY)


def pale(desk: Desk) -> Page:
    """Prose of a worn ribbon: a tenth to a quarter of the contrast of black, and one paragraph in black."""
    page = desk.fill("regular", BODY)
    ink = 255 - np.asarray(page.image).astype(np.float32)
    share = float(desk.order.rng.uniform(0.12, 0.26))
    last = page.blocks[-1].box if desk.order.rng.random() < 0.5 else Box(0, 0, 0, 0)
    keep = ink[int(last.top) : int(last.bottom)].copy()
    ink *= share
    ink[int(last.top) : int(last.bottom)] = keep
    page.image.paste(Image.fromarray(np.asarray(255 - ink, dtype=np.uint8)))
    return page


def bent(pixels: Colour, rng: np.random.Generator) -> Colour:
    """Paper that rises towards a spine at its left, and leans by up to a degree."""
    height, width = pixels.shape[:2]
    x = np.arange(width, dtype=np.float32)
    depth = float(rng.uniform(-0.012, 0.012)) * height
    bow = depth * np.exp(-x / (0.25 * width)) + float(rng.uniform(-0.004, 0.004)) * height * np.sin(np.pi * x / width)
    lean = np.tan(np.radians(float(rng.uniform(-1.0, 1.0)))) * (x - width / 2)
    map_y = np.arange(height, dtype=np.float32)[:, None] + (bow + lean)[None, :].astype(np.float32)
    map_x = np.broadcast_to(x[None, :], map_y.shape).astype(np.float32)
    done = cv2.remap(pixels, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    shade = 1 - float(rng.uniform(0.1, 0.4)) * np.exp(-x / (0.06 * width))
    return np.asarray(np.clip(done * shade[None, :, None], 0, 255), dtype=np.uint8)


def framed(pixels: Colour, rng: np.random.Generator) -> Colour:
    """The scanner's black lid around the sheet, punched holes, a staple, a folded corner."""
    out = pixels.copy()
    height, width = out.shape[:2]
    mm = width / A4.width_mm
    dark = int(rng.integers(5, 60))
    grain = rng.normal(dark, 6, out.shape).clip(0, 255).astype(np.uint8)
    for side in range(4):
        reach = float(rng.choice([0.0, 2.0, 5.0, 9.0])) * mm
        lean = float(rng.uniform(-2.5, 2.5)) * mm
        corners = {
            0: ((0, 0), (width, 0), (width, reach + lean), (0, reach)),
            1: ((0, height), (width, height), (width, height - reach), (0, height - reach + lean)),
            2: ((0, 0), (0, height), (reach, height), (reach + lean, 0)),
            3: ((width, 0), (width, height), (width - reach + lean, height), (width - reach, 0)),
        }[side]
        if reach:
            mask = np.zeros((height, width), np.uint8)
            cv2.fillPoly(mask, [np.array(corners, np.int32)], 255)
            out[mask > 0] = grain[mask > 0]
    middle = height / 2 + float(rng.uniform(-10, 10)) * mm
    for y in (middle - 40 * mm, middle + 40 * mm):
        centre = (round(float(rng.uniform(10, 14)) * mm), round(y))
        cv2.circle(out, centre, round(2.9 * mm), (dark, dark, dark), -1, cv2.LINE_AA)
    start = (float(rng.uniform(10, 16)) * mm, float(rng.uniform(9, 15)) * mm)
    end = (start[0] + 6 * mm, start[1] - float(rng.uniform(-4, 4)) * mm)
    cv2.line(
        out,
        (round(start[0]), round(start[1])),
        (round(end[0]), round(end[1])),
        (70, 72, 75),
        round(0.5 * mm),
        cv2.LINE_AA,
    )
    corner = float(rng.uniform(8, 18)) * mm
    fold = np.array([[width, 0], [width - corner, 0], [width, corner * 0.8]], np.int32)
    cv2.fillPoly(out, [fold], (dark + 30,) * 3)
    return out


HARD: dict[str, Callable[[Desk], Page]] = {
    "form": form,
    "signed": signed,
    "photo": photo,
    "codes": codes,
    "dotted_table": dotted_table,
    "bare_table": bare_table,
    "fine_table": fine_table,
    "gazette": gazette,
    "pale": pale,
    "bent": prose,
    "framed": prose,
}
AFTERWARDS: dict[str, Callable[[Colour, np.random.Generator], Colour]] = {"bent": bent, "framed": framed}
"""What happens to the scan."""
