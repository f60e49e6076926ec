"""Turns the grammar into the words of one paper: the same subject, body and place all the way through."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from benchmarks.corpus.grammar import RULES
from benchmarks.corpus.names import MINISTRIES
from models.errors import OperatorError

_SLOT = re.compile(r"\{(#?[\w-]+)\}")
_FIRST_DAY = date(2026, 1, 5)

ONES = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")


def sentences(path: Path | None) -> tuple[str, ...]:
    """The lines of a file of the caller's own; none where there is no file. Raises ``OperatorError("bad_texts")``."""
    if path is None:
        return ()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError("bad_texts", f"{path} cannot be read as UTF-8 lines: {error}") from error
    return tuple(line.strip() for line in text.splitlines() if line.strip())


class Writer:
    """Writes sentences of one paper. ``context``: what the slots of this paper hold fast.

    ``issued``: the day of the paper; dates in its text lie before or after it. ``lines``: extra
    sentences of the caller's own, mixed into the prose.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        context: Mapping[str, str] | None = None,
        lines: tuple[str, ...] = (),
    ) -> None:
        self._rng = rng
        self.context = dict(context or {})
        self.issued = _FIRST_DAY + timedelta(days=int(rng.integers(300)))
        self._lines = lines
        ministry = list(MINISTRIES)[int(rng.integers(len(MINISTRIES)))]
        self.context.setdefault("ministry", ministry)
        self.context.setdefault("ministry_code", MINISTRIES[ministry])

    def write(self, rule: str) -> str:
        """One expansion of a rule, NFC. Raises ``KeyError`` on a rule that does not exist."""
        return unicodedata.normalize("NFC", self._expand(f"{{{rule}}}"))

    def hold(self, rule: str) -> str:
        """Like :meth:`write`, and every later use of the slot says the same."""
        self.context[rule] = self.write(rule)
        return self.context[rule]

    def several(self, rule: str, count: int) -> tuple[str, ...]:
        """That many different expansions (fewer where the rule has not got so many)."""
        found: dict[str, None] = {}
        for _ in range(count * 6):
            found.setdefault(self.write(rule))
            if len(found) == count:
                break
        return tuple(found)

    def sentence(self) -> str:
        """One sentence of prose."""
        if self._lines and self._rng.random() < 0.5:
            return unicodedata.normalize("NFC", self._lines[int(self._rng.integers(len(self._lines)))])
        return self.write("sentence")

    def prose(self, sentences: int) -> str:
        """Several sentences in a row."""
        return " ".join(self.sentence() for _ in range(sentences))

    def _expand(self, text: str) -> str:
        return _SLOT.sub(lambda slot: self._fill(slot.group(1)), text)

    def _fill(self, slot: str) -> str:
        if slot.startswith("#"):
            first, last = slot[1:].split("-")
            return f"{self._rng.integers(int(first), int(last) + 1):0{len(first)}d}"
        if slot in ("past", "soon", "later"):
            return self._day(slot)
        low = slot[0].lower() + slot[1:]
        options = RULES.get(low, ())
        text = self.context.get(low) or self._expand(options[int(self._rng.integers(len(options)))])
        return text if low == slot else text[0].upper() + text[1:]

    def _day(self, slot: str) -> str:
        first, last = {"past": (-2600, -20), "soon": (5, 60), "later": (70, 300)}[slot]
        day = self.issued + timedelta(days=int(self._rng.integers(first, last)))
        return day_text(day) if self._rng.random() < 0.8 else f"{day:%d/%m/%Y}"


def day_text(day: date) -> str:
    """A date as Decree 30 writes it: a leading 0 for days below 10 and for January and February."""
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return f"{day.day:02d} tháng {month} năm {day.year}"


def number_in_words(value: int) -> str:
    """A number from 0 to 9999 in Vietnamese words, as birth certificates spell dates out."""
    if value < 10:
        return ONES[value]
    if value < 100:
        tens, unit = divmod(value, 10)
        head = "mười" if tens == 1 else f"{ONES[tens]} mươi"
        tail = {0: "", 1: " một" if tens == 1 else " mốt", 5: " lăm"}.get(unit, f" {ONES[unit]}")
        return head + tail
    if value < 1000:
        hundreds, rest = divmod(value, 100)
        head = f"{ONES[hundreds]} trăm"
        return head if rest == 0 else f"{head} {'lẻ ' if rest < 10 else ''}{number_in_words(rest)}"
    thousands, rest = divmod(value, 1000)
    head = f"{ONES[thousands]} nghìn"
    if rest == 0:
        return head
    return f"{head} {'không trăm ' if rest < 100 else ''}{'lẻ ' if rest < 10 else ''}{number_in_words(rest)}"


def day_in_words(day: date) -> str:
    """``Ngày mười hai tháng ba năm hai nghìn không trăm hai mươi sáu``."""
    month = "tư" if day.month == 4 else number_in_words(day.month)
    return f"Ngày {number_in_words(day.day)} tháng {month} năm {number_in_words(day.year)}"
