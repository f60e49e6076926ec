"""assemble: the copy is PDF/A-2b, holds the scanner's bytes, and its hidden text lies on the print."""

from __future__ import annotations

import hashlib
import html
import io
import math
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np
import orjson
import pikepdf
import pytest
from PIL import Image, ImageDraw

from models.errors import Defect
from models.facts import Fact, FactKey
from models.geometry import Box
from models.side import Side, SideIndex
from models.text import Block, PageText
from models.text import Line as TextLine
from models.text import Word as TextWord
from stages import assemble, unpack
from stages.both_sides import BothSidesJudged
from stages.deskew import Deskewed
from stages.page_text import Line, Text, Word
from stages.pdfa.copy import Page, write_copy
from stages.pdfa.metadata import About
from stages.upright import Upright, upright
from tests.stages import desk
from tests.verapdf.judge import VeraPdf

Turn = Literal[0, 90, 180, 270]
DPI = 150
SIZE = (1240, 1754)
needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")

WORDS = [
    ["CỘNG", "HÒA", "XÃ", "HỘI", "CHỦ", "NGHĨA", "VIỆT", "NAM"],
    ["Độc", "lập", "-", "Tự", "do", "-", "Hạnh", "phúc"],
    ["Số:", "05/QĐ-UBND"],
    ["Điều", "1.", "Công", "bố", "kèm", "theo", "Quyết", "định", "này"],
    ["🄰", "(a<b)\\&", "“ngoặc”"],
]


@dataclass(frozen=True)
class Lying:
    """How a scan lies: turned, leaning, flipped; and whether straightening would cut ink."""

    turn_deg: Turn = 0
    skew_deg: float = 0.0
    mirrored: bool = False
    clips_ink: bool = False
    kind: str = "JPEG"

    @property
    def text_map(self) -> Upright:
        """What the engine saw: upright and straight."""
        size = SIZE if self.turn_deg % 180 == 0 else SIZE[::-1]
        return upright(*size, self.turn_deg, self.skew_deg, mirrored=self.mirrored)

    @property
    def page_map(self) -> Upright:
        """What the copy shows."""
        size = SIZE if self.turn_deg % 180 == 0 else SIZE[::-1]
        straight = 0.2 <= abs(self.skew_deg) <= 5.0 and not self.clips_ink
        return upright(*size, self.turn_deg, self.skew_deg if straight else 0.0, mirrored=self.mirrored)


def upright_words() -> list[list[tuple[str, Box]]]:
    """Lines of words with their boxes on the upright page."""
    lines = []
    for row, words in enumerate(WORDS):
        at = 150.0
        line = []
        for word in words:
            width = 17.0 * len(word)
            line.append((word, Box(at, 200.0 + 130 * row, at + width, 240.0 + 130 * row)))
            at += width + 11.0
        lines.append(line)
    return lines


def scan(lying: Lying) -> tuple[bytes, PageText]:
    """A scan that lies so, a black bar under every word, and what an engine reads on it."""
    page = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(page)
    for line in upright_words():
        for _, box in line:
            draw.rectangle((box.left, box.top, box.right - 1, box.bottom - 1), fill="black")
    seen = lying.text_map
    wide, high = SIZE if lying.turn_deg % 180 == 0 else SIZE[::-1]
    a = seen.affine
    scanned = page.transform(
        (wide, high), Image.Transform.AFFINE, tuple(a), Image.Resampling.BILINEAR, fillcolor="white"
    )
    out = io.BytesIO()
    scanned.save(out, lying.kind, dpi=(DPI, DPI), **({"quality": 90} if lying.kind == "JPEG" else {}))
    lines = tuple(
        TextLine(
            words=tuple(TextWord(text=text, box=seen.to_scan(box, wide, high), confidence=0.9) for text, box in line),
            box=seen.to_scan(line[0][1].union(line[-1][1]), wide, high),
        )
        for line in upright_words()
    )
    text = PageText(
        width_px=wide,
        height_px=high,
        rotation_deg=lying.turn_deg - lying.skew_deg,
        blocks=tuple(Block(lines=(line,), box=line.box) for line in lines),
    )
    return out.getvalue(), text


def assembled(pages: Sequence[Lying], *, declared: bool = True) -> tuple[bytes, list[bytes], desk.Blobs]:
    """The PDF of these scans, the scans, and the blobs."""
    blobs = desk.Blobs()
    scans = [scan(lying) for lying in pages]
    suffix = {"JPEG": "jpg", "PNG": "png"}
    files = [
        (f"s{n}.{suffix[lying.kind]}", data) for n, (lying, (data, _)) in enumerate(zip(pages, scans, strict=True))
    ]
    of = desk.document(blobs, files, declared=(len(files), len(files), 0) if declared else None)
    ports = desk.ports(blobs)
    found = unpack.run(desk.inputs(of), ports)
    index = SideIndex.model_validate_json(blobs.get(found.index))
    turned = tuple(
        side.model_copy(update={"mirrored": lying.mirrored}) for side, lying in zip(index.sides, pages, strict=True)
    )
    facts: dict[FactKey, Fact] = desk.unpacked(blobs, turned)
    for n, (lying, (_, text)) in enumerate(zip(pages, scans, strict=True), start=1):
        facts[FactKey("TextRead", n)] = desk.text_read(blobs, text)
        facts[FactKey("Deskewed", n)] = Deskewed(
            orientation_deg=lying.turn_deg,
            orientation_confidence=1.0,
            skew_deg=lying.skew_deg,
            skew_confidence=1.0,
            clips_ink=lying.clips_ink,
        )
    numbers = list(range(1, len(files) + 1))
    facts[FactKey("BothSidesJudged")] = BothSidesJudged(
        rule="as_scanned", pages=len(files), left_out=0, selection=blobs.put(orjson.dumps(numbers))
    )
    inputs = desk.inputs(of, facts, len(files))
    fact = assemble.run(inputs, ports)
    assert assemble.run(inputs, ports) == fact, "equal input gives equal bytes"
    assert fact.pages == len(files)
    return blobs.get(fact.pdf), [data for data, _ in scans], blobs


EVERY_WAY = [
    Lying(),
    Lying(turn_deg=90),
    Lying(turn_deg=180),
    Lying(turn_deg=270),
    Lying(skew_deg=2.0),
    Lying(turn_deg=90, skew_deg=-3.0),
    Lying(skew_deg=2.0, clips_ink=True),
    Lying(skew_deg=0.1),
    Lying(mirrored=True, turn_deg=90, skew_deg=1.0),
    Lying(kind="PNG"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with a page for every way that a scan can lie."""
    path = tmp_path_factory.mktemp("copy") / "copy.pdf"
    path.write_bytes(assembled(EVERY_WAY)[0])
    return path


def test_verapdf_finds_nothing(copy: Path, verapdf: VeraPdf) -> None:
    """The judge that we did not write agrees with the gate."""
    assert verapdf(copy, "2b").failures == ()


def test_qpdf_finds_nothing(copy: Path) -> None:
    """The hand-written file is well formed, and says PDF 1.7."""
    with pikepdf.open(copy, attempt_recovery=False) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert pdf.pdf_version == "1.7"
        assert all("/Rotate" not in page.obj for page in pdf.pages)


def test_a_scanned_jpeg_is_in_the_copy_byte_for_byte() -> None:
    """Its hash can be checked against the batch."""
    pdf, scans, _ = assembled([Lying(), Lying(turn_deg=90, skew_deg=2.0)])
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        streams = [page.obj.Resources.XObject.Im for page in opened.pages]
        assert [hashlib.sha256(s.read_raw_bytes()).digest() for s in streams] == [
            hashlib.sha256(s).digest() for s in scans
        ]


def test_an_unsigned_copy_unpacks_to_the_same_scans() -> None:
    """Our own PDFs are PDFs of scanned images: same bytes, resolution, turn and mirror."""
    lying = [Lying(turn_deg=turn, skew_deg=skew) for turn in (0, 90, 180, 270) for skew in (0.0, 3.0)]
    lying.append(Lying(turn_deg=270, mirrored=True))
    pdf, scans, _ = assembled(lying)
    blobs = desk.Blobs()
    fact = unpack.run(desk.inputs(desk.document(blobs, [("copy.pdf", pdf)])), desk.ports(blobs))
    sides = SideIndex.model_validate_json(blobs.get(fact.index)).sides
    assert [blobs.get(side.sha256) for side in sides] == scans
    assert [(s.turn_deg, s.mirrored, s.dpi, s.dpi_source) for s in sides] == [
        (each.turn_deg, each.mirrored, DPI, "pdf") for each in lying
    ]


def test_the_page_has_the_papers_size(copy: Path) -> None:
    """Scale 100 %: pixels over dpi, sides swapped by a quarter turn, straightened or not."""
    with pikepdf.open(copy) as pdf:
        for page in pdf.pages:
            box = [float(v) for v in page.obj.MediaBox]
            assert box == pytest.approx([0, 0, SIZE[0] / DPI * 72, SIZE[1] / DPI * 72], abs=1e-3)


@needs_poppler
def test_hidden_words_lie_on_the_print(copy: Path) -> None:
    """Every word is found, whole, and its box is where the copy shows it, to a pixel or two."""
    out = subprocess.run(["pdftotext", "-bbox", copy, "-"], capture_output=True, check=True, text=True).stdout
    pages = out.split("<page ")[1:]
    assert len(pages) == len(EVERY_WAY)
    pattern = re.compile(r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>')
    for lying, page in zip(EVERY_WAY, pages, strict=True):
        scale = DPI / 72
        found = [
            (html.unescape(m[5]), Box(*(float(m[i]) * scale for i in range(1, 5)))) for m in pattern.finditer(page)
        ]
        shown = lying.text_map.affine.inverse().then(lying.page_map.affine)
        for text, box in (word for line in upright_words() for word in line):
            x, y = shown.point(*box.centre)
            boxes = [b for t, b in found if t == text]
            assert boxes, f"{text} is not found on {lying}"
            near = min(boxes, key=lambda b: math.dist(b.centre, (x, y)))
            assert math.dist(near.centre, (x, y)) < 2.5, (text, lying)
            assert near.width == pytest.approx(box.width, abs=2.5)
            assert near.height == pytest.approx(box.height, abs=2.5)


@needs_poppler
def test_lines_are_copied_as_lines(copy: Path) -> None:
    """Words apart by spaces, lines in reading order, on every straight page."""
    for number, lying in enumerate(EVERY_WAY, start=1):
        if lying.clips_ink:
            continue
        command = ["pdftotext", "-f", str(number), "-l", str(number), str(copy), "-"]
        text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        assert [line for line in text.splitlines() if line.strip()] == [" ".join(words) for words in WORDS]


@needs_poppler
def test_viewers_show_the_page_upright_and_straight(copy: Path, tmp_path: Path) -> None:
    """Rendered, each word's black bar stands where the engine saw the word."""
    subprocess.run(["pdftoppm", "-r", str(DPI), "-gray", copy, tmp_path / "p"], check=True)
    renders = sorted(tmp_path.glob("p-*.pgm"))
    assert len(renders) == len(EVERY_WAY)
    for lying, path in zip(EVERY_WAY, renders, strict=True):
        with Image.open(path) as image:
            dark = np.asarray(image) < 128
        shown = lying.text_map.affine.inverse().then(lying.page_map.affine)
        for box in (box for line in upright_words() for _, box in line):
            x, y = shown.point(*box.centre)
            assert dark[int(y), int(x)], lying
            above = shown.point(box.centre[0], box.top - 8)
            assert not dark[int(above[1]), int(above[0])], lying


def test_metadata_says_what_the_manifest_says(copy: Path) -> None:
    """Type and ids; XMP and Info agree; the time is the batch's, not the clock's."""
    with pikepdf.open(copy) as pdf:
        xmp = pdf.Root.Metadata.read_raw_bytes().decode()
        assert "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" in xmp
        assert "Quyết định TEST-1" in xmp
        assert "<dc:identifier>TEST-1/r1</dc:identifier>" in xmp
        assert "2026-11-20T08:30:00+00:00" in xmp
        assert str(pdf.docinfo["/Title"]) == "Quyết định TEST-1"
        assert str(pdf.docinfo["/CreationDate"]) == "D:20261120083000+00'00'"


def test_without_a_manifest_the_id_is_the_title() -> None:
    """Nothing is invented."""
    with pikepdf.open(io.BytesIO(assembled([Lying()], declared=False)[0])) as pdf:
        assert str(pdf.docinfo["/Title"]) == "TEST-1"


def test_the_gate_stops_what_is_not_pdfa() -> None:
    """A file without output intent does not pass."""
    pdf = assembled([Lying()])[0]
    broken = pdf.replace(b"/OutputIntents", b"/OutputIntentX")
    with pytest.raises(Defect) as error:
        assemble.check_pdfa(broken)
    assert error.value.code == "not_pdfa"


def test_the_specimen_speaks_for_the_copy(copy: Path) -> None:
    """The gate sees a specimen only; of the whole copy it says the same."""
    assemble.check_pdfa(copy.read_bytes())


def pages_of(*dpis: int, words: Sequence[Word] = ()) -> list[Page]:
    """Pages of one scan at these resolutions."""
    data, _ = scan(Lying())
    side = Side(
        number=1,
        sha256=hashlib.sha256(data).hexdigest(),
        media="image/jpeg",
        width_px=SIZE[0],
        height_px=SIZE[1],
        channels=3,
        dpi=DPI,
        dpi_source="declared",
        source="a.jpg",
    )
    text = Text(*SIZE, 0.0, [Line(words, (0, 0, 10, 10))])
    return [Page(side.model_copy(update={"dpi": dpi}), data, text, 0) for dpi in dpis]


ABOUT = About("T/r1", "T", datetime(2026, 11, 20, tzinfo=UTC))


def test_the_specimen_has_every_kind_of_page_once() -> None:
    """One page of four is too large for PDF/A: the gate sees it, and sees like pages once."""
    fine = write_copy(pages_of(150, 150, 200, 150), ABOUT)
    assemble.check_pdfa(fine.specimen)
    with pikepdf.open(io.BytesIO(fine.specimen)) as opened:
        assert len(opened.pages) == 2
    too_large = write_copy(pages_of(150, 150, 8, 150), ABOUT)
    with pytest.raises(Defect, match="not PDF/A"):
        assemble.check_pdfa(too_large.specimen)


@pytest.mark.parametrize(
    "word",
    [
        Word("a", (math.nan, 0, 9, 9), 1.0),
        Word("a", (0, 0, math.inf, 9), 1.0),
        Word("a" * 20_000, (0, 0, 9, 9), 1.0),
    ],
)
def test_a_word_that_no_pdf_can_hold_stops_the_copy(word: Word) -> None:
    """What the specimen cannot show is looked at where it is written."""
    with pytest.raises(Defect) as error:
        write_copy(pages_of(DPI, words=[word]), ABOUT)
    assert error.value.code == "not_pdfa"
