"""What goes wrong with the two scans of a page with a note: batches whose pair does not hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.corpus.batch import BatchSpec, make_batch, scanned_files
from benchmarks.corpus.faults import Image, captured_again
from models.manifest import Manifest

Pair = tuple[Image, Image]
"""The page itself, and its scan with the note."""


def _swapped(pair: Pair, others: list[Image]) -> Pair:
    """The two files were declared the wrong way round."""
    del others
    page, extra = pair
    return replace(page, data=extra.data), replace(extra, data=page.data)


def _left_on(pair: Pair, others: list[Image]) -> Pair:
    """The note was never taken off."""
    del others
    page, extra = pair
    return replace(page, data=captured_again(extra.data)), extra


def _identical(pair: Pair, others: list[Image]) -> Pair:
    """The page was scanned twice without its note."""
    del others
    page, extra = pair
    return page, replace(extra, data=captured_again(page.data))


def _other_page(pair: Pair, others: list[Image]) -> Pair:
    """The scan with the note is declared as that of another page."""
    page, extra = pair
    return page, replace(extra, note_of=others[0].sequence)


def _undeclared(pair: Pair, others: list[Image]) -> Pair:
    """Only the scan with the note was made."""
    del others
    page, extra = pair
    return replace(page, data=extra.data), extra


@dataclass(frozen=True)
class NoteFault:
    """``flag``: what the notes stage says of page 1. ``code``: of the rejection, if it is one."""

    change: Callable[[Pair, list[Image]], Pair]
    flag: str | None = None
    code: str | None = None
    declared: bool = True


NOTE_FAULTS: dict[str, NoteFault] = {
    "swapped": NoteFault(_swapped, flag="note_swapped"),
    "left_on": NoteFault(_left_on, code="note_left_on"),
    "identical": NoteFault(_identical, flag="note_identical"),
    "other_page": NoteFault(_other_page, code="note_other_page"),
    "undeclared": NoteFault(_undeclared, flag="sticky_note", declared=False),
}


def make_note_batch(spec: BatchSpec, seed: int, fault: str) -> tuple[tuple[Image, ...], Manifest]:
    """The files and the manifest of a batch with a note (``spec.note``) and one of :data:`NOTE_FAULTS`."""
    images, manifest, _ = make_batch(spec, seed)
    chosen = NOTE_FAULTS[fault]
    extra = next(image for image in images if image.note_of is not None)
    page = next(image for image in images if image.note_of is None and image.sequence == extra.note_of)
    others = [image for image in images if image not in (page, extra)]
    pair = chosen.change((page, extra), others)
    changed = (pair[0], *others, *((pair[1],) if chosen.declared else ()))
    return changed, manifest.model_copy(update={"files": scanned_files(changed), "notes": 1 if chosen.declared else 0})


def write_note_batch(out: Path, spec: BatchSpec, seed: int, fault: str) -> None:
    """Write ``out/<id>/`` with its manifest."""
    images, manifest = make_note_batch(spec, seed, fault)
    folder = out / spec.id
    folder.mkdir(parents=True)
    for image in images:
        (folder / image.name).write_bytes(image.data)
    (folder / "manifest.json").write_text(manifest.model_dump_json(indent=1, by_alias=True) + "\n")
