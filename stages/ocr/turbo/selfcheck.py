"""Is the converted network as good as the original? Asked once per trained data, before it is trusted.

Built-in lines are rendered and read by tesserocr and by the converted network, both without layout. The network may
make hardly more mistakes than Tesseract makes. The answer is kept beside the converted graph.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import tesserocr
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from models.errors import OperatorError
from models.ports import ModelCache
from stages.ocr.turbo.ctc import Reader
from stages.ocr.turbo.graph import GRAPH_VERSION
from stages.ocr.turbo.network import Network, cached

FONTS = Path("/usr/share/fonts/truetype/liberation2")
"""Package fonts-liberation2: version 1 has no Vietnamese letters."""
_FACES = ("LiberationSerif-Regular.ttf", "LiberationSerif-Bold.ttf", "LiberationSans-Regular.ttf")
_SIZES_PX = (50, 42)
_MARGIN_PX = 10
_LINES = 12
_MOST_MORE = 0.02
"""Share of characters by which the network may be worse; both differ by chance where a letter is in doubt."""
_MOST_WRONG = 0.1
"""Share of wrong characters above which the check itself is no use."""
_NUMBERS = ("19", "6", "2015", "63/2010", "08/06", "1.250.000")


@dataclass(frozen=True)
class Verdict:
    """Characters that were rendered, and the edits away from them that each reading needs."""

    characters: int
    tesseract_edits: int
    turbo_edits: int

    @property
    def trusted(self) -> bool:
        """Hardly worse than Tesseract, on lines that Tesseract can read."""
        readable = self.tesseract_edits <= _MOST_WRONG * self.characters
        return readable and self.turbo_edits <= self.tesseract_edits + _MOST_MORE * self.characters


def require_trusted(network: Network, path: Path, models: ModelCache, fonts: Path = FONTS) -> Verdict:
    """Check the network of ``path`` unless ``models`` remembers that it was checked.

    Raises ``OperatorError("turbo_not_trusted"|"turbo_check_impossible")``.
    """
    name = f"{network.data.sha256}-{GRAPH_VERSION}-{network.kind}-check.json"

    def made() -> bytes:
        return json.dumps(asdict(check(network, path, fonts))).encode()

    try:
        verdict = Verdict(**json.loads(cached(models, name, made)))
    except (ValueError, TypeError):  # a power cut left half a file
        models.put(name, made())
        verdict = Verdict(**json.loads(cached(models, name, made)))
    if not verdict.trusted:
        raise OperatorError(
            "turbo_not_trusted",
            f"the converted network of {path.name} makes {verdict.turbo_edits} mistakes in {verdict.characters} "
            f"characters, Tesseract {verdict.tesseract_edits}: set ocr.engine = tesseract",
        )
    return verdict


def check(network: Network, path: Path, fonts: Path = FONTS) -> Verdict:
    """Read the built-in lines with both. Raises ``OperatorError("turbo_check_impossible"|"traineddata_unsupported")``."""
    texts = lines(network.data.words)
    if not texts:
        raise OperatorError("traineddata_unsupported", f"{path.name} has no dictionary to make test lines from")
    images = [image for image, _ in zip(_rendered(texts, fonts), texts, strict=True)]
    decoded = Reader(network).decode(network.run(images), greedy=True)
    ours = [" ".join("".join(character.text for character in line).split()) for line in decoded]
    theirs = list(_by_tesseract(images, path))
    return Verdict(
        characters=sum(len(text) for text in texts),
        tesseract_edits=sum(edits(text, read) for text, read in zip(texts, theirs, strict=True)),
        turbo_edits=sum(edits(text, read) for text, read in zip(texts, ours, strict=True)),
    )


def lines(words: frozenset[str]) -> list[str]:
    """The same lines for the same dictionary: words of letters alone, and numbers."""
    plain = sorted(word for word in words if word.isalpha() and word.islower() and 2 <= len(word) <= 9)
    if not plain:
        return []
    chance = random.Random(len(plain))  # noqa: S311 - the same lines each time, not a secret
    return [
        " ".join([*(chance.choice(plain) for _ in range(8)), chance.choice(_NUMBERS), chance.choice(plain)])
        for _ in range(_LINES)
    ]


def edits(truth: str, read: str) -> int:
    """Insertions, deletions and exchanges between two texts."""
    row = list(range(len(read) + 1))
    for index, character in enumerate(truth, 1):
        before, row[0] = row[0], index
        for column, other in enumerate(read, 1):
            before, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, before + (character != other)),
            )
    return row[-1]


def _rendered(texts: Sequence[str], fonts: Path) -> Iterator[NDArray[np.uint8]]:
    for index, text in enumerate(texts):
        face, size = fonts / _FACES[index % len(_FACES)], _SIZES_PX[index % len(_SIZES_PX)]
        try:
            # By its bytes: for a path that does not exist, Pillow takes a font of that name from elsewhere.
            font = ImageFont.truetype(BytesIO(face.read_bytes()), size)
        except OSError as error:
            raise OperatorError(
                "turbo_check_impossible", f"{face.name} is missing: install fonts-liberation2"
            ) from error
        ascent, descent = font.getmetrics()
        page = Image.new("L", (round(font.getlength(text)) + 2 * _MARGIN_PX, ascent + descent + _MARGIN_PX), 255)
        ImageDraw.Draw(page).text((_MARGIN_PX, _MARGIN_PX // 2), text, fill=0, font=font)
        yield np.asarray(page, dtype=np.uint8)


def _by_tesseract(images: Sequence[NDArray[np.uint8]], path: Path) -> Iterator[str]:
    with tesserocr.PyTessBaseAPI(path=str(path.parent), lang=path.stem, psm=tesserocr.PSM.RAW_LINE) as api:
        api.SetVariable("debug_file", "/dev/null")
        for image in images:
            height, width = image.shape
            api.SetImageBytes(image.tobytes(), width, height, 1, width)
            api.SetSourceResolution(300)
            yield " ".join(api.GetUTF8Text().split())
