"""seal: the record tells everything, the same way every time, and refuses a copy that is not the scans."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
import pytest

from models.errors import Defect
from models.facts import FactKey
from models.manifest import SourceKind
from models.side import SideIndex
from models.stage import Inputs, Ports
from stages import certify, seal
from stages.assemble import Assembled
from stages.both_sides import BothSidesJudged
from stages.certify import Certified
from stages.unpack import Unpacked
from tests.support.finished_line import DOCUMENT, assembled, embedded_signer, ports, with_fact
from tests.support.small_pdfa import scan, small_pdfa


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Ports:
    """Ports with the embedded signer."""
    return ports(embedded_signer(tmp_path_factory.mktemp("ca")))


def certified(line: Ports, kind: SourceKind | None = SourceKind.PRINCIPAL) -> Inputs:
    """Inputs of seal."""
    inputs = assembled(line, kind)
    return with_fact(inputs, certify.run(inputs, line))


def record_of(line: Ports, inputs: Inputs) -> dict[str, Any]:
    """The record as data."""
    record: dict[str, Any] = orjson.loads(line.blobs.get(seal.run(inputs, line).record))
    return record


def test_the_record_tells_everything(line: Ports) -> None:
    """Document, manifest, copy, sides, fields, every fact with its stage, history."""
    inputs = certified(line)
    record = record_of(line, inputs)
    pdf = line.blobs.get(inputs.fact(Certified).pdf)
    assert record["document"]["id"] == DOCUMENT
    assert record["document"]["storage_code"] == "022099000001.KQ.G01.000001"
    assert record["document"]["archive_key"] == inputs.document.archive_key
    assert record["manifest"]["class"] == "counter"
    assert record["copy"]["sha256"] == hashlib.sha256(pdf).hexdigest()
    assert record["copy"]["size_bytes"] == len(pdf)
    assert record["copy"]["unsigned_sha256"] == hashlib.sha256(pdf[: record["copy"]["unsigned_size_bytes"]]).hexdigest()
    scans = [side["sha256"] for side in record["sides"]]
    assert [page["images"] for page in record["copy"]["pages"]] == [[scans[0]], [scans[1]]]
    assert [side["page"] for side in record["sides"]] == [1, 2, None]
    assert record["fields"][0]["value"] == "05/QĐ-UBND"
    assert {(f["kind"], f.get("stage"), f.get("version")) for f in record["facts"]} >= {
        ("Certified", "certify", 7),
        ("Approved", None, None),
    }
    assert len(record["facts"]) == len(inputs.facts)
    assert record["history"] == [{"at": "2026-11-21T02:00:00Z", "what": "received", "detail": "quay-3"}]


def test_the_same_facts_give_the_same_bytes(line: Ports) -> None:
    """Sorted, indented, and independent of the order in which facts arrived."""
    inputs = certified(line)
    shuffled = Inputs(
        inputs.document,
        0,
        inputs.side_count,
        dict(reversed(list(inputs.facts.items()))),
        history=inputs.history,
        provenance=inputs.provenance,
    )
    assert seal.run(inputs, line) == seal.run(shuffled, line)


def test_without_a_manifest_there_is_no_owner(line: Ports) -> None:
    """What nobody declared is null, not invented."""
    record = record_of(line, certified(line, None))
    assert record["manifest"] is None
    assert record["document"]["storage_code"] is None
    assert record["copy"]["form"] == "conversion"


def test_an_original_that_was_recoded_is_counted_once(line: Ports) -> None:
    """Two sides out of one received TIFF archive one original."""
    inputs = certified(line)
    index = SideIndex.model_validate_json(line.blobs.get(inputs.fact(Unpacked).index))
    again = index.sides[-1].model_copy(update={"number": len(index.sides) + 1})
    more = SideIndex(sides=(*index.sides, again))
    unpacked = Unpacked(sides=len(more.sides), index=line.blobs.put(more.model_dump_json().encode()))
    assert seal.run(with_fact(inputs, unpacked), line).originals == 1


def test_a_copy_with_other_pixels_is_not_sealed(line: Ports) -> None:
    """A scan that was re-encoded on the way is found before anything is archived."""
    inputs = certified(line)
    forged = line.blobs.put(small_pdfa([scan(1), scan(7)]))
    changed = inputs.fact(Certified).model_copy(update={"pdf": forged})
    with pytest.raises(Defect) as caught:
        seal.run(with_fact(inputs, changed), line)
    assert caught.value.code == "scan_changed"


def test_a_copy_that_lacks_a_page_is_not_sealed(line: Ports) -> None:
    """The PDF must have a page for every selected side."""
    inputs = certified(line)
    judged = inputs.fact(BothSidesJudged).model_copy(update={"selection": line.blobs.put(b"[1]")})
    with pytest.raises(Defect) as caught:
        seal.run(with_fact(inputs, judged), line)
    assert caught.value.code == "pages_differ"


def test_facts_of_single_sides_are_kept_apart(line: Ports) -> None:
    """A page fact stands in the record with its side."""
    inputs = certified(line)
    page = inputs.fact(Assembled)
    facts = {**inputs.facts, FactKey("Assembled", 2): page}
    record = record_of(line, Inputs(inputs.document, 0, inputs.side_count, facts))
    assert [f["page"] for f in record["facts"] if f["kind"] == "Assembled"] == [0, 2]
