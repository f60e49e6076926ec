"""The contract of the signer, on every adapter: test CA, PKCS#12 file, PKCS#11 token."""

from __future__ import annotations

import gc
import multiprocessing
import subprocess
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Literal, cast

import cv2
import numpy as np
import pikepdf
import pkcs11
import pytest
from asn1crypto import pem as asn1_pem
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from pkcs11.util.x509 import decode_x509_certificate
from pydantic import SecretStr
from pyhanko.pdf_utils.reader import PdfFileReader

from benchmarks.time_authority import time_authority
from models.errors import Defect, OperatorError, Retryable
from models.settings import SignerSettings
from pipeline.adapters.pades import PadesSigner
from pipeline.adapters.pkcs11 import Pkcs11Signer
from pipeline.adapters.pkcs12 import Pkcs12Signer
from pipeline.adapters.test_ca import BUNDLE, ROOT, TestCaSigner
from pipeline.verify import Finding, Roots, verify
from stages import stamp
from tests.servers.softhsm import SoftHsm
from tests.support.small_pdfa import scan, small_pdfa
from tests.verapdf.judge import VeraPdf

AT = datetime(2026, 11, 21, 2, 15, 30, tzinfo=UTC)
LINES = stamp.sao_y("Ủy ban nhân dân phường Hồng Gai, tỉnh Quảng Ninh", AT, is_test=True)
PASSWORD = SecretStr("mật khẩu")

Kind = Literal["test-ca", "pkcs12", "pkcs11"]


@dataclass(frozen=True)
class Certificates:
    """One key and certificate, held in a test CA's folder, a PKCS#12 file and (by label) a token."""

    folder: Path
    p12: Path
    root: asn1_x509.Certificate
    key_der: bytes
    certificate_der: bytes


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Made by the test CA, so that every adapter signs with the same key."""
    folder = tmp_path_factory.mktemp("signers")
    TestCaSigner(folder, SignerSettings()).subject()
    pem = (folder / BUNDLE).read_bytes()
    key = serialization.load_pem_private_key(pem, password=None)
    own, root = x509.load_pem_x509_certificates(pem)
    assert isinstance(key, rsa.RSAPrivateKey)
    encrypted = serialization.BestAvailableEncryption(PASSWORD.get_secret_value().encode())
    p12 = folder / "agency.p12"
    p12.write_bytes(pkcs12.serialize_key_and_certificates(b"agency", key, own, [root], encrypted))
    der = serialization.Encoding.DER
    key_der = key.private_bytes(der, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    asn1_root = asn1_x509.Certificate.load(asn1_pem.unarmor((folder / ROOT).read_bytes())[2])
    return Certificates(folder, p12, asn1_root, key_der, own.public_bytes(der))


@pytest.fixture(scope="module")
def token(softhsm: SoftHsm, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> SignerSettings:
    """The token with the key and its certificate inside."""
    file = tmp_path_factory.mktemp("key") / "key.pem"
    key = serialization.load_der_private_key(certificates.key_der, password=None)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    softhsm.util(
        *("--import", str(file), "--token", softhsm.token_label, "--label", "agency", "--id", "a1"),
        *("--pin", softhsm.pin),
    )
    session = pkcs11.lib(str(softhsm.module)).get_token(token_label=softhsm.token_label).open(rw=True, user_pin="1234")
    content = decode_x509_certificate(certificates.certificate_der)
    content[pkcs11.Attribute.LABEL], content[pkcs11.Attribute.TOKEN] = "agency", True
    session.create_object(content)
    session.close()
    return SignerSettings(
        kind="pkcs11",
        path=softhsm.module,
        password=SecretStr(softhsm.pin),
        token_label=softhsm.token_label,
        key_label="agency",
    )


def open_signer(request: pytest.FixtureRequest, kind: Kind, **changes: object) -> PadesSigner:
    """A signer of that kind with changed settings."""
    made = cast(Certificates, request.getfixturevalue("certificates"))
    if kind == "test-ca":
        return TestCaSigner(made.folder, SignerSettings().model_copy(update=changes))
    if kind == "pkcs12":
        settings = SignerSettings(kind="pkcs12", path=made.p12, password=PASSWORD)
        return Pkcs12Signer(settings.model_copy(update=changes))
    settings = cast(SignerSettings, request.getfixturevalue("token"))
    return Pkcs11Signer(settings.model_copy(update=changes))


@pytest.fixture(params=["test-ca", "pkcs12", "pkcs11"])
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each adapter."""
    return cast(Kind, request.param)


@pytest.fixture
def signer(request: pytest.FixtureRequest, kind: Kind) -> Iterator[PadesSigner]:
    """The adapter with its default settings; its session ends with the test."""
    made = open_signer(request, kind)
    yield made
    made.forget()


@pytest.fixture(scope="module")
def paper() -> bytes:
    """An unsigned PDF/A-2b of two pages."""
    return small_pdfa([scan(1), scan(2)])


def judged(tmp_path: Path, pdf: bytes, *roots: asn1_x509.Certificate) -> Finding:
    """What `sohoa verify` finds."""
    path = tmp_path / "signed.pdf"
    path.write_bytes(pdf)
    return verify(path, Roots(real=roots))


def test_the_signature_is_appended_and_holds(
    signer: PadesSigner, paper: bytes, certificates: Certificates, tmp_path: Path
) -> None:
    """The unsigned bytes stay as they are; the signature is intact, trusted and covers everything."""
    signed = signer.sign(paper, LINES, AT)
    assert signed.startswith(paper)
    found = judged(tmp_path, signed, certificates.root)
    assert found.problems == []
    assert found.signature.signed_at == "2026-11-21T09:15:30+07:00"
    assert found.signature.signer == signer.subject()


def test_a_signature_leaves_no_copy_of_the_paper_behind(signer: PadesSigner, paper: bytes) -> None:
    """pyHanko's objects refer to each other until the next collection: a child's memory must not grow until then."""
    noise = np.random.default_rng(1).integers(0, 255, (900, 900, 3), dtype=np.uint8)
    heavy = small_pdfa([bytes(cv2.imencode(".jpg", noise)[1].tobytes())])
    signer.sign(paper, LINES, AT)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(3):
            signer.sign(heavy, LINES, AT)
        left_bytes, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert peak_bytes > len(heavy) > 400_000
    assert left_bytes < len(heavy)


def test_the_signature_is_pades_baseline(signer: PadesSigner, paper: bytes) -> None:
    """CAdES detached, SHA-256, the certificate bound by hash, no signing-time attribute, no DocMDP."""
    reader = PdfFileReader(BytesIO(signer.sign(paper, LINES, AT)))
    (signature,) = reader.embedded_signatures
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert "/Reference" not in signature.sig_object
    info = signature.signer_info
    assert info["digest_algorithm"]["algorithm"].native == "sha256"
    attributes = {a["type"].native for a in info["signed_attrs"]}
    assert "signing_certificate_v2" in attributes
    assert "signing_time" not in attributes


def test_the_copy_stays_pdfa(signer: PadesSigner, paper: bytes, verapdf: VeraPdf, tmp_path: Path) -> None:
    """veraPDF accepts the signed file, and the widget is printed."""
    path = tmp_path / "signed.pdf"
    path.write_bytes(signer.sign(paper, LINES, AT))
    assert verapdf(path).failures == ()
    with pikepdf.open(path) as pdf:
        (widget,) = pdf.pages[0].obj.Annots
        assert int(widget.F) & 4


def test_poppler_agrees_and_sees_tampering(signer: PadesSigner, paper: bytes, tmp_path: Path) -> None:
    """A program that we did not write says valid, and says mismatch after one changed byte."""
    path = tmp_path / "signed.pdf"
    signed = bytearray(signer.sign(paper, LINES, AT))
    path.write_bytes(signed)
    assert "Signature is Valid" in pdfsig(path)
    at = signed.index(b"/Im0 Do") if b"/Im0 Do" in signed else 200
    signed[at] ^= 1
    path.write_bytes(signed)
    assert "Signature is Valid" not in pdfsig(path)


def test_the_stamp_can_be_read(signer: PadesSigner, paper: bytes, tmp_path: Path) -> None:
    """The visible text comes out of the file as it was asked for."""
    path = tmp_path / "signed.pdf"
    path.write_bytes(signer.sign(paper, LINES, AT))
    text = subprocess.run(["pdftotext", "-l", "1", str(path), "-"], capture_output=True, text=True, check=True).stdout
    assert " ".join(text.split()) == " ".join(LINES)


def test_padding_follows_the_settings(request: pytest.FixtureRequest, kind: Kind, paper: bytes, tmp_path: Path) -> None:
    """PSS signs with PSS, and still verifies."""
    signer = open_signer(request, kind, padding="pss")
    signed = signer.sign(paper, LINES, AT)
    signer.forget()
    (signature,) = PdfFileReader(BytesIO(signed)).embedded_signatures
    mechanism = signature.signer_info["signature_algorithm"]
    assert mechanism["algorithm"].native == "rsassa_pss"
    assert mechanism["parameters"]["salt_length"].native == 32
    root = cast(Certificates, request.getfixturevalue("certificates")).root
    assert judged(tmp_path, signed, root).problems == []


def test_a_time_stamp_makes_it_b_t(request: pytest.FixtureRequest, kind: Kind, paper: bytes, tmp_path: Path) -> None:
    """With a time-stamping service its token is in the signature; it is asked once."""
    with time_authority(AT + timedelta(minutes=1)) as authority:
        signer = open_signer(request, kind, tsa_url=authority.url, tsa_timeout_s=20.0)
        signed = signer.sign(paper, LINES, AT)
        signer.forget()
        assert authority.asked == 1
    root = cast(Certificates, request.getfixturevalue("certificates")).root
    assert judged(tmp_path, signed, root, authority.certificate).problems == []
    (signature,) = PdfFileReader(BytesIO(signed)).embedded_signatures
    assert [a["type"].native for a in signature.signer_info["unsigned_attrs"]] == ["signature_time_stamp_token"]


@pytest.mark.parametrize("minutes", [6, -1440])
def test_a_host_whose_clock_is_wrong_does_not_sign(request: pytest.FixtureRequest, paper: bytes, minutes: int) -> None:
    """More than five minutes between the printed time and the service's: another host may sign, this one not."""
    with time_authority(AT + timedelta(minutes=minutes)) as authority:
        signer = open_signer(request, "test-ca", tsa_url=authority.url)
        with pytest.raises(Retryable, match="clock") as caught:
            signer.sign(paper, LINES, AT)
        authority.at = AT
        assert signer.sign(paper, LINES, AT)
    assert (caught.value.code, caught.value.dependency) == ("clock_wrong", "signer")


def test_a_time_stamp_far_from_the_printed_time_is_an_alarm(
    request: pytest.FixtureRequest, paper: bytes, tmp_path: Path
) -> None:
    """A copy that another program signed at the wrong time: more than five minutes are named."""
    with time_authority(AT + timedelta(minutes=6)) as authority:
        signer = open_signer(request, "test-ca", tsa_url=authority.url)
        signed = signer.sign(paper, LINES, AT + timedelta(minutes=6))
    root = cast(Certificates, request.getfixturevalue("certificates")).root
    printed = (AT + timedelta(minutes=6)).astimezone(stamp.VIETNAM).strftime("%Y%m%d%H%M%S").encode()
    assert signed.count(printed) == 1
    forged = signed.replace(printed, AT.astimezone(stamp.VIETNAM).strftime("%Y%m%d%H%M%S").encode())
    problems = judged(tmp_path, forged, root, authority.certificate).problems
    assert any("five minutes" in problem for problem in problems)


@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize("answer", [b"", b"<html>busy</html>", b"\x30\x05\x30\x03\x02\x01\x02"])
def test_a_broken_time_service_is_retryable(
    request: pytest.FixtureRequest, paper: bytes, status: int, answer: bytes
) -> None:
    """Rubbish, a refusal and an HTTP error all mean: later."""
    with time_authority(AT) as authority:
        authority.status, authority.answer = status, answer or b"\x00"
        signer = open_signer(request, "test-ca", tsa_url=authority.url)
        with pytest.raises(Retryable) as caught:
            signer.sign(paper, LINES, AT)
    assert (caught.value.code, caught.value.dependency) == ("tsa_unavailable", "tsa")
    with pytest.raises(Retryable):
        signer.sign(paper, LINES, AT)  # now nobody listens at all


def test_an_expired_certificate_signs_nothing(signer: PadesSigner, paper: bytes) -> None:
    """The certificate's time is checked before signing; copies wait for the next certificate."""
    with pytest.raises(OperatorError) as caught:
        signer.sign(paper, LINES, datetime(2050, 6, 1, tzinfo=UTC))
    assert caught.value.code == "certificate_expired"


@pytest.mark.parametrize("junk", [b"", b"%PDF-1.7\n%%EOF", b"\x89PNG"])
def test_what_is_no_pdf_is_a_defect(signer: PadesSigner, junk: bytes) -> None:
    """A broken input does not take the worker down with a foreign error."""
    with pytest.raises(Defect):
        signer.sign(junk, LINES, AT)


def test_a_wrong_password_is_the_operators(request: pytest.FixtureRequest) -> None:
    """The PKCS#12 file does not open, and the message names the setting, not the password."""
    with pytest.raises(OperatorError, match=r"signer\.password") as caught:
        open_signer(request, "pkcs12", password=SecretStr("sai")).subject()
    assert "sai" not in caught.value.message


def test_a_missing_file_is_waited_for(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """The volume with the key may come back."""
    with pytest.raises(Retryable):
        open_signer(request, "pkcs12", path=tmp_path / "none.p12").subject()


def test_a_refused_pin_is_not_tried_again(request: pytest.FixtureRequest, paper: bytes) -> None:
    """A second signature fails without touching the token: its next login would have cleared the warning flag."""
    wrong = open_signer(request, "pkcs11", password=SecretStr("9999"))
    for _ in range(2):
        with pytest.raises(OperatorError) as caught:
            wrong.sign(paper, LINES, AT)
        assert caught.value.code == "pin_refused"
    right = open_signer(request, "pkcs11")
    assert right.sign(paper, LINES, AT)
    right.forget()
    with pytest.raises(OperatorError):
        wrong.sign(paper, LINES, AT)
    softhsm = cast(SoftHsm, request.getfixturevalue("softhsm"))
    flags = pkcs11.lib(str(softhsm.module)).get_token(token_label=softhsm.token_label).flags
    assert pkcs11.TokenFlag.USER_PIN_COUNT_LOW not in flags


def test_an_absent_token_is_waited_for(request: pytest.FixtureRequest, paper: bytes) -> None:
    """No token of that label, or no module: plug it in."""
    for changes in ({"token_label": "other"}, {"path": Path("/nonexistent/module.so")}):
        with pytest.raises(Retryable) as caught:
            open_signer(request, "pkcs11", **changes).sign(paper, LINES, AT)
        assert (caught.value.code, caught.value.dependency) == ("token_absent", "signer")


def test_a_key_that_is_not_on_the_token_is_named(request: pytest.FixtureRequest) -> None:
    """A wrong label is not a token that is away for a moment, but it waits for the operator all the same."""
    with pytest.raises(Retryable):
        open_signer(request, "pkcs11", key_label="nobody").subject()


def test_processes_that_start_at_once_share_one_test_ca(tmp_path: Path) -> None:
    """Three processes with an empty state folder end up with the same certificate, readable by its owner only."""
    context = multiprocessing.get_context("forkserver")
    with context.Pool(3) as pool:
        serials = pool.map(certificate_serial, [tmp_path / "state"] * 3, chunksize=1)
        pool.close()
        pool.join()
    assert len(set(serials)) == 1
    assert (tmp_path / "state" / BUNDLE).stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in (tmp_path / "state").iterdir()) == [ROOT, BUNDLE]


def test_a_damaged_test_ca_says_what_to_do(tmp_path: Path) -> None:
    """A cut bundle is named with the remedy."""
    (tmp_path / BUNDLE).write_bytes(b"-----BEGIN PRIVATE KEY-----\n")
    with pytest.raises(OperatorError, match="delete it"):
        TestCaSigner(tmp_path, SignerSettings()).subject()


def certificate_serial(folder: Path) -> int:
    """Serial number of the folder's certificate."""
    certificate = TestCaSigner(folder, SignerSettings()).keys().signing_cert
    assert certificate is not None
    return int(certificate.serial_number)


def pdfsig(path: Path) -> str:
    """What poppler says; its exit code says nothing."""
    return subprocess.run(["pdfsig", str(path)], capture_output=True, text=True, check=False).stdout
