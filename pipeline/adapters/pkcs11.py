"""Signs with a key that never leaves its token or HSM (PKCS#11)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pkcs11
from pkcs11 import exceptions as p11
from pyhanko.sign.pkcs11 import PKCS11Signer
from pyhanko.sign.signers import Signer

from models.errors import OperatorError, Retryable
from models.settings import SignerSettings
from pipeline.adapters.pades import PadesSigner, certificate, mechanism

PIN_FAULTS = (p11.PinIncorrect, p11.PinInvalid, p11.PinLenRange)


class Pkcs11Signer(PadesSigner):
    """Opens the token at the first signature and keeps the session.

    A refused PIN is never tried again by this object, and no PIN is tried when the token says
    that it is the last one: a worker that restarts must not lock the agency's token.
    """

    name = "pkcs11"

    def __init__(self, settings: SignerSettings) -> None:
        super().__init__(settings)
        self._keys: Signer | None = None
        self._session: pkcs11.Session | None = None
        self._pin_refused = False

    def keys(self) -> Signer:
        if self._keys is None:
            if self._pin_refused:
                raise _wrong_pin()
            try:
                self._keys = self._open()
            except PIN_FAULTS as error:
                self._pin_refused = True
                raise _wrong_pin() from error
            except p11.PKCS11Error as error:
                self.forget()
                raise _away(error) from error
        return self._keys

    def forget(self) -> None:
        """Close the session; the next signature opens another."""
        session, self._session, self._keys = self._session, None, None
        if session is not None:
            try:
                session.close()
            except p11.PKCS11Error:
                return  # the token is gone, and the session with it

    def sign(self, pdf: bytes, stamp: Sequence[str], signed_at: datetime) -> bytes:
        try:
            return super().sign(pdf, stamp, signed_at)
        except p11.PKCS11Error as error:
            self.forget()
            raise _away(error) from error

    def _open(self) -> Signer:
        settings = self._settings
        token = _token(str(settings.path), settings.token_label)
        if pkcs11.TokenFlag.USER_PIN_LOCKED in token.flags:
            raise Retryable("token_locked", "the token is locked: unlock it with its security officer's PIN", "signer")
        if pkcs11.TokenFlag.USER_PIN_FINAL_TRY in token.flags:
            raise OperatorError("pin_last_try", "one wrong PIN more would lock the token: log in to it by hand once")
        pin = None if settings.password is None else settings.password.get_secret_value()
        self._session = session = _session(token, pin)
        label = settings.key_label or None
        draft = PKCS11Signer(session, cert_label=label, key_label=label, other_certs_to_pull=None)
        chosen = mechanism(certificate(draft), settings.padding)
        return PKCS11Signer(
            session,
            signing_cert=draft.signing_cert,
            cert_label=label,
            key_label=label,
            ca_chain=list(draft.cert_registry),
            signature_mechanism=chosen,
        )


def _token(module: str, label: str) -> pkcs11.Token:
    """The token of that label, or the only one. Raises ``Retryable`` where it is not plugged in."""
    try:
        library = pkcs11.lib(module)
    except (p11.PKCS11Error, RuntimeError, OSError) as error:
        raise Retryable("token_absent", f"signer.path does not load as a PKCS#11 module: {error}", "signer") from error
    tokens = [slot.get_token() for slot in library.get_slots(token_present=True)]
    fitting = [t for t in tokens if pkcs11.TokenFlag.TOKEN_INITIALIZED in t.flags and label in ("", t.label)]
    if len(fitting) != 1:
        what = "no token" if not fitting else f"{len(fitting)} tokens"
        raise Retryable("token_absent", f"{what} with signer.token_label {label!r}: plug it in", "signer")
    return fitting[0]


def _session(token: pkcs11.Token, pin: str | None) -> pkcs11.Session:
    """A session that may sign. A login holds for the whole process, so a second one is refused."""
    try:
        return token.open(user_pin=pin)
    except p11.UserAlreadyLoggedIn:
        return token.open()


def _wrong_pin() -> OperatorError:
    return OperatorError(
        "pin_refused", "the token refused signer.password; it is not tried again: correct it and restart"
    )


def _away(error: p11.PKCS11Error) -> Retryable:
    if isinstance(error, p11.PinLocked):
        return Retryable("token_locked", "the token is locked: unlock it with its security officer's PIN", "signer")
    return Retryable("token_absent", f"the token does not answer ({type(error).__name__}): is it plugged in?", "signer")
