"""put: originals, then the PDF, then the record; repeatable; read back."""

from __future__ import annotations

import orjson
import pytest

from models.errors import Defect
from models.stage import Ports
from pipeline.adapters.test_ca import TestCaSigner
from stages import put
from stages.seal import Sealed
from tests.support.finished_line import assembled, embedded_signer, ports, sealed, with_note
from tests.support.memory_archive import MemoryArchive


class Forgetful(MemoryArchive):
    """An archive that loses a bit."""

    def get(self, key: str) -> bytes:
        return super().get(key)[:-1] + b"?"


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> TestCaSigner:
    """The embedded signer."""
    return embedded_signer(tmp_path_factory.mktemp("ca"))


def test_the_record_comes_last_and_twice_is_once(signer: TestCaSigner) -> None:
    """Where the record stands the copy is complete; running again changes nothing."""
    archive = MemoryArchive()
    line = ports(signer, archive)
    inputs = sealed(assembled(line), line)
    fact = put.run(inputs, line)
    key = inputs.document.archive_key
    assert fact == put.Archived(pdf=f"{key}/document.pdf", record=f"{key}/record.json")
    assert archive.order[-2:] == (fact.pdf, fact.record)
    (original,) = archive.order[:-2]
    assert original.startswith(f"{key}/originals/")
    assert archive.get(original) == b"the received TIFF"
    assert archive.get(fact.record) == line.blobs.get(inputs.fact(Sealed).record)
    before = archive.order
    assert put.run(inputs, line) == fact
    assert archive.order == before


def test_both_scans_of_a_page_with_a_note_are_archived(signer: TestCaSigner) -> None:
    """They lie beside the copy before the record does, and the record names them and their roles."""
    archive = MemoryArchive()
    line = ports(signer, archive)
    inputs = with_note(assembled(line), line)
    done = sealed(inputs, line)
    fact = put.run(done, line)
    record = orjson.loads(archive.get(fact.record))
    roles = {v["role"]: (v["side"], v["page"], v["verdict"]) for v in record["variants"]}
    assert roles == {"note_on": (3, 1, "paired"), "note_off": (1, 1, "paired")}
    keys = [f"{inputs.document.archive_key}/{v['key']}" for v in record["variants"]]
    assert set(keys) <= set(archive.order[:-2])
    assert [archive.get(key) for key in keys] == [line.blobs.get(v["sha256"]) for v in record["variants"]]
    assert done.fact(Sealed).variants == 2


def test_a_second_signature_cannot_replace_the_first(signer: TestCaSigner) -> None:
    """Sealing again gives other bytes; the archive keeps what it has, and no record is written over."""
    archive = MemoryArchive()
    line = ports(signer, archive)
    inputs = assembled(line)
    first = sealed(inputs, line)
    put.run(first, line)
    with pytest.raises(Defect) as caught:
        put.run(sealed(inputs, line), line)
    assert caught.value.code == "archive_conflict"
    assert archive.get(f"{inputs.document.archive_key}/record.json") == line.blobs.get(first.fact(Sealed).record)


def test_an_interrupted_put_goes_on(signer: TestCaSigner) -> None:
    """With the PDF there and the record missing, the next run completes the copy."""
    archive = MemoryArchive()
    line = ports(signer, archive)
    inputs = sealed(assembled(line), line)
    archive.put(f"{inputs.document.archive_key}/document.pdf", line.blobs.get(inputs.fact(Sealed).pdf))
    fact = put.run(inputs, line)
    assert archive.order[-1] == fact.record


def test_an_archive_that_forgets_is_found_out(signer: TestCaSigner) -> None:
    """What does not read back as written is not archived."""
    line: Ports = ports(signer, Forgetful())
    with pytest.raises(Defect) as caught:
        put.run(sealed(assembled(line), line), line)
    assert caught.value.code == "archive_damaged"
