"""Runs statements of :mod:`pipeline.ledger.statements` on the driver's own cursor.

SQLAlchemy compiles them, once for each database; running them through it as well costs five times as much
as this does. Texts and numbers need no conversion on the way, and the ledger has nothing else.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Executable, Insert
from sqlalchemy.sql import ClauseElement, Select

Given = Mapping[str, Any]


class Asked(NamedTuple):
    """One statement of several that go together; ``given``: a set of parameters for each time that it runs."""

    statement: Executable
    given: Sequence[Given]


def together(tx: Connection, *asked: Asked) -> list[list[Any]]:
    """Run statements in order; the rows of each, none of one that answers nothing.

    One after the other: the driver's pipeline saves the ways to the server and costs more CPU.
    """
    return [_answer(*_asked(tx, one)) for one in asked]


def at_once(tx: Connection, *asked: Asked) -> list[list[Any]]:
    """The same on one way to the server and back, where it has such a thing. For statements under a document's lock:

    others wait for as long as it is held, and on a busy host each way takes longer than all the work on it.
    """
    driver = tx.connection.driver_connection
    if tx.dialect.name != "postgresql" or driver is None:
        return together(tx, *asked)
    with driver.pipeline():
        cursors = [_asked(tx, one) for one in asked]
    return [_answer(*cursor) for cursor in cursors]


def _asked(tx: Connection, one: Asked) -> tuple[Any, _Compiled]:
    statement, given = one
    ready = compiled(tx.dialect, statement, tuple(given[0]) if isinstance(statement, Insert) else ())
    cursor = tx.connection.cursor()
    try:
        _run(cursor, ready, given)
    except BaseException:
        cursor.close()
        raise
    return cursor, ready


def _answer(cursor: Any, ready: _Compiled) -> list[Any]:
    try:
        return [ready.row(row) for row in cursor.fetchall()] if cursor.description is not None else []
    finally:
        cursor.close()


def ask(tx: Connection, statement: Executable, given: Given) -> list[Any]:
    """All rows of the answer; columns have the names of the statement."""
    ready = compiled(tx.dialect, statement)
    cursor = tx.connection.cursor()
    try:
        cursor.execute(ready.text, ready.bind(given))
        return [ready.row(row) for row in cursor.fetchall()]
    finally:
        cursor.close()


def change(tx: Connection, statement: Executable, given: Given) -> int:
    """Run a statement that answers nothing; how many rows it changed."""
    return change_all(tx, statement, (given,))


def change_all(tx: Connection, statement: Executable, given: Sequence[Given]) -> int:
    """The same for several sets of parameters; how many rows were changed in all."""
    if not given:
        return 0
    ready = compiled(tx.dialect, statement, tuple(given[0]) if isinstance(statement, Insert) else ())
    cursor = tx.connection.cursor()
    try:
        _run(cursor, ready, given)
        return cursor.rowcount
    finally:
        cursor.close()


def _run(cursor: Any, ready: _Compiled, given: Sequence[Given]) -> None:
    if len(given) == 1:
        cursor.execute(ready.text, ready.bind(given[0]))
    else:
        cursor.executemany(ready.text, [ready.bind(one) for one in given])


class _Compiled(NamedTuple):
    text: str
    bind: Callable[[Given], Any]
    row: Callable[[Iterable[Any]], Any]


@lru_cache(512)
def compiled(dialect: Dialect, statement: Executable, columns: tuple[str, ...] = ()) -> _Compiled:
    assert isinstance(statement, ClauseElement)
    made = statement.compile(dialect=dialect, column_keys=columns or None, compile_kwargs={"render_postcompile": True})
    order: Sequence[str] | None = getattr(made, "positiontup", None)
    fixed = {name: value for name, value in made.params.items() if value is not None}

    def bind(given: Given) -> Any:
        whole = {**fixed, **given}
        return whole if order is None else [whole[name] for name in order]

    if not isinstance(statement, Select):
        return _Compiled(str(made), bind, tuple)
    names = [str(column.key) for column in statement.selected_columns]
    row = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # noqa: PYI024 - the statement names them
    return _Compiled(str(made), bind, row._make)
