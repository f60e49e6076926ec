"""What an engine got wrong on a page: characters by what kind they are, words, numbers, dates, reading order."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields

from benchmarks.accuracy import Errors, words
from benchmarks.ocr.align import WILD, Alignment, align, edits
from benchmarks.ocr.pages import TruthLine

_NUMBER = re.compile(r"\d+(?:[./:,-]\d+)*")
_DATE = re.compile(r"\d{1,2}/\d{1,2}/\d{4}|ngày \d{1,2} tháng \d{1,2} năm \d{4}")
_STROKES = str.maketrans("đĐ", "dD")


@dataclass(frozen=True)
class PageScore:
    """Sums over pages add up.

    ``characters`` = ``matched`` (lines against the stretches read for them) + ``missing`` (lines
    that nothing was read for: all deletions) + ``invented`` (text that no line took: all
    insertions). ``letters``: another letter than printed, or one too many or too few; ``diacritics``:
    the right letter with wrong marks, both of all letters; ``digits`` and ``other`` (spaces,
    punctuation) of their own kind. These four leave out what is invented.
    ``numbers`` and ``dates``: those of the truth that were not read exactly. ``order``: pairs of
    lines that do not follow each other as they should.
    """

    characters: Errors = field(default_factory=Errors)
    words: Errors = field(default_factory=Errors)
    matched: Errors = field(default_factory=Errors)
    missing: Errors = field(default_factory=Errors)
    invented: Errors = field(default_factory=Errors)
    letters: Errors = field(default_factory=Errors)
    diacritics: Errors = field(default_factory=Errors)
    digits: Errors = field(default_factory=Errors)
    other: Errors = field(default_factory=Errors)
    numbers: Errors = field(default_factory=Errors)
    dates: Errors = field(default_factory=Errors)
    order: Errors = field(default_factory=Errors)

    def __add__(self, other: PageScore) -> PageScore:
        return PageScore(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(self)))

    @classmethod
    def total(cls, scores: Iterable[PageScore]) -> PageScore:
        """All pages together."""
        return sum(scores, cls())

    def as_json(self) -> dict[str, object]:
        """Rates, 0–1, and the counts behind them."""
        return {
            "cer": round(self.characters.rate, 6),
            "wer": round(self.words.rate, 6),
            "reading_order": round(1 - self.order.rate, 6),
            "numbers_right": round(1 - self.numbers.rate, 6),
            "dates_right": round(1 - self.dates.rate, 6),
            "counts": {part.name: [getattr(self, part.name).edits, getattr(self, part.name).length]
                       for part in fields(self)},
        }  # fmt: skip


def score(truth: Sequence[TruthLine], found: str) -> PageScore:
    """Score the text that an engine read on a page, its lines in the order in which it read them."""
    lines = [line.text for line in truth]
    alignment = align(lines, found)
    split = {"letters": 0, "diacritics": 0, "digits": 0, "other": 0}
    matched, missing, word_errors = Errors(), Errors(), Errors()
    for line, match in zip(lines, alignment.matches, strict=True):
        read = match.found if match else ""
        count = 0
        for printed, got in edits(line, read):
            if printed != got:
                split[_kind(printed, got)] += 1
                count += 1
        length = len(line.replace(WILD, ""))
        if match:
            matched += Errors(count, length)
        else:
            missing += Errors(count, length)
        word_errors += _words(line, read)
    invented = Errors(sum(map(len, alignment.invented)))
    word_errors += Errors(sum(len(piece.split()) for piece in alignment.invented))
    every = "".join(lines).replace(WILD, "")
    letters = sum(letter.isalpha() for letter in every)
    digits = sum(letter.isdigit() for letter in every)
    read_text = " ".join([*(match.found for match in alignment.matches if match), *alignment.invented])
    return PageScore(
        characters=matched + missing + invented,
        words=word_errors,
        matched=matched,
        missing=missing,
        invented=invented,
        letters=Errors(split["letters"], letters),
        diacritics=Errors(split["diacritics"], letters),
        digits=Errors(split["digits"], digits),
        other=Errors(split["other"], len(every) - letters - digits),
        numbers=_not_found(_NUMBER, lines, read_text),
        dates=_not_found(_DATE, [" ".join(lines)], read_text),
        order=_order(truth, alignment),
    )


def base(letter: str) -> str:
    """The letter without its marks: ``ế`` and ``ê`` are ``e``, ``đ`` is ``d``."""
    return unicodedata.normalize("NFD", letter)[:1].translate(_STROKES)


def _kind(printed: str, got: str) -> str:
    """Which kind of error an edit is; ``""`` on one side is an insertion or a deletion."""
    if printed.isalpha() and got.isalpha() and base(printed) == base(got):
        return "diacritics"
    one = printed or got
    if one.isalpha():
        return "letters"
    return "digits" if one.isdigit() else "other"


def _words(line: str, read: str) -> Errors:
    """Word errors; words with something unscored in them are left out, on both sides."""
    if WILD not in line:
        return words(line, read)
    scored = [word for word in line.split() if WILD not in word]
    wild = len(line.split()) - len(scored)
    errors = words(" ".join(scored), read)
    return Errors(max(0, errors.edits - wild), len(scored))


def _not_found(pattern: re.Pattern[str], lines: Sequence[str], read: str) -> Errors:
    """Numbers or dates of the truth, each as often as it stands there, that were not read exactly."""
    wanted = Counter(found for line in lines for found in pattern.findall(line))
    got = Counter(pattern.findall(read))
    return Errors((wanted - got).total(), wanted.total())


def _order(truth: Sequence[TruthLine], alignment: Alignment) -> Errors:
    """Pairs of lines that do not follow each other as they must, of all such pairs of the truth.

    Lines of one block must follow each other directly: columns read row by row across are wrong. A
    line that is missing follows nothing, so that every engine is scored on the same pairs.
    """
    places = {number: match.place for number, match in enumerate(alignment.matches) if match is not None}
    rank = {number: at for at, number in enumerate(sorted(places, key=places.__getitem__))}
    pairs = list(follows([line.column for line in truth]))
    wrong = 0
    for a, b in pairs:
        if a not in rank or b not in rank:
            wrong += 1
        elif truth[a].block == truth[b].block:
            wrong += rank[b] != rank[a] + 1
        else:
            wrong += rank[b] < rank[a]
    return Errors(wrong, len(pairs))


def follows(columns: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Lines that must follow each other: neighbours of one column, and text across after all columns above it.

    Two columns beside each other owe each other nothing.
    """
    last: dict[str, int] = {}
    for number, column in enumerate(columns):
        if column:
            before = last.get(column, last.get(""))
            if before is not None:
                yield before, number
            last[column] = number
        else:
            open_columns = [at for key, at in last.items() if key]
            yield from ((before, number) for before in open_columns or last.values())
            last = {"": number}
