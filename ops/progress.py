"""A progress bar on a terminal, and silence elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import rich.progress

from ops.output import Output


class Progress:
    """Shows documents finished out of documents known."""

    def __init__(self, out: Output) -> None:
        self._bar = rich.progress.Progress(
            rich.progress.TextColumn("documents"),
            rich.progress.BarColumn(),
            rich.progress.MofNCompleteColumn(),
            rich.progress.TimeElapsedColumn(),
            console=out.errors,
            disable=not out.errors.is_terminal,
        )
        self._task = self._bar.add_task("documents", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, finished: int, known: int) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=finished, total=known)
