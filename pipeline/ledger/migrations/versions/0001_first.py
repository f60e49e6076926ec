"""The first ledger: documents, facts, steps, events; workers, leases and counters of the relay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

OWED = sa.text("state = 'owed'")
FLYING = sa.text("state IN ('sent', 'claimed')")


def upgrade() -> None:
    """Every table and index."""
    _documents()
    _facts()
    _steps()
    _events()
    op.create_table(
        "workers",
        sa.Column("worker", sa.String(128), primary_key=True),
        sa.Column("pool", sa.String(64), nullable=False),
        sa.Column("slots", sa.Integer, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(128), nullable=False),
        sa.Column("until", sa.Double, nullable=False),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("document", sa.String(64), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("body", sa.String(64), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("agency", sa.String(64), nullable=False),
        sa.Column("counter", sa.String(64), nullable=False),
        sa.Column("class", sa.String(16), nullable=False),
        sa.Column("flags", sa.String(200), nullable=False),
        sa.Column("archive_key", sa.String(300), nullable=False),
        sa.Column("replaces", sa.Integer),
        sa.Column("declared_sides", sa.Integer),
        sa.Column("side_count", sa.Integer),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("received_at", sa.Double, nullable=False),
        sa.Column("deadline", sa.Double),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
    )
    op.create_index("documents_status", "documents", ["status", "updated_at"])


def _facts() -> None:
    op.create_table(
        "facts",
        sa.Column("document", sa.String(64), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("page", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(64), primary_key=True),
        sa.Column("stage", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.ForeignKeyConstraint(["document", "revision"], ["documents.document", "documents.revision"]),
    )


def _steps() -> None:
    op.create_table(
        "steps",
        sa.Column("document", sa.String(64), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("segment", sa.String(64), primary_key=True),
        sa.Column("page", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("pool", sa.String(64), nullable=False),
        sa.Column("class", sa.String(16), nullable=False),
        sa.Column("counter", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("finish", sa.Double, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("worker", sa.String(128), nullable=False, server_default=""),
        sa.Column("owed_at", sa.Double, nullable=False),
        sa.Column("not_before", sa.Double, nullable=False, server_default=sa.text("0")),
        sa.Column("until", sa.Double, nullable=False, server_default=sa.text("0")),
        sa.Column("defects", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("kills", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("retries", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("code", sa.String(64), nullable=False, server_default=""),
        sa.Column("message", sa.Text, nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["document", "revision"], ["documents.document", "documents.revision"]),
    )
    for name, columns, part in (
        ("steps_head", ["pool", "class", "finish"], OWED),
        ("steps_tail", ["pool", "class", "counter", "finish"], OWED),
        ("steps_age", ["pool", "owed_at"], OWED),
        ("steps_flying", ["pool", "until"], FLYING),
    ):
        op.create_index(name, "steps", columns, postgresql_where=part, sqlite_where=part)


def _events() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "events",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("document", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("what", sa.String(64), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("events_document", "events", ["document", "revision", "id"])
