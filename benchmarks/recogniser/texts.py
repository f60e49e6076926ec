"""The words of training lines: administrative Vietnamese, and much that no prior would expect."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.corpus import names
from benchmarks.corpus.texts import Writer
from benchmarks.recogniser.rare import ENGLISH, LETTERHEAD, RARE, SIGNS, TITLES, UNITS, syllable
from models.errors import OperatorError

_HELD_OUT = 40
"""One line of this many is for validation only."""
_SHINGLE = 24
_SAME_SHARE = 0.7
"""A line that shares more of its stretches with a page of the development set is left out."""
_OLD = {"òa": "oà", "óa": "oá", "ỏa": "oả", "õa": "oã", "ọa": "oạ", "òe": "oè", "óe": "oé", "ỏe": "oẻ", "õe": "oẽ",
        "ọe": "oẹ", "ùy": "uỳ", "úy": "uý", "ủy": "uỷ", "ũy": "uỹ", "ụy": "uỵ"}  # fmt: skip
_TONE_PLACE = re.compile("|".join(_OLD))


@dataclass(frozen=True)
class Corpus:
    """Lines of official texts. Empty where no folder was given: the grammar alone writes then."""

    lines: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: Path | None, *, held_out: bool, without: Path | None = None) -> Corpus:
        """All ``*.txt`` of a folder. ``held_out``: the validation share, else the rest.

        ``without``: folder of development pages' texts; lines of those are left out.
        Raises ``OperatorError("bad_texts")``.
        """
        if folder is None:
            return cls()
        try:
            found = [line for path in sorted(folder.glob("*.txt")) for line in _lines(path)]
            known = {piece for path in (sorted(without.glob("*.txt")) if without else ()) for piece in _stretches(path)}
        except (OSError, UnicodeDecodeError) as error:
            raise OperatorError("bad_texts", f"{folder} cannot be read as UTF-8 lines: {error}") from error
        kept = [
            line
            for line in found
            if (zlib.crc32(line.encode()) % _HELD_OUT == 0) == held_out and not _is_known(line, known)
        ]
        return cls(tuple(kept))


def _lines(path: Path) -> list[str]:
    text = unicodedata.normalize("NFC", path.read_text(encoding="utf-8"))
    rows = (" ".join(row.replace("\u00ad", "").split()) for row in text.splitlines())
    return [row for row in rows if len(row) > 1 and not re.search(r"[\ue000-\uf8ff\u200b-\u200f]", row)]


def _stretches(path: Path) -> set[str]:
    text = " ".join(path.read_text(encoding="utf-8").split())
    return {text[at : at + _SHINGLE] for at in range(len(text) - _SHINGLE + 1)}


def _is_known(line: str, known: set[str]) -> bool:
    pieces = [line[at : at + _SHINGLE] for at in range(0, max(1, len(line) - _SHINGLE + 1), 4)]
    return bool(known) and sum(piece in known for piece in pieces) > _SAME_SHARE * len(pieces)


class Author:
    """Writes the texts of one page. ``corpus``: official lines mixed with generated ones."""

    def __init__(self, rng: np.random.Generator, corpus: Corpus) -> None:
        self._rng = rng
        self._corpus = corpus
        self.place = names.place(rng)
        context = {"province": self.place.province, "place": self.place.commune_text, "body": "Sở Tư pháp",
                   "body_code": "STP"}  # fmt: skip
        self._writer = Writer(rng, context)
        self._writer.hold("subject")
        self._old = bool(rng.random() < 0.25)
        self._quotes = bool(rng.random() < 0.6)
        self._dash = ("-", "-", "-", "–", "—")[int(rng.integers(5))]

    def paragraph(self) -> str:
        """Running text of about one to six lines."""
        roll = self._rng.random()
        if roll < 0.62 and self._corpus.lines:
            text = " ".join(self._some(self._corpus.lines) for _ in range(int(self._rng.integers(1, 4))))
        elif roll < 0.78:
            rule = ("basis", "basis_law", "proposal", "carry_out", "letter_open", "sentence", "item", "validity")
            text = self._writer.write(rule[int(self._rng.integers(len(rule)))])
        else:
            text = self.strange()
        return self.finish(text[:900])

    def strange(self) -> str:
        """What a language model does not expect: names, codes, rare syllables, English, numbers."""
        parts = [self.piece() for _ in range(int(self._rng.integers(4, 12)))]
        marks = (", ", ", ", "; ", " ", " ", ": ", " - ", ". ", " và ", " (", ") ", "/")
        text = parts[0]
        for part in parts[1:]:
            text += marks[int(self._rng.integers(len(marks)))] + part
        return text

    def piece(self) -> str:
        """One name, code, number, date, address, rare word …"""
        rng = self._rng
        makers = (self._syllables, self._syllables, self._syllables, self._name, self._code, self._code, self._number,
                  self._number, self._date, self._address, self._english, self._rare, self._sign, self._contact)  # fmt: skip
        return makers[int(rng.integers(len(makers)))]()

    def cell(self) -> str:
        """The text of a table cell: from a single digit to a few lines."""
        roll = self._rng.random()
        if roll < 0.3:
            return self.finish(self.piece())
        if roll < 0.45:
            return self.finish(self._writer.write(self._some(("procedure", "delay", "office", "fee", "ground"))))
        if roll < 0.55:
            return self._some(("X", "x", "Không", "Có", "1", "12", "II", "a)", "0", "-", "☐", "☑", "100%", "Đạt"))
        if roll < 0.7 or not self._corpus.lines:
            return self.finish(" ".join(self._syllables() for _ in range(int(self._rng.integers(1, 3)))))
        line = self._some(self._corpus.lines)
        return self.finish(line[: int(self._rng.integers(10, 160))].rsplit(" ", 1)[0])

    def heading(self) -> str:
        """A title; the caller sets it in capitals or bold."""
        if self._rng.random() < 0.4:
            return self._some(TITLES)
        if self._rng.random() < 0.5 and self._corpus.lines:
            return self.finish(self._some(self._corpus.lines)[:120].rsplit(" ", 1)[0])
        return self.finish(self._writer.write(self._some(("subject", "matter", "plan_for", "rule_of"))))

    def letterhead(self) -> tuple[list[str], list[str]]:
        """Left and right column of the heading of a paper."""
        rng = self._rng
        body = self._some((*LETTERHEAD, f"ỦY BAN NHÂN DÂN {self.place.commune_text.upper()}"))
        left = ["ỦY BAN NHÂN DÂN" if rng.random() < 0.8 else "UỶ BAN NHÂN DÂN", f"TỈNH {self.place.province.upper()}"]
        if rng.random() < 0.5:
            left = [" ".join(left), body]
        left.append(f"Số: {self._number()[:4]}/{self._code().split('/')[-1]}")
        if rng.random() < 0.3:
            left.append(f"V/v {self._writer.write('subject')}")
        motto = f"Độc lập {self._dash} Tự do {self._dash} Hạnh phúc"
        where = self._some((self.place.province, self.place.commune, *RARE))
        right = ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" if rng.random() < 0.8 else "CỘNG HOÀ XÃ HỘI CHỦ NGHĨA VIỆT NAM",
                 motto, f"{where}, {self._day_words()}"]  # fmt: skip
        return left, right

    def signer(self) -> tuple[list[str], str]:
        """Authority lines and the signer's name."""
        heads = (["CHỦ TỊCH"], ["TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"], ["KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"], ["GIÁM ĐỐC"],
                 ["KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"], ["TL. CHỦ TỊCH", "CHÁNH VĂN PHÒNG"], ["TUQ. CHỦ TỊCH", "TRƯỞNG PHÒNG"])  # fmt: skip
        return list(heads[int(self._rng.integers(len(heads)))]), self._name()

    def receivers(self) -> list[str]:
        """The list of receivers with its title."""
        rows = self._writer.several("receiver", int(self._rng.integers(2, 7)))
        own = [f"- {row}" for row in rows] + [f"- {self._name()}, {self._code()};"]
        return ["Nơi nhận:", *own, f"- Lưu: VT, {self._code().split('/')[-1]}."]

    def finish(self, text: str) -> str:
        """Spelling, quotes and dashes as this page's writer has them."""
        text = unicodedata.normalize("NFC", text)
        if self._old:
            text = _TONE_PLACE.sub(lambda match: _OLD[match.group()], text)
        if self._quotes:
            text = re.sub(r'"([^"]*)"', r"“\1”", text)
        if self._dash != "-":
            text = text.replace(" - ", f" {self._dash} ")
        return text.replace("...", "…") if self._quotes else text

    def _some(self, options: Sequence[str]) -> str:
        return options[int(self._rng.integers(len(options)))]

    def _syllables(self) -> str:
        words = [syllable(self._rng) for _ in range(int(self._rng.integers(1, 6)))]
        case = self._rng.random()
        if case < 0.45:
            return " ".join(words)
        return " ".join(words).title() if case < 0.75 else " ".join(words).upper()

    def _name(self) -> str:
        name = names.person(self._rng).name
        return name.upper() if self._rng.random() < 0.25 else name

    def _code(self) -> str:
        rng = self._rng
        kind = self._some(
            ("QĐ", "NĐ", "TT", "NQ", "KH", "BC", "TTr", "CV", "TB", "GM", "HD", "CT", "QH15", "BB", "ĐKKD")
        )
        body = self._some(
            ("UBND", "CP", "BTP", "HĐND", "VPCP", "BGDĐT", "SYT", "TTPVHCC", "BTNMT", "VP", "KSTTHC", "TW")
        )
        forms = (
            f"{rng.integers(1, 4000)}/{kind}-{body}", f"{rng.integers(1, 400):02d}/{rng.integers(1990, 2030)}/{kind}-{body}",
            f"{rng.integers(1, 4)}.{rng.integers(0, 20000):06d}", f"{rng.integers(1, 400)}/{body}-{kind}",
            f"{chr(65 + int(rng.integers(26)))}{rng.integers(1, 99)}.{rng.integers(1, 30):02d}-{kind}",
            f"{rng.integers(0, 10**12):012d}", f"{body}{rng.integers(1, 99)}", f"{rng.integers(1, 300)}/{kind}",
        )  # fmt: skip
        return forms[int(rng.integers(len(forms)))]

    def _number(self) -> str:
        rng = self._rng
        value = int(10 ** rng.uniform(0, 10))
        forms = (f"{value:,}".replace(",", "."), str(value), f"{rng.uniform(0, 999):.2f}".replace(".", ","),
                 f"{rng.integers(0, 101)}%", f"{value:,}".replace(",", ".") + self._some((" đồng", "đ", " VNĐ")),
                 f"{rng.integers(1, 999)} {self._some(UNITS)}", f"{rng.integers(1, 99)},{rng.integers(0, 10)} m2",
                 f"{rng.integers(1, 30)}.{rng.integers(1, 20)}.{rng.integers(1, 9)}.", f"{rng.integers(1, 40)}/{rng.integers(1, 60)}",
                 f"{rng.integers(1, 100):02d} ({self._some(('một', 'hai', 'ba', 'bốn', 'năm', 'mười'))})")  # fmt: skip
        return forms[int(rng.integers(len(forms)))]

    def _date(self) -> str:
        rng = self._rng
        day, month, year = int(rng.integers(1, 32)), int(rng.integers(1, 13)), int(rng.integers(1950, 2035))
        mark = self._some(("/", "/", "/", ".", "-"))
        plain = f"{day:02d}{mark}{month:02d}{mark}{year}"
        return plain if rng.random() < 0.6 else f"ngày {day:02d} tháng {month:02d} năm {year}"

    def _day_words(self) -> str:
        rng = self._rng
        return f"ngày {rng.integers(1, 32):02d} tháng {rng.integers(1, 13):02d} năm {rng.integers(1990, 2030)}"

    def _address(self) -> str:
        return names.address(self._rng, names.place(self._rng))

    def _english(self) -> str:
        return " ".join(self._some(ENGLISH) for _ in range(int(self._rng.integers(1, 5))))

    def _rare(self) -> str:
        word = self._some(RARE)
        return word.upper() if self._rng.random() < 0.15 else word

    def _sign(self) -> str:
        return f"{self._some(SIGNS)} {self._some(('', self._number()))}".strip()

    def _contact(self) -> str:
        rng = self._rng
        word = unicodedata.normalize("NFD", syllable(rng) + syllable(rng)).replace("đ", "d")
        plain = "".join(letter for letter in word if letter.isascii())
        digits = f"{rng.integers(10**9):09d}"
        forms = (f"{plain}@{self._some(('gmail.com', 'chinhphu.vn', 'moj.gov.vn'))}", f"www.{plain}.gov.vn",
                 f"https://{plain}.vn/{rng.integers(100)}", f"0{digits}", f"(0{digits[:3]}) {digits[3:6]}.{digits[6:]}")  # fmt: skip
        return forms[int(rng.integers(len(forms)))]
