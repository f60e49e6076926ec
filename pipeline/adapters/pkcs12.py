"""Signs with a key and certificate in a PKCS#12 file (``.p12``, ``.pfx``)."""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from pyhanko.sign.signers import Signer

from models.errors import OperatorError, Retryable
from models.settings import SignerSettings
from pipeline.adapters.key_signer import KeySigner
from pipeline.adapters.pades import PadesSigner


class Pkcs12Signer(PadesSigner):
    """Opens ``settings.path`` at the first signature."""

    name = "pkcs12"

    def __init__(self, settings: SignerSettings) -> None:
        super().__init__(settings)
        self._keys: Signer | None = None

    def keys(self) -> Signer:
        if self._keys is None:
            self._keys = self._load()
        return self._keys

    def _load(self) -> Signer:
        path, password = self._settings.path, self._settings.password
        assert path is not None  # the settings demand it
        try:
            data = path.read_bytes()
        except OSError as error:
            raise Retryable("signer_absent", f"signer.path cannot be read: {error.strerror}", "signer") from error
        try:
            content = load_pkcs12(data, None if password is None else password.get_secret_value().encode())
        except ValueError as error:
            raise OperatorError(
                "signer_unusable", "signer.path does not open: wrong signer.password, or no PKCS#12"
            ) from error
        if content.key is None or content.cert is None:
            raise OperatorError("signer_unusable", "signer.path holds no key with its certificate")
        chain = [extra.certificate for extra in content.additional_certs]
        return KeySigner(content.key, content.cert.certificate, chain, self._settings.padding)
