"""Which dependencies answered while a step was done: what the circuit breakers of its pool go by."""

from __future__ import annotations

from datetime import datetime

from models.errors import OperatorError, Retryable
from models.ports import Archive, Engine, Signer
from pipeline.wiring import Adapters


class Asked:
    """Hands the adapters of one step out. ``names``: of those that it needs, as :class:`Retryable` has them."""

    def __init__(self, adapters: Adapters) -> None:
        self._adapters = adapters
        self.names: set[str] = set()

    def engine(self) -> Engine:
        """Raises ``Retryable`` (dependency ``ocr``) where a language model is not installed or not right."""
        self.names.add("ocr")
        try:
            return self._adapters.engine
        except OperatorError as error:
            raise Retryable(error.code, error.message, "ocr") from error

    def archive(self) -> Archive:
        self.names.add("archive")
        return self._adapters.archive

    def signer(self) -> Signer:
        """Asked only once it signs: a copy that is not certified needs no more than the stamp's font."""
        return _Signer(self._adapters.signer, self.names, timed=self._adapters.settings.signer.tsa_url is not None)


class _Signer(Signer):
    def __init__(self, signer: Signer, names: set[str], *, timed: bool) -> None:
        self.name, self.is_test = signer.name, signer.is_test
        self._signer = signer
        self._names = names
        self._needs = {"signer", "tsa"} if timed else {"signer"}

    def sign(self, pdf: bytes, stamp: tuple[str, ...], signed_at: datetime) -> bytes:
        self._names |= self._needs
        return self._signer.sign(pdf, stamp, signed_at)

    def subject(self) -> str:
        return self._signer.subject()

    def font(self) -> bytes:
        return self._signer.font()
