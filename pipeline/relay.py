"""The relay: publishes hints for owed steps up to each pool's credit, and repairs what has expired.

Several may run; one leads by a ledger row.
"""

from __future__ import annotations

import logging
import random
import threading
import time

from models.errors import Retryable
from models.settings import DeliverySettings
from models.step import Step
from pipeline.breaker import Breakers
from pipeline.hints import Hints
from pipeline.ledger.dispatch import Dispatch
from pipeline.ledger.ledger import Ledger

log = logging.getLogger("sohoa.relay")

EXPIRE_EVERY_S = 1.0
AWAY_S = 1.0


class Relay:
    """Run :meth:`run` in a thread or as a process; :meth:`tell` and :meth:`stop` end its pause."""

    def __init__(self, name: str, ledger: Ledger, dispatch: Dispatch, hints: Hints, delivery: DeliverySettings) -> None:
        self.name = name
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._through = 0
        self._ledger = ledger
        self._dispatch = dispatch
        self._hints = hints
        self._delivery = delivery
        self._leads_until = 0.0
        self._due = {"expire": 0.0, "sweep": 0.0}
        self._published = 0
        self._breakers = Breakers("relay", AWAY_S, delivery.leader_s)

    def stop(self) -> None:
        """Ask :meth:`run` to return soon."""
        self._stop.set()
        self._wake.set()

    def tell(self, owes: bool) -> None:
        """Hear of a commit in this process, see :class:`Ledger`: look at once, or when enough credit is back."""
        with self._lock:
            self._through += 1
            enough = self._through >= self._dispatch.patience
        if owes or enough:
            self._wake.set()

    def run(self) -> None:
        """Publish until stopped. Never raises for a dependency that is away."""
        while not self._stop.is_set():
            try:
                self._turn()
            except Retryable as error:
                log.warning("paused", extra={"code": error.code, "reason": error.message})
                self._breakers.away(error.dependency)
                self._pause(AWAY_S * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
            except Exception:  # a relay that ended here would look alive and hold the whole line up
                log.exception("turn broke")
                self._pause(AWAY_S)
            else:
                self._pause(self._delivery.poll_s)
        self._step_down()

    def _turn(self) -> None:
        """One look at the ledger: publish all that there is credit for."""
        if not self._lead():
            self._pause(self._delivery.leader_s / 4)
            return
        self._repair()
        with self._lock:
            self._through = 0
        self._breakers.answered(("ledger",))
        if self._breakers.pauses("broker"):
            return  # what is taken now would only be given back
        taken = self._dispatch.take(self._hints.pools)
        self._publish([(pool, step) for pool, steps in taken.items() for step in steps])
        if not taken:
            self._hints.tend()

    def _publish(self, taken: list[tuple[str, Step]]) -> None:
        """Publish every step, or owe again all that was not, of whatever pool: it would stay sent and block credit."""
        done = 0
        try:
            for pool, step in taken:
                self._hints.publish(pool, step)
                done += 1
            if done:
                self._breakers.answered(("broker",))
        finally:
            self._published += done
            if done < len(taken):
                self._dispatch.unsend([step for _, step in taken[done:]])

    def _lead(self) -> bool:
        if time.monotonic() < self._leads_until:
            return True
        if not self._dispatch.lead(self.name):
            return False
        self._leads_until = time.monotonic() + self._delivery.leader_s / 3
        return True

    def _repair(self) -> None:
        at = time.monotonic()
        if at >= self._due["expire"]:
            self._due["expire"] = at + EXPIRE_EVERY_S
            self._count()
            if taken := self._dispatch.expire():
                log.info("expired", extra={"steps": taken})
        if at >= self._due["sweep"]:
            self._due["sweep"] = at + self._delivery.sweep_s / 3
            if swept := self._dispatch.sweep(self._ledger):
                log.warning("swept", extra={"documents": swept})

    def _count(self) -> None:
        if self._published:
            self._dispatch.count("published", self._published)
            self._published = 0

    def _pause(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    def _step_down(self) -> None:
        try:
            self._count()
            self._dispatch.step_down(self.name)
        except Retryable:
            log.warning("could not step down; the lead expires by itself")
