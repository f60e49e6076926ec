"""The fixed sample set of ``make run``, and corpora of any size for benchmarks."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.corpus.batch import KINDS, BatchSpec, write_batch
from benchmarks.corpus.damage import Level
from benchmarks.corpus.faults import FAULTS
from benchmarks.corpus.truth import DocumentTruth


def sample_specs(seed: int) -> tuple[BatchSpec, ...]:
    """Every kind and every fault once: 14 documents, 40 to 50 sides, 200 and 300 dpi."""
    return (
        BatchSpec(_id(seed, "decision", 1), "decision", dpi=300, pages=4, backs=True, hand=True),
        BatchSpec(_id(seed, "letter", 2), "letter", pages=2, absent=True, container="tiff"),
        BatchSpec(_id(seed, "birth", 3), "birth", dpi=300, backs=True, container="pdf"),
        BatchSpec(_id(seed, "declaration", 4), "declaration", dpi=300, pages=2, two_sided=True, hand=True),
        BatchSpec(_id(seed, "table", 5), "table", pages=6, two_sided=True, hand=True),
        BatchSpec(_id(seed, "decision", 6), "decision", dpi=300, pages=2, note=True),
        BatchSpec(_id(seed, "decision", 7, "missing"), "decision", pages=4, fault="missing"),
        BatchSpec(_id(seed, "decision", 8, "swapped"), "decision", pages=4, fault="swapped"),
        BatchSpec(_id(seed, "letter", 9, "doubled"), "letter", pages=2, fault="doubled"),
        BatchSpec(_id(seed, "decision", 10, "truncated"), "decision", pages=2, fault="truncated", hand=True),
        BatchSpec(_id(seed, "letter", 11, "bomb"), "letter", pages=2, fault="bomb"),
        BatchSpec(_id(seed, "letter", 12, "signed"), "letter", fault="signed"),
        BatchSpec(_id(seed, "letter", 13, "unmanifested"), "letter", dpi=300, pages=2, fault="unmanifested"),
        BatchSpec(_id(seed, "table", 14, "photocopy"), "table", pages=2, landscape=False, container="png",
                  fault="photocopy"),
    )  # fmt: skip


def write_samples(out: Path, seed: int) -> tuple[DocumentTruth, ...]:
    """Write the sample set into ``out``. The same seed gives the same bytes."""
    return tuple(write_batch(out, spec, seed) for spec in sample_specs(seed))


def corpus_specs(
    seed: int,
    documents: int,
    *,
    dpi: int | None = None,
    kinds: Sequence[str] = (),
    faults: Sequence[str] = (),
    level: Level = "normal",
    lines: tuple[str, ...] = (),
) -> tuple[BatchSpec, ...]:
    """``documents`` sound batches of the kinds in turn, then one batch for each fault.

    ``dpi`` None: 200 and 300 mixed. ``kinds`` empty: all of them. ``lines``: see ``Writer``.
    """
    names = tuple(kinds) or tuple(KINDS)
    specs = []
    for number in range(1, documents + len(faults) + 1):
        fault = faults[number - documents - 1] if number > documents else None
        kind = names[(number - 1) % len(names)]
        if fault in FAULTS and FAULTS[fault].least_pages > 1 and kind in ("birth", "declaration"):
            kind = "decision"
        identity = _id(seed, kind, number, fault)
        rng = np.random.default_rng([seed, zlib.crc32(identity.encode()), 1])
        two_sided = fault is None and kind in ("decision", "letter", "table") and bool(rng.random() < 0.3)
        backs = fault is None and not two_sided and bool(rng.random() < 0.4)
        specs.append(
            BatchSpec(
                identity,
                kind,
                dpi=dpi or (200, 300)[int(rng.integers(2))],
                pages=int(rng.integers(1, 5)),
                level=level,
                two_sided=two_sided,
                backs=backs,
                note=fault is None and kind in ("decision", "letter") and bool(rng.random() < 0.1),
                hand=bool(rng.random() < 0.6),
                absent=kind == "letter" and bool(rng.random() < 0.15),
                landscape=bool(rng.random() < 0.7),
                fault=fault,
                lines=lines,
            )
        )
    return tuple(specs)


def write_corpus(
    out: Path,
    seed: int,
    documents: int,
    *,
    dpi: int | None = None,
    kinds: Sequence[str] = (),
    faults: Sequence[str] = (),
    level: Level = "normal",
    lines: tuple[str, ...] = (),
) -> tuple[DocumentTruth, ...]:
    """Write a corpus into ``out``; arguments as :func:`corpus_specs`. The same seed gives the same bytes."""
    specs = corpus_specs(seed, documents, dpi=dpi, kinds=kinds, faults=faults, level=level, lines=lines)
    return tuple(write_batch(out, spec, seed) for spec in specs)


def _id(seed: int, kind: str, number: int, fault: str | None = None) -> str:
    """``s7-decision-0003``, or ``s7-letter-0013-unmanifested``."""
    return f"s{seed}-{kind}-{number:04d}" + (f"-{fault}" if fault else "")
