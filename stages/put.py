"""put (document): writes the sealed bytes to the archive, PDF first, record last."""

from __future__ import annotations

from models.errors import Defect
from models.facts import Fact
from models.ports import Archive
from models.side import read_index
from models.stage import Inputs, Ports, Scope, Stage
from stages.notes import NotesPaired, pairs_of
from stages.seal import Sealed, originals, variant_key, variants
from stages.unpack import Unpacked


class Archived(Fact):
    """``pdf`` and ``record``: keys in the archive, read back and verified."""

    pdf: str
    record: str


def run(inputs: Inputs, ports: Ports) -> Archived:
    """Write once, read back, compare. Doing it again changes nothing.

    The record comes last: where it stands, the copy is complete. Raises what the archive raises,
    and ``Defect("archive_damaged")`` where it gives back other bytes than it was given.
    """
    sealed, archive = inputs.fact(Sealed), ports.archive()
    sides = read_index(ports.blobs.get(inputs.fact(Unpacked).index)).sides
    key = inputs.document.archive_key
    for sha256 in originals(sides):
        _keep(archive, f"{key}/originals/{sha256}", ports.blobs.get(sha256))
    for sha256 in variants(pairs_of(inputs, ports), sides):
        _keep(archive, f"{key}/{variant_key(sha256)}", ports.blobs.get(sha256))
    pdf, record = f"{key}/document.pdf", f"{key}/record.json"
    _keep(archive, pdf, ports.blobs.get(sealed.pdf))
    _keep(archive, record, ports.blobs.get(sealed.record))
    return Archived(pdf=pdf, record=record)


def _keep(archive: Archive, key: str, data: bytes) -> None:
    archive.put(key, data)
    if archive.get(key) != data:  # ``data`` came out of the blob store, which has checked its hash
        raise Defect("archive_damaged", f"{archive.locate(key)} does not read back as it was written")


STAGE = Stage("put", 2, Scope.DOCUMENT, (Unpacked, NotesPaired, Sealed), Archived, run)
