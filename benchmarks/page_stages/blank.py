"""Blank sides: 2,000 and more hard ones, dirty or with a little pale ink, judged as backs of duplex sheets.

``python -m benchmarks.page_stages.blank --sheet FILE`` draws the hardest right and all wrong cases; ``--keep FOLDER``
keeps the generated pictures for the next run; ``--seed`` and ``--sides`` choose others.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.corpus.backs import Draw, HardSide, draw
from benchmarks.page_stages.part import Part
from models.ports import Raster
from models.settings import BlankSettings
from models.side import Side
from stages import blank_side
from stages.blank import show_through
from stages.blank.sheet_pairs import EXPLAINED, resolved
from stages.blank_side import BlankMeasured, Verdict
from stages.raster import open_raster
from stages.survey import survey

TUNED, HELD_OUT = 2, 6
"""Seeds. Thresholds were chosen on parts of 1 to 5; nothing was changed after 6 was counted."""
SIDES = 2100
QUICK_SIDES = 36
_QUICK_FRONTS = 2
"""Different fronts of a quick run: printing one takes longer than scanning a side."""
_VERDICTS: tuple[Verdict, ...] = ("blank", "unsure", "ink")


@dataclass(frozen=True)
class Judged:
    """``page``: verdict of the page step; ``verdict``: after the pair was asked. ``ms``: processor time of blank_side alone."""

    case: Draw
    page: Verdict
    verdict: Verdict
    doubts: tuple[str, ...]
    share: float
    ms: float

    @property
    def wrong(self) -> bool:
        return self.verdict != self.case.truth


def judge(case: Draw, back: bytes, front: Callable[[], bytes]) -> Judged:
    """What page and document steps make of a side. ``front``: asked for only where there is a doubt."""
    settings = BlankSettings()
    side = raster(back, case.dpi)
    seen = side.once(survey)
    begun = time.process_time()
    found = blank_side.measure(seen, side.full_grey)
    ms = (time.process_time() - begun) * 1000
    page = verdict = blank_side.judge(found, settings)
    if page == "unsure" and not EXPLAINED.isdisjoint(found.doubts):
        blobs = {"back": blank_side.packed(seen, found, page)}
        blobs["front"] = show_through.packed(raster(front(), case.dpi).once(survey), None)
        wires = tuple(wire.scaled(1 / show_through.shrink(seen)) for wire in found.wires)
        dpi = seen.dpi / show_through.shrink(seen)
        measured = BlankMeasured(verdict=page, ink=0.0, doubts=found.doubts, wires=wires, marks_dpi=dpi)
        facts = {
            1: BlankMeasured(verdict="ink", ink=0.1).model_copy(update={"marks": "front"}),
            2: measured.model_copy(update={"marks": "back"}),
        }
        verdict = resolved(facts, blobs.__getitem__).get(2, page)
    return Judged(case, page, verdict, found.doubts, found.share, ms)


def raster(data: bytes, dpi: int) -> Raster:
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
    side = Side(
        number=1, sha256="0" * 64, media="image/jpeg", width_px=width, height_px=height, channels=3, dpi=dpi,
        dpi_source="declared", source="hard.jpg",
    )  # fmt: skip
    return open_raster(side, data)


def cases(seed: int, sides: int, *, fronts: int | None = None) -> Iterable[Draw]:
    """The first sides of a seed. ``fronts``: so few different fronts."""
    for number in range(sides):
        case = draw(seed, number)
        yield case if fronts is None else replace(case, front=case.front % fronts)


def run(chosen: Iterable[Draw], keep: Path | None = None) -> list[Judged]:
    """Judge these sides. ``keep``: folder for their pictures."""
    return [judge(case, _picture(case, "back", keep), partial(_picture, case, "front", keep)) for case in chosen]


def _picture(case: Draw, face: str, keep: Path | None) -> bytes:
    side = HardSide(case)
    path = None if keep is None else keep / f"s{case.seed}" / f"{case.number:05d}{'f' if face == 'front' else ''}.jpg"
    if path is not None and path.exists():
        return path.read_bytes()
    data = side.back() if face == "back" else side.front()
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return data


def summary(judged: Sequence[Judged]) -> dict[str, object]:
    """The shares that count, and the confusion table by kind of trouble."""
    of = {truth: [j for j in judged if j.case.truth == truth] for truth in ("blank", "ink")}
    false_blank = sum(j.verdict == "blank" for j in of["ink"])
    return {
        "sides": len(judged),
        "ink_sides": len(of["ink"]),
        "false_blank": false_blank,
        "false_blank_bound": round(upper_bound(false_blank, len(of["ink"])), 5),
        "false_ink": round(sum(j.verdict == "ink" for j in of["blank"]) / max(1, len(of["blank"])), 4),
        "unsure_rate": round(sum(j.verdict == "unsure" for j in judged) / max(1, len(judged)), 4),
        "unsure_before_pairs": round(sum(j.page == "unsure" for j in judged) / max(1, len(judged)), 4),
        "blank_side_ms": round(statistics.median(j.ms for j in judged), 2),
        "confusion": confusion(judged),
        "wrong": [
            {"seed": j.case.seed, "number": j.case.number, "truth": j.case.truth, "kind": j.case.name,
             "troubles": j.case.kinds, "page": j.page, "verdict": j.verdict, "doubts": j.doubts}
            for j in judged if j.wrong
        ],
    }  # fmt: skip


def upper_bound(events: int, trials: int) -> float:
    """Upper end of the one-sided 95 % interval of a rate: 3/n for no event (rule of three), else Wilson's with z 1.645."""
    if trials == 0:
        return 1.0
    if events == 0:
        return min(1.0, 3.0 / trials)
    z, rate = 1.645, events / trials
    middle = rate + z * z / (2 * trials)
    spread = z * float(np.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials)))
    return (middle + spread) / (1 + z * z / trials)


def confusion(judged: Sequence[Judged]) -> dict[str, dict[str, int]]:
    """Counts of final verdicts for each ``truth: kind``, and how many the pair decided."""
    table: dict[str, Counter[str]] = {}
    for one in judged:
        row = table.setdefault(f"{one.case.truth}: {one.case.name}", Counter())
        row[one.verdict] += 1
        row["by_pair"] += one.page != one.verdict
    return {name: {key: table[name][key] for key in (*_VERDICTS, "by_pair")} for name in sorted(table)}


def table(title: str, judged: Sequence[Judged]) -> str:
    """For the terminal."""
    lines = [
        f"\n{title}: {len(judged)} sides",
        f"{'truth: kind':28s}{'blank':>7s}{'unsure':>8s}{'ink':>6s}{'by pair':>9s}",
    ]
    for name, row in confusion(judged).items():
        lines.append(f"{name:28s}{row['blank']:7d}{row['unsure']:8d}{row['ink']:6d}{row['by_pair']:9d}")
    return "\n".join(lines) + "\n"


def measure(quick: bool) -> Part:
    """Quick: a few sides of the held-out seed, with two fronts only. Else all of both seeds; the held-out one counts."""
    held_out = run(cases(HELD_OUT, QUICK_SIDES, fronts=_QUICK_FRONTS) if quick else cases(HELD_OUT, SIDES))
    found = summary(held_out)
    details: dict[str, object] = {"held_out": found}
    text = table(f"blank sides, held-out seed {HELD_OUT}", held_out)
    if not quick:
        tuned = run(cases(TUNED, SIDES))
        details["tuned"] = summary(tuned)
        text += table(f"blank sides, seed {TUNED}", tuned)
    headline = {key: found[key] for key in ("false_blank", "false_blank_bound", "false_ink", "unsure_rate")}
    return Part(headline | {"blank_sides": found["sides"]}, details, text)


def contact_sheet(judged: Sequence[Judged], path: Path, keep: Path | None = None, hardest: int = 24) -> None:
    """PNG of all wrong cases, then the hardest right ones: least ink, and doubts that the pair took away."""
    wrong = [j for j in judged if j.wrong]
    inks = sorted((j for j in judged if not j.wrong and j.case.truth == "ink"), key=lambda j: j.share)
    blanks = [j for j in judged if not j.wrong and j.case.truth == "blank" and j.page != "blank"]
    tiles = [_tile(j, _picture(j.case, "back", keep)) for j in (*wrong, *inks[:hardest], *blanks[:hardest])]
    columns = 8
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
    cv2.imwrite(str(path), np.vstack(rows))


def _tile(one: Judged, data: bytes) -> NDArray[np.uint8]:
    image = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), dtype=np.uint8)
    tile = cv2.resize(image, (340, 481), interpolation=cv2.INTER_AREA)
    colour = (0, 0, 220) if one.wrong else (0, 130, 0)
    cv2.rectangle(tile, (0, 0), (339, 480), colour, 2)
    for row, text in enumerate((f"{one.case.seed}/{one.case.number} {one.case.name}", f"{one.page} > {one.verdict}")):
        cv2.putText(tile, text, (5, 16 + 15 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv2.LINE_AA)
    return np.asarray(tile, dtype=np.uint8)


def main(arguments: Sequence[str]) -> None:
    """One seed, with its table, and a contact sheet where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page_stages.blank")
    parser.add_argument("--seed", type=int, default=HELD_OUT)
    parser.add_argument("--sides", type=int, default=SIDES)
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="keep the pictures there, and use those that are there"
    )
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="PNG of the hardest right and all wrong cases")
    chosen = parser.parse_args(arguments)
    judged = run(cases(chosen.seed, chosen.sides), chosen.keep)
    found = summary(judged)
    sys.stdout.write(table(f"seed {chosen.seed}", judged))
    sys.stdout.write("".join(f"{key}: {value}\n" for key, value in found.items() if key not in ("confusion", "wrong")))
    if chosen.sheet is not None:
        contact_sheet(judged, chosen.sheet, chosen.keep)


if __name__ == "__main__":
    main(sys.argv[1:])
