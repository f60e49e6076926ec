"""Alembic migrations of the ledger; ``pipeline.ledger.migrate`` runs them. A released one is never edited."""
