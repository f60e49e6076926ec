"""What lies on a scanner's glass other than one sheet that fills it: a lid around it, a folded A3, a card."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from benchmarks.corpus import names, pictures
from benchmarks.corpus.layout import Run, Setting, place_text
from benchmarks.corpus.page import A4, Mark, Page, PaperSize
from models.geometry import Box

A3_LANDSCAPE = PaperSize(420.0, 297.0)
A5 = PaperSize(148.0, 210.0)
CARD = PaperSize(85.6, 53.98)
"""ISO/IEC 7810 ID-1, the citizen's card."""


def laid(sheet: Page, bed: Page, left_mm: float, top_mm: float) -> Page:
    """``bed`` with a sheet's print and marks on it, its top left corner at this place; what overhangs is not seen."""
    across, down = round(bed.px(left_mm)), round(bed.px(top_mm))
    bed.image.paste(sheet.image, (across, down))
    for mark in sheet.marks:
        bed.marks.append(replace(mark, left_px=mark.left_px + across, top_px=mark.top_px + down))
    for block in sheet.blocks:
        lines = [replace(line, box=_moved(line.box, across, down)) for line in block.lines]
        bed.add(block.kind, lines, printed=block.printed)
    return bed


def _moved(box: Box, across: float, down: float) -> Box:
    return Box(box.left + across, box.top + down, box.right + across, box.bottom + down)


def under_lid(sheet: Page, bed: PaperSize, dark: int) -> Page:
    """A sheet somewhere on a larger glass whose lid is ``dark`` (0 black, 255 white): dark all around it.

    The scan leans bed and sheet together, so scan it with a scanner whose ``bed`` is as dark.
    """
    rng = sheet.rng
    room = bed.width_mm - sheet.size.width_mm, bed.height_mm - sheet.size.height_mm
    left, top = (float(rng.uniform(0.15, 0.85)) * max(0.0, free) for free in room)
    page = laid(sheet, _empty(sheet, bed), left, top)
    right, bottom = left + sheet.size.width_mm, top + sheet.size.height_mm
    for x1, y1, x2, y2 in (
        (0.0, 0.0, bed.width_mm, top),
        (0.0, bottom, bed.width_mm, bed.height_mm),
        (0.0, top, left, bottom),
        (right, top, bed.width_mm, bottom),
    ):
        size = round(page.px(y2 - y1)), round(page.px(x2 - x1))
        if min(size) > 0:
            cover = np.full(size, 255, np.uint8)
            page.marks.append(Mark(cover, round(page.px(x1)), round(page.px(y1)), (dark,) * 3, opaque=True))
    return page


def folded_a3(left: Page, right: Page) -> Page:
    """An A3 sheet that was folded, scanned open: two A4 pages side by side, and the shadow of the fold."""
    page = laid(left, laid(right, _empty(left, A3_LANDSCAPE), 210.0, 0.0), 0.0, 0.0)
    rng = page.rng
    wide = round(page.px(float(rng.uniform(1.0, 9.0))))
    across = np.abs(np.linspace(-1.0, 1.0, max(3, wide)))
    shadow = (float(rng.uniform(20, 120)) * (1.0 - across) ** 1.5).astype(np.uint8)
    alpha = np.repeat(shadow[None, :], page.image.height, axis=0)
    page.marks.append(Mark(alpha, round(page.px(210.0)) - wide // 2, 0, (60, 60, 60)))
    return page


def card(like: Page) -> Page:
    """A citizen's card: tinted and guilloched, a photograph, labels in two languages in 5 to 7 points."""
    rng = like.rng
    face = _empty(like, CARD)
    _guilloche(face)
    who = names.person(rng)
    centre = Setting(size_pt=6.5, align="centre", leading=1.1, after_mm=0.2)
    small = Setting(size_pt=5.5, align="left", leading=1.1, after_mm=0.1)
    pictures.emblem(face, (9.0, 9.0), 12.0)
    pictures.photograph(face, 4.0, 20.0, 20.0, 26.0)
    if rng.random() < 0.5:
        pictures.square_code(face, 68.0, 6.0, 14.0)
    y = place_text(face, "nation", [Run("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "bold")], 16, 52, 3.0, centre)
    y = place_text(face, "nation", [Run("Độc lập - Tự do - Hạnh phúc", "bold")], 16, 52, y, centre)
    y = place_text(face, "nation", [Run("SOCIALIST REPUBLIC OF VIET NAM")], 16, 52, y, replace(centre, size_pt=5.0))
    y = place_text(face, "type", [Run("CĂN CƯỚC CÔNG DÂN", "bold")], 16, 52, y + 0.5, replace(centre, size_pt=9.0))
    y = place_text(
        face, "number", [Run(f"Số / No.: {who.number}", "bold")], 27, 55, y + 0.5, replace(small, size_pt=8.0)
    )
    y = place_text(face, "label", [Run("Họ và tên / Full name:")], 27, 55, y, small)
    y = place_text(face, "text", [Run(who.name.upper(), "bold")], 27, 55, y, replace(small, size_pt=7.5))
    born = f"{rng.integers(1, 29):02d}/{rng.integers(1, 13):02d}/{who.birth_year}"
    y = place_text(face, "label", [Run(f"Ngày sinh / Date of birth: {born}")], 27, 55, y, small)
    y = place_text(
        face, "label", [Run(f"Giới tính / Sex: {who.sex}   Quốc tịch / Nationality: Việt Nam")], 27, 57, y, small
    )
    place_text(face, "label", [Run(f"Nơi thường trú / Place of residence: {who.home}")], 27, 55, y, small)
    edge = round(face.px(0.2)) or 1
    face.draw.rectangle((0, 0, face.image.width - 1, face.image.height - 1), outline=150, width=edge)
    return face


def cards_on_bed(like: Page) -> Page:
    """One or two cards anywhere on an A4 glass under a white lid."""
    rng = like.rng
    page = _empty(like, A4)
    count = int(rng.integers(1, 3))
    for number in range(count):
        left = float(rng.uniform(8, A4.width_mm - CARD.width_mm - 8))
        room = A4.height_mm / count
        page = laid(card(like), page, left, room * number + float(rng.uniform(8, room - CARD.height_mm - 8)))
    return page


def _guilloche(face: Page) -> None:
    """A tint of two colours, and the fine waves that are printed under the text of cards."""
    rng = face.rng
    height, width = face.image.height, face.image.width
    tint = np.linspace(40, 90, width)[None, :] + np.linspace(0, 30, height)[:, None]
    colour = (int(rng.integers(170, 230)), int(rng.integers(190, 235)), int(rng.integers(170, 240)))
    face.marks.append(Mark(tint.astype(np.uint8), 0, 0, colour))
    lines = np.zeros((height, width), np.uint8)
    x = np.arange(0, width, max(1, width // 200))
    for wave in range(26):
        swing = face.px(2.5) * np.sin(2 * np.pi * x / face.px(float(rng.uniform(14, 30))) + wave / 4)
        y = height * (wave - 2) / 22 + swing
        points = np.stack([x, y], axis=1).astype(np.int32)
        cv2.polylines(lines, [points], isClosed=False, color=110, thickness=1, lineType=cv2.LINE_AA)
    face.marks.append(Mark(lines, 0, 0, (150, 170, 120)))


def _empty(like: Page, size: PaperSize) -> Page:
    """An empty side of another size, printed on with the same fonts."""
    return Page(size, like.dpi, like.fonts, like.rng, like.kind, pen=like.pen)
