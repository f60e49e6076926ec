"""Prints and scans pages of one kind each, with their truth: prose, tables, headers … as the line sees them.

All stand upright and, but for ``skewed``, straight to a few tenths of a degree, because the line
turns and straightens a page before it reads it.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import zlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.corpus import seal, tables
from benchmarks.corpus.damage import Damage, Scanner, scanner
from benchmarks.corpus.layout import Run
from benchmarks.corpus.office import (
    BODY,
    CENTRE,
    day_runs,
    heading,
    number_runs,
    sign,
)
from benchmarks.corpus.page import Page
from benchmarks.corpus.scan import scan_side
from benchmarks.ocr.counter import COUNTER
from benchmarks.ocr.desk import Desk
from benchmarks.ocr.hard import AFTERWARDS, HARD
from benchmarks.ocr.running import RUNNING
from models.errors import OperatorError

_COLUMN = {"body": "left", "number": "left", "receivers": "left", "nation": "right", "place_date": "right",
           "signer": "right"}  # fmt: skip
"""Blocks that stand beside each other, so that either may be read first."""
_STRAIGHT_DEG, _STRAIGHT_MOST_DEG = 0.12, 0.35


def _prose(desk: Desk) -> Page:
    return desk.fill("regular", BODY)


def _italic(desk: Desk) -> Page:
    return desk.fill("italic", BODY)


def _bold(desk: Desk) -> Page:
    return desk.fill("bold", BODY)


def _small(desk: Desk) -> Page:
    return desk.fill("regular", replace(BODY, size_pt=9.0))


def _table(desk: Desk) -> Page:
    """The appendix of a decision, portrait or landscape."""
    return tables.table(replace(desk.order, pages=2)).pages[-1]


def _header(desk: Desk) -> Page:
    """The heading of Decree 30 with title and bases, number and day typed."""
    order, flow, writer = desk.order, desk.flow, desk.writer
    number = number_runs(order, f"{order.rng.integers(1, 3400):02d}", f"QĐ-{desk.office.code}")
    flow.y_mm = heading(flow.page, desk.office, number, day_runs(order, desk.office.place.province, writer.issued))
    flow.paragraph("type", [Run("QUYẾT ĐỊNH", "bold")], CENTRE)
    flow.paragraph("heading", [Run(f"Về việc {writer.hold('subject')}", "bold")], CENTRE)
    flow.page.rule_under(flow.page.blocks[-1].lines[-1].box, 0.4)
    flow.y_mm += 6.0
    head = f"{desk.office.head} {desk.office.name}".upper()
    flow.paragraph("heading", [Run(head, "bold")], replace(CENTRE, after_mm=3.0))
    flow.paragraph("basis", [Run(writer.write("basis_law"), "italic")], BODY)
    return flow.page


def _signature(desk: Desk) -> Page:
    """The end of a paper: two paragraphs, receivers, and the signature under its seal."""
    flow, writer = desk.flow, desk.writer
    for _ in range(2):
        flow.paragraph("text", [Run(writer.prose(1))], BODY)
    receivers = [line for line in writer.several("receiver", 6) if not line.startswith("Như")]
    sign(flow, desk.office, desk.signer, ("Như trên;", *receivers, "Lưu: VT."))
    return flow.page


def _stamped(desk: Desk) -> Page:
    """Prose with two or three seals across it, one of them faint."""
    page = desk.fill("regular", BODY)
    rng = desk.order.rng
    for number in range(int(rng.integers(2, 4))):
        centre = (float(rng.uniform(50, 175)), 60.0 + 80.0 * number + float(rng.uniform(-15, 15)))
        seal.press(page, desk.office.ring, centre, faint=0.55 if number == 0 else 1.0)
    return page


KINDS: dict[str, Callable[[Desk], Page]] = {
    "prose": _prose,
    "table": _table,
    "header": _header,
    "signature": _signature,
    "italic": _italic,
    "bold": _bold,
    "9pt": _small,
    "skewed": _prose,
    "shaded": _prose,
    "stamped": _stamped,
}
"""What a plain run prints, by the name of the folder that it is written to."""
EVERY: dict[str, Callable[[Desk], Page]] = {**KINDS, **HARD, **COUNTER, **RUNNING}
"""What can be printed."""


def _device(rng: np.random.Generator, kind: str) -> Scanner:
    """The scanner: normal damage, straight; ``skewed`` leans, ``shaded`` is grey, uneven and noisy."""
    device = scanner(rng, "hard" if kind == "shaded" else "normal")
    damage: Damage = replace(device.damage, skew_sd_deg=_STRAIGHT_DEG, skew_most_deg=_STRAIGHT_MOST_DEG)
    if kind == "skewed":
        damage = replace(damage, skew_sd_deg=1.8, skew_most_deg=3.0)
        device = replace(device, bed=255)
    if kind == "shaded":
        damage = replace(damage, shade=0.22)
    return replace(device, damage=damage)


def write_page(out: Path, kind: str, number: int, *, seed: int, dpi: int, lines: tuple[str, ...] = ()) -> None:
    """Write ``out/kind/number.jpg`` and its ``.txt``. The same arguments give the same bytes.

    ``lines``: sentences mixed into the prose. Raises ``OperatorError("unknown_kind"|"font_missing")``.
    """
    make = EVERY.get(kind)
    if make is None:
        raise OperatorError("unknown_kind", f"no pages of kind {kind!r}: choose from {', '.join(EVERY)}")
    rng = np.random.default_rng([seed, number, dpi, zlib.crc32(kind.encode())])
    page = make(Desk.of(rng, dpi, lines))
    scan = scan_side(page, None, _device(rng, kind), rng)
    if kind in AFTERWARDS:
        scan = replace(scan, pixels=AFTERWARDS[kind](scan.pixels, rng))
    folder = out / kind
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{number:04d}.jpg").write_bytes(scan.jpeg())
    (folder / f"{number:04d}.txt").write_text(_truth(page), encoding="utf-8")
    hand = [list(block.box) for block in scan.blocks(page.blocks) if block.kind == "handwriting"]
    if hand:
        (folder / f"{number:04d}.hand.json").write_text(json.dumps(hand), encoding="utf-8")


def _truth(page: Page) -> str:
    """The printed blocks, as :mod:`benchmarks.ocr.pages` reads them."""
    blocks = []
    for block in page.blocks:
        if block.printed:
            column = _COLUMN.get(block.kind)
            lines = [line.text for line in block.lines]
            blocks.append("\n".join([f"[{column}]", *lines] if column else lines))
    return "\n\n".join(blocks) + "\n"


def write_corpus(
    out: Path, *, pages: int, seed: int, dpi: int, kinds: tuple[str, ...] = (), lines: tuple[str, ...] = ()
) -> None:
    """``pages`` pages of each kind (all kinds where none is named), printed on all cores."""
    wanted = [(kind, number) for kind in kinds or tuple(KINDS) for number in range(1, pages + 1)]
    # New processes instead of forks: the caller may have threads.
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), multiprocessing.get_context("spawn")) as pool:
        for done in [pool.submit(write_page, out, *page, seed=seed, dpi=dpi, lines=lines) for page in wanted]:
            done.result()
