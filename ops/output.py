"""Where a command's words go: one JSON document, or text for people."""

from __future__ import annotations

import sys
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table


class Output:
    """``json``: standard output carries one JSON document and nothing else."""

    def __init__(self, *, json: bool) -> None:
        self.json = json
        self._console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self.errors = Console(file=sys.stderr, highlight=False, soft_wrap=True)

    def document(self, value: Any) -> None:
        """The one JSON document of this command; nothing without ``--json``."""
        if self.json:
            sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")
            sys.stdout.flush()

    def say(self, text: str) -> None:
        """A line for people; nothing with ``--json``."""
        if not self.json:
            self._console.print(text, markup=False)

    def table(self, table: Table) -> None:
        """A table for people; nothing with ``--json``."""
        if not self.json:
            self._console.print(table)

    def warn(self, text: str) -> None:
        """A line on standard error."""
        self.errors.print(text, markup=False)
