"""Adapters of the ports: one file each. The port's contract suite in ``tests/contracts`` must pass."""
