"""Everything that does I/O: intake, ledger, relay, runner, slot children, adapters, and their wiring."""
