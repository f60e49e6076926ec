"""Sticky notes: which are found, what is taken for one, and what becomes of pairs of scans, sound and broken.

Every page is printed, damaged and scanned anew; colours, sizes, places and levels of damage go round by number.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from benchmarks.corpus import seal
from benchmarks.corpus.batch import KINDS
from benchmarks.corpus.coloured import DISTRACTORS
from benchmarks.corpus.damage import Level, Scanner, scanner
from benchmarks.corpus.fonts import SERIF, Fonts
from benchmarks.corpus.note import COLOURS, any_look, sticky_note
from benchmarks.corpus.office import Order
from benchmarks.corpus.page import Mark, Page
from benchmarks.corpus.scan import Scan, scan_side
from benchmarks.page_stages.part import Part
from models.side import Side
from stages.note import note_patch
from stages.note.note_pair import compare
from stages.notes import judge
from stages.raster import DecodedRaster
from stages.survey import Survey, survey

LEVELS: tuple[Level, ...] = ("normal", "hard", "clean")
SHEETS = ("coloured_sheet", "certificate", "yellowed")
"""Coloured papers that notes are stuck on, too."""
WHITE = (250, 250, 250)


class Glass(NamedTuple):
    """A page on the glass: its random numbers, and the scanner."""

    page: Page
    rng: np.random.Generator
    device: Scanner


def measure(quick: bool) -> Part:
    """Quick: 8 pages without, 7 with a note, 4 pairs (8 s of CPU). Full: 390, 300 and 120 (some 7 minutes)."""
    tally, ms = _patches(quick)
    wrong, pairs = _pairs(quick)
    without = [case for case in tally if case[1] == "none"]
    noted = [case for case in tally if case[1] == "note"]
    false_alarms = sum(case[2] for case in without)
    recall = sum(case[2] for case in noted) / len(noted)
    by_kind = Counter[str]()
    for name, _, found in tally:
        by_kind[name] += found
    counts = Counter(name for name, _, _ in tally)
    rows = [f"  {name:<28}{by_kind[name]:>4} of {counts[name]}\n" for name in counts]
    table = (
        f"notes found (recall {recall:.3f}, {false_alarms} false alarms on {len(without)} pages, "
        f"median {statistics.median(ms):.1f} ms):\n{''.join(rows)}pairs: {len(wrong)} of {pairs} judged wrongly\n"
    )
    return Part(
        {"note_recall": round(recall, 4), "note_false_alarms": false_alarms, "note_pairs_wrong": len(wrong)},
        {
            "found": dict(by_kind),
            "pages": dict(counts),
            "find_ms_median": round(statistics.median(ms), 2),
            "find_ms_most": round(max(ms), 2),
            "pairs": pairs,
            "pairs_wrong": wrong,
        },
        table,
    )


def _patches(quick: bool) -> tuple[list[tuple[str, str, bool]], list[float]]:
    """Name, truth (``none`` or ``note``) and whether a note was found, for every page; CPU time of each search."""
    tally: list[tuple[str, str, bool]] = []
    ms: list[float] = []

    def look(name: str, truth: str, scan: Scan) -> None:
        pictures = survey_of(scan)
        start = time.process_time()
        found = note_patch.find(pictures)
        ms.append((time.process_time() - start) * 1000)
        tally.append((name, truth, found is not None))

    for number, name in _round(("plain", *DISTRACTORS), 8 if quick else 390):
        glass = _on_glass(number)
        if name != "plain":
            DISTRACTORS[name](glass.page)
        look(f"no note: {name}", "none", _scan(glass))
    for number, colour in _round(tuple(COLOURS), 5 if quick else 250):
        look(f"{colour} note", "note", _scan(glass := _on_glass(1000 + number), _note(glass, colour, number)))
    for number, sheet in _round(SHEETS, 2 if quick else 50):
        glass = _on_glass(2000 + number)
        DISTRACTORS[sheet](glass.page)
        look(f"note on {sheet}", "note", _scan(glass, _note(glass, list(COLOURS)[number % len(COLOURS)], 0)))
    return tally, ms


def _round(names: Sequence[str], count: int) -> Iterator[tuple[int, str]]:
    """So many cases, the names in turn."""
    return ((number, names[number % len(names)]) for number in range(count))


def _on_glass(number: int) -> Glass:
    """A printed page and a scanner: kind, level and resolution go round by number."""
    rng = np.random.default_rng([number, 41])
    kind = tuple(KINDS)[number % len(KINDS)]
    dpi = 300 if number % 4 == 3 else 200
    page = KINDS[kind](Order(rng=rng, dpi=dpi, family=SERIF[number % len(SERIF)])).pages[0]
    return Glass(page, rng, scanner(rng, LEVELS[number % len(LEVELS)]))


def _note(glass: Glass, colour: str, number: int) -> tuple[Mark, ...]:
    return sticky_note(glass.page, any_look(glass.page, colour, at_edge=number % 3 == 2))[0]


def _scan(glass: Glass, notes: Sequence[Mark] = (), *, turn_deg: int = 0) -> Scan:
    return scan_side(glass.page, None, glass.device, glass.rng, notes=notes, orientation_deg=turn_deg)


def survey_of(scan: Scan) -> Survey:
    """The shared reduced picture of a scan, as the line makes it from the JPEG."""
    height, width = scan.pixels.shape[:2]
    side = Side(
        number=1,
        sha256="0" * 64,
        media="image/jpeg",
        width_px=width,
        height_px=height,
        channels=3,
        dpi=scan.dpi,
        dpi_source="declared",
        source="scan",
    )
    return DecodedRaster(side, scan.jpeg()).once(survey)


def _pairs(quick: bool) -> tuple[list[str], int]:
    """What was judged wrongly, and how many pairs there were."""
    wrong = []
    names = ("paired", "swapped", "left_on", "other") if quick else tuple(PAIRS)
    count = len(names) if quick else 120
    for number, name in _round(names, count):
        make, expected = PAIRS[name]
        noted, clean = make(_on_glass(3000 + number), number)
        one, other = survey_of(noted), survey_of(clean)
        patch = note_patch.find(other)
        turn = (noted.orientation_deg - noted.angle_deg) - (clean.orientation_deg - clean.angle_deg)
        found = compare(one, other, turn, patch.box if patch else None)
        verdict = judge(found, patch_on_clean=patch is not None)
        if verdict not in expected:
            wrong.append(f"{name} {number}: {verdict}, {found}")
    return wrong, count


Pair = tuple[Scan, Scan]


def _colour(number: int) -> str:
    return tuple(COLOURS)[number % len(COLOURS)]


def _good(glass: Glass, number: int) -> Pair:
    return _scan(glass, _note(glass, _colour(number), number)), _scan(glass)


def _white(glass: Glass, number: int) -> Pair:
    look = replace(any_look(glass.page, _colour(number)), colour=WHITE, words=True)
    return _scan(glass, sticky_note(glass.page, look)[0]), _scan(glass)


def _two(glass: Glass, number: int) -> Pair:
    notes = (*_note(glass, _colour(number), number), *_note(glass, _colour(number + 2), 0))
    return _scan(glass, notes), _scan(glass)


def _swapped(glass: Glass, number: int) -> Pair:
    noted, clean = _good(glass, number)
    return clean, noted


def _left_on(glass: Glass, number: int) -> Pair:
    note = _note(glass, _colour(number), number)
    return _scan(glass, note), _scan(glass, note)


def _upside_down(glass: Glass, number: int) -> Pair:
    return _scan(glass, _note(glass, _colour(number), number), turn_deg=180), _scan(glass)


def _identical(glass: Glass, number: int) -> Pair:
    del number
    return _scan(glass), _scan(glass)


def _other(glass: Glass, number: int) -> Pair:
    return _scan(glass, _note(glass, _colour(number), number)), _scan(_on_glass(4000 + number * 7))


def _blank(glass: Glass, number: int) -> Pair:
    page = Page(glass.page.size, glass.page.dpi, Fonts(glass.page.fonts.family), glass.rng, "blank")
    return _good(glass._replace(page=page), number)


def _sealed(glass: Glass, number: int) -> Pair:
    noted = _scan(glass, _note(glass, _colour(number), number))
    for place in ((45.0, 40.0), (60.0, 255.0), (165.0, 30.0)):
        seal.press(glass.page, "UBND XÃ AN HÒA", place)
    return noted, _scan(glass)


PAIRS: dict[str, tuple[Callable[[Glass, int], Pair], tuple[str, ...]]] = {
    "paired": (_good, ("paired",)),
    "white": (_white, ("unseen", "differs")),
    "two": (_two, ("paired",)),
    "swapped": (_swapped, ("swapped",)),
    "left_on": (_left_on, ("left_on",)),
    "upside_down": (_upside_down, ("paired",)),
    "identical": (_identical, ("identical",)),
    "other": (_other, ("other_page", "differs")),
    "blank": (_blank, ("paired",)),
    "sealed": (_sealed, ("differs",)),
}
"""By name: how the two scans come about, and what may be said of them."""
