"""The ledger: what exists, what is owed, who works on it. The truth; the broker is a hint."""
