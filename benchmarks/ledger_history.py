"""A ledger with a long past or a long backlog, loaded by COPY, and how PostgreSQL would run each of the ledger's hot statements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from sqlalchemy import Executable, create_engine

from pipeline.ledger import statements as sql
from pipeline.ledger.database import OPTIONS
from pipeline.ledger.prepared import compiled
from stages.flow import FLOW

PAGES = 10
"""Pages of each document of the past."""
BODY = '{"detail":"' + 80 * "x" + '"}'
RECEIVED_AT = 1.7e9

Shape = str
"""A plan without its numbers: which nodes, on which tables, over which indexes."""

_STEP = {"d": "live-000001", "r": 1, "s": "page", "p": 3}
_QUEUE = {"pool_": "page", "cls": "counter", "counter_": "counter-01"}


def load(address: str, first: int, count: int) -> None:
    """Archived documents number ``first`` and on, with every fact, step and event that they would have."""
    copy_in(address, _PAST, "past", range(first, first + count))
    settle(address)


def owe(address: str, pages: int) -> None:
    """So many owed bulk pages, as intake and the first step leave them; the documents are called ``backlog-…``."""
    copy_in(address, _BACKLOG, "backlog", range(pages // PAGES))
    settle(address)


def copy_in(address: str, tables: Sequence[tuple[str, str, str]], name: str, numbers: range) -> None:
    """Rows for each number: ``tables`` says for each table the columns, and the rows of one document."""
    with psycopg.connect(address) as connection:
        # Not asking for each row's document again; the rows go together.
        connection.execute("SET session_replication_role = replica")
        for table, columns, of_one in tables:
            with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for number in numbers:
                    at = f"{RECEIVED_AT + number * 10}"
                    rows = of_one.replace("@doc", f"{name}-{number:07d}").replace("@at", at)
                    copy.write(rows.replace("@number", str(number)))


def settle(address: str) -> None:
    """Statistics of now, and no dead rows."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _rows(*rows: tuple[object, ...]) -> str:
    return "".join("\t".join(map(str, row)) + "\n" for row in rows)


def _stage_rows(segment: str, page: int) -> Iterator[tuple[object, ...]]:
    for stage in FLOW.segment(segment).stages:
        yield "@doc", 1, page, stage.gives.kind(), stage.name, stage.version, BODY, 1, "@at"


def _places() -> Iterator[tuple[str, str, int]]:
    """Segment, pool and page of every step of one document."""
    for segment in FLOW.segments:
        for page in range(1, PAGES + 1) if segment.scope == "page" else (0,):
            yield segment.name, segment.pool, page


_PAST = (
    (
        "documents",
        ("document, revision, body, content, agency, counter, class, flags, archive_key, side_count, status, code, "
        "message, received_at, updated_at, ended_at"),
        _rows(("@doc", 1, "b" * 64, "c" * 64, "H49", "counter-01", "counter", "", "H49/2026/@doc/r1", PAGES, "ARCHIVED",
               "", "", "@at", "@at", "@at")),
    ),
    (
        "facts",
        "document, revision, page, kind, stage, version, body, attempt, at",
        _rows(*(row for segment, _, page in _places() for row in _stage_rows(segment, page))),
    ),
    (
        "steps",
        "document, revision, segment, page, pool, class, counter, state, finish, attempt, worker, owed_at",
        _rows(*(("@doc", 1, segment, page, pool, "counter", "counter-01", "done", 1.0, 1, "host:1:page", "@at")
                for segment, pool, page in _places())),
    ),
    (
        "events",
        "document, revision, at, what, detail",
        _rows(("@doc", 1, "@at", "admitted", "10 files"), ("@doc", 1, "@at", "ARCHIVED", "")),
    ),
)  # fmt: skip

_BACKLOG = (
    (
        "documents",
        ("document, revision, body, content, agency, counter, class, flags, archive_key, side_count, status, code, "
        "message, received_at, updated_at"),
        _rows(("@doc", 1, "b" * 64, "c" * 64, "H49", "bulk-archive", "bulk", "", "H49/2026/@doc/r1", PAGES, "RUNNING",
               "", "", "@at", "@at")),
    ),
    (
        "facts",
        "document, revision, page, kind, stage, version, body, attempt, at",
        _rows(*_stage_rows("arrive", 0)),
    ),
    (
        "steps",
        "document, revision, segment, page, pool, class, counter, state, finish, attempt, owed_at",
        _rows(
            ("@doc", 1, "arrive", 0, "arrive", "bulk", "bulk-archive", "done", 1.0, 1, "@at"),
            *(("@doc", 1, "page", page, "page", "bulk", "bulk-archive", "owed", f"@number{page:02d}", 0, "@at")
              for page in range(1, PAGES + 1)),
        ),
    ),
)  # fmt: skip

HOT: dict[str, tuple[Executable, Mapping[str, Any]]] = {
    "LOCK": (sql.LOCK, _STEP),
    "LOCK_LATEST": (sql.LOCK_LATEST, _STEP),
    "COUNTED": (sql.COUNTED, _STEP | {"sides": PAGES}),
    "STANDS": (sql.STANDS, _STEP | {"new_status": "RUNNING", "new_code": "", "new_message": ""}),
    "HISTORY": (sql.HISTORY, _STEP),
    "CLAIM": (sql.CLAIM, _STEP | {"by": "w", "lease_s": 30.0}),
    "RENEW": (sql.RENEW, _STEP | {"a": 1, "lease_s": 30.0}),
    "DONE": (sql.DONE, _STEP | {"a": 1}),
    "FACTS": (sql.FACTS, _STEP),
    "FACTS_NEAR": (sql.FACTS_NEAR, _STEP),
    "ANY_LIVE": (sql.ANY_LIVE, _STEP),
    "KEYS": (sql.KEYS, _STEP),
    "KEYS_NEAR": (sql.KEYS_NEAR, _STEP),
    "STATES": (sql.STATES, _STEP),
    "STATES_OF_SIDE": (sql.STATES_OF_SIDE, _STEP),
    "QUEUE_ENDS": (sql.QUEUE_ENDS, _QUEUE),
    "HEAD": (sql.HEAD, _QUEUE | {"most": 50, "longest": sql.ANY_LENGTH}),
    "LONG_FLYING": (sql.LONG_FLYING, _QUEUE | {"sides": 100}),
    "SEND": (sql.SEND, _STEP | {"expires_s": 60.0}),
    "UNSEND": (sql.UNSEND, _STEP),
    "EXPIRE": (sql.EXPIRE, {}),
    "LOADS": (sql.LOADS, {"dead_after_s": 10.0}),
    "WHICH_OWE": (sql.which_owe(FLOW.pools), {}),
    "RUNNING": (sql.RUNNING, {}),
    "SILENT": (sql.SILENT, {"silent_s": 15.0, "after": 0.0}),
    "OLDEST_WAITS": (sql.OLDEST_WAITS, {}),
    "OBSTACLE": (sql.OBSTACLE, {}),
}
"""Every statement that runs per step, per turn of the relay, per batch at intake or per look at a run, with parameters of a live step."""


def plans(address: str) -> dict[str, Shape]:
    """The plan of each hot statement, with its parameters known (``custom``) and as it is kept (``generic``)."""
    engine = create_engine("postgresql+psycopg://")
    found: dict[str, Shape] = {}
    with psycopg.connect(address, options=OPTIONS) as connection:
        for name, (statement, given) in HOT.items():
            ready = compiled(engine.dialect, statement)
            text, values = _numbered(ready.text, ready.bind(given))
            connection.execute(f"PREPARE {name} AS {text}")
            arguments = f"({', '.join(map(_literal, values))})" if values else ""
            for mode in ("custom", "generic"):
                connection.execute(f"SET plan_cache_mode = force_{mode}_plan")
                explain = f"EXPLAIN (FORMAT JSON) EXECUTE {name} {arguments}"
                (answer,) = connection.execute(explain).fetchall()
                found[f"{name} {mode}"] = _shape(answer[0][0]["Plan"])
    return found


def _numbered(text: str, given: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The driver's ``%(name)s`` as PostgreSQL's ``$1``, with the values in that order."""
    order: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[1] not in order:
            order.append(found[1])
        return f"${order.index(found[1]) + 1}"

    numbered = re.sub(r"%\((\w+)\)s", number, text).replace("%%", "%")
    return numbered, [given[name] for name in order]


def _literal(value: object) -> str:
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def _shape(plan: dict[str, Any]) -> Shape:
    """``Update steps(Index Scan steps_pkey)``."""
    words = [plan["Node Type"], plan.get("Relation Name", ""), plan.get("Index Name", "")]
    below = ", ".join(_shape(part) for part in plan.get("Plans", ()))
    return " ".join(word for word in words if word) + (f"({below})" if below else "")
