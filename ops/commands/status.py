"""``sohoa status``: what waits, what works, and whether anything moves."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from rich.table import Table

from models.document import Status
from models.settings import Settings
from ops.output import Output
from ops.state import settings_of
from pipeline.ledger.dispatch import DEAD_AFTER_BEATS
from pipeline.ledger.planning import QUARANTINED
from pipeline.ledger.views import DocumentView, Views
from pipeline.wiring import Books
from stages.flow import FLOW

HELP = "documents by state, queues and workers; exit 75 when nothing moved for 5 minutes with work waiting, in a pool or in all"

STALLED_S = 300.0
STALLED = 75
"""Like every ``Retryable``: something that the line needs is away."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--out", type=Path, metavar="DIR", help="output folder of `sohoa process`")
    parser.add_argument("--all", action="store_true", help="list every document, not only those that wait")


def run(args: argparse.Namespace, settings: Settings, out: Output) -> int:
    """Exit 0, or 75 when the line stands still."""
    settings = settings_of(settings, args.out)
    books = Books(settings, FLOW)
    try:
        found = look(books.views, alive_s=DEAD_AFTER_BEATS * settings.delivery.heartbeat_s, everything=args.all)
    finally:
        books.close()
    out.document(found)
    _print(found, out)
    return STALLED if found["stalled"] else 0


def look(views: Views, alive_s: float, *, everything: bool = False) -> dict[str, Any]:
    """The JSON document of the command. ``alive_s``: a worker silent for longer has no slots."""
    counts = views.counts()
    registered = views.workers()
    slots: Counter[str] = Counter()
    for _, pool, count, age in registered:
        slots[pool] += count if age <= alive_s else 0
    pools = views.pools()
    unmanned = [p.pool for p in pools if not slots[p.pool] and (p.oldest_owed_s or 0.0) > STALLED_S]
    idle_s = views.idle_s()
    listed = views.all_documents() if everything else views.all_documents(Status.WAITING)
    shown = [
        {
            "pool": p.pool,
            "owed": p.owed,
            "in_flight": p.flying,
            "oldest_owed_s": None if p.oldest_owed_s is None else round(p.oldest_owed_s, 1),
            "slots": slots[p.pool],
        }
        for p in pools
    ]
    return {
        "documents": {status.value: counts.get(status, 0) for status in Status},
        "pools": shown,
        "workers": [
            {"worker": name, "pool": pool, "slots": count, "seen_s": round(age, 1), "alive": age <= alive_s}
            for name, pool, count, age in registered
        ],
        "idle_s": None if idle_s is None else round(idle_s, 1),
        "unmanned": unmanned,
        "stalled": bool(unmanned) or stalled(views.oldest_live_s(), idle_s),
        "listed": [_entry(view, views) for view in listed],
    }


def stalled(oldest_live_s: float, idle_s: float | None) -> bool:
    """Whether nothing progressed for 5 minutes with work waiting.

    Work that has just come to an idle line is no stall: it, too, has to be older than 5 minutes.
    """
    return oldest_live_s > STALLED_S and (idle_s is None or idle_s > STALLED_S)


def _entry(view: DocumentView, views: Views) -> dict[str, Any]:
    held = views.held(view.document, view.revision) if view.code == QUARANTINED else []
    return {
        "id": view.document,
        "revision": view.revision,
        "status": view.status.value,
        "code": view.code or None,
        "message": view.message or None,
        "sides": view.sides,
        "held": [{"segment": step.segment, "side": step.page, "code": code} for step, code, _ in held],
    }


def _print(found: dict[str, Any], out: Output) -> None:
    out.say("  ".join(f"{status.lower()} {count}" for status, count in found["documents"].items()))
    if found["pools"] or found["workers"]:
        table = Table(box=None, pad_edge=False)
        for column in ("pool", "owed", "in flight", "oldest owed", "live slots"):
            table.add_column(column)
        for p in found["pools"]:
            table.add_row(p["pool"], str(p["owed"]), str(p["in_flight"]), _age(p["oldest_owed_s"]), str(p["slots"]))
        out.say("")
        out.table(table)
        alive = sum(worker["alive"] for worker in found["workers"])
        out.say(f"{alive} of {len(found['workers'])} workers alive; last progress {_age(found['idle_s'])} ago")
    if found["listed"]:
        out.say("")
    for entry in found["listed"]:
        out.say(f"{entry['status']:<8}  {entry['id']} r{entry['revision']}  {entry['code'] or ''}".rstrip())
        if entry["message"]:
            out.say(f"          {entry['message']}")
    for pool in found["unmanned"]:
        out.warn(
            f"nothing moves in pool {pool}, it has no live slot: look at its workers (`sohoa worker --pool {pool}`) "
            "and their log, or run `sohoa process` again"
        )
    if found["stalled"] and not found["unmanned"]:
        out.warn("nothing moves: look at workers, relay and broker (`sohoa doctor`), or run `sohoa process` again")


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
