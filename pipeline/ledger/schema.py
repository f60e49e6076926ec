"""Tables of the ledger, one schema for SQLite and PostgreSQL. Times are UTC seconds since the epoch.

A step goes ``owed → sent → claimed → done``; ``held`` waits for a person, ``void`` belongs to a
revision that ended without it. The step row is the outbox.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()

documents = Table(
    "documents",
    metadata,
    Column("document", String(64), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("body", String(64), nullable=False),  # blob of the models.document.Document
    Column("content", String(64), nullable=False),  # digest of what the counter sent, arrival time left out
    Column("agency", String(64), nullable=False),
    Column("counter", String(64), nullable=False),
    Column("class", String(16), nullable=False, key="service_class"),
    Column("flags", String(200), nullable=False),
    Column("archive_key", String(300), nullable=False),
    Column("replaces", Integer),
    Column("declared_sides", Integer),
    Column("side_count", Integer),
    Column("status", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    Column("message", Text, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("deadline", Double),
    Column("updated_at", Double, nullable=False),
    Column("ended_at", Double),
)
Index("documents_status", documents.c.status, documents.c.updated_at)

facts = Table(
    "facts",
    metadata,
    Column("document", String(64), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("kind", String(64), primary_key=True),
    Column("stage", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", Double, nullable=False),
    ForeignKeyConstraint(["document", "revision"], ["documents.document", "documents.revision"]),
)

steps = Table(
    "steps",
    metadata,
    Column("document", String(64), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("segment", String(64), primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("pool", String(64), nullable=False),
    Column("class", String(16), nullable=False, key="service_class"),
    Column("counter", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("finish", Double, nullable=False),  # virtual finish time: the order within a pool and class
    Column("attempt", Integer, nullable=False, server_default=text("0")),  # fencing token
    Column("worker", String(128), nullable=False, server_default=""),  # and a token: who claimed it
    Column("owed_at", Double, nullable=False),
    Column("not_before", Double, nullable=False, server_default=text("0")),
    Column("until", Double, nullable=False, server_default=text("0")),  # when sent or a claim expires
    Column("defects", Integer, nullable=False, server_default=text("0")),
    Column("kills", Integer, nullable=False, server_default=text("0")),
    Column("retries", Integer, nullable=False, server_default=text("0")),
    Column("code", String(64), nullable=False, server_default=""),
    Column("message", Text, nullable=False, server_default=""),
    ForeignKeyConstraint(["document", "revision"], ["documents.document", "documents.revision"]),
)
_owed = text("state = 'owed'")
_flying = text("state IN ('sent', 'claimed')")
Index(
    "steps_head",
    steps.c.pool,
    steps.c.service_class,
    steps.c.finish,
    postgresql_where=_owed,
    sqlite_where=_owed,
)
Index(
    "steps_tail",
    steps.c.pool,
    steps.c.service_class,
    steps.c.counter,
    steps.c.finish,
    postgresql_where=_owed,
    sqlite_where=_owed,
)
# In words that no other question has: PostgreSQL would find there, and sort, what steps_head has in order.
_waits = text("state = 'owed' AND lower(class) = 'counter'")
Index("steps_age", steps.c.owed_at, postgresql_where=_waits, sqlite_where=_waits)
Index("steps_flying", steps.c.pool, steps.c.until, postgresql_where=_flying, sqlite_where=_flying)

events = Table(
    "events",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("document", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("what", String(64), nullable=False),
    Column("detail", Text, nullable=False),
)
Index("events_document", events.c.document, events.c.revision, events.c.id)

workers = Table(
    "workers",
    metadata,
    Column("worker", String(128), primary_key=True),
    Column("pool", String(64), nullable=False),
    Column("slots", Integer, nullable=False),
    Column("seen_at", Double, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(128), nullable=False),
    Column("until", Double, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
