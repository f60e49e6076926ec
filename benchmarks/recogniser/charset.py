"""The characters of the trained network: those of the installed one in their old places, new ones behind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from models.errors import OperatorError
from stages.ocr.turbo import traineddata

EXTRA = "…–’‘≤≥±×§÷≠²³½µ→•☐☑‰№Øỵ′″□º√Δ"
"""What papers show and the installed Vietnamese network has no code for (it has no ``ỵ`` either)."""

ALIKE = str.maketrans({"\u2011": "-", "∆": "Δ", "μ": "µ", "ʼ": "’", "\u00a0": " "})


@dataclass(frozen=True)
class Charset:
    """``texts``: by code; empty for unused codes. ``null``: the CTC blank, which stays where it was."""

    texts: tuple[str, ...]
    null: int

    @classmethod
    def extended(cls, stock: traineddata.Charset, codes: int, extra: str = EXTRA) -> Charset:
        """The stock codes and then ``extra``. Raises ``OperatorError("traineddata_unsupported")``."""
        texts = stock.single(codes)
        if texts is None:
            raise OperatorError("traineddata_unsupported", "its characters take several codes each")
        return cls((*texts, *(letter for letter in extra if letter not in texts)), stock.null)

    @classmethod
    def read(cls, path: Path) -> Charset:
        """As :meth:`write` wrote it."""
        told = json.loads(path.read_text(encoding="utf-8"))
        return cls(tuple(told["texts"]), int(told["null"]))

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps({"texts": self.texts, "null": self.null}, ensure_ascii=False), encoding="utf-8")

    def codes(self, text: str) -> list[int] | None:
        """Codes of a text; None where a character has none."""
        places = self.places
        found = [places.get(letter, -1) for letter in text.translate(ALIKE)]
        return None if -1 in found else found

    @property
    def places(self) -> dict[str, int]:
        """Code of each character."""
        return {text: code for code, text in enumerate(self.texts) if text}
