"""The claims that a worker holds: its heart renews them, and what works under one that is gone is told to stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from models.errors import Retryable
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.rows import Claim

log = logging.getLogger("sohoa.leases")


class ClaimGone(Exception):
    """Somebody else may have the step by now: whatever is still done for it is done in vain."""


class _Held:
    def __init__(self, claim: Claim, claimed_at: float) -> None:
        self.claim = claim
        self.renewed_at = claimed_at
        self.gone = False


class Leases:
    """``lease_s``: how long a claim lasts that nobody renews. A claim is renewed when a third of that is over."""

    def __init__(self, ledger: Ledger, lease_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._lease_s = lease_s
        self._clock = clock
        self._lock = threading.Lock()
        self._held: set[_Held] = set()

    def now(self) -> float:
        return self._clock()

    @contextmanager
    def holding(self, claim: Claim, claimed_at: float) -> Iterator[Callable[[], None]]:
        """Have the claim renewed meanwhile. Gives a look that raises ``ClaimGone`` and asks nobody.

        ``claimed_at``: by :meth:`now`, before the claim was made. A claim is gone when the ledger says so, and when
        it could not be renewed for as long as it lasts.
        """
        held = _Held(claim, claimed_at)

        def look() -> None:
            if held.gone or self._clock() - held.renewed_at > self._lease_s:
                raise ClaimGone

        with self._lock:
            self._held.add(held)
        try:
            yield look
        finally:
            with self._lock:
                self._held.discard(held)

    def renew(self) -> None:
        """Renew what is due; the heart calls this. A ledger that is away is asked again the next time."""
        with self._lock:
            due = [held for held in self._held if self._clock() - held.renewed_at > self._lease_s / 3]
        for held in due:
            asked_at = self._clock()
            try:
                renewed = self._ledger.renew(held.claim)
            except Retryable as error:
                log.warning("claims not renewed", extra={"claims": len(due), "code": error.code})
                return
            if renewed:
                held.renewed_at = asked_at
            else:
                held.gone = True
