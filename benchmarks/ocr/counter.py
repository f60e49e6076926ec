"""Papers of a counter's everyday: invoices, forms of boxes, fields that wrap, cards, incoming stamps, odd tables.

Like :mod:`benchmarks.ocr.hard` they are read by a run that names them with ``--kinds``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.corpus import names, pictures, seal
from benchmarks.corpus.fonts import Style
from benchmarks.corpus.layout import Align, Run, Setting, break_lines, place_line, place_text
from benchmarks.corpus.office import BODY, CENTRE, nation, signature_block
from benchmarks.corpus.page import PT_MM, Mark, Page, PrintedLine
from benchmarks.corpus.strokes import signature
from benchmarks.corpus.truth import BlockKind
from benchmarks.ocr.align import WILD
from benchmarks.ocr.desk import Desk

_PLAIN = Setting(size_pt=12.0, align="left", after_mm=0.6)
_GOODS = (
    "Giấy in A4 Double A 80gsm", "Mực in HP 85A", "Bàn làm việc gỗ ép", "Ghế xoay lưng lưới", "Máy quét tài liệu",
    "Tủ hồ sơ sắt 4 ngăn", "Phí vận chuyển", "Bút bi Thiên Long TL-027", "Kẹp bướm 32mm", "Bìa còng 7cm", "Ổ cứng SSD 512GB",
)  # fmt: skip
_UNITS = ("Ram", "Hộp", "Cái", "Chiếc", "Bộ", "Lần", "Cây", "Thùng")


def _line(page: Page, kind: BlockKind, parts: Sequence[tuple[float, str, Style]], y_mm: float, size_pt: float) -> None:
    """Print pieces of one line, each from its own place: one line of truth."""
    base = y_mm + size_pt * PT_MM * 0.95
    boxes = [page.text(x, base, text, style, size_pt) for x, text, style in parts]
    box = boxes[0]
    for other in boxes[1:]:
        box = box.union(other)
    page.add(kind, [PrintedLine(" ".join(text for _, text, _ in parts), box)])


def _money(value: int) -> str:
    return f"{value:,}".replace(",", ".")


def spaced_width(page: Page, text: str, style: Style, size_pt: float, gap_mm: float) -> float:
    """How wide a text runs with a gap after each letter, in mm."""
    return sum(page.width_mm(letter, style, size_pt) + gap_mm for letter in text) - gap_mm


def _spaced(page: Page, text: str, style: Style, y_mm: float, size_pt: float, gap_mm: float) -> float:
    """A centred line with a gap after each letter; the y (mm) below."""
    x = (page.size.width_mm - spaced_width(page, text, style, size_pt, gap_mm)) / 2
    base = y_mm + size_pt * PT_MM * 0.95
    box = None
    for letter in text:
        ink = page.text(x, base, letter, style, size_pt)
        box = ink if box is None or letter == " " else box.union(ink)
        x += page.width_mm(letter, style, size_pt) + gap_mm
    if box is not None:
        page.add("type", [PrintedLine(text, box)])
    return y_mm + size_pt * PT_MM * 1.3


def spaced(desk: Desk) -> Page:
    """Titles and article heads with spaced letters, prose below."""
    flow, rng = desk.flow, desk.order.rng
    titles = ("QUYẾT ĐỊNH", "CHỨNG NHẬN", "THÔNG BÁO", "GIẤY CHỨNG NHẬN", "QUYẾT NGHỊ", "TỜ TRÌNH", "BIÊN BẢN BÀN GIAO")
    for _ in range(int(rng.integers(3, 6))):
        title, size = titles[int(rng.integers(len(titles)))], float(rng.choice([13.0, 14.0, 16.0, 20.0]))
        gap = float(rng.uniform(0.1, 0.42)) * size * PT_MM
        room = flow.width_mm - spaced_width(flow.page, title, "bold", size, 0.0)
        flow.y_mm = _spaced(flow.page, title, "bold", flow.y_mm, size, min(gap, room / len(title))) + 2
        flow.paragraph("text", [Run(desk.writer.prose(1))], BODY)
    return desk.fill("regular", BODY)


def invoice(desk: Desk) -> Page:
    """A sales invoice: fields side by side, a ruled table of sums, two signers with little stamps beside them."""
    page, rng = desk.flow.page, desk.order.rng
    left, right = 20.0, 192.0
    size = float(rng.choice([10.5, 11.0, 12.0]))
    step = size * PT_MM * 1.35
    y = place_text(page, "type", [Run("HÓA ĐƠN GIÁ TRỊ GIA TĂNG", "bold")], left, right - left, 16,
                   replace(CENTRE, size_pt=16.0))  # fmt: skip
    day = f"Ngày {rng.integers(1, 29):02d} tháng {rng.integers(1, 13):02d} năm 2025"
    y = place_text(page, "text", [Run(day, "italic")], left, right - left, y, replace(CENTRE, size_pt=size)) + 3
    for role in ("bán hàng", "mua hàng"):
        who, where = names.person(rng), names.place(rng)
        tab = float(rng.uniform(108, 128))
        for parts in (
            [(left, f"Đơn vị {role}: CÔNG TY TNHH {who.name.split()[-1].upper()} {where.commune.upper()}")],
            [(left, f"Mã số thuế: {who.number[:10]}"), (tab, f"Điện thoại: 0{rng.integers(200, 999)} {rng.integers(100, 999)} {rng.integers(100, 999)}")],
            [(left, f"Địa chỉ: {who.home}")],
            [(left, f"Số tài khoản: {rng.integers(10**9, 10**10)}"), (tab, f"Ngân hàng: {('Vietcombank', 'Agribank', 'BIDV')[int(rng.integers(3))]}")],
        ):  # fmt: skip
            _line(page, "text", [(x, text, "regular") for x, text in parts], y, size)
            y += step
        y += 2
    rows: list[list[str]] = [["STT", "Tên hàng hóa, dịch vụ", "Đơn vị tính", "Số lượng", "Đơn giá", "Thành tiền"]]
    total = 0
    for number in range(1, int(rng.integers(5, 12))):
        count, price = int(rng.integers(1, 60)), int(rng.integers(4, 900)) * 1000
        total += count * price
        goods, unit = _GOODS[int(rng.integers(len(_GOODS)))], _UNITS[int(rng.integers(len(_UNITS)))]
        rows.append([str(number), goods, unit, str(count), _money(price), _money(count * price)])
    y = grid(page, rows, left, (12, 62, 20, 18, 28, 32), y + 1, size, right_from=3)
    for label, value in (
        ("Cộng tiền hàng:", total),
        ("Tiền thuế GTGT:", total // 10),
        ("Tổng cộng:", total + total // 10),
    ):
        text = _money(value)
        _line(
            page,
            "text",
            [(left + 2, label, "bold"), (right - page.width_mm(text, "bold", size) - 2, text, "bold")],
            y + 1,
            size,
        )
        y += step
    y += 6
    for x, title in ((30.0, "Người mua hàng"), (132.0, "Người bán hàng")):
        place_text(page, "body" if x < 100 else "signer", [Run(title, "bold")], x, 50, y, replace(CENTRE, size_pt=size))
        place_text(page, "body" if x < 100 else "signer", [Run("(Ký, ghi rõ họ tên)", "italic")], x, 50, y + step,
                   replace(CENTRE, size_pt=size))  # fmt: skip
    page.marks.append(signature(page, 140, y + 2 * step, 40, 16))
    seal.press(page, f"CÔNG TY TNHH {desk.office.place.commune.upper()}", (136.0, y + 3 * step + 8))
    place_text(page, "signer", [Run(names.person(rng).name)], 132, 50, y + 2 * step + 20, replace(CENTRE, size_pt=size))
    place_text(page, "body", [Run(names.person(rng).name)], 30, 50, y + 2 * step + 20, replace(CENTRE, size_pt=size))
    return page


def grid(
    page: Page, rows: Sequence[Sequence[str]], left_mm: float, widths: Sequence[float], top_mm: float, size_pt: float,
    *, right_from: int = 99, centred: Sequence[int] = (), rules: bool = True, head: bool = True,
) -> float:  # fmt: skip
    """A table; columns from ``right_from`` on end at the right. ``head``: the first row is one. The y (mm) below."""
    pad, y = 1.0, top_mm
    pitch = size_pt * PT_MM * 1.16
    for number, row in enumerate(rows):
        title = head and number == 0
        broken = [
            break_lines(page, [Run(text, "bold" if title else "regular")], width - 2 * pad, Setting(size_pt=size_pt))
            for text, width in zip(row, widths, strict=True)
        ]
        height = max(map(len, broken)) * pitch + 2 * pad
        x = left_mm
        for column, (lines, width) in enumerate(zip(broken, widths, strict=True)):
            align: Align = "centre" if title or column in centred else "right" if column >= right_from else "left"
            setting = Setting(size_pt=size_pt, align=align)
            base = y + pad + (height - 2 * pad - len(lines) * pitch) / 2 * title
            page.add("cell", [
                place_line(page, line, x + pad, width - 2 * pad, base + pitch * (at + 0.8), setting, first=at == 0)
                for at, line in enumerate(lines)
            ])  # fmt: skip
            if rules:
                for ends in ((x, y, x, y + height), (x + width, y, x + width, y + height)):
                    page.rule(*ends, 0.5)
            x += width
        if rules:
            page.rule(left_mm, y, x, y, 0.5)
            page.rule(left_mm, y + height, x, y + height, 0.5)
        y += height
    return y


def boxes(desk: Desk) -> Page:
    """A form with one character in a box, and boxes to tick, between fields and prose."""
    flow, rng = desk.flow, desk.order.rng
    page = flow.page
    flow.y_mm = nation(page, 30, 162, 20) + 5
    flow.paragraph("type", [Run("TỜ KHAI THAM GIA, ĐIỀU CHỈNH THÔNG TIN", "bold")], replace(CENTRE, after_mm=4))
    for number in range(1, 6):
        who = names.person(rng)
        label, value = (("Họ và tên:", who.name.upper()), ("Mã số:", who.number), ("Ngày sinh:", f"{rng.integers(1, 29):02d}/{rng.integers(1, 13):02d}/{who.birth_year}"))[int(rng.integers(3))]  # fmt: skip
        label = f"[{number:02d}] {label}"
        base = flow.y_mm + 6
        end = page.text(flow.left_mm, base, label, "regular", 12.0)
        side = float(rng.uniform(5.2, 6.4))
        x = flow.left_mm + page.width_mm(label, "regular", 12.0) + 3
        letters = []
        for letter in value[: int((page.size.width_mm - 16 - x) / side)]:
            for ends in ((x, base - 5, x + side, base - 5), (x, base + 1.4, x + side, base + 1.4),
                         (x, base - 5, x, base + 1.4), (x + side, base - 5, x + side, base + 1.4)):  # fmt: skip
                page.rule(*ends, 0.5)
            if letter != " ":
                page.text(x + (side - page.width_mm(letter, "regular", 12.0)) / 2, base, letter, "regular", 12.0)
                letters.append(letter)
            x += side
        page.add("label", [PrintedLine(f"{label} {' '.join(letters)}", end)])
        flow.y_mm += 9
        flow.paragraph("text", [Run(desk.writer.prose(1))], replace(BODY, size_pt=12.0))
        _ticks(desk, ("Cấp mới", "Cấp lại", "Điều chỉnh", "Thu hồi")[: int(rng.integers(2, 5))])
    return desk.fill("regular", replace(BODY, size_pt=12.0))


def _ticks(desk: Desk, options: Sequence[str]) -> None:
    """A row of boxes to tick, each before what it stands for; one is ticked by pen."""
    flow, page = desk.flow, desk.flow.page
    base, x = flow.y_mm + 5, flow.left_mm + 6
    boxes = []
    for option in options:
        side = 3.4
        for ends in ((x, base - side, x + side, base - side), (x, base, x + side, base),
                     (x, base - side, x, base), (x + side, base - side, x + side, base)):  # fmt: skip
            page.rule(*ends, 0.6)
        boxes.append(page.text(x + side + 2, base, option, "regular", 12.0))
        x += side + 8 + page.width_mm(option, "regular", 12.0)
    page.add("label", [PrintedLine(f"{WILD} {option}", box) for option, box in zip(options, boxes, strict=True)])
    flow.y_mm += 8


def fields(desk: Desk) -> Page:
    """Labels on the left, values beside them that wrap in their own column."""
    flow, rng = desk.flow, desk.order.rng
    page = flow.page
    flow.paragraph("type", [Run("THÔNG TIN HỒ SƠ", "bold")], replace(CENTRE, after_mm=4))
    labels = ("Tên thủ tục", "Cơ quan thực hiện", "Người nộp", "Địa chỉ", "Nội dung yêu cầu", "Thời hạn giải quyết",
              "Căn cứ pháp lý", "Kết quả", "Ghi chú", "Hình thức nộp", "Lệ phí", "Tình trạng")  # fmt: skip
    tab = flow.left_mm + float(rng.uniform(42, 62))
    wide = page.size.width_mm - flow.margins.right_mm - tab
    style: Style = "bold" if rng.random() < 0.5 else "regular"
    setting = replace(_PLAIN, size_pt=float(rng.choice([12.0, 13.0, 14.0])))
    for number in rng.permutation(len(labels)):
        label = labels[int(number)] + (":" if rng.random() < 0.7 else "")
        value = (desk.writer.prose(1), names.person(rng).home, desk.writer.write("procedure"), names.person(rng).name)[
            int(rng.integers(4))
        ]
        lines = break_lines(page, [Run(value)], wide, setting)
        pitch = setting.size_pt * PT_MM * setting.leading
        if flow.y_mm + len(lines) * pitch > 270:
            break
        ink = page.text(flow.left_mm, flow.y_mm + 0.8 * pitch, label, style, setting.size_pt)
        page.add("label", [PrintedLine(label, ink)])
        flow.y_mm = place_text(page, "label", [Run(value)], tab, wide, flow.y_mm, setting) + 1.0
    return page


def narrow_table(desk: Desk) -> Page:
    """A statistic: many narrow columns of figures, dashes and crosses."""
    flow, rng = desk.flow, desk.order.rng
    page = flow.page
    flow.paragraph("heading", [Run("BIỂU TỔNG HỢP KẾT QUẢ GIẢI QUYẾT HỒ SƠ", "bold")], replace(CENTRE, after_mm=3))
    count = int(rng.integers(7, 12))
    rows = [["TT", "Đơn vị", *(f"T{number}" if count > 8 else f"Tháng {number}" for number in range(1, count + 1))]]
    size = float(rng.choice([9.0, 10.0, 11.0]))
    for number in range(1, int(rng.integers(22, 30))):
        figures = []
        for _ in range(count):
            roll = rng.random()
            figures.append(
                "-"
                if roll < 0.15
                else "x"
                if roll < 0.25
                else "X"
                if roll < 0.3
                else str(rng.integers(0, 10 ** int(rng.integers(1, 4))))
            )
        rows.append([str(number), f"Xã {names.place(rng).commune}", *figures])
    width = (page.size.width_mm - 22 - 16 - 10 - 36) / count
    grid(page, rows, 22.0, (10, 36, *[width] * count), flow.y_mm, size, centred=(0, *range(2, count + 2)))
    return page


def turned_heads(desk: Desk) -> Page:
    """A ruled table whose column heads stand on their side; upright engines need not read those."""
    flow, rng = desk.flow, desk.order.rng
    page = flow.page
    flow.paragraph("heading", [Run("DANH SÁCH CẤP PHÁT", "bold")], replace(CENTRE, after_mm=3))
    left, widths, size = 22.0, (12, 50, 16, 16, 16, 58), 11.0
    top, high = flow.y_mm, 34.0
    heads = ("STT", "Họ và tên", "Năm sinh", "Số lượng", "Ký nhận", "Nơi cư trú")
    x = left
    for head, width in zip(heads, widths, strict=True):
        if width < 20:
            font = page.fonts.get("bold", size * page.dpi / 72)
            tile = Image.new("L", (round(page.px(high - 2)), round(page.px(size * PT_MM * 1.3))), 0)
            ImageDraw.Draw(tile).text((tile.width / 2, tile.height / 2), head, font=font, fill=255, anchor="mm")
            turned = np.asarray(tile.rotate(90, expand=True), dtype=np.uint8)
            page.image.paste(
                0,
                (round(page.px(x + width / 2)) - turned.shape[1] // 2, round(page.px(top + 1))),
                Image.fromarray(turned),
            )
        else:
            place_text(page, "cell", [Run(head, "bold")], x, width, top + high / 2 - 3, replace(CENTRE, size_pt=size))
        page.rule(x, top, x, top + high, 0.5)
        x += width
    page.rule(x, top, x, top + high, 0.5)
    page.rule(left, top, x, top, 0.5)
    rows = []
    for number in range(1, 24):
        who = names.person(rng)
        rows.append([str(number), who.name, str(who.birth_year), str(rng.integers(1, 20)), "", names.place(rng).text])
    grid(page, rows, left, widths, top + high, size, centred=(0, 2, 3), head=False)
    return page


def card(desk: Desk) -> Page:
    """Both sides of a card, or a small certificate, on an empty sheet: labels, few words, a photograph."""
    page, rng = desk.flow.page, desk.order.rng
    who, where = names.person(rng), names.place(rng)
    left, y = float(rng.uniform(30, 60)), float(rng.uniform(40, 90))
    small = float(rng.choice([7.5, 8.5, 9.5]))
    wide = small * 10.5
    y = place_text(
        page,
        "nation",
        [Run("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "bold")],
        left,
        wide,
        y,
        replace(CENTRE, size_pt=small),
    )
    y = (
        place_text(page, "type", [Run("THẺ HỘI VIÊN", "bold")], left, wide, y + 1, replace(CENTRE, size_pt=small * 1.5))
        + 1
    )
    pictures.photograph(page, left + 2, y, 18, 24)
    for label, value in (("Họ và tên:", who.name.upper()), ("Số:", who.number), ("Ngày sinh:", f"{rng.integers(1, 29):02d}/{rng.integers(1, 13):02d}/{who.birth_year}"),
                         ("Giới tính:", who.sex), ("Quê quán:", where.text), ("Có giá trị đến:", f"{rng.integers(1, 29):02d}/12/2030")):  # fmt: skip
        _line(
            page,
            "label",
            [(left + 24, label, "regular"), (left + 25 + page.width_mm(label, "regular", small), value, "bold")],
            y,
            small,
        )
        y += small * PT_MM * 1.45
    return page


def incoming(desk: Desk) -> Page:
    """A letter with the stamp of an incoming paper on it, and a seal over the signer's name."""
    flow, rng = desk.flow, desk.order.rng
    page = flow.page
    colour = ((60, 40, 200), (190, 60, 40), (70, 30, 140))[int(rng.integers(3))]
    x, y = float(rng.uniform(22, 40)), float(rng.uniform(14, 24))
    _stamp(page, desk.office.printed, (x, y), colour)
    flow.y_mm = y + 34
    flow.paragraph("addressee", [Run(f"Kính gửi: {desk.office.name}")], replace(CENTRE, after_mm=3))
    for _ in range(3):
        flow.paragraph("text", [Run(desk.writer.prose(2))], BODY)
    top = flow.y_mm + 3
    signature_block(page, desk.office.head.upper(), desk.signer, "", top)
    seal.press(page, desk.office.ring, (142.0, top + 30))
    return page


def _stamp(page: Page, office: str, at_mm: tuple[float, float], colour: tuple[int, int, int]) -> None:
    """The frame of an incoming paper: office, ĐẾN, and lines for number and day; not scored, as it may not be read."""
    width, height = round(page.px(62)), round(page.px(24))
    tile = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(tile)
    thick = max(1, round(page.px(0.3)))
    draw.rectangle((0, 0, width - 1, height - 1), outline=255, width=thick)
    font = page.fonts.get("bold", 9.0 * page.dpi / 72)
    draw.text((width / 2, page.px(3.5)), office[:30], font=font, fill=255, anchor="mm")
    draw.line((0, page.px(6.5), width, page.px(6.5)), fill=255, width=thick)
    draw.text(
        (page.px(12), page.px(15)), "ĐẾN", font=page.fonts.get("bold", 15.0 * page.dpi / 72), fill=255, anchor="mm"
    )
    for number, text in enumerate(
        ("Số:......................", "Ngày:....................", "Chuyển:................")
    ):
        draw.text((page.px(25), page.px(10.5 + 5 * number)), text, font=font, fill=255, anchor="lm")
    alpha = (
        np.asarray(tile.rotate(float(page.rng.normal(0, 1.5)), resample=Image.Resampling.BICUBIC), dtype=np.float32)
        * 0.8
    ).astype(np.uint8)
    left, top = round(page.px(at_mm[0])), round(page.px(at_mm[1]))
    page.marks.append(Mark(alpha, left, top, colour))


COUNTER: dict[str, Callable[[Desk], Page]] = {
    "spaced": spaced,
    "invoice": invoice,
    "boxes": boxes,
    "fields": fields,
    "narrow_table": narrow_table,
    "turned_heads": turned_heads,
    "card": card,
    "incoming": incoming,
}
