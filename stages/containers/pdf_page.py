"""What a PDF page shows: its images with their matrices, and whether anything else is visible."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pikepdf

from models.geometry import Box
from stages.containers.pdf_limits import decoded_within
from stages.containers.refusal import refused

Matrix = tuple[float, float, float, float, float, float]
"""``a b c d e f`` of the PDF: x' = a·x + c·y + e, y' = b·x + d·y + f; points, y upwards."""

IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)

_PAINT = frozenset(("f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "sh"))
_SHOW = frozenset(("Tj", "TJ", "'", '"'))
_INVISIBLE = (3, 7)
"""Text render modes that leave no mark: neither filled nor stroked (ISO 32000-1 table 106)."""
_DEEPEST_FORM = 12
_MOST_FORMS = 200
"""Forms that a page may draw: each may draw others many times, which takes for ever out of a kilobyte."""
_MOST_CONTENT_BYTES = 8_000_000
"""What a page draws, inflated. A scanner's hidden text takes some 100 KB; a byte becomes 50 when it is parsed."""
_MOST_LZW_BYTES = 4_500
"""Of content packed by LZW, for which qpdf has no limit: 4 000 codes, each a byte longer than the one before, are 8 MB."""
_LZW = ("/LZWDecode", "/LZW")
_ASCII = ("/ASCII85Decode", "/A85", "/ASCIIHexDecode", "/AHx")
_LINK_ANNOTATIONS = ("/Link", "/Popup")
_HIDDEN_FLAG = 2


def multiply(first: Matrix, then: Matrix) -> Matrix:
    """The matrix that does ``first``, then ``then`` (``first × then`` in PDF's row vectors)."""
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u)


class Placed(NamedTuple):
    """One image as drawn: ``matrix`` maps the unit square to page points. ``inline``: from ``BI … EI``."""

    image: Any
    matrix: Matrix
    inline: bool = False

    @property
    def box(self) -> Box:
        """The box around the image on the page (points, y upwards: ``top`` < ``bottom``)."""
        a, b, c, d, e, f = self.matrix
        xs, ys = (e, e + a, e + c, e + a + c), (f, f + b, f + d, f + b + d)
        return Box(min(xs), min(ys), max(xs), max(ys))


@dataclass
class Shown:
    """``under`` and ``over``: visible text or drawing before the first image, and after it."""

    images: list[Placed] = field(default_factory=list)
    under: bool = False
    over: bool = False
    forms: int = 0

    def mark(self) -> None:
        if self.images:
            self.over = True
        else:
            self.under = True


@dataclass(frozen=True)
class _State:
    matrix: Matrix
    render_mode: int = 0


def shown(page: pikepdf.Page) -> Shown:
    """Read the page's content, forms within it, and its annotations. Raises ``pikepdf.PdfError``."""
    result = Shown()
    _read(page.obj, _inherited(page.obj, "/Resources"), _State(IDENTITY), result, 0)
    annotations = page.obj.get("/Annots")
    for annotation in annotations if isinstance(annotations, pikepdf.Array) else ():
        hidden = int(annotation.get("/F", 0)) & _HIDDEN_FLAG
        if not hidden and str(annotation.get("/Subtype")) not in _LINK_ANNOTATIONS:
            result.over = True
    return result


def _read(owner: Any, resources: Any, state: _State, result: Shown, depth: int) -> None:
    """Follow one content stream; the few operators that matter here."""
    result.forms += 1
    parts = _content(owner)
    if depth > _DEEPEST_FORM or result.forms > _MOST_FORMS or _bursts(parts):
        raise refused("damaged_pdf")
    stack: list[_State] = []
    with decoded_within(_MOST_CONTENT_BYTES):
        if _is_long(parts):
            raise refused("damaged_pdf")
        instructions = pikepdf.parse_content_stream(owner)
    for instruction in instructions:
        operands, name = instruction.operands, str(instruction.operator)
        if name == "q":
            stack.append(state)
        elif name == "Q" and stack:
            state = stack.pop()
        elif name == "cm":
            state = _State(multiply(_matrix(operands), state.matrix), state.render_mode)
        elif name == "Tr":
            state = _State(state.matrix, int(operands[0]))
        elif name in _PAINT or (name in _SHOW and state.render_mode not in _INVISIBLE and _has_glyphs(operands)):
            result.mark()
        elif name == "INLINE IMAGE":
            result.images.append(Placed(operands[0], state.matrix, inline=True))
        elif name == "Do":
            _draw(_resource(resources, "/XObject", operands[0]), resources, state, result, depth)


def _content(owner: Any) -> list[pikepdf.Stream]:
    """The content streams of a page or form."""
    content = owner if isinstance(owner, pikepdf.Stream) else owner.get("/Contents")
    parts = content if isinstance(content, pikepdf.Array) else [content]
    return [part for part in parts if isinstance(part, pikepdf.Stream)]


def _is_long(parts: list[pikepdf.Stream]) -> bool:
    """Whether the parts, each of which keeps the limit, together draw more than a page may."""
    total = 0
    return any((total := total + len(part.read_bytes())) > _MOST_CONTENT_BYTES for part in parts)


def _bursts(parts: list[pikepdf.Stream]) -> bool:
    """Whether LZW could make more of the content than a page may draw."""
    packed = [part for part in parts if any(name in _LZW for name in _packing(part))]
    stored = sum(int(part.get("/Length", 0)) for part in packed)
    return stored > _MOST_LZW_BYTES or any(len(_packing(part)) > 1 for part in packed)


def _packing(part: pikepdf.Stream) -> list[str]:
    """The filters of a stream that can make it longer."""
    filters = part.get("/Filter")
    names = [str(name) for name in (filters if isinstance(filters, pikepdf.Array) else [filters])]
    return [name for name in names if name not in _ASCII]


def _draw(drawn: Any, resources: Any, state: _State, result: Shown, depth: int) -> None:
    kind = str(drawn.get("/Subtype")) if isinstance(drawn, pikepdf.Stream) else ""
    if kind == "/Image":
        result.images.append(Placed(drawn, state.matrix))
    elif kind == "/Form":
        matrix = multiply(_matrix(drawn.get("/Matrix", IDENTITY)), state.matrix)
        inner = drawn.get("/Resources", resources)
        _read(drawn, inner, _State(matrix, state.render_mode), result, depth + 1)


def _has_glyphs(operands: Any) -> bool:
    """Whether a text operator shows more than spaces."""
    for operand in operands:
        parts = operand if isinstance(operand, pikepdf.Array) else (operand,)
        if any(bytes(part).strip(b" \x00") for part in parts if isinstance(part, pikepdf.String)):
            return True
    return False


def _resource(resources: Any, kind: str, name: Any) -> Any:
    if not isinstance(resources, pikepdf.Dictionary):
        return None
    group = resources.get(kind)
    return group.get(name) if isinstance(group, pikepdf.Dictionary) else None


def _matrix(values: Any) -> Matrix:
    numbers = tuple(float(value) for value in values)
    if len(numbers) != 6 or not all(math.isfinite(number) for number in numbers):
        raise refused("damaged_pdf")
    return numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]


def _inherited(node: Any, key: str) -> Any:
    """A page attribute, from the page or the nearest node above it."""
    for _ in range(100):
        found = node.get(key)
        if found is not None:
            return found
        node = node.get("/Parent")
        if not isinstance(node, pikepdf.Dictionary):
            return None
    return None


def rotate_deg(page: pikepdf.Page) -> int:
    """``/Rotate``: how far viewers turn the page clockwise, 0, 90, 180 or 270."""
    return round(float(_inherited(page.obj, "/Rotate") or 0) / 90) * 90 % 360


def user_unit(page: pikepdf.Page) -> float:
    """Points in one unit of the page's coordinates."""
    return float(page.obj.get("/UserUnit", 1.0))


def page_box(page: pikepdf.Page) -> Box:
    """What viewers show of the page: the crop box, else the media box."""
    raw = _inherited(page.obj, "/CropBox") or _inherited(page.obj, "/MediaBox")
    numbers = [float(value) for value in raw] if isinstance(raw, pikepdf.Array) else []
    if len(numbers) != 4:
        raise refused("damaged_pdf")
    xs, ys = sorted((numbers[0], numbers[2])), sorted((numbers[1], numbers[3]))
    return Box(xs[0], ys[0], xs[1], ys[1])


def covered(images: list[Placed], page: Box) -> float:
    """Share of the page that lies inside the box around all images, 0–1."""
    boxes: Iterator[Box] = (placed.box for placed in images)
    hull = next(boxes)
    for box in boxes:
        hull = hull.union(box)
    width = min(hull.right, page.right) - max(hull.left, page.left)
    height = min(hull.bottom, page.bottom) - max(hull.top, page.top)
    area = page.width * page.height
    return max(width, 0.0) * max(height, 0.0) / area if area > 0 else 0.0
