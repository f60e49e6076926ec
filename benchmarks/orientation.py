"""How letters tell which way up a page is: the template of ``stages.lean`` is fitted and measured here.

``python -m benchmarks orientation --json FILE``: ``rows`` in the result is the table to put there.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.corpus.fonts import Family, Fonts, Style
from benchmarks.corpus.texts import Writer
from models.errors import OperatorError
from models.ports import Pixels
from stages import ink, lean

_FAMILIES: tuple[Family, ...] = ("liberation", "tinos", "termes", "sans")
_STYLES: tuple[Style, ...] = ("regular", "bold", "italic", "bolditalic")
_PAGES, _QUICK_PAGES = 160, 12
_DECAY = 5.0
Floats = NDArray[np.float64]


def main(quick: bool, extra: list[str]) -> dict[str, Any]:
    """Fit on rendered pages, measure on others. No further arguments."""
    if extra:
        raise OperatorError("unknown_argument", f"orientation takes no {extra[0]!r}")
    count = _QUICK_PAGES if quick else _PAGES
    pages = [letters(np.random.default_rng(seed)) for seed in range(count)]
    known, unseen = pages[: count * 3 // 4], pages[count * 3 // 4 :]
    weights = fit(np.concatenate(known))
    right = [float((page @ weights > 0).mean()) for page in unseen if len(page)]
    rows = np.round(weights * 10).astype(int).reshape(-1, 12).tolist()
    headline = {
        "benchmark": "orientation",
        "letters": sum(map(len, pages)),
        "letters_right": round(float(np.mean(right)), 3),
        "pages_right": sum(float((page @ weights).mean()) > 0 for page in unseen if len(page)),
        "pages": sum(len(page) > 0 for page in unseen),
    }
    return {"headline": headline, "rows": rows}


def letters(rng: np.random.Generator) -> Floats:
    """The letters of one rendered and worn page, as differences to themselves upside down, ``(n, 72)``."""
    contrast = _contrast(_page(rng))
    marks = ink.components(contrast >= lean.FAINTEST)
    keep = lean.text_marks(marks, ink.edge_dirt(marks, 100))
    text = np.where(keep[marks.labels], contrast, 0).astype(np.uint8)
    seen = lean.letter_windows(text, marks, keep, 0, 0.0)
    return np.asarray((seen - seen[:, ::-1, ::-1])[:, :6].reshape(len(seen), 72), dtype=np.float64)


def fit(differences: Floats) -> Floats:
    """Logistic regression without a constant, every letter being upright: Newton's method with decay."""
    weights = np.zeros(differences.shape[1])
    for _ in range(30):
        doubt = 1 / (1 + np.exp(differences @ weights))
        slope = differences.T @ doubt - _DECAY * weights
        bend = (differences * (doubt * (1 - doubt))[:, None]).T @ differences + _DECAY * np.eye(len(weights))
        weights += np.linalg.solve(bend, slope)
    return weights


def _page(rng: np.random.Generator) -> Pixels:
    """A page of prose, sometimes in capitals or in narrow columns, as a scanner of 200 dpi sees it at half scale."""
    dpi = 200
    image = Image.new("L", (1654, 2339), 255)
    draw = ImageDraw.Draw(image)
    fonts = Fonts(_FAMILIES[int(rng.integers(len(_FAMILIES)))])
    size_px = float(rng.uniform(11, 14.5)) * dpi / 72
    font = fonts.get(_STYLES[int(rng.integers(len(_STYLES)))], size_px)
    writer = Writer(rng)
    capitals, columns = rng.random() < 0.4, int(rng.choice([1, 1, 3]))
    for column in range(columns):
        width = 1350 // columns - 20
        words = writer.prose(40).split()
        y = 180.0
        while words and y < 2100:
            line = words.pop(0)
            while words and draw.textlength(f"{line} {words[0]}", font) < width:
                line += f" {words.pop(0)}"
            draw.text((200 + column * (width + 20), y), line.upper() if capitals else line, fill=20, font=font)
            y += size_px * 1.35
    worn = cv2.GaussianBlur(np.asarray(image), (0, 0), float(rng.uniform(0.4, 1.3)))
    noise = rng.normal(0, float(rng.uniform(2, 14)), worn.shape)
    half = cv2.resize(np.clip(worn + noise - 8, 0, 255).astype(np.uint8), (827, 1170), interpolation=cv2.INTER_AREA)
    packed = cv2.imencode(".jpg", half, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(50, 90))])[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def _contrast(grey: Pixels) -> Pixels:
    small = ink.reduced(grey, 800)
    return ink.contrast(small, ink.paper(small))
