"""Turning facts into owed steps and a status, inside a transaction that holds the document's lock."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Connection, Row, and_, exists, func, insert, select, update

from models.document import Status
from models.facts import FactKey, Failed, Refused
from models.flow import DocumentState, Flow, Plan, plan, plan_side
from models.step import Step
from pipeline.ledger.database import insert_once, now
from pipeline.ledger.rows import LIVE, of
from pipeline.ledger.schema import documents, events, facts, steps


def add_event(tx: Connection, document: str, revision: int, what: str, detail: str) -> None:
    """One more line of a document's history."""
    values = {"document": document, "revision": revision, "at": now(), "what": what, "detail": detail}
    tx.execute(insert(events).values(values))


class Planning:
    """Runs the pure planner on a locked document and writes what it says."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow

    def replan(self, tx: Connection, row: Row[Any], side: int = 0) -> Status:
        """Owe what the facts call for and set the status. ``side``: only this side has changed."""
        state = DocumentState(
            row.document, row.revision, row.side_count, frozenset(f for f in row.flags.split(",") if f)
        )
        mine = of(facts, row.document, row.revision)
        if side and self._others_live(tx, row):
            near = select(facts.c.kind, facts.c.page).where(mine, facts.c.page.in_((0, side)))
            keys = frozenset(FactKey(r.kind, r.page) for r in tx.execute(near))
            self._owe(tx, row, plan_side(self.flow, state, keys, side), self._known(tx, row, side))
            return Status.RUNNING
        known = self._known(tx, row)
        keys = frozenset(FactKey(r.kind, r.page) for r in tx.execute(select(facts.c.kind, facts.c.page).where(mine)))
        planned = plan(self.flow, state, keys)
        if not planned.status.terminal:
            self._owe(tx, row, planned.owed, known)
        return self._settle(tx, row, planned, known)

    def _others_live(self, tx: Connection, row: Row[Any]) -> bool:
        mine = and_(of(steps, row.document, row.revision), steps.c.state.in_(LIVE))
        return bool(tx.execute(select(exists().where(mine))).scalar_one())

    def _known(self, tx: Connection, row: Row[Any], side: int = 0) -> dict[Step, str]:
        """Steps that have a row, and its state; ``side``: of this side only."""
        query = select(steps.c.segment, steps.c.page, steps.c.state).where(of(steps, row.document, row.revision))
        if side:
            query = query.where(steps.c.page == side)
        return {Step(row.document, row.revision, r.segment, r.page): r.state for r in tx.execute(query)}

    def _owe(self, tx: Connection, row: Row[Any], owed: frozenset[Step], known: dict[Step, str]) -> None:
        by_pool: dict[str, list[Step]] = {}
        for step in sorted(owed - known.keys()):
            by_pool.setdefault(self.flow.segment(step.segment).pool, []).append(step)
        for pool, new in by_pool.items():
            first = self._virtual_finish(tx, pool, row.service_class, row.counter)
            rows = [
                step._asdict()
                | {
                    "pool": pool,
                    "service_class": row.service_class,
                    "counter": row.counter,
                    "state": "owed",
                    "finish": first + place,
                }
                for place, step in enumerate(new)
            ]
            tx.execute(insert_once(tx, steps).values(owed_at=now()), rows)
            known.update(dict.fromkeys(new, "owed"))

    def _virtual_finish(self, tx: Connection, pool: str, service_class: str, counter: str) -> float:
        """Start-time fair queueing over counters, out of the backlog itself.

        A counter with work queued goes behind its own last step; any other starts beside the head.
        Source: Goyal, Vin and Cheng, "Start-time Fair Queuing" (1996), with cost 1 a step.
        """
        queue = and_(steps.c.pool == pool, steps.c.service_class == service_class, steps.c.state == "owed")
        head = tx.execute(select(func.min(steps.c.finish)).where(queue)).scalar_one_or_none() or 1.0
        tail = tx.execute(
            select(func.max(steps.c.finish)).where(queue, steps.c.counter == counter)
        ).scalar_one_or_none()
        return float(max(head - 1.0, tail or 0.0)) + 1.0

    def _settle(self, tx: Connection, row: Row[Any], planned: Plan, known: dict[Step, str]) -> Status:
        status, code, message = planned.status, "", ""
        if status.terminal:
            code, message = self._verdict(tx, row, status)
            tx.execute(
                update(steps).where(of(steps, row.document, row.revision), steps.c.state != "done").values(state="void")
            )
        elif any(s in LIVE for s in known.values()):
            status = Status.RUNNING
        elif "held" in known.values():
            status, code = Status.WAITING, "quarantined"
            pages = sorted({step.page for step, state in known.items() if state == "held"})
            message = f"sides {pages} ended their process twice; look at them, then `sohoa retry {row.document}`"
        elif status is Status.WAITING:
            code, message = "gate", f"waits for {', '.join(planned.waiting)}"
        values = {"status": status.value, "code": code, "message": message, "updated_at": now()}
        if status.terminal:
            values["ended_at"] = now()
            add_event(tx, row.document, row.revision, status.value, code)
        tx.execute(update(documents).where(of(documents, row.document, row.revision)).values(**values))
        return status

    def _verdict(self, tx: Connection, row: Row[Any], status: Status) -> tuple[str, str]:
        """Code and message of an ended revision, all bad pages named at once."""
        kind = {Status.REJECTED: Refused.kind(), Status.FAILED: Failed.kind()}.get(status)
        if kind is None:
            return "", ""
        query = (
            select(facts.c.body)
            .where(of(facts, row.document, row.revision), facts.c.kind == kind)
            .order_by(facts.c.page)
        )
        found = [orjson.loads(body) for body in tx.execute(query).scalars()]
        return found[0]["code"], " ".join(dict.fromkeys(f["message"] for f in found))
