"""A real certificate waits for a person's approval; only then a copy is certified."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

from tests.acceptance.line import process, sohoa

PASSWORD = "bí mật"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings with an agency's certificate in a PKCS#12 file."""
    folder = tmp_path_factory.mktemp("agency")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Văn phòng thử")])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365))
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=True,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    bundle = pkcs12.serialize_key_and_certificates(
        b"agency", key, certificate, None, BestAvailableEncryption(PASSWORD.encode())
    )
    (folder / "agency.p12").write_bytes(bundle)
    file = folder / "sohoa.toml"
    file.write_text(f'[signer]\nkind = "pkcs12"\npath = "{folder / "agency.p12"}"\npassword = "{PASSWORD}"\n', "utf-8")
    return file


def test_a_copy_waits_for_approval(samples: Path, settings: Path, tmp_path: Path) -> None:
    """Process: WAITING. Approve: on record who did. Process again: certified, without a word of a test."""
    batch, out = samples / "s7-birth-0003", tmp_path / "out"
    first = process([batch], out, "--settings", str(settings))
    assert first.document("s7-birth-0003")["status"] == "WAITING"
    summary = first.report["summary"]
    assert (summary["waiting"], summary["sides_waiting"]) == (1, summary["sides"])

    approved = sohoa("approve", "s7-birth-0003", "--by", "officer-12", "--out", out)
    assert (approved.code, approved.document[0]["status"]) == (0, "RUNNING")

    second = process([batch], out, "--settings", str(settings))
    entry = second.document("s7-birth-0003")
    assert entry["status"] == "ARCHIVED"
    assert "officer-12" in Path(entry["record"]).read_text("utf-8")
    signed = subprocess.run(["pdfsig", entry["pdf"]], capture_output=True, text=True, check=True).stdout
    assert "Signature is Valid" in signed
    text = subprocess.run(["pdftotext", entry["pdf"], "-"], capture_output=True, text=True, check=True).stdout
    assert "SAO Y; " in text
    assert "THỬ NGHIỆM" not in text


def test_a_document_that_is_not_known_is_not_approved(tmp_path: Path) -> None:
    """The error says where there is no ledger, with the code of a wrong command."""
    run = sohoa("approve", "nothing", "--by", "officer-12", "--out", tmp_path)
    assert (run.code, run.document["error"]["code"]) == (64, "no_ledger")
