"""What a signed PDF holds beyond its first revision: a signature may be there, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Stream

CATALOG_MAY_GAIN = frozenset(("/AcroForm", "/Extensions", "/DSS"))
DIRECT = (0, 0)


def first_revision(pdf: bytes) -> bytes:
    """The bytes of the document before anything was appended.

    Follows ``/Prev`` from the last cross-reference section to the first, and cuts after the end
    marker that closes it. Raises ``ValueError`` where the chain is broken.
    """
    offset = _last_offset(pdf)
    seen: set[int] = set()
    while (before := _previous(pdf, offset)) is not None:
        if before in seen or before >= offset:
            raise ValueError("the chain of cross-reference sections is broken")
        seen.add(before)
        offset = before
    end = re.compile(rb"startxref\s+%d\s+%%%%EOF(\r\n|\r|\n)?" % offset).search(pdf, offset)
    if end is None:
        raise ValueError("the first revision has no end")
    return pdf[: end.end()]


def _last_offset(pdf: bytes) -> int:
    found = re.findall(rb"startxref\s+(\d+)\s+%%EOF", pdf[-2048:])
    if not found:
        raise ValueError("no cross-reference section")
    return int(found[-1])


def _previous(pdf: bytes, offset: int) -> int | None:
    """``/Prev`` of the section at ``offset``: of its trailer, or of its stream's dictionary."""
    start = offset
    if pdf[offset : offset + 4] == b"xref":
        start = pdf.find(b"trailer", offset)
    end = min(x for x in (pdf.find(b"startxref", start), pdf.find(b"stream", start)) if x >= 0)
    found = re.search(rb"/Prev\s+(\d+)", pdf[start:end])
    return None if found is None else int(found[1])


def strangers(first: bytes, whole: bytes) -> list[str]:
    """Everything in ``whole`` that is neither in ``first`` nor part of a signature, in words.

    Allowed: a signature field with its annotation, appearance, fonts and value; the catalogue's
    ``/AcroForm``, ``/Extensions`` and ``/DSS``; the annotation in the list of its page.
    """
    if first == whole:
        return []
    with pikepdf.open(BytesIO(first)) as old, pikepdf.open(BytesIO(whole)) as new:
        return list(_strangers(old, new))


def _strangers(old: pikepdf.Pdf, new: pikepdf.Pdf) -> Iterator[str]:
    expected = _signature_objects(new)
    known = {thing.objgen: thing for thing in old.objects if isinstance(thing, Object)}
    pages = {page.obj.objgen for page in old.pages}
    for thing in new.objects:
        if not isinstance(thing, Object):
            continue  # null, or a bare number or name
        before = known.pop(thing.objgen, None)
        number = thing.objgen[0]
        if before is None:
            if thing.objgen not in expected and not _is_file_structure(thing):
                yield f"object {number} ({_kind(thing)}) is new"
        elif thing.objgen == old.Root.objgen:
            yield from (f"the catalogue's {key} changed" for key in _changed(before, thing) - CATALOG_MAY_GAIN)
        elif thing.objgen in pages:
            yield from (f"{key} of a page changed" for key in _changed(before, thing) - {"/Annots"})
            yield from _annotations(before, thing, expected)
        elif _bytes(before) != _bytes(thing) and not _is_file_structure(thing):
            yield f"object {number} ({_kind(thing)}) changed"
    yield from (f"object {number} is gone" for (number, _), o in known.items() if not _is_file_structure(o))


def _annotations(before: Object, after: Object, expected: set[tuple[int, int]]) -> Iterator[str]:
    """Old annotations stay, in order; new ones are widgets of signatures."""
    old = [a.objgen for a in before.get("/Annots", Array())]
    now = [a.objgen for a in after.get("/Annots", Array())]
    if now[: len(old)] != old or any(a not in expected for a in now[len(old) :]):
        yield "the annotations of a page changed"


def _signature_objects(new: pikepdf.Pdf) -> set[tuple[int, int]]:
    """Objects that belong to signature fields, their appearance, or the security store."""
    found: set[tuple[int, int]] = set()
    form = new.Root.get("/AcroForm", Dictionary())
    found.add(form.objgen)
    fields = form.get("/Fields", Array())
    found.add(fields.objgen)
    for field in fields:
        if (
            field.get("/FT") == Name.Sig
            and field.get("/Subtype") == Name.Widget
            and not {"/A", "/AA"} & set(field.keys())
        ):
            _collect(field, found)
    for key in ("/DSS", "/Extensions"):
        if key in new.Root:
            _collect(new.Root[key], found)
    for page in new.pages:
        if "/Annots" in page.obj:
            found.add(page.obj.Annots.objgen)
    found.discard(DIRECT)  # the number of everything that has none
    return found


def _collect(start: Object, found: set[tuple[int, int]]) -> None:
    """All objects below one, back references to pages and parents left out."""
    stack = [start]
    while stack:
        thing = stack.pop()
        if thing.is_indirect:
            if thing.objgen in found:
                continue
            found.add(thing.objgen)
        if isinstance(thing, Array):
            stack.extend(v for v in thing if isinstance(v, Object))
        elif isinstance(thing, Dictionary | Stream):
            entries = thing.items() if isinstance(thing, Dictionary) else thing.stream_dict.items()
            stack.extend(v for k, v in entries if k not in ("/P", "/Parent", "/Page") and isinstance(v, Object))


def _changed(before: Object, after: Object) -> set[str]:
    """Keys of a dictionary whose own value (references as references) differs."""
    keys = set(before.keys()) | set(after.keys())
    return {k for k in keys if _entry(before, k) != _entry(after, k)}


def _entry(thing: Object, key: str) -> bytes:
    value = thing.get(key)
    if value is None:
        return b""
    if not isinstance(value, Object):
        return repr(value).encode()
    return b"%d %d R" % value.objgen if value.is_indirect else value.unparse()


def _bytes(thing: Object) -> bytes:
    """The object as bytes: a stream's dictionary and raw data, anything else as written."""
    if isinstance(thing, Stream):
        return _bytes_of_dictionary(thing) + thing.read_raw_bytes()
    return thing.unparse(resolved=True)


def _bytes_of_dictionary(thing: Stream) -> bytes:
    return b"".join(k.encode() + b" " + _entry(thing, k) for k in sorted(thing.keys()))


def _is_file_structure(thing: Object) -> bool:
    """Cross-reference and object streams: how objects are stored, not what they are."""
    return isinstance(thing, Stream) and thing.get("/Type") in (Name.XRef, Name.ObjStm)


def _kind(thing: Object) -> str:
    if isinstance(thing, Dictionary | Stream):
        described = thing.get("/Type", thing.get("/S"))
        return str(described) if described is not None else "untyped"
    return type(thing).__name__
