"""Schedules and documents of the fault campaign: drawn from a seed, and fit for what they are for."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.chaos.engine import ScriptedEngine
from benchmarks.chaos.faults_around import CATALOGUE
from benchmarks.chaos.papers import POISON, Kind, Page, Paper, colour_of, colours, mark_of, papers, write
from benchmarks.chaos.schedule import FaultKind, draw
from models.manifest import Manifest
from models.ports import Pixels
from stages.ocr.sheet import Picture

KINDS = st.lists(
    st.builds(
        FaultKind,
        st.uuids().map(str),
        st.sampled_from(["worker", "broker", "ledger"]),
        st.sampled_from(["w", "b", "l", "x"]),
        st.floats(0.1, 2.0),
        st.floats(2.0, 9.0),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda kind: kind.name,
)


@given(st.integers(0, 2**31), KINDS, st.floats(0, 600), st.integers(1, 4))
def test_a_schedule_keeps_its_promises(seed: int, kinds: list[FaultKind], duration_s: float, lanes: int) -> None:
    """In time, in order, never two of one subject nor more than lanes at once, kinds in rounds, and repeatable."""
    found = draw(seed, kinds, duration_s, lanes)
    assert found == draw(seed, kinds, duration_s, lanes)
    assert all(strike.until_s <= duration_s + 0.01 for strike in found)
    assert [strike.at_s for strike in found] == sorted(strike.at_s for strike in found)
    for one, two in itertools.combinations(found, 2):
        assert one.kind.subject != two.kind.subject or one.until_s <= two.at_s + 0.01
    for strike in found:
        assert sum(s.at_s <= strike.at_s < s.until_s - 0.01 for s in found) <= lanes
        assert strike.kind.least_s - 0.01 <= strike.lasts_s <= strike.kind.most_s + 0.01
    times = Counter(strike.kind.name for strike in found)
    assert max((times[kind.name] for kind in kinds), default=0) - min(times[kind.name] for kind in kinds) <= 1


@given(st.integers(0, 2**31))
def test_a_minute_strikes_every_group(seed: int) -> None:
    """The catalogue's groups that a quick run must strike all come in its first minute."""
    quick = [
        fault.kind for name, fault in CATALOGUE.items() if not name.startswith(("boundary", "broker_killed_twice"))
    ]
    struck = {strike.kind.group for strike in draw(seed, quick, 60.0)}
    assert {"worker", "child", "relay", "intake", "broker", "ledger", "store"} <= struck


def test_the_same_seed_gives_the_same_documents() -> None:
    """Byte for byte; another seed gives others."""
    first, again, other = (list(itertools.islice(papers(seed, tuple(Kind)), 12)) for seed in (3, 3, 4))
    assert [p.pages for p in first] == [p.pages for p in again]
    assert not {page.sha256 for p in first for page in p.pages} & {page.sha256 for p in other for page in p.pages}
    hashes = [page.sha256 for paper in first for page in paper.pages]
    assert len(set(hashes)) == len(hashes), "no page like another: only then does a hash say which page it is"


def pixels(page: Page) -> Pixels:
    image = cv2.imdecode(np.frombuffer(page.data, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(image, dtype=np.uint8)


def test_the_engine_reads_the_mark_of_every_sound_page() -> None:
    """Through JPEG, at half scale, whichever way the page lies."""
    read = 0
    for paper in itertools.islice(papers(9), 25):
        if paper.expected.kind in POISON or paper.expected.kind is Kind.TRUNCATED:
            continue
        for page in paper.pages:
            for turned in range(4):
                image = Picture(np.ascontiguousarray(np.rot90(pixels(page), turned)), 100)
                assert ScriptedEngine().read(image).text == page.mark
                read += 1
    assert read > 50


def test_poison_has_marks_of_its_own() -> None:
    """A poisoned page is known as such, and no sound page can be taken for one."""
    assert len(set(colours())) == len(colours()) >= 40
    assert not set(colours()) & set(POISON.values())
    for kind, colour in POISON.items():
        paper = next(papers(1, (kind,)))
        assert colour in [colour_of(pixels(page)) for page in paper.pages]
    assert colour_of(np.full((400, 300, 3), 200, np.uint8)) is None


@pytest.mark.parametrize("kind", Kind)
def test_a_batch_is_whole_when_it_appears(kind: Kind, tmp_path: Path) -> None:
    """Manifest and files agree, but for the batch whose file was altered on the way."""
    paper: Paper = next(papers(2, (kind,)))
    write(paper, tmp_path / "batch")
    assert [entry.name for entry in tmp_path.iterdir()] == ["batch"]
    manifest = Manifest.model_validate_json((tmp_path / "batch" / "manifest.json").read_bytes())
    wrong = [f.name for f, page in zip(manifest.files, paper.pages, strict=True)
             if (tmp_path / "batch" / f.name).read_bytes() != page.data]  # fmt: skip
    assert bool(wrong) == (kind is Kind.ALTERED)
    assert all(mark_of(c) for c in colours())
