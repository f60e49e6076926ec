"""The embedded signer: a self-made certificate. Its copies say that they have no legal value."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pyhanko.sign.signers import Signer

from models.errors import OperatorError
from models.settings import SignerSettings
from pipeline.adapters.key_signer import KeySigner
from pipeline.adapters.pades import PadesSigner

BUNDLE = "test-ca.pem"
"""Signing key, signing certificate and root in one file, so that they appear together."""
ROOT = "test-ca-root.pem"
"""The root alone, for those who verify."""

NOT_BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
NOT_AFTER = datetime(2049, 12, 31, tzinfo=UTC)


class TestCaSigner(PadesSigner):
    """Signs with a certificate that is made once in ``folder`` (RSA-2048, mode 0600)."""

    __test__ = False  # the name is not for pytest
    name = "test-ca"
    is_test = True

    def __init__(self, folder: Path, settings: SignerSettings) -> None:
        super().__init__(settings)
        self._folder = folder
        self._keys: Signer | None = None

    def keys(self) -> Signer:
        if self._keys is None:
            try:
                self._keys = self._load()
            except OSError as error:
                raise OperatorError(
                    "signer_unusable", f"the test certificate cannot be kept in the state folder: {error}"
                ) from error
            except ValueError as error:
                raise OperatorError(
                    "signer_unusable", f"{BUNDLE} in the state folder is damaged: delete it and a new one is made"
                ) from error
        return self._keys

    def _load(self) -> Signer:
        """Make what is missing. Of two processes that start at once, the first to link wins."""
        self._folder.mkdir(parents=True, exist_ok=True)
        bundle = self._folder / BUNDLE
        if not bundle.exists():
            _write_once(bundle, _new_bundle(), 0o600)
        pem = bundle.read_bytes()
        key = serialization.load_pem_private_key(pem, password=None)
        own, root = x509.load_pem_x509_certificates(pem)
        if not (self._folder / ROOT).exists():
            _write_once(self._folder / ROOT, root.public_bytes(serialization.Encoding.PEM), 0o644)
        return KeySigner(key, own, (root,), self._settings.padding)


def _write_once(path: Path, data: bytes, mode: int) -> None:
    """Write whole or not at all, and never over another's file."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            return
    finally:
        part.unlink(missing_ok=True)


def _new_bundle() -> bytes:
    """A root, and a signing certificate below it; the root's key is thrown away."""
    root_key, key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    root_name, name = _name("sohoa test root"), _name("sohoa test signer (no legal value)")
    root = (
        _builder(root_name, root_name, root_key.public_key(), root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    own = (
        _builder(name, root_name, key.public_key(), root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + own.public_bytes(pem) + root.public_bytes(pem)


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "sohoa test certificate"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, issuer_key: rsa.RSAPublicKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    """Signs certificates, or documents (digitalSignature and nonRepudiation)."""
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=not certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )
