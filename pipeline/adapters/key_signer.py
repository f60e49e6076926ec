"""A pyHanko signer whose key is in memory, loaded once.

pyHanko's own ``SimpleSigner`` parses and re-validates the key for every signature (30 ms of 31).
"""

from __future__ import annotations

from collections.abc import Iterable

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from pyhanko.sign.signers import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from models.errors import Defect, OperatorError
from pipeline.adapters.pades import DIGEST, Padding, mechanism


class KeySigner(Signer):
    """RSA or elliptic-curve key with its certificate and the chain above it."""

    def __init__(
        self, key: PrivateKeyTypes, certificate: x509.Certificate, chain: Iterable[x509.Certificate], pad: Padding
    ) -> None:
        if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise OperatorError("signer_unusable", "the signing key must be RSA or ECDSA (Circular 15/2025/TT-BKHCN)")
        own = _asn1(certificate)
        store = SimpleCertificateStore()
        store.register_multiple([own, *(_asn1(c) for c in chain)])
        super().__init__(signing_cert=own, cert_registry=store, signature_mechanism=mechanism(own, pad))
        self._key = key
        self._pad = pad

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: ARG002
        """The raw signature; a local key is quick enough to be used for a rehearsal too."""
        if digest_algorithm != DIGEST:
            raise Defect("signing_failed", f"asked to sign with {digest_algorithm}")
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return self._key.sign(data, ec.ECDSA(hashes.SHA256()))
        if self._pad == "pss":
            return self._key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=32), hashes.SHA256())
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
