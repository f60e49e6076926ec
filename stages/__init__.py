"""The stages: one file each, with its fact, its function and ``STAGE``. I/O only through ports."""
