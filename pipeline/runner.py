"""The runner: claims a step, has a slot child do it, and commits what it learned."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from functools import partial
from secrets import token_hex
from typing import Protocol, TypeVar

from models.errors import Defect, Rejected, Retryable, SohoaError
from models.flow import Flow
from models.ports import BlobStore
from models.settings import DeliverySettings
from models.step import Step
from pipeline.breaker import Breakers
from pipeline.leases import ClaimGone, Leases
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.rows import Claim
from pipeline.slots import SlotKilled
from pipeline.task import Result, decode_result, encode_task

log = logging.getLogger("sohoa.runner")

T = TypeVar("T")

LONGEST_PAUSE_S = 2.0
"""Between two tries while the ledger is away."""


class Child(Protocol):
    """What a runner needs of a :class:`pipeline.slots.Slot`."""

    def run(self, task: bytes, on_tick: Callable[[], None] | None = None) -> bytes: ...


class Runner:
    """Carries out steps for one worker. ``run`` never raises: the ledger knows what happened."""

    def __init__(
        self,
        worker: str,
        flow: Flow,
        ledger: Ledger,
        blobs: BlobStore,
        delivery: DeliverySettings,
        breakers: Breakers | None = None,
    ) -> None:
        self.worker = worker
        self._flow = flow
        self._ledger = ledger
        self._blobs = blobs
        self._delivery = delivery
        self._leases = Leases(ledger, delivery.lease_s)
        self._breakers = breakers or Breakers(worker, delivery.retry_first_s, delivery.retry_most_s)

    def renew(self) -> None:
        """Renew the claims that are due; the worker's heart calls this."""
        self._leases.renew()

    def run(self, step: Step, slot: Child) -> None:
        """Do one step, if it is still to be done."""
        where = {"document": step.document, "revision": step.revision, "segment": step.segment, "page": step.page}
        try:
            by = f"{self.worker}#{token_hex(4)}"
            claim, claimed_at = self._insist(lambda: self._claim(step, by))
            if claim is None:
                log.debug("old hint", extra=where)
                return
            began = time.monotonic()
            with self._leases.holding(claim, claimed_at) as look:
                ended = self._carry_out(claim, slot, look)
            log.info("step", extra=where | {"ended": ended, "seconds": round(time.monotonic() - began, 3)})
        except SohoaError as error:
            if isinstance(error, Retryable):
                self._breakers.away(error.dependency)
            log.warning("step given up; its claim will expire", extra=where | {"code": error.code})
        except Exception:
            log.exception("step broke its worker; its claim will expire", extra=where)

    def _claim(self, step: Step, by: str) -> tuple[Claim | None, float]:
        """The claim, and a time before it was made."""
        before = self._leases.now()
        return self._ledger.claim(step, by), before

    def _carry_out(self, claim: Claim, slot: Child, look: Callable[[], None]) -> str:
        """Run the step in the child and record how it went; returns one word for the log."""
        try:
            result = decode_result(slot.run(encode_task(claim), look), self._flow)
        except ClaimGone:
            return "overtaken"
        except SlotKilled as killed:
            if killed.reason == "drained":
                self._insist(lambda: self._ledger.give_back(claim))
                return "given_back"
            self._insist(partial(self._ledger.killed, claim, killed.reason, killed.detail, counted=killed.counted))
            return f"killed_{killed.reason}"
        except (Defect, Retryable) as error:
            result = Result(error=error)
        try:
            return self._record(claim, result)
        except Defect as error:  # the ledger refuses what was learned, and would each time: it counts like any other
            return self._record(claim, Result(error=error))

    def _record(self, claim: Claim, result: Result) -> str:
        error = result.error
        if isinstance(error, Retryable):
            self._breakers.away(error.dependency)
        else:
            self._breakers.answered(("worker", *result.asked))
        if error is None:
            missing = self._missing(claim, result)
            if not missing:
                if self._insist(lambda: self._ledger.commit(claim, result.facts)):
                    return "done"
                if result.fresh:
                    for sha256 in self._insist(lambda: self._ledger.not_needed(claim, result.fresh)):
                        self._blobs.remove(claim.step.document, sha256)
                return "lost"
            error = Defect("fact_missing", f"the segment did not give {', '.join(missing)}")
        if isinstance(error, Rejected):
            refused = error
            self._insist(lambda: self._ledger.refuse(claim, refused))
            return "refused"
        failed = error
        log.warning("failed", extra={"step": str(claim.step), "code": failed.code, "reason": failed.message})
        if isinstance(failed, Retryable):
            self._insist(lambda: self._ledger.retry_later(claim, failed))
            return "later"
        self._insist(lambda: self._ledger.defect(claim, failed))
        return "defect"

    def _missing(self, claim: Claim, result: Result) -> list[str]:
        had = {f.kind for f in claim.facts if f.page == claim.step.page} | {n.key.kind for n in result.facts}
        return [kind for s in self._flow.segment(claim.step.segment).stages if (kind := s.gives.kind()) not in had]

    def _insist(self, action: Callable[[], T]) -> T:
        """Try a ledger action again and again while the ledger is away, for as long as a claim lasts by itself.

        Raises the last ``Retryable``.
        """
        until, pause_s = time.monotonic() + self._delivery.lease_s, 0.1
        while True:
            try:
                answer = action()
            except Retryable:
                if time.monotonic() + pause_s > until:
                    raise
                time.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                self._breakers.answered(("ledger",))
                return answer
