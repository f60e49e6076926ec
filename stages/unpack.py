"""unpack (document): received containers to one blob per scanned side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import Field

from models.base import Sha256
from models.document import Source
from models.errors import Finding, Rejected
from models.facts import Fact
from models.side import Side, SideIndex
from models.stage import Inputs, Ports, Scope, Stage
from stages.containers import jpeg, pdf, png, tiff
from stages.containers.picture import Picture, effective_dpi
from stages.containers.refusal import SENTENCES, refused

_NAMED = 20
"""Files that one sentence names; a citizen's clerk reads no more."""
_MB = 1_000_000


class Unpacked(Fact):
    """``sides``: images found, all kinds. ``index``: blob of the :class:`models.side.SideIndex`."""

    sides: Annotated[int, Field(ge=1)]
    index: Sha256

    def side_count(self) -> int:
        return self.sides

    def blobs(self) -> tuple[str, ...]:
        return (self.index,)


def run(inputs: Inputs, ports: Ports) -> Unpacked:
    """Open every file in scanned order. Raises one ``Rejected`` that names all files that are bad."""
    sources = scanned_order(inputs.document.sources)
    if not sources:
        raise Rejected("empty_batch", SENTENCES["empty_batch"])
    sides: list[Side] = []
    bad: list[tuple[str, Rejected, int]] = []
    number = 0
    for source in sources:
        for page, found in enumerate(_open(source, ports), start=1):
            number += 1
            if number > pdf.MAX_PAGES:
                raise refused("too_many_pages", f"Hồ sơ có hơn {pdf.MAX_PAGES} trang")
            if isinstance(found, Rejected):
                bad.append((source.name, found, number))
                continue
            try:
                sides.append(_side(source, page, number, found, ports))
            except Rejected as error:
                bad.append((source.name, Rejected(error.code, error.message, page if page > 1 else 0), number))
    if bad:
        raise Rejected.of(_findings(bad))
    index = SideIndex(sides=tuple(sides))
    return Unpacked(sides=len(sides), index=ports.blobs.put(index.model_dump_json().encode()))


def scanned_order(sources: Iterable[Source]) -> tuple[Source, ...]:
    """By the scanner's sequence number; files without one stay where they are, after the others."""
    return tuple(sorted(sources, key=lambda source: (source.sequence is None, source.sequence or 0)))


def _open(source: Source, ports: Ports) -> Iterator[Picture | Rejected]:
    """The pictures of one file; an error of the whole file counts as one side."""
    settings = ports.settings
    max_pixels = settings.quality.max_pixels
    try:
        if source.size_bytes > settings.intake.max_file_mb * _MB:
            raise refused(
                "file_too_large", f"{source.size_bytes // _MB} MB (giới hạn {settings.intake.max_file_mb} MB)"
            )
        data = ports.blobs.get(source.sha256)
        if not data:
            raise refused("empty_file")
        if data.startswith(jpeg.MAGIC):
            yield jpeg.picture(data, max_pixels)
        elif data.startswith(png.MAGIC):
            yield png.picture(data, max_pixels)
        elif data.startswith(tiff.MAGICS):
            yield from tiff.pictures(data, max_pixels)
        elif pdf.MAGIC in data[: pdf.MAGIC_WITHIN]:
            yield from pdf.pictures(data, max_pixels)
        else:
            raise refused("foreign_file")
    except Rejected as error:
        yield error


def _side(source: Source, page: int, number: int, found: Picture, ports: Ports) -> Side:
    """Store the picture, unless it is the received file, and write down what its header says."""
    dpi, dpi_source = effective_dpi(found, ports.settings.quality.dpi_axes_tolerance)
    # Whatever else was cut out of a file unchanged is shorter than the file.
    is_file = not found.recoded and len(found.data) == source.size_bytes
    return Side(
        number=number,
        sha256=source.sha256 if is_file else ports.blobs.put(found.data),
        media=found.media,
        width_px=found.width_px,
        height_px=found.height_px,
        channels=found.channels,
        dpi=dpi,
        dpi_source=dpi_source,
        turn_deg=found.pose.turn_deg,
        mirrored=found.pose.mirrored,
        sequence=None if source.sequence is None else source.sequence + page - 1,
        source=source.name,
        source_page=page,
        note_of=source.note_of,
        recoded=found.recoded,
        original_sha256=source.sha256 if found.recoded else None,
    )


def _findings(bad: list[tuple[str, Rejected, int]]) -> list[Finding]:
    """One finding a bad side; sides with the same trouble share one sentence that names them all."""
    pages: dict[tuple[str, str], dict[str, list[int]]] = {}
    for name, error, _ in bad:
        files = pages.setdefault((error.code, error.message), {})
        files.setdefault(name, []).extend([error.findings[0].page] if error.findings[0].page else [])
    sentences = {key: f"{_where(files)}: {key[1]}" for key, files in pages.items()}
    return [Finding(error.code, sentences[error.code, error.message], number) for _, error, number in bad]


def check_whole(side: Side, data: bytes) -> None:
    """Look again at a side that did not decode, or not to its end; ``data``: its blob.

    Raises the ``Rejected`` that :func:`run` would have raised, had it decoded the picture.
    """
    if side.media != "image/jpeg":
        return
    try:
        jpeg.check_whole(data)
    except Rejected as error:
        page = side.source_page if side.source_page > 1 else 0
        raise Rejected.of(_findings([(side.source, Rejected(error.code, error.message, page), side.number)])) from error


def _where(files: dict[str, list[int]]) -> str:
    """``Tệp a.jpg; b.pdf (trang 2, 5)``."""
    names = [f"{name} (trang {_list([str(p) for p in found])})" if found else name for name, found in files.items()]
    return f"Tệp {_list(names, '; ')}"


def _list(names: list[str], between: str = ", ") -> str:
    more = len(names) - _NAMED
    return between.join(names[:_NAMED]) + (f" và {more} mục khác" if more > 0 else "")


STAGE = Stage("unpack", 1, Scope.DOCUMENT, (), Unpacked, run)
