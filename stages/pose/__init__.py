"""How a scan lies: the lean of its lines, and which way up they are."""
