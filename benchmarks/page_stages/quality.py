"""quality: which defects of a scan are seen, and what is said of sound papers of all kinds."""

from __future__ import annotations

import time
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.corpus.batch import KINDS
from benchmarks.corpus.damage import Level, scanner
from benchmarks.corpus.defects import DEFECTS, STRENGTHS, Shot
from benchmarks.corpus.fonts import SERIF
from benchmarks.corpus.office import Order
from benchmarks.corpus.scan import Scan, scan_side
from benchmarks.corpus.special import SPECIAL
from benchmarks.page_stages.part import Part
from models.errors import Rejected
from models.settings import BlankSettings, QualitySettings
from models.side import Side
from stages import blank_side, decode, deskew, quality
from stages.containers import jpeg
from stages.containers.picture import effective_dpi
from stages.raster import open_raster
from stages.scan_quality.known import Known
from stages.survey import survey

SEED = 20261126
BASES: tuple[tuple[str, Level, int], ...] = (
    ("letter", "clean", 300),
    ("decision", "normal", 200),
    ("declaration", "normal", 300),
    ("tinted", "hard", 300),
    ("small_print", "hard", 200),
    ("a5", "normal", 200),
)
"""What defects are done to: paper, damage, dpi."""
_QUICK = {"letter": 300, "card": 300, "edge_seal": 200}
"""Sound papers of a quick run, and their dpi."""
_LEVELS: tuple[Level, ...] = ("clean", "normal", "hard")


@dataclass(frozen=True)
class Case:
    """``right``: codes of which one has to be there; empty for a sound paper. ``grey``: printed without colour."""

    name: str
    strength: str
    right: tuple[str, ...]
    shot: Shot
    grey: bool = False


def measure(quick: bool) -> Part:
    """Quick: three sound papers, and each defect once."""
    rows = [_judged(case) for case in cases(quick)]
    return summed(rows)


def cases(quick: bool) -> Iterator[Case]:
    """Sound papers of every kind, level and resolution; then every defect on several of them."""
    for repeat in range(1 if quick else 2):
        for name in (*KINDS, *SPECIAL):
            if quick and name not in _QUICK:
                continue
            for level in _LEVELS[2:] if quick else _LEVELS:
                dpi = _QUICK[name] if quick else (200, 300)[(repeat + len(name) + len(level)) % 2]
                scan = paper(name, level, repeat, dpi)
                yield Case(
                    name,
                    level,
                    (),
                    Shot(scan.pixels, scan.dpi, scan.quality),
                    grey=level == "clean" or name == "on_glass",
                )
    bases = [paper(name, level, 50, dpi) for name, level, dpi in (BASES[1:2] if quick else BASES)]
    for name, defect in DEFECTS.items():
        for strength, said in enumerate(STRENGTHS):
            if quick and said != "clear":
                continue
            for number, base in enumerate(bases):
                if name == "cropped" and base.pixels.shape[0] < 290 * base.dpi / 25.4:
                    continue
                rng = np.random.default_rng([SEED, zlib.crc32(name.encode()), strength, number])
                shot = defect.change(Shot(base.pixels, base.dpi, base.quality), strength, rng)
                yield Case(name, said, defect.codes, shot)


def paper(name: str, level: Level, repeat: int, dpi: int) -> Scan:
    """One sound scan. The same arguments give the same pixels."""
    rng = np.random.default_rng([SEED, repeat, zlib.crc32(f"{name}-{level}-{dpi}".encode())])
    if name in SPECIAL:
        return SPECIAL[name](rng, dpi, level)
    pages = KINDS[name](Order(rng, dpi, SERIF[int(rng.integers(len(SERIF)))], pages=1)).pages
    back = pages[0] if len(pages) > 1 else None
    return scan_side(pages[-1], back, scanner(rng, level), rng, bound=bool(rng.random() < 0.5))


def known(data: bytes) -> Known:
    """What quality knows when its turn comes; the survey is made, as deskew and blank_side make it."""
    picture = jpeg.picture(data, QualitySettings().max_pixels)
    dpi, source = effective_dpi(picture)
    side = Side(
        number=1,
        sha256="0" * 64,
        media=picture.media,
        width_px=picture.width_px,
        height_px=picture.height_px,
        channels=picture.channels,
        dpi=dpi,
        dpi_source=source,
        source="scan001.jpg",
    )
    raster = open_raster(side, data)
    half_dpi = dpi / 2
    decoded = decode.Decoded(
        width_px=side.width_px,
        height_px=side.height_px,
        dpi=dpi,
        channels=side.channels,
        colour=side.channels == 3 and decode.has_colour(raster.working()),
    )
    posed = deskew.Deskewed(**deskew.pose(raster.grey(), half_dpi)._asdict())
    found = blank_side.measure(raster.once(survey), raster.full_grey)
    verdict = blank_side.judge(found, BlankSettings())
    blank = blank_side.BlankMeasured(verdict=verdict, ink=round(found.share, 7))
    return Known(side, decoded, posed, blank, raster, QualitySettings())


def _judged(case: Case) -> dict[str, Any]:
    try:
        of = known(case.shot.encoded())
    except Rejected as error:
        # What does not decode at all never comes so far; decode says so.
        return _row(case, {error.code, *case.right[:1]}, set(), rejecting=set())
    began = time.process_time()
    seen = [one for check in quality.CHECKS for one in check(of)]
    cost_ms = 1000 * (time.process_time() - began)
    checked = quality.concluded(of, seen)
    rejecting = {finding.code for finding in quality.rejecting(checked, 1, QualitySettings())}
    row = _row(case, {*checked.flags, *checked.notes}, set(checked.flags), rejecting=rejecting)
    sound_a4 = case.shot.dpi == 300 and checked.paper == "A4" and not case.right
    return row | {
        "paper": checked.paper,
        "kind": checked.paper_kind,
        "a4_300": sound_a4,
        "cost_ms": round(cost_ms, 2),
    }


def _row(case: Case, codes: set[str], flags: set[str], *, rejecting: set[str]) -> dict[str, Any]:
    return {
        "name": case.name,
        "strength": case.strength,
        "dpi": case.shot.dpi,
        "right": list(case.right),
        "codes": sorted(codes),
        "seen": bool(codes & set(case.right)),
        "false": sorted(flags - ({"grey"} if case.grey else set())) if not case.right else [],
        "wrong_reject": bool(rejecting - set(case.right)),
    }


def summed(rows: list[dict[str, Any]]) -> Part:
    """Recall by defect and strength, false flags by code, and the cost."""
    recall: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    false: dict[str, int] = defaultdict(int)
    sound = [row for row in rows if not row["right"]]
    for row in rows:
        if row["right"]:
            recall[row["name"]][row["strength"]].append(row["seen"])
        for code in row["false"]:
            false[code] += 1
    hits = [seen for strengths in recall.values() for found in strengths.values() for seen in found]
    costs = [row["cost_ms"] for row in sound if row["a4_300"]]
    headline = {
        "quality_recall": round(sum(hits) / max(len(hits), 1), 4),
        "quality_false_alarms": round(sum(bool(row["false"]) for row in sound) / max(len(sound), 1), 4),
        "quality_wrong_rejects": sum(row["wrong_reject"] for row in rows),
        "quality_ms": round(float(np.median(costs)), 2) if costs else None,
    }
    lines = [
        f"quality: {len(sound)} sound sides, {len(hits)} with a defect\n",
        f"{'defect':16}{'weak':>12}{'clear':>12}{'gross':>12}\n",
    ]
    for name, strengths in recall.items():
        shown = [f"{sum(strengths[s])}/{len(strengths[s])}" if s in strengths else "" for s in STRENGTHS]
        lines.append(f"{name:16}" + "".join(f"{text:>12}" for text in shown) + "\n")
    lines.append(f"false flags: {dict(false) or 'none'}\n")
    lines.append(f"headline: {headline}\n")
    return Part(headline, {"false": dict(false), "cases": rows}, "".join(lines))
