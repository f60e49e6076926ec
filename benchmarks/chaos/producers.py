"""The people around the line: counters that hand batches in, and an officer who approves copies."""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.chaos.cluster import Host
from benchmarks.chaos.evidence import RECEIPT
from benchmarks.chaos.papers import Expected, Paper, write
from models.errors import OperatorError, SohoaError
from pipeline.operations import approve
from pipeline.wiring import Adapters, Books
from stages.flow import FLOW

PATIENCE_S = 0.5
OFFICER = "officer-chaos"


@dataclass
class Counters:
    """Hands batches in until told to stop, and never gives one up: a full disk is tried again.

    ``handed_in``: batch, and what has to become of its document.
    """

    hosts: Sequence[Host]
    papers: Iterator[Paper]
    every_s: float
    seed: int
    has_room: Callable[[], bool] = lambda: True
    most: int = 0
    handed_in: list[tuple[str, Expected]] = field(default_factory=list)
    documents: list[Expected] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Until stopped, or until there are ``most`` documents (0: no limit)."""
        rng = random.Random(self.seed)  # noqa: S311 - a campaign, not a secret
        while not self.stopping.is_set() and not (self.most and len(self.documents) >= self.most):
            if not self.has_room():
                self.stopping.wait(PATIENCE_S)
                continue
            paper = next(self.papers)
            self.documents.append(paper.expected)
            for copy in range(paper.expected.copies):
                name = paper.expected.document + (f"-again-{copy}" if copy else "")
                host = rng.choice(self.hosts)
                assert host.incoming is not None
                self._hand_in(paper, host.incoming / name)
            self.stopping.wait(rng.uniform(0.5, 1.5) * self.every_s)

    def _hand_in(self, paper: Paper, folder: Path) -> None:
        while True:
            try:
                write(paper, folder)
            except OSError:  # the disk is full or read-only: the clerk makes room where that can be, and tries again
                make_room(folder.parent)
                time.sleep(PATIENCE_S)
            else:
                self.handed_in.append((folder.name, paper.expected))
                return


def make_room(incoming: Path) -> None:
    """Delete the batches that have their receipt; the receipts stay. A read-only disk keeps them."""
    for receipt in incoming.glob(f"*{RECEIPT}"):
        shutil.rmtree(receipt.with_name(receipt.name.removesuffix(RECEIPT)), ignore_errors=True)


class Officer:
    """Approves what waits for it, from one host, as soon as the ledger knows it; never gives up."""

    def __init__(self, host: Host, counters: Counters) -> None:
        self._host = host
        self._counters = counters
        self._done: set[str] = set()
        self.stopping = threading.Event()

    @property
    def finished(self) -> bool:
        """Whether everything that needs it was approved, or had ended before."""
        return all(e.document in self._done for e in list(self._counters.documents) if e.wants_approval)

    def run(self) -> None:
        """Until stopped."""
        adapters = Adapters(self._host.settings)
        while not self.stopping.is_set():
            try:
                books = Books(self._host.settings, FLOW)
            except SohoaError:
                self.stopping.wait(PATIENCE_S)
                continue
            try:
                self._look(books, adapters)
            except SohoaError:
                pass
            finally:
                books.close()
            self.stopping.wait(PATIENCE_S)

    def _look(self, books: Books, adapters: Adapters) -> None:
        for expected in list(self._counters.documents):
            if expected.document in self._done or not expected.wants_approval or self.stopping.is_set():
                continue
            try:
                approve(books, adapters, [expected.document], OFFICER)
            except OperatorError as error:
                if error.code != "already_ended":
                    continue  # not admitted yet
            self._done.add(expected.document)
