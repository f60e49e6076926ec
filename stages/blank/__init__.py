"""What is ink on a side, and what only looks like it."""
