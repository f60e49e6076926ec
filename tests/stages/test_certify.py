"""certify: who may be copied as SAO Y, and what is printed otherwise."""

from __future__ import annotations

import subprocess
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pytest
from numpy.typing import NDArray
from pikepdf.pdfa import validate_written

from models.errors import Retryable
from models.manifest import SourceKind
from models.stage import Ports
from pipeline.adapters.test_ca import TestCaSigner
from stages import certify
from stages.assemble import Assembled
from tests.support.finished_line import AGENCY, assembled, embedded_signer, ports
from tests.verapdf.judge import VeraPdf

PRINTED_TIME = "2026-11-21T09:15:30+07:00"


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> TestCaSigner:
    """The embedded signer."""
    return embedded_signer(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def line(signer: TestCaSigner) -> Ports:
    """Ports with that signer and empty stores."""
    return ports(signer)


@pytest.mark.parametrize("kind", [SourceKind.ORIGINAL, SourceKind.PRINCIPAL])
def test_an_original_is_copied_as_sao_y(line: Ports, signer: TestCaSigner, kind: SourceKind) -> None:
    """Signed, stamped with body and time, and the fact says what the paper shows."""
    inputs = assembled(line, kind)
    fact = certify.run(inputs, line)
    assert fact.form == "sao_y"
    assert fact.stamp == f"SAO Y; {AGENCY.name}; {PRINTED_TIME}\nBẢN THỬ NGHIỆM, KHÔNG CÓ GIÁ TRỊ PHÁP LÝ"
    assert fact.is_test
    assert fact.signer == signer.subject()
    assert fact.at.isoformat() == "2026-11-21T02:15:30+00:00"
    assert line.blobs.get(fact.pdf).startswith(line.blobs.get(inputs.fact(Assembled).pdf))


@pytest.mark.parametrize("kind", [None, SourceKind.CERTIFIED_COPY, SourceKind.AUTHENTICATED_COPY, SourceKind.PHOTOCOPY])
def test_anything_else_is_marked_as_converted(
    line: Ports, kind: SourceKind | None, tmp_path: Path, verapdf: VeraPdf
) -> None:
    """No signature, never SAO Y, the legal words in the page's own content, and still PDF/A-2b."""
    inputs = assembled(line, kind)
    fact = certify.run(inputs, line)
    assert (fact.form, fact.signer, fact.is_test) == ("conversion", "", False)
    path = tmp_path / "copy.pdf"
    path.write_bytes(line.blobs.get(fact.pdf))
    text = " ".join(subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout.split())
    assert text == f"Bản điện tử chuyển đổi từ văn bản giấy; {AGENCY.name}; {PRINTED_TIME}"
    assert validate_written(path, "2b").passed
    assert verapdf(path).failures == ()
    with pikepdf.open(path) as pdf, pikepdf.open(BytesIO(line.blobs.get(inputs.fact(Assembled).pdf))) as before:
        assert "/AcroForm" not in pdf.Root
        for new, old in zip(pdf.pages, before.pages, strict=True):
            assert new.get_images()["/Im0"].read_raw_bytes() == old.get_images()["/Im0"].read_raw_bytes()


def test_the_conversion_line_is_repeatable(line: Ports) -> None:
    """The same input at the same time gives the same bytes."""
    inputs = assembled(line, None)
    assert certify.run(inputs, line) == certify.run(inputs, line)


@pytest.mark.parametrize("kind", [SourceKind.PRINCIPAL, None])
def test_the_line_is_drawn_in_the_top_right_corner(line: Ports, kind: SourceKind | None, tmp_path: Path) -> None:
    """Rendered: ink appears in the top 20 mm of the right half, in black, within the margin, and nowhere else."""
    inputs = assembled(line, kind)
    before = rendered(line.blobs.get(inputs.fact(Assembled).pdf), tmp_path / "before")
    after = rendered(line.blobs.get(certify.run(inputs, line).pdf), tmp_path / "after")
    changed = np.abs(before.astype(int) - after).max(axis=2) > 60
    rows, columns = np.nonzero(changed)
    height, width = changed.shape
    margin = 8 / 72 * 100
    assert rows.min() >= margin - 1
    assert rows.max() <= 20 / 25.4 * 100
    assert columns.max() <= width - margin + 1
    assert columns.min() >= width / 2
    assert len(rows) > 500
    assert after[changed].min() < 60
    assert height == pytest.approx(1169, abs=2)


def test_a_signer_that_is_away_is_passed_on(line: Ports, signer: TestCaSigner) -> None:
    """Nothing is stored, and the error says which dependency."""

    class Away(TestCaSigner):
        def sign(self, *_: object) -> bytes:
            raise Retryable("token_absent", "no token", "signer")

    away = Away(signer._folder, signer._settings)
    inputs = assembled(line)
    with pytest.raises(Retryable):
        certify.run(inputs, Ports(line.blobs, line.clock, line.engine, lambda: away, line.archive, line.settings))


def rendered(pdf: bytes, to: Path) -> NDArray[np.uint8]:
    """Page 1 at 100 dpi as poppler draws it."""
    to.with_suffix(".pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "100", "-singlefile", "-png", to.with_suffix(".pdf"), to], check=True)
    image = cv2.imread(str(to.with_suffix(".png")))
    assert image is not None
    return np.asarray(image, np.uint8)
