"""The one error tree. ``code`` is stable and appears in ledger, logs, API and command line.

::

    SohoaError
    ├── Rejected        the input's fault; message in Vietnamese for the counter    exit 3
    ├── Retryable       a dependency is away; the same work may succeed later       exit 75
    ├── Defect          ours; repeating it a few times is all that can be tried     exit 70
    └── OperatorError   a command or a setting is wrong; says what to do            exit 64
        └── SettingsError   every bad setting, reported at once                     exit 78
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class SohoaError(Exception):
    """Base of all errors that sohoa raises on purpose.

    ``code``: stable, lower-case, underscores. ``message``: what happened and what to do.
    """

    exit_code = 70

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.code, self.message))


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason to reject: a stable ``code``, a Vietnamese sentence, and the side it is about.

    ``page`` counts scanned sides from 1; 0 means the document as a whole.
    """

    code: str
    message: str
    page: int = 0


class Rejected(SohoaError):
    """The input cannot be accepted. All bad pages are named at once in ``findings``."""

    exit_code = 3

    def __init__(self, code: str, message: str, page: int = 0) -> None:
        super().__init__(code, message)
        self.findings: tuple[Finding, ...] = (Finding(code, message, page),)

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> Rejected:
        """One error out of several findings; the first one's code is the document's code."""
        first = findings[0]
        error = cls(first.code, " ".join(dict.fromkeys(f.message for f in findings)), first.page)
        error.findings = tuple(findings)
        return error

    def __reduce__(self) -> tuple[object, ...]:
        return (Rejected.of, (self.findings,))


class Retryable(SohoaError):
    """``dependency`` is away for now: ``broker``, ``ledger``, ``blobs``, ``archive``, ``signer``, ``tsa``, ``ocr``.

    ``worker`` and ``intake``: this host itself.
    """

    exit_code = 75

    def __init__(self, code: str, message: str, dependency: str) -> None:
        super().__init__(code, message)
        self.dependency = dependency

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.code, self.message, self.dependency))


class Defect(SohoaError):
    """A fault of ours, or of a library that we chose."""

    exit_code = 70


class OperatorError(SohoaError):
    """A command cannot be carried out as it was given."""

    exit_code = 64


class SettingsError(OperatorError):
    """The settings do not hold; the message lists every one that is wrong."""

    exit_code = 78
