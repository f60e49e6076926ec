"""Whether pages are in order: rows of printed numbers, and sides captured twice."""
