"""The ledger's migrations, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, create_engine, inspect, text

from models.errors import OperatorError
from models.settings import DeliverySettings, LedgerSettings, Settings
from models.step import Step
from pipeline.ledger import migrate as migrations
from pipeline.ledger.database import open_database, transaction
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.migrate import HEAD, check_version, migrate, version
from pipeline.ledger.rows import NewFact
from pipeline.ledger.schema import metadata
from pipeline.wiring import Books
from tests.servers.postgres import Postgres
from tests.support.ledgers import migrated
from tests.support.toy_flow import TOY, Arrived, Looked, toy_document


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.fresh_database()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """That database, open."""
    opened = open_database(url)
    yield opened
    opened.dispose()


def described(engine: Engine) -> dict[str, object]:
    """Everything about the tables that the database itself tells."""
    look = inspect(engine)
    return {
        name: (
            [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in look.get_columns(name)],
            look.get_pk_constraint(name)["constrained_columns"],
            [(k["constrained_columns"], k["referred_table"]) for k in look.get_foreign_keys(name)],
            sorted(
                (str(i["name"]), str(i["column_names"]), str({k: str(v) for k, v in i["dialect_options"].items()}))
                for i in look.get_indexes(name)
            ),
        )
        for name in metadata.tables
    }


def test_the_migrations_make_the_schema(engine: Engine) -> None:
    """Nothing is left to do between the migrated database and ``schema.py``."""
    assert version(engine) is None
    assert migrate(engine) == (None, HEAD)
    assert version(engine) == HEAD
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_migrated_and_created_are_the_same(engine: Engine, postgres: Postgres, tmp_path: Path) -> None:
    """Also in what Alembic does not compare: keys, partial indexes, defaults."""
    migrate(engine)
    sqlite = engine.dialect.name == "sqlite"
    other = create_engine(f"sqlite:///{tmp_path / 'other.sqlite'}" if sqlite else postgres.fresh_database())
    metadata.create_all(other)
    created = described(other)
    other.dispose()
    assert described(engine) == created


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    """The second time finds the newest schema."""
    migrate(engine)
    before = described(engine)
    assert migrate(engine) == (HEAD, HEAD)
    assert described(engine) == before


def test_processes_that_start_together_migrate_once(url: str) -> None:
    """The first one migrates, the others wait and find it done."""
    engines = [open_database(url) for _ in range(6)]
    with ThreadPoolExecutor(len(engines)) as pool:
        done = list(pool.map(migrate, engines))
    assert {before for before, _ in done} <= {None, HEAD}
    assert None in {before for before, _ in done}
    assert {after for _, after in done} == {HEAD}
    for engine in engines:
        engine.dispose()


def test_a_migration_that_fails_leaves_nothing(engine: Engine) -> None:
    """Tables of a stranger stop it, and it makes none of its own."""
    with transaction(engine) as tx:
        tx.execute(text("CREATE TABLE counters (name VARCHAR(64))"))
    with pytest.raises(Exception, match="counters"):
        migrate(engine)
    reflected = MetaData()
    reflected.reflect(engine)
    assert set(reflected.tables) == {"counters"}
    assert version(engine) is None


def test_tables_without_a_version_are_left_alone(engine: Engine) -> None:
    """A ledger that something else has made is not guessed at."""
    metadata.create_all(engine)
    with pytest.raises(OperatorError) as caught:
        migrate(engine)
    assert caught.value.code == "ledger_unknown"


def test_a_newer_ledger_is_left_alone(engine: Engine) -> None:
    """An old program neither works on a newer schema nor migrates it."""
    migrate(engine)
    with transaction(engine) as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for attempt in (migrate, check_version):
        with pytest.raises(OperatorError) as caught:
            attempt(engine)
        assert caught.value.code == "ledger_too_new"
    assert version(engine) == "9999"


def test_a_cluster_waits_for_the_migration(postgres: Postgres) -> None:
    """On PostgreSQL opening the books makes no table, and says what to run."""
    url = postgres.fresh_database()
    settings = Settings(ledger=LedgerSettings(url=url))
    with pytest.raises(OperatorError, match="run `sohoa migrate`") as caught:
        Books(settings, TOY)
    assert caught.value.code == "ledger_not_migrated"
    engine = open_database(url)
    assert version(engine) is None
    engine.dispose()
    migrated(url)
    books = Books(settings, TOY)
    assert books.ledger.admit(toy_document(), "b" * 64, frozenset()).new
    books.close()


def test_an_embedded_ledger_is_made_when_opened(tmp_path: Path) -> None:
    """No command is needed on one machine, and what was there stays."""
    settings = Settings(state=tmp_path)
    books = Books(settings, TOY)
    books.ledger.admit(toy_document(), "b" * 64, frozenset())
    books.close()
    again = Books(settings, TOY)
    assert version(again.engine) == HEAD
    assert again.views.document("doc") is not None
    again.close()


def test_head_is_the_last_migration() -> None:
    """The constant that opening a ledger compares with, and one line of numbered files."""
    config = Config()
    config.set_main_option("script_location", str(migrations.MIGRATIONS))
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    assert scripts[0].revision == HEAD
    assert [Path(s.path).name[:4] for s in scripts] == [s.revision for s in scripts]


def test_workers_go_on_while_the_ledger_is_migrated(postgres: Postgres) -> None:
    """Workers of the first schema commit before, during and after a migration to the newest; none of it is lost."""
    url = postgres.fresh_database()
    engine = open_database(url)
    with transaction(engine) as tx:
        config = Config(attributes={"connection": tx})
        config.set_main_option("script_location", str(migrations.MIGRATIONS))
        command.upgrade(config, "0001")
    ledger = Ledger(engine, TOY, DeliverySettings())
    names = [f"doc-{number}" for number in range(60)]
    through: SimpleQueue[str] = SimpleQueue()
    migrated_at = threading.Event()

    def work(mine: list[str]) -> None:
        for name in mine:
            ledger.admit(toy_document(name), "b" * 64, frozenset())
            claim = ledger.claim(Step(name, 1, "arrive"), "w")
            assert claim is not None
            assert ledger.commit(claim, [NewFact(Arrived(sides=1), 0, "arrive", 1)])
            through.put(name)
        migrated_at.wait()
        last = ledger.claim(Step(mine[-1], 1, "look", 1), "w")
        assert last is not None
        assert ledger.commit(last, [NewFact(Looked(), 1, "look", 1)])

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(work, names[first::3]) for first in range(3)]
        began = through.get(timeout=60)
        assert migrate(engine) == ("0001", HEAD)
        migrated_at.set()
        for each in done:
            each.result()
    assert {began, *(through.get_nowait() for _ in names[1:])} == set(names)
    check_version(engine)
    engine.dispose()
