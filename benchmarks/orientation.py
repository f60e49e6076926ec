"""How letters tell which way up a page is: the network of ``stages.pose.letters`` is trained and measured here.

``python -m benchmarks orientation --out stages/pose/data/letters.npz --json FILE`` writes the file that the stage reads.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

from benchmarks.corpus.fonts import Fonts, Style
from benchmarks.corpus.page import Page
from benchmarks.corpus.scan import put
from benchmarks.ocr.desk import Desk
from benchmarks.page_stages.lying import HAND, QUIET, TEXT
from benchmarks.recogniser.faces import Faces
from models.ports import Pixels
from stages import deskew, ink, survey
from stages.pose import letters, sight

_PAGES, _UNSEEN, _QUICK_PAGES = 649, 60, 24
_KINDS = (*TEXT, *HAND, *QUIET, "pale", "pale", "dotted_table", "dotted_table", "cards", "picture", "picture")
"""What is hard is there more than once."""
_PAGE_WINDOWS = 400
_HIDDEN, _SECOND = 96, 16
_EPOCHS, _BATCH, _RATE, _DECAY = 24, 512, 2e-3, 1e-4
_SEED = 40_000
"""Pages of the posing benchmark are made with other seeds."""
Floats = NDArray[np.float32]


class Seen(NamedTuple):
    """Windows of one page, as it stands upright; ``text`` False where nothing on it can be read."""

    windows: Floats
    text: bool


class _AnyFace(Fonts):
    """A face of the recogniser's training pages in place of the corpus's own; a letter that it lacks is borrowed."""

    def __init__(self, faces: Faces) -> None:
        super().__init__("liberation")
        self._faces = faces

    def get(self, style: Style, size_px: float) -> ImageFont.FreeTypeFont:
        probe = self._faces.pieces("ẵỠộ", style, max(4.0, size_px))
        return probe[0][1] if len(probe) == 1 else super().get(style, size_px)


def main(quick: bool, extra: list[str]) -> dict[str, Any]:
    """Train on generated pages, measure on others. ``extra``: ``--out``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks orientation")
    parser.add_argument("--out", type=Path, help="write the network here")
    out = parser.parse_args(extra).out
    pages = list(_pages(_QUICK_PAGES if quick else _PAGES))
    unseen_from = len(pages) - min(_UNSEEN, len(pages) // 6)
    known, unseen = pages[:unseen_from], pages[unseen_from:]
    network = train(known, 2 if quick else _EPOCHS)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(out, **{name: part.astype(np.float16) for name, part in network._asdict().items()})
    read = [letters.scores(network, page.windows) for page in unseen if page.text and len(page.windows)]
    right = [float((said.argmax(axis=1) == 0).mean()) for said in read]
    headline = {
        "benchmark": "orientation",
        "windows": sum(len(page.windows) for page in pages),
        "windows_right": round(float(np.mean(right)), 3),
        "pages_right": sum(int(said.sum(axis=0).argmax()) == 0 for said in read),
        "pages": len(read),
    }
    return {"headline": headline, "details": {"windows_right_by_page": right}}


def _pages(count: int) -> Iterator[Seen]:
    for number in range(count):
        kind = _KINDS[number % len(_KINDS)]
        yield Seen(seen(kind, np.random.default_rng([_SEED, number])), kind not in QUIET)


def seen(kind: str, rng: np.random.Generator) -> Floats:
    """The windows of one worn page, upright but for a lean of up to 5°, in the views that the stage may look at."""
    dpi = int(rng.choice([150, 200]))
    desk = Desk.of(rng, dpi, ())
    if rng.random() < 0.6:
        desk.flow.page.fonts = _AnyFace(Faces.some(rng))
    sheet = _flat((TEXT | HAND | QUIET)[kind](desk))
    short_px = float(rng.uniform(700, 980) if rng.random() < 0.5 else rng.uniform(1050, 1500))
    grey = _worn(sheet, short_px, rng)
    # Lying any way, so that nothing of how windows are cut tells which way up they are.
    quarters = int(rng.integers(4))
    lying = np.ascontiguousarray(np.rot90(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR).astype(np.uint8), quarters))
    found = np.concatenate([_windows(view) for view in _views(lying, dpi * short_px / min(sheet.shape))])
    some = rng.permutation(len(found))[:_PAGE_WINDOWS]
    return np.ascontiguousarray(np.rot90(found[some], -quarters, axes=(1, 2)))


def _views(lying: Pixels, dpi: float) -> Iterator[sight.View]:
    """The survey, what is done about pale or tied print on it, and a closer look where the picture is larger."""
    found = survey.of(lying, dpi)
    first = sight.view(found.contrast, found.dpi)
    yield first
    pale = 0 < letters.height_px(first.marks, first.keep, first.dpi) < deskew.PIECES_PX
    yield sight.view(found.contrast, found.dpi, pale=pale, faintest=sight.firm(found.contrast))
    if found.dpi < dpi:
        grey = np.ascontiguousarray(lying[:, :, 0])
        yield sight.view(ink.contrast(grey, ink.paper(grey)), dpi, pale=pale)


def _windows(view: sight.View) -> Floats:
    return letters.windows(view.text, view.marks, view.keep, view.dpi)[0]


def _flat(page: Page) -> Pixels:
    """The page in grey, with seals, pictures and pen on it."""
    sheet = np.array(page.image)
    for mark in page.marks:
        put(sheet, mark)
    return sheet


def _worn(sheet: Pixels, short_px: float, rng: np.random.Generator) -> Pixels:
    """As a scanner sees it, in so many pixels on its shorter side."""
    height, width = sheet.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(-5, 5)), 1)
    leaning = cv2.warpAffine(sheet, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=(255,))
    if rng.random() < 0.3:
        leaning = cv2.erode(leaning, np.ones((2, 2), np.uint8))
    worn = cv2.GaussianBlur(leaning, (0, 0), float(rng.uniform(0.3, 1.3)))
    ink_level = float(rng.uniform(0, 110)) if rng.random() < 0.5 else 10.0
    worn = ink_level + worn.astype(np.float32) * (255 - ink_level) / 255
    worn = np.clip(worn + rng.normal(0, float(rng.uniform(1, 16)), worn.shape) - 6, 0, 255).astype(np.uint8)
    scale = short_px / min(worn.shape)
    small = cv2.resize(worn, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    packed = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 92))])[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def train(pages: list[Seen], epochs: int) -> letters.Network:
    """Cross entropy over the four turns of each window; where there is nothing to read, all four alike. Adam, averaged."""
    rng = np.random.default_rng(1)
    seen = np.concatenate([page.windows for page in pages]).reshape(-1, letters.CELLS**2)
    aim = np.concatenate([np.full(len(page.windows), page.text) for page in pages])
    net = _begun(rng)
    mean = [part.copy() for part in net]
    moments = [(np.zeros_like(part), np.zeros_like(part)) for part in net]
    steps, total = 0, epochs * (len(seen) // _BATCH)
    for _ in range(epochs):
        order = rng.permutation(len(seen))
        for start in range(0, len(order) - _BATCH + 1, _BATCH):
            steps += 1
            batch = order[start : start + _BATCH]
            slopes = _slopes(net, _all_ways(_shaken(seen[batch], rng)), aim[batch])
            rate = _RATE * 0.5 * (1 + np.cos(np.pi * steps / total))
            for at, (part, slope) in enumerate(zip(net, slopes, strict=True)):
                moments[at][0][:] += 0.1 * (slope - moments[at][0])
                moments[at][1][:] += 0.001 * (slope * slope - moments[at][1])
                step = moments[at][0] / (1 - 0.9**steps) / (np.sqrt(moments[at][1] / (1 - 0.999**steps)) + 1e-8)
                part[:] -= rate * (step + _DECAY * part)
                mean[at] += 0.005 * (part - mean[at])
    return letters.Network(*mean)


def _begun(rng: np.random.Generator) -> letters.Network:
    size = letters.CELLS**2
    return letters.Network(
        (rng.standard_normal((size, _HIDDEN)) * np.sqrt(2 / size)).astype(np.float32),
        np.zeros(_HIDDEN, np.float32),
        (rng.standard_normal((_HIDDEN, _SECOND)) * np.sqrt(2 / _HIDDEN)).astype(np.float32),
        np.zeros(_SECOND, np.float32),
        (rng.standard_normal(_SECOND) * 0.1).astype(np.float32),
    )


def _shaken(seen: Floats, rng: np.random.Generator) -> Floats:
    """The same a little paler or darker."""
    return np.asarray(np.minimum(seen * rng.uniform(0.7, 1.25, (len(seen), 1)), 1), dtype=np.float32)


def _all_ways(seen: Floats) -> Floats:
    """Each window turned by 0, 90, 180, 270: ``(4, n, 196)``."""
    square = seen.reshape(-1, letters.CELLS, letters.CELLS)
    return np.stack([np.rot90(square, -quarter, axes=(1, 2)).reshape(len(seen), -1) for quarter in range(4)])


def _slopes(net: letters.Network, ways: Floats, text: NDArray[np.bool_]) -> letters.Network:
    """Gradient of the mean cross entropy."""
    flat = ways.reshape(-1, ways.shape[2])
    first = np.maximum(flat @ net.hidden + net.bias, 0)
    second = np.maximum(first @ net.second + net.second_bias, 0)
    said = (second @ net.out).reshape(4, -1)
    said = np.exp(said - said.max(axis=0))
    target = np.where(text, np.array([[1.0], [0], [0], [0]]), 0.25)
    wrong = ((said / said.sum(axis=0) - target) / len(text)).reshape(-1, 1).astype(np.float32)
    back2 = (wrong * net.out) * (second > 0)
    back1 = (back2 @ net.second.T) * (first > 0)
    return letters.Network(
        flat.T @ back1, back1.sum(axis=0), first.T @ back2, back2.sum(axis=0), (second * wrong).sum(axis=0)
    )
