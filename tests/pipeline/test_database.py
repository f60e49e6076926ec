"""The ledger's transactions, where the database cannot take another one."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, text
from sqlalchemy.exc import IntegrityError

from models.document import Status
from models.errors import OperatorError, Retryable
from models.settings import LedgerSettings, Settings
from models.step import Step
from pipeline.ledger import statements as sql
from pipeline.ledger.database import open_database, transaction
from pipeline.ledger.prepared import change
from pipeline.ledger.schema import facts
from pipeline.wiring import Books
from tests.servers.postgres import Postgres
from tests.support.ledgers import migrated
from tests.support.toy_flow import TOY, toy_document


def test_a_pool_without_a_free_connection_is_retryable(tmp_path: Path) -> None:
    """A thread that must go on for ever (relay, heartbeat) waits, as it does for a server that is away."""
    engine = create_engine(f"sqlite:///{tmp_path / 'l.sqlite'}", pool_size=1, max_overflow=0, pool_timeout=0.01)
    with engine.connect(), pytest.raises(Retryable) as caught, transaction(engine):
        pass
    assert (caught.value.code, caught.value.dependency) == ("ledger_away", "ledger")
    engine.dispose()


def test_a_server_that_only_reads_is_retryable(postgres: Postgres) -> None:
    """A standby that has not taken over yet: what is written through SQLAlchemy and past it waits for its turn."""
    books = Books(Settings(ledger=LedgerSettings(url=postgres.fresh_database(migrated))), TOY)
    books.ledger.admit(toy_document(), "b" * 64, frozenset())
    _only_reads(books, "on")
    for write in (
        lambda: books.ledger.admit(toy_document("other"), "b" * 64, frozenset()),
        lambda: books.ledger.claim(Step("doc", 1, "arrive"), "w"),
        lambda: books.dispatch.beat("w", "arrive", 1),
    ):
        with pytest.raises(Retryable) as caught:
            write()
        assert (caught.value.code, caught.value.dependency) == ("ledger_away", "ledger")
    _only_reads(books, "off")
    assert books.ledger.claim(Step("doc", 1, "arrive"), "w") is not None
    books.close()


def test_who_sleeps_in_a_transaction_loses_its_locks(postgres: Postgres) -> None:
    """A host that froze, or lost its network, must not hold a document for ever; what it wakes up to is retryable."""
    books = Books(Settings(ledger=LedgerSettings(url=postgres.fresh_database(migrated))), TOY)
    books.ledger.admit(toy_document(), "b" * 64, frozenset())

    def sleep() -> None:
        with transaction(books.engine) as tx:
            assert tx.scalar(text("SHOW idle_in_transaction_session_timeout")) == "15s"
            books.ledger._lock(tx, "doc")
            tx.execute(text("SET LOCAL idle_in_transaction_session_timeout = 1"))
            assert books.ledger.replan("doc", 1) is Status.RUNNING
            change(tx, sql.UNSEND, sql.key(Step("doc", 1, "arrive")))

    with pytest.raises(Retryable, match="ledger_away"):
        sleep()
    assert books.ledger.claim(Step("doc", 1, "arrive"), "w") is not None
    books.close()


def test_a_bad_address_is_told_without_its_password() -> None:
    """A sign in the password that belongs into %XX cuts the address in the wrong place."""
    for url in ("postgresql+psycopg://sohoa:S3C@RET:X@db/sohoa", "sohoa:RET@db"):
        with pytest.raises(OperatorError, match="bad_ledger_url") as caught:
            open_database(url)
        assert "RET" not in str(caught.value)
        assert "X@db" not in str(caught.value)


def test_an_error_quotes_no_paper(tmp_path: Path) -> None:
    """A broken restore, a fault of ours: the trace in the log says which statement, not whose name was in it."""
    books = Books(Settings(state=tmp_path), TOY)
    row = {"document": "d", "revision": 1, "page": 0, "kind": "k", "stage": "s", "version": 1, "attempt": 1, "at": 0.0}
    with pytest.raises(IntegrityError) as caught, transaction(books.engine) as tx:
        tx.execute(insert(facts), [row | {"body": "NGUYỄN VĂN A"}])
    assert "NGUYỄN" not in str(caught.value)
    books.close()


def _only_reads(books: Books, whether: str) -> None:
    """For every connection that is opened from now on."""
    with transaction(books.engine) as tx:
        tx.execute(text("SET TRANSACTION READ WRITE"))
        tx.execute(text(f'ALTER DATABASE "{books.engine.url.database}" SET default_transaction_read_only = {whether}'))
    books.engine.dispose()
