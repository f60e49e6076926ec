"""Running text that is set in unusual ways: notes, hanging numbers, heads over columns, leaders, rows without rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from benchmarks.corpus import names
from benchmarks.corpus.layout import Run, Setting, break_lines, place_line, place_text
from benchmarks.corpus.office import BODY, CENTRE
from benchmarks.corpus.page import PT_MM, Page, PrintedLine
from benchmarks.ocr.counter import grid
from benchmarks.ocr.desk import Desk


def footnotes(desk: Desk) -> Page:
    """Prose with raised numbers, and their notes in small print below a short rule."""
    flow, rng = desk.flow, desk.order.rng
    page = flow.page
    number = 0
    while flow.y_mm < 215 and number < 6:
        text = desk.writer.prose(int(rng.integers(1, 3)))
        setting = BODY
        lines = break_lines(page, [Run(text)], flow.width_mm - 4, setting)
        pitch = setting.size_pt * PT_MM * setting.leading
        number += 1
        printed = []
        for at, line in enumerate(lines):
            base = flow.y_mm + 0.8 * pitch
            one = place_line(page, line, flow.left_mm, flow.width_mm - 4, base, setting, first=at == 0)
            if at == len(lines) - 1:
                x = one.box.right * 25.4 / page.dpi + 0.4
                raised = page.text(x, base - 1.9, str(number), "regular", 8.5)
                one = PrintedLine(one.text + str(number), one.box.union(raised))
            printed.append(one)
            flow.y_mm += pitch
        page.add("text", printed)
        flow.y_mm += 2
    flow.y_mm += 4
    page.rule(flow.left_mm, flow.y_mm, flow.left_mm + 50, flow.y_mm, 0.5)
    flow.y_mm += 2
    small = Setting(size_pt=10.0, align="justify", after_mm=0.6)
    for note in range(1, number + 1):
        if flow.y_mm > 280:
            break
        base = flow.y_mm + small.size_pt * PT_MM * small.leading * 0.8
        raised = page.text(flow.left_mm, base - 1.4, str(note), "regular", 6.5)
        lines = break_lines(page, [Run(desk.writer.write("basis_law"))], flow.width_mm, replace(small, indent_mm=2.2))
        pitch = small.size_pt * PT_MM * small.leading
        printed = []
        for at, line in enumerate(lines):
            one = place_line(page, line, flow.left_mm, flow.width_mm, flow.y_mm + 0.8 * pitch,
                             replace(small, indent_mm=2.2), first=at == 0)  # fmt: skip
            printed.append(PrintedLine(f"{note} {one.text}", one.box.union(raised)) if at == 0 else one)
            flow.y_mm += pitch
        page.add("text", printed)
    return page


def hanging(desk: Desk) -> Page:
    """Lists whose numbers hang in a margin of their own, some of one line, some of several."""
    flow, rng = desk.flow, desk.order.rng
    page = flow.page
    flow.paragraph("heading", [Run("DANH MỤC THÀNH PHẦN HỒ SƠ", "bold")], replace(CENTRE, after_mm=4))
    setting = Setting(size_pt=float(rng.choice([12.0, 13.0, 14.0])), align="left", after_mm=1.0)
    hang = float(rng.uniform(9, 16))
    style = int(rng.integers(4))
    number = 0
    pitch = setting.size_pt * PT_MM * setting.leading
    while True:
        number += 1
        text = desk.writer.write("procedure") if rng.random() < 0.4 else desk.writer.prose(1)
        lines = break_lines(page, [Run(text)], flow.width_mm - hang, setting)
        if flow.y_mm + len(lines) * pitch > 272:
            return page
        mark = (f"{number}.", f"{chr(96 + min(number, 26))})", "-", f"({number})")[style]
        ink = page.text(flow.left_mm, flow.y_mm + 0.8 * pitch, mark, "regular", setting.size_pt)
        printed = []
        for at, line in enumerate(lines):
            one = place_line(page, line, flow.left_mm + hang, flow.width_mm - hang, flow.y_mm + 0.8 * pitch, setting,
                             first=at == 0)  # fmt: skip
            printed.append(PrintedLine(f"{mark} {one.text}", one.box.union(ink)) if at == 0 else one)
            flow.y_mm += pitch
        page.add("text", printed)
        flow.y_mm += 1.0


def headed_columns(desk: Desk) -> Page:
    """A gazette whose articles begin with a heading over both columns, two or three on the page."""
    page, rng = desk.flow.page, desk.order.rng
    gutter = float(rng.uniform(5.0, 9.0))
    width = (166 - gutter) / 2
    text = Setting(size_pt=float(rng.choice([10.5, 11.0, 12.0])), indent_mm=4.0, after_mm=0.8)
    pitch = text.size_pt * PT_MM * text.leading
    y = 18.0
    while y < 200:
        y = place_text(page, "heading", [Run(desk.writer.write("subject").upper()[:70], "bold")], 22, 166, y, CENTRE)
        y = place_text(page, "heading", [Run(desk.writer.write("subject"), "bold")], 22, 166, y, CENTRE) + 3
        bottom = min(276.0, y + float(rng.uniform(60, 110)))
        ends = []
        for left in (22.0, 22.0 + width + gutter):
            at = y
            while True:
                lines = break_lines(page, [Run(desk.writer.prose(1))], width, text)
                if at + len(lines) * pitch > bottom:
                    break
                words = " ".join(word.text for line in lines for word in line.words)
                at = place_text(page, "text", [Run(words)], left, width, at, text)
            ends.append(at)
        y = max(ends) + 6
    return page


def leaders(desk: Desk) -> Page:
    """A form with leaders of dots, several fields a line, and a list of contents with leaders to page numbers."""
    flow, rng = desk.flow, desk.order.rng
    page = flow.page
    flow.paragraph("type", [Run("ĐƠN ĐỀ NGHỊ", "bold")], replace(CENTRE, after_mm=4))
    end = page.size.width_mm - flow.margins.right_mm
    dot = page.width_mm(".", "regular", 13.0)
    labels = ("Họ và tên:", "Sinh ngày:", "Số CCCD:", "Nơi cấp:", "Địa chỉ:", "Điện thoại:", "Nghề nghiệp:", "Lý do:")
    for _ in range(9):
        count = int(rng.integers(1, 4))
        chosen = [labels[int(at)] for at in rng.permutation(len(labels))[:count]]
        base = flow.y_mm + 6
        x, room = flow.left_mm, (end - flow.left_mm) / count
        printed = []
        for label in chosen:
            printed.append(PrintedLine(label, page.text(x, base, label, "regular", 13.0)))
            start = x + page.width_mm(label, "regular", 13.0) + (0.8 if rng.random() < 0.5 else 0.0)
            page.text(start, base, "." * max(6, int((x + room - 1.5 - start) / dot)), "regular", 13.0)
            x += room
        page.add("label", printed)
        flow.y_mm += 8.5
    flow.paragraph("heading", [Run("MỤC LỤC", "bold")], replace(CENTRE, after_mm=3))
    for number in range(1, 12):
        title = f"Chương {number}. {desk.writer.write('procedure')}"[:62].rstrip()
        base, page_number = flow.y_mm + 6, str(3 * number + int(rng.integers(0, 3)))
        ink = page.text(flow.left_mm, base, title, "regular", 13.0)
        start = flow.left_mm + page.width_mm(title, "regular", 13.0) + 1
        stop = end - page.width_mm(page_number, "regular", 13.0)
        page.text(start, base, "." * max(6, int((stop - 1 - start) / dot)), "regular", 13.0)
        last = page.text(stop, base, page_number, "regular", 13.0)
        page.add("label", [PrintedLine(f"{title} {page_number}", ink.union(last))])
        flow.y_mm += 8
    return page


def free_rows(desk: Desk) -> Page:
    """A table without rules whose cells wrap, under a head; each row is read across."""
    flow, rng = desk.flow, desk.order.rng
    page = flow.page
    flow.paragraph("heading", [Run("DANH SÁCH HỘ GIA ĐÌNH", "bold")], replace(CENTRE, after_mm=4))
    rows = [["STT", "Họ và tên", "Năm sinh", "Nơi cư trú", "Ghi chú"]]
    for number in range(1, 16):
        who = names.person(rng)
        note = desk.writer.write("change") if rng.random() < 0.6 else ""
        rows.append([str(number), who.name, str(who.birth_year), who.home, note])
    grid(page, rows, flow.left_mm - 4, (14, 42, 20, 50, 42), flow.y_mm, 11.0, centred=(0, 2), rules=False)
    return page


def sparse(desk: Desk) -> Page:
    """A nearly empty page: its number, and the end of a sentence or a title alone."""
    page, rng = desk.flow.page, desk.order.rng
    place_text(
        page, "page_number", [Run(str(int(rng.integers(2, 140))))], 0.0, 210.0, 10.0, replace(CENTRE, size_pt=13.5)
    )
    y = float(rng.uniform(30, 180))
    text = (desk.writer.prose(1)[-50:].split(" ", 1)[-1], "PHỤ LỤC", "TM. ỦY BAN NHÂN DÂN", names.person(rng).name)[
        int(rng.integers(4))
    ]
    setting = replace(
        CENTRE, align="left" if rng.random() < 0.3 else "centre", size_pt=float(rng.choice([12.0, 14.0, 22.0]))
    )
    place_text(page, "text", [Run(text, "bold" if rng.random() < 0.4 else "regular")], 30, 160, y, setting)
    return page


RUNNING: dict[str, Callable[[Desk], Page]] = {
    "footnotes": footnotes,
    "hanging": hanging,
    "headed_columns": headed_columns,
    "leaders": leaders,
    "free_rows": free_rows,
    "sparse": sparse,
}
