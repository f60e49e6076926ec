"""Small helpers that many tests share."""
