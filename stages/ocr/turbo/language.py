"""A character n-gram: how likely a character is after those before it. Digits count as one character.

The file is LZMA over a JSON header line and one stream of bytes per level of a trie, as ``benchmarks/ngram.py`` writes
it. A *state* is the number of the longest context that the model knows; everything works on arrays of states.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import OperatorError

States = NDArray[np.int32]
Scores = NDArray[np.float32]
Symbols = NDArray[np.int32]

FORMAT = 1
DIGIT = "0"
UNKNOWN = 0
"""Symbol of a character that the model has never seen."""
ROOT = 0
_FLOOR = np.float32(-6.0)
"""No character is much less likely than this (log): names and foreign words do not follow the rule of the texts."""


def fold(text: str) -> str:
    """``text`` as the model sees it: any digit is 0, and typographic signs are those of a typewriter."""
    folded = text.translate(_FOLDS)
    return "".join(DIGIT if character.isdigit() else character for character in folded)


_FOLDS = str.maketrans({"–": "-", "—": "-", "…": "...", "’": "'", "‘": "'", "“": '"', "”": '"', "\t": " ", " ": " "})


@dataclass(frozen=True)
class Language:
    """``symbols``: number of each character, from 1. Arrays by state: ``keys`` of the transition that leads to it
    (sorted; state of origin × 256 + symbol), ``log_p``, ``back_off`` (log), ``shorter`` (the context without its
    first character), ``after`` (the state to go on from).
    """

    symbols: dict[str, int]
    keys: NDArray[np.uint32]
    log_p: Scores
    back_off: Scores
    shorter: States
    after: States
    unknown_log: float = -12.0

    @classmethod
    def none(cls) -> Language:
        """A model that finds everything equally likely."""
        zeros = np.zeros(1, np.int32)
        nothing = np.full(1, np.iinfo(np.uint32).max, np.uint32)
        return cls({}, nothing, np.zeros(2, np.float32), np.zeros(1, np.float32), zeros, np.zeros(2, np.int32), 0.0)

    @classmethod
    def shipped(cls, name: str) -> Language | None:
        """The model that comes with sohoa for a language of Tesseract (``vie``), or None."""
        path = Path(__file__).parent / "data" / f"{name}.ngram"
        return cls.open(path) if path.is_file() else None

    @classmethod
    def open(cls, path: Path) -> Language:
        """Raises ``OperatorError("language_model_damaged")``."""
        try:
            return cls.parse(path.read_bytes())
        except (OSError, lzma.LZMAError, ValueError, KeyError) as error:
            raise OperatorError("language_model_damaged", f"{path.name} cannot be used: install sohoa again") from error

    @classmethod
    def parse(cls, data: bytes) -> Language:
        head, _, body = lzma.decompress(data).partition(b"\n")
        header = json.loads(head)
        if header["format"] != FORMAT:
            raise ValueError("a language model of another format")
        step = float(header["step"])
        origins, letters, log_p, back_off = [], [], [np.zeros(1, np.float32)], []
        stream = np.frombuffer(body, np.uint8)
        first, parents = 0, 1
        for size in header["levels"]:
            counts, symbols, costs, steps = _split(stream, (parents, size, size, parents))
            stream = stream[2 * parents + 2 * size :]
            origins.append(np.repeat(np.arange(first, first + parents, dtype=np.uint32), counts))
            letters.append(symbols)
            log_p.append(costs * np.float32(-step))
            back_off.append((steps.astype(np.float32) - 128) * np.float32(step))
            first, parents = first + parents, size
        back_off.append(np.zeros(parents, np.float32))
        keys = np.concatenate(origins) * np.uint32(256) + np.concatenate(letters)
        shorter, after = _links(keys, header["levels"])
        symbols_of = {character: number + 1 for number, character in enumerate(header["alphabet"])}
        return cls(symbols_of, keys, np.concatenate(log_p), np.concatenate(back_off), shorter, after)

    def encode(self, characters: Sequence[str]) -> Symbols:
        """The symbol of each character; a text of several characters counts as unknown."""
        return np.array([self.symbols.get(fold(character), UNKNOWN) for character in characters], np.int32)

    def step(self, states: States, symbols: Symbols) -> tuple[Scores, States]:
        """Log-probability of each symbol after its state, and the state after it. Arrays of one shape."""
        shape = states.shape
        now = states.ravel().copy()
        wanted = symbols.ravel()
        scores = np.zeros(now.size, np.float32)
        found = np.zeros(now.size, np.int32)
        left = np.arange(now.size)
        while left.size:
            keys = now[left].astype(np.uint32) * np.uint32(256) + wanted[left].astype(np.uint32)
            at = np.searchsorted(self.keys, keys)
            hit = self.keys[np.minimum(at, len(self.keys) - 1)] == keys
            there = left[hit]
            found[there] = at[hit] + 1
            scores[there] += self.log_p[found[there]]
            left = left[~hit]
            lost = left[now[left] == ROOT]
            scores[lost] += self.unknown_log
            left = left[now[left] != ROOT]
            scores[left] += self.back_off[now[left]]
            now[left] = self.shorter[now[left]]
        return np.logaddexp(scores, _FLOOR).reshape(shape), self.after[found].reshape(shape)


def _split(stream: NDArray[np.uint8], sizes: Sequence[int]) -> list[NDArray[np.uint8]]:
    if len(stream) < sum(sizes):
        raise ValueError("the language model is cut off")
    return np.split(stream[: sum(sizes)], np.cumsum(sizes)[:-1])


def _links(keys: NDArray[np.uint32], levels: Sequence[int]) -> tuple[States, States]:
    """``shorter`` and ``after``: a state from which nothing leads on is left for its shorter context."""
    total = len(keys) + 1
    shorter = np.zeros(total, np.int32)
    origins = (keys >> np.uint32(8)).astype(np.int32)
    ends = np.cumsum([1, *levels])
    for start, end in zip(ends[1:-1].tolist(), ends[2:].tolist(), strict=True):
        nodes = np.arange(start, end)
        wanted = shorter[origins[nodes - 1]].astype(np.uint32) * np.uint32(256) + (keys[nodes - 1] & np.uint32(255))
        shorter[nodes] = np.searchsorted(keys, wanted) + 1
    leads = np.zeros(total, bool)
    leads[origins] = True
    after = np.arange(total, dtype=np.int32)
    for _ in levels:
        after = np.where(leads[after], after, shorter[after]).astype(np.int32)
    return shorter, after
