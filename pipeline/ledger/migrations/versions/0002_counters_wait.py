"""Intake asks before each batch how long a counter has waited, whatever bulk is owed.

Workers of the version before go on meanwhile: a commit waits for as long as the index is built, about a second
for a million owed steps.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WAITS = sa.text("state = 'owed' AND lower(class) = 'counter'")


def upgrade() -> None:
    """``steps_age`` of the counters alone."""
    op.drop_index("steps_age", "steps")
    op.create_index("steps_age", "steps", ["owed_at"], postgresql_where=WAITS, sqlite_where=WAITS)
