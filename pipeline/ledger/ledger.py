"""The ledger of work: admits documents, hands out claims, takes facts in, and decides what is owed.

Every commit first locks the document row, then inserts facts once, replans, and writes the owed
steps: all in one transaction. Only this module changes a status.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, and_, exists, select, update

from models.document import Document, Status
from models.errors import OperatorError, Rejected, Retryable, SohoaError
from models.facts import Decision, Failed, Refused
from models.flow import Flow
from models.settings import DeliverySettings
from models.step import Step
from pipeline.ledger import statements as sql
from pipeline.ledger.combining import Combiner
from pipeline.ledger.database import clock, now, reading, transaction
from pipeline.ledger.planning import ClaimLost, Planning, add_event
from pipeline.ledger.prepared import Asked, Given, at_once, change, change_all, together
from pipeline.ledger.retention import hold, swept_since
from pipeline.ledger.rows import LIVE, Admission, Claim, NewFact, Offer, at, event, fact_rows, of, stored
from pipeline.ledger.schema import documents, facts, steps


class Ledger:
    """The truth about documents and work, on SQLite or PostgreSQL.

    ``wake`` is called after each commit: with True where it may have made steps owed, with False where a
    step is only through. Every method raises ``Retryable`` (dependency ``ledger``) while the database is away.
    """

    def __init__(
        self, engine: Engine, flow: Flow, delivery: DeliverySettings, wake: Callable[[bool], None] = lambda _: None
    ) -> None:
        self.engine = engine
        self.flow = flow
        self._planning = Planning(flow)
        self.delivery = delivery
        self.wake = wake
        self._combined = Combiner(self._commit_together)

    def clock(self) -> float:
        """The ledger's own time, UTC seconds."""
        return clock(self.engine)

    # -- documents -------------------------------------------------------------------------------

    def admit(
        self,
        document: Document,
        body: str,
        flags: frozenset[str],
        known: Sequence[NewFact] = (),
        replaces: int | None = None,
        since: float | None = None,
    ) -> Admission:
        """Take a revision in, durably; the same revision again changes nothing.

        ``body``: blob of the document. ``known``: facts that an earlier revision learned. ``since``: when its blobs
        began to be written, by :meth:`clock`. Raises ``Rejected("revision_conflict")`` when other files came under
        the same id and revision, and ``Retryable("blobs_swept")`` when blobs of it were deleted since.
        """
        manifest = document.manifest
        with transaction(self.engine) as tx:
            hold(tx, document.id)
            if since is not None and swept_since(tx, document.id, since):
                raise Retryable("blobs_swept", f"{document.id}: old blobs were just deleted; take it in again", "blobs")
            row = {
                "document": document.id,
                "revision": document.revision,
                "body": body,
                "content": document.content,
                "agency": document.agency.code,
                "counter": document.counter,
                "service_class": document.service_class.value,
                "flags": ",".join(sorted(flags)),
                "archive_key": document.archive_key,
                "replaces": replaces,
                "declared_sides": manifest.sides if manifest else None,
                "side_count": next((n.fact.side_count() for n in known if n.fact.side_count()), None),
                "status": Status.RUNNING.value,
                "code": "",
                "message": "",
                "received_at": document.received_at.timestamp(),
                "deadline": document.deadline.timestamp() if document.deadline else None,
            }
            once = sql.insert_once(tx.dialect.name, documents, "updated_at").returning(documents.c.document)
            new = tx.execute(once, row).first() is not None
            found = self._lock(tx, document.id, document.revision)
            if not new:
                if found.content != document.content:
                    raise Rejected(
                        "revision_conflict",
                        f"Hồ sơ {document.id} lần {document.revision} đã được tiếp nhận với tệp khác: "
                        "hãy tăng số lần (revision) khi quét lại.",
                    )
                return Admission(Status(found.status), new=False, received_at=found.received_at)
            self._insert(tx, document.id, document.revision, known, attempt=0)
            add_event(tx, document.id, document.revision, "admitted", f"{len(document.sources)} files")
            status = self._planning.replan(tx, found).status
        self.wake(True)
        return Admission(status, new=True, received_at=found.received_at)

    def open_gate(self, document: str, decision: Decision, revision: int | None = None) -> Status:
        """Record a person's decision and let the document go on. Opening it twice changes nothing.

        Raises ``OperatorError`` for an unknown or an ended document.
        """
        with transaction(self.engine) as tx:
            row = self._lock(tx, document, revision)
            if Status(row.status).terminal:
                raise OperatorError("already_ended", f"{document}/r{row.revision} is {row.status}; nothing to open")
            self._insert(tx, document, row.revision, [NewFact(decision, 0, "person", 1)], attempt=0)
            add_event(tx, document, row.revision, decision.kind(), f"by {decision.by}")
            status = self._planning.replan(tx, row).status
        self.wake(True)
        return status

    def release_held(self, document: str, revision: int) -> int:
        """Owe the quarantined steps of a document again; returns how many there were."""
        with transaction(self.engine) as tx:
            row = self._lock(tx, document, revision)
            changed = tx.execute(
                update(steps)
                .where(of(steps, document, revision), steps.c.state == "held")
                .values(state="owed", owed_at=now(), kills=0, defects=0)
            ).rowcount
            if changed:
                add_event(tx, document, revision, "released", f"{changed} steps")
                self._planning.replan(tx, row)
        self.wake(True)
        return changed

    def replan(self, document: str, revision: int) -> Status:
        """Plan again from the facts; the sweeper's repair."""
        with transaction(self.engine) as tx:
            status = self._planning.replan(tx, self._lock(tx, document, revision)).status
        self.wake(True)
        return status

    # -- steps -----------------------------------------------------------------------------------

    def claim(self, step: Step, by: str) -> Claim | None:
        """Begin a step if it is still to be done; None means that the message was only an old hint.

        ``by``: of this wish alone, beginning with the worker's name. Again after a claim whose answer was lost, it
        gets the same claim.
        """
        with transaction(self.engine) as tx:
            mine = sql.key(step)
            lasting = {"by": by, "lease_s": self.delivery.lease_s}
            asked = [Asked(sql.CLAIM, [mine | lasting]), Asked(sql.FACTS_NEAR if step.page else sql.FACTS, [mine])]
            if not step.page:
                asked.append(Asked(sql.HISTORY, [mine]))
            taken, found, *history = together(tx, *asked)
        if not taken:
            return None
        ((attempt, body, side_count),) = taken
        events = tuple(event(row) for rows in history for row in rows)
        return Claim(step, attempt, body, side_count or 0, tuple(map(stored, found)), events)

    def renew(self, claim: Claim) -> bool:
        """Keep a claim alive; False when it was lost."""
        with transaction(self.engine) as tx:
            held = sql.key(claim.step) | {"a": claim.attempt, "lease_s": self.delivery.lease_s}
            return change(tx, sql.RENEW, held) == 1

    def commit(self, claim: Claim, new: Sequence[NewFact]) -> bool:
        """Add what a step learned and plan on. False when the claim was lost: nothing was added.

        Sides of one document that other threads commit meanwhile go along. Again after a commit whose answer was
        lost changes nothing, and is True as well.
        """
        step = claim.step
        offer = Offer(claim, tuple(new), fact_rows(step.document, step.revision, new, claim.attempt))
        if self._combined.run((step.document, step.revision), offer) if step.page else self._commit_alone(offer):
            return True
        with reading(self.engine) as tx:
            ours = and_(at(step), steps.c.state == "done", steps.c.attempt == claim.attempt)
            return tx.execute(select(exists().where(ours))).scalar_one()

    def _commit_alone(self, offer: Offer) -> bool:
        """Whether the claim still held; nothing was added where it did not."""
        step = offer.claim.step
        try:
            with transaction(self.engine) as tx:
                row = self._lock(tx, step.document, step.revision)
                if Status(row.status).terminal:
                    return False
                count = next((count for n in offer.new if (count := n.fact.side_count()) is not None), None)
                if count is not None:
                    change(tx, sql.COUNTED, {"d": row.document, "r": row.revision, "sides": count})
                    row = self._lock(tx, row.document, row.revision)
                sides = (step.page,) if step.page else ()
                planned = self._planning.replan(tx, row, sides, adding(tx, offer.rows), self._ended(offer.claim))
        except ClaimLost:
            return False
        self.wake(planned.owes)
        return True

    def _commit_together(self, offers: Sequence[Offer]) -> list[bool]:
        """The same for sides of one revision."""
        if len(offers) == 1:
            return [self._commit_alone(offers[0])]
        step = offers[0].claim.step
        with transaction(self.engine) as tx:
            row = self._lock(tx, step.document, step.revision)
            if Status(row.status).terminal:
                return [False] * len(offers)
            held = [bool(rows) for rows in at_once(tx, *(self._ended(offer.claim) for offer in offers))]
            good = [offer for offer, holds in zip(offers, held, strict=True) if holds]
            owes = False
            if good:
                sides = [offer.claim.step.page for offer in good]
                learned = [fact for offer in good for fact in offer.rows]
                owes = self._planning.replan(tx, row, sides, adding(tx, learned)).owes
        for _ in good:
            self.wake(owes)
        return held

    def not_needed(self, claim: Claim, blobs: Sequence[str]) -> list[str]:
        """Which blobs of a lost attempt may go: those that no fact names.

        None of them while the step is still to be done: another attempt may be about to name the same bytes.
        """
        with reading(self.engine) as tx:
            if tx.execute(select(exists().where(at(claim.step), steps.c.state.in_(LIVE)))).scalar_one():
                return []
            mine = facts.c.document == claim.step.document
            named = {
                b for b in blobs if tx.execute(select(exists().where(mine, facts.c.body.contains(b)))).scalar_one()
            }
        return [blob for blob in blobs if blob not in named]

    def refuse(self, claim: Claim, error: Rejected) -> bool:
        """Record that the input is unacceptable; the document ends REJECTED when its pages are through."""
        refused = Refused(code=error.code, message=error.message[:2000])
        return self.commit(claim, [NewFact(refused, claim.step.page, claim.step.segment, 1)])

    def retry_later(self, claim: Claim, error: Retryable) -> bool:
        """A dependency is away: owe the step again after a pause that doubles, without ever giving up."""
        with transaction(self.engine) as tx:
            return self._owe_again(tx, claim, f"{error.dependency}:{error.code}", error.message, self._pause(tx, claim))

    def defect(self, claim: Claim, error: SohoaError) -> bool:
        """Count a fault of ours; as often as settings allow it is tried again, then the revision is FAILED."""
        with transaction(self.engine) as tx:
            row = self._lock(tx, claim.step.document, claim.step.revision)
            count = tx.execute(select(steps.c.defects).where(at(claim.step))).scalar_one() + 1
            if count < self.delivery.defects:
                values = {"defects": count, "not_before": now() + self.delivery.retry_first_s}
                return self._owe_again(tx, claim, error.code, error.message, values)
            if Status(row.status).terminal or not self._change(tx, claim, state="void", defects=count):
                return False
            where = f"{claim.step.segment} of side {claim.step.page}" if claim.step.page else claim.step.segment
            failed = Failed(code=error.code, message=f"{where}: {error.message}"[:2000])
            self._insert(tx, row.document, row.revision, [NewFact(failed, 0, claim.step.segment, 1)], claim.attempt)
            self._planning.replan(tx, row)
        self.wake(True)
        return True

    def killed(self, claim: Claim, reason: str, detail: str, *, counted: bool) -> bool:
        """The step's child died. Counted kills quarantine the page: its document waits for a person."""
        with transaction(self.engine) as tx:
            row = self._lock(tx, claim.step.document, claim.step.revision)
            kills = tx.execute(select(steps.c.kills).where(at(claim.step))).scalar_one() + int(counted)
            add_event(tx, row.document, row.revision, "child_killed", f"{claim.step}: {reason}")
            if kills < self.delivery.kills:
                pause = {} if counted else self._pause(tx, claim)  # what does not count must not spin either
                return self._owe_again(tx, claim, f"killed_{reason}", detail, pause | {"kills": kills})
            if not self._change(tx, claim, state="held", kills=kills, code=f"killed_{reason}", message=detail):
                return False
            self._planning.replan(tx, row)
        self.wake(True)
        return True

    def give_back(self, claim: Claim) -> bool:
        """Owe the step again at once (drain); counts nothing."""
        with transaction(self.engine) as tx:
            return self._owe_again(tx, claim, "", "", {})

    # -- inside a transaction ----------------------------------------------------------------------

    def _lock(self, tx: Connection, document: str, revision: int | None = None) -> Any:
        query = sql.LOCK_LATEST if revision is None else sql.LOCK
        (found,) = together(tx, Asked(query, [{"d": document, "r": revision}]))
        if not found:
            raise OperatorError("unknown_document", f"no document {document!r} here; `sohoa status --all` lists them")
        return found[0]

    def _change(self, tx: Connection, claim: Claim, **values: Any) -> bool:
        """Compare-and-set on the claim's attempt."""
        held = and_(at(claim.step), steps.c.state == "claimed", steps.c.attempt == claim.attempt)
        return tx.execute(update(steps).where(held).values(**values)).rowcount == 1

    def _ended(self, claim: Claim) -> Asked:
        """The same for a step that is done; answers with a row."""
        return Asked(sql.DONE, [sql.key(claim.step) | {"a": claim.attempt}])

    def _pause(self, tx: Connection, claim: Claim) -> dict[str, Any]:
        """A pause that doubles with each time."""
        retries = tx.execute(select(steps.c.retries).where(at(claim.step))).scalar_one()
        pause_s = min(self.delivery.retry_first_s * 2 ** min(retries, 16), self.delivery.retry_most_s)
        return {"not_before": now() + pause_s, "retries": retries + 1}

    def _owe_again(self, tx: Connection, claim: Claim, code: str, message: str, values: dict[str, Any]) -> bool:
        changed = self._change(tx, claim, state="owed", worker="", code=code, message=message[:2000], **values)
        self.wake(True)
        return changed

    def _insert(self, tx: Connection, document: str, revision: int, new: Iterable[NewFact], attempt: int) -> None:
        for statement, rows in adding(tx, fact_rows(document, revision, new, attempt)):
            change_all(tx, statement, rows)


def adding(tx: Connection, rows: Sequence[Given]) -> list[Asked]:
    """What adds facts, once."""
    return [Asked(sql.insert_once(tx.dialect.name, facts, "at"), rows)] if rows else []
