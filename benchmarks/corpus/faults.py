"""What goes wrong at counters: each fault changes the files of one batch, and says how it has to end."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image as Picture
from PIL import ImageChops

from benchmarks.corpus import containers
from benchmarks.corpus.truth import Expected, SideTruth


@dataclass(frozen=True)
class Image:
    """One file of a batch. ``sequence``: of its first side. ``sides``: what its pages hold, in order."""

    name: str
    data: bytes
    sequence: int
    sides: tuple[SideTruth, ...]
    note_of: int | None = None


Change = Callable[[tuple[Image, ...], np.random.Generator], tuple[Image, ...]]


@dataclass(frozen=True)
class Fault:
    """``least_pages``: printed pages that the fault needs. ``change``: what happens to the files, if anything."""

    expected: Expected
    least_pages: int = 2
    change: Change | None = None


def _missing(images: tuple[Image, ...], rng: np.random.Generator) -> tuple[Image, ...]:
    """A file in the middle never arrived: the scanner's numbers keep the gap."""
    lost = int(rng.integers(1, max(2, len(images) - 1)))
    return images[:lost] + images[lost + 1 :]


def _swapped(images: tuple[Image, ...], rng: np.random.Generator) -> tuple[Image, ...]:
    """Two sheets went through the scanner in the wrong order; the list and the names follow the paper."""
    first = int(rng.integers(1, len(images) - 1))
    a, b = images[first], images[first + 1]
    swapped = (replace(a, sequence=b.sequence), replace(b, sequence=a.sequence))
    return (*images[:first], *swapped, *images[first + 2 :])


def _misfed(images: tuple[Image, ...], rng: np.random.Generator) -> tuple[Image, ...]:
    """Two sheets lay in the wrong order; only the printed page numbers tell."""
    first = int(rng.integers(1, len(images) - 1))
    a, b = images[first], images[first + 1]
    swapped = (replace(b, sequence=a.sequence, name=a.name), replace(a, sequence=b.sequence, name=b.name))
    return (*images[:first], *swapped, *images[first + 2 :])


def _doubled(images: tuple[Image, ...], rng: np.random.Generator) -> tuple[Image, ...]:
    """A sheet was captured twice."""
    at = int(rng.integers(0, len(images)))
    name = f"{images[at].name.split('.')[0]}b.jpg"
    again = replace(images[at], name=name, data=captured_again(images[at].data), sequence=images[at].sequence + 1)
    later = tuple(replace(image, sequence=image.sequence + 1) for image in images[at + 1 :])
    return (*images[: at + 1], again, *later)


def _recaptured(images: tuple[Image, ...], rng: np.random.Generator) -> tuple[Image, ...]:
    """A sheet was captured twice and the next one never: as many images as declared."""
    at = int(rng.integers(1, len(images) - 2))
    this, following = images[at], images[at + 1]
    again = replace(following, data=captured_again(this.data), sides=this.sides)
    return (*images[: at + 1], again, *images[at + 2 :])


def captured_again(jpeg: bytes) -> bytes:
    """The same sheet a moment later: a few pixels off, and other noise of the codec."""
    picture = Picture.open(io.BytesIO(jpeg))
    moved = ImageChops.offset(picture, 3, 2)
    out = io.BytesIO()
    moved.save(out, "JPEG", quality=82, dpi=picture.info["dpi"], subsampling="4:2:0")
    return out.getvalue()


def _truncated(images: tuple[Image, ...], rng: np.random.Generator) -> tuple[Image, ...]:
    """The last file breaks off: its declared size and hash are those of the broken file."""
    last = images[-1]
    cut = int(len(last.data) * float(rng.uniform(0.4, 0.8)))
    return (*images[:-1], replace(last, data=last.data[:cut]))


def _bomb(images: tuple[Image, ...], _: np.random.Generator) -> tuple[Image, ...]:
    """The last file claims 60000 × 60000 pixels."""
    last = images[-1]
    name = f"{last.name.split('.')[0]}.png"
    side = last.sides[0].model_copy(update={"width_px": 60_000, "height_px": 60_000, "blocks": ()})
    return (*images[:-1], Image(name, containers.bomb(), last.sequence, (side,)))


def _rejected(code: str) -> Expected:
    return Expected(status="REJECTED", code=code)


FAULTS: dict[str, Fault] = {
    "missing": Fault(_rejected("missing_side"), 4, _missing),
    "swapped": Fault(_rejected("pages_swapped"), 4, _swapped),
    "misfed": Fault(Expected(status="ARCHIVED", certified=True, flags=("printed_order",)), 4, _misfed),
    "doubled": Fault(_rejected("extra_side"), 2, _doubled),
    "recaptured": Fault(_rejected("double_capture"), 4, _recaptured),
    "truncated": Fault(_rejected("truncated"), 2, _truncated),
    "bomb": Fault(_rejected("too_many_pixels"), 2, _bomb),
    "signed": Fault(_rejected("signed_pdf"), 1),
    "unmanifested": Fault(Expected(status="ARCHIVED"), 1),
    "photocopy": Fault(Expected(status="ARCHIVED"), 1),
}
"""By name. ``unmanifested`` and ``photocopy`` are archived without certification: no SAO Y."""


def numbered(images: Sequence[Image]) -> tuple[tuple[Image, ...], tuple[SideTruth, ...]]:
    """Sides in scanned order with their numbers, as unpack counts them."""
    sides: list[SideTruth] = []
    for image in sorted(images, key=lambda image: image.sequence):
        for page, side in enumerate(image.sides, start=1):
            changed = {"number": len(sides) + 1, "file": image.name, "page_in_file": page}
            sides.append(side.model_copy(update=changed))
    return tuple(images), tuple(sides)
