"""Builds the character n-gram of the turbo engine from official texts.

::

    python -m benchmarks.ngram decisions.txt=3 law.txt PAGES --out stages/ocr/turbo/data/vie.ngram

``PAGES`` is a folder of web pages of official texts. Absolute discounting, pruned by count; the file's format is told in ``stages/ocr/turbo/language.py``.
"""

from __future__ import annotations

import argparse
import html
import json
import lzma
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stages.ocr.turbo.language import FORMAT, fold

_STEP = 0.15
"""Log-probabilities are kept in multiples of this."""
_DISCOUNT = 0.7
_MOST_SYMBOLS = 250
_RARE = 20
"""A character seen less often than this is unknown."""
_UPPER_EVERY = 12
"""Every so manieth line is learned in capitals too, for headings."""

_SHORTEST, _MARKED_EVERY = 12, 14
"""Fewer characters are no line worth learning from; Vietnamese has a marked letter in so many at least."""
_HIDDEN = re.compile(r"<(script|style)\b.*?</\1>", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"<(p|div|br|tr|td|li|h\d)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>")
_WEB = re.compile(r"https?://|[{}<>\\\ufffd]")

Keys = NDArray[np.uint64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class _Level:
    """The n-grams of one length that are kept: sorted ``keys`` (8 bits a symbol, last symbol lowest)."""

    keys: Keys
    counts: Counts
    p: NDArray[np.float64]


def build(lines: Sequence[tuple[str, int]], order: int, least: Sequence[int]) -> bytes:
    """The model's file. ``lines``: text and weight. ``least[n]``: count below which an (n+1)-gram is dropped,
    never falling with n, so that what an n-gram begins and ends with is always kept too.
    """
    texts = [(fold(unicodedata.normalize("NFC", line)), weight) for line, weight in lines]
    texts += [(text.upper(), weight) for text, weight in texts[::_UPPER_EVERY]]
    seen: Counter[str] = Counter()
    for text, weight in texts:
        for character in set(text):
            seen[character] += text.count(character) * weight
    alphabet = [character for character, count in seen.most_common(_MOST_SYMBOLS) if count >= min(_RARE, least[0] * 20)]
    symbols = {character: number + 1 for number, character in enumerate(alphabet)}
    levels = [_counted(texts, symbols, size + 1, least[size]) for size in range(order)]
    return _packed(alphabet, _smoothed(levels))


def _counted(texts: Sequence[tuple[str, int]], symbols: dict[str, int], size: int, least: int) -> tuple[Keys, Counts]:
    """All n-grams of ``size`` known symbols, each line between two spaces."""
    found_keys, found_counts = [], []
    for weight in sorted({weight for _, weight in texts}):
        joined = "\n".join(f" {text} " for text, of in texts if of == weight)
        codes = np.array([symbols.get(character, 0) for character in joined], dtype=np.uint64)
        if len(codes) < size:
            continue
        keys = np.zeros(len(codes) - size + 1, np.uint64)
        whole = np.ones(len(keys), bool)
        for offset in range(size):
            part = codes[offset : offset + len(keys)]
            keys = (keys << np.uint64(8)) | part
            whole &= part > 0
        unique, counts = np.unique(keys[whole], return_counts=True)
        found_keys.append(unique)
        found_counts.append(counts.astype(np.int64) * weight)
    keys, where = np.unique(np.concatenate(found_keys), return_inverse=True)
    counts = np.bincount(where, weights=np.concatenate(found_counts)).astype(np.int64)
    return keys[counts >= least], counts[counts >= least]


def _smoothed(levels: Sequence[tuple[Keys, Counts]]) -> list[_Level]:
    """Each n-gram's probability, mixed with that of its shorter context."""
    keys, counts = levels[0]
    made = [_Level(keys, counts, counts / counts.sum())]
    for size, (keys, counts) in enumerate(levels[1:], 2):
        before = made[-1]
        parents = np.searchsorted(before.keys, keys >> np.uint64(8))
        tails = np.searchsorted(before.keys, keys & np.uint64((1 << 8 * (size - 1)) - 1))
        totals = before.counts[parents].astype(np.float64)
        kept = np.bincount(parents, weights=counts - _DISCOUNT, minlength=len(before.keys))
        free = 1 - kept[parents] / np.maximum(totals, kept[parents] + _DISCOUNT)
        p = (counts - _DISCOUNT) / totals + free * before.p[tails]
        made.append(_Level(keys, counts, np.minimum(p, 1.0)))
    return made


def _packed(alphabet: Sequence[str], levels: Sequence[_Level]) -> bytes:
    """Per level: children of each parent, then symbols, costs, and the parents' back-off."""
    body = []
    parents, parents_p = np.zeros(1, np.uint64), np.zeros(0)
    for size, level in enumerate(levels, 1):
        places = np.searchsorted(parents, level.keys >> np.uint64(8)) if size > 1 else np.zeros(len(level.keys), int)
        children = np.bincount(places, minlength=len(parents))
        back_off = np.full(len(parents), 128.0)
        if size > 1:
            lower = levels[size - 2]
            tails = np.searchsorted(lower.keys, level.keys & np.uint64((1 << 8 * (size - 1)) - 1))
            told = np.bincount(places, weights=level.p, minlength=len(parents))
            short = np.bincount(places, weights=parents_p[tails], minlength=len(parents))
            logs = np.log(np.clip(1 - told, 1e-4, 1) / np.clip(1 - short, 1e-4, 1))
            back_off = np.where(children > 0, np.clip(128 + np.rint(logs / _STEP), 0, 255), 128)
        costs = np.clip(np.rint(-np.log(level.p) / _STEP), 0, 255)
        symbols = level.keys & np.uint64(255)
        body += [part.astype(np.uint8).tobytes() for part in (children, symbols, costs, back_off)]
        parents, parents_p = level.keys, level.p
    header = {
        "format": FORMAT,
        "alphabet": "".join(alphabet),
        "step": _STEP,
        "levels": [len(level.keys) for level in levels],
    }
    plain = json.dumps(header, ensure_ascii=False).encode() + b"\n" + b"".join(body)
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 0, "lp": 0, "pb": 0}]
    return lzma.compress(plain, filters=filters)


def texts_of(path: Path) -> list[str]:
    """The lines of a text file; of a folder of HTML pages those in Vietnamese, each once: what pages have in common, like
    menus, must not weigh as often as it is repeated.
    """
    if path.is_file():
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line]
    found: dict[str, None] = {}
    for page in sorted(path.rglob("*.html")):
        bare = _HIDDEN.sub(" ", page.read_text(encoding="utf-8", errors="replace"))
        text = html.unescape(_TAG.sub("", _BREAK.sub("\n", bare)))
        found |= dict.fromkeys(unicodedata.normalize("NFC", " ".join(line.split())) for line in text.splitlines())
    return [line for line in found if _is_vietnamese(line)]


def _is_vietnamese(line: str) -> bool:
    """Whether enough of the letters have marks, or are ``đ``, and nothing is of a web page."""
    marked = sum(len(unicodedata.normalize("NFD", letter)) > 1 or letter in "đĐ" for letter in line)
    return len(line) >= _SHORTEST and marked >= len(line) / _MARKED_EVERY and not _WEB.search(line)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="build the character n-gram of the turbo engine")
    what = "UTF-8 text, one line each, or folder of HTML pages"
    parser.add_argument("texts", nargs="+", metavar="FILE[=WEIGHT]", help=what)
    parser.add_argument("--order", type=int, default=8, help="longest n-gram")
    parser.add_argument("--least", type=int, nargs="+", default=[1, 2, 3, 4, 5, 6, 7, 8], help="least count by length")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    lines: list[tuple[str, int]] = []
    for name in args.texts:
        path, _, weight = name.partition("=")
        lines += [(line, int(weight or 1)) for line in texts_of(Path(path))]
    model = build(lines, args.order, args.least)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_bytes(model)
    print(f"{args.out}: {len(model) / 1e6:.2f} MB")  # noqa: T201


if __name__ == "__main__":
    main()
