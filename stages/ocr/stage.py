"""ocr (page): reads the upright, straightened side with the slot's warm engine."""

from __future__ import annotations

from models.base import Confidence, Sha256
from models.facts import Fact
from models.geometry import Box
from models.ports import Engine, Raster
from models.stage import Inputs, Ports, Scope, Stage
from models.text import Block, Line, PageText, Word
from stages.blank_side import BlankMeasured
from stages.deskew import Deskewed
from stages.ocr.sheet import Sheet
from stages.raster import side_of
from stages.upright import Upright, upright, worth_straightening

NOT_READ = "none"


class TextRead(Fact):
    """``text``: blob of the :class:`models.text.PageText`. ``confidence``: mean over characters.

    ``engine``: name and versions, or ``none`` for a blank side, which is not read.
    """

    text: Sha256
    engine: str
    words: int
    confidence: Confidence

    def blobs(self) -> tuple[str, ...]:
        return (self.text,)


def read(raster: Raster, posed: Deskewed, engine: Engine, *, mirrored: bool = False) -> PageText:
    """The text of one side, boxes in pixels of the scan.

    The engine sees the side turned upright, and straightened where that is worth a resampling; its
    page is large enough for the corners, so nothing is cut off.
    """
    skew_deg = posed.skew_deg if worth_straightening(posed.skew_deg) else 0.0
    page = upright(raster.width_px, raster.height_px, posed.orientation_deg, skew_deg, mirrored=mirrored, grow=True)
    moved = posed.orientation_deg != 0 or skew_deg != 0 or mirrored
    found = engine.read(Sheet(raster, page if moved else None))
    return PageText(
        width_px=raster.width_px,
        height_px=raster.height_px,
        rotation_deg=posed.orientation_deg - skew_deg,
        engine=found.engine,
        blocks=_on_scan(found.blocks, page, raster) if moved else found.blocks,
    )


def _on_scan(blocks: tuple[Block, ...], page: Upright, raster: Raster) -> tuple[Block, ...]:
    """The same blocks with every box where it is on the scan."""

    def back(box: Box) -> Box:
        return page.to_scan(box, raster.width_px, raster.height_px)

    def word(found: Word) -> Word:
        return found.model_copy(update={"box": back(found.box)})

    def line(found: Line) -> Line:
        return Line(words=tuple(word(w) for w in found.words), box=back(found.box))

    return tuple(Block(lines=tuple(line(li) for li in block.lines), box=back(block.box)) for block in blocks)


def confidence(text: PageText) -> float:
    """Mean confidence over the printed characters; 0 where nothing was read."""
    printed = [word for line in text.lines() for word in line.printed]
    characters = sum(len(word.text) for word in printed)
    return sum(len(word.text) * word.confidence for word in printed) / characters if characters else 0.0


def run(inputs: Inputs, ports: Ports) -> TextRead:
    raster = inputs.pixels()
    posed = inputs.fact(Deskewed)
    if inputs.fact(BlankMeasured).verdict == "blank":
        text = PageText(
            width_px=raster.width_px,
            height_px=raster.height_px,
            rotation_deg=posed.orientation_deg,
            engine=NOT_READ,
        )
    else:
        text = read(raster, posed, ports.engine(), mirrored=side_of(inputs, ports).mirrored)
    blob = ports.blobs.put(text.model_dump_json().encode())
    return TextRead(text=blob, engine=text.engine, words=sum(1 for _ in text.words()), confidence=confidence(text))


STAGE = Stage("ocr", 1, Scope.PAGE, (Deskewed, BlankMeasured), TextRead, run)
