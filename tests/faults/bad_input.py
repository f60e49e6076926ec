"""Broken batches through the real intake and the real embedded line, and what must be true of each afterwards."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from benchmarks.corpus.broken.case import ARCHIVED, WAITING, Case
from models.document import Status
from models.errors import Rejected
from models.settings import ArchiveSettings, GateSettings, PoolSettings, Settings
from pipeline.embedded import EmbeddedLine
from pipeline.intake import find_batches
from pipeline.ledger.views import DocumentView
from pipeline.services import FolderWatch
from pipeline.verify import load_roots, verify
from pipeline.watermark import Watermark
from tests.support.silent_work import SERVE

POOLS = ("arrive", "page", "document", "sign", "archive")
LIMITS = PoolSettings(slots=1, wall_s=60, cpu_s=30, rss_mb=1500)
"""Small enough that a hang shows, large enough for the largest page that is legal."""
PARENT_MB = 400
"""What intake and line may grow by: they hold a file at a time, and never what a bomb becomes."""
VIETNAMESE = frozenset("ăâđêôơưáàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ")
FOREIGN_WORDS = ("Error", "Exception", "Traceback", "Input should", "Field required", "Value error", "should be")


@dataclass(frozen=True)
class Ended:
    """How one document of a case ended: ``code`` of the refusal, or ``ARCHIVED``, ``WAITING`` or ``FAILED``."""

    case: str
    code: str
    message: str = ""
    archive_key: str = ""


@dataclass
class Campaign:
    """What came out. ``running``: documents that had not ended in time. ``growth_mb``: of this process, at its peak."""

    ended: list[Ended] = field(default_factory=list)
    receipts: int = 0
    refusals: int = 0
    running: int = 0
    growth_mb: float = 0.0
    archive: Path = Path()
    state: Path = Path()

    def of(self, case: Case) -> list[Ended]:
        return [end for end in self.ended if end.case == case.name]


def run(cases: Sequence[Case], place: Path, within_s: float) -> Campaign:
    """Write the batches, let intake and line have them, and wait until nothing moves."""
    watched, loose = place / "in", place / "loose"
    watched.mkdir()
    loose.mkdir()
    for case in cases:
        folder = (loose if case.loose else watched) / case.name
        folder.mkdir()
        case.write(folder)
    before = _pictures(cases, watched)
    settings = Settings(
        state=place / "state",
        archive=ArchiveSettings(root=place / "archive"),
        gates=GateSettings(approval=False),
        pools=dict.fromkeys(POOLS, LIMITS),
    )
    found = Campaign(archive=place / "archive", state=place / "state")
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # from here on the peak is the line's, not the generator's
    began_mb = _peak_mb()
    deadline = time.monotonic() + within_s
    with EmbeddedLine(settings, serve=SERVE) as line:
        watch = FolderWatch(watched, line.intake, Watermark(settings.intake, line.adapters.blobs, line.books.views))
        watch.look(threading.Event())
        admitted = {c.name: _admit(line, loose / c.name, c.name, found) for c in cases if c.loose}
        while line.books.views.counts().get(Status.RUNNING) and time.monotonic() < deadline:
            time.sleep(0.2)
        views = {view.document: view for view in line.books.views.all_documents()}
        found.running = sum(view.status is Status.RUNNING for view in views.values())
    found.growth_mb = _peak_mb() - began_mb
    for case in cases:
        if case.loose:
            found.ended += [_ended(case.name, views[document]) for document in admitted[case.name]]
        else:
            found.ended += _answered(case.name, watched, views, found)
    assert _pictures(cases, watched) == before, "an original was changed"
    return found


def _admit(line: EmbeddedLine, folder: Path, case: str, found: Campaign) -> list[str]:
    """Admit what ``sohoa process`` would find there; the documents."""
    documents: list[str] = []
    for batch in find_batches(folder):
        try:
            receipt = line.intake.admit(batch)
        except Rejected as error:
            found.refusals += 1
            found.ended.append(Ended(case, error.code, error.message))
        else:
            found.receipts += 1
            documents.append(receipt.document)
    return list(dict.fromkeys(documents))


def _answered(case: str, folder: Path, views: dict[str, DocumentView], found: Campaign) -> Iterable[Ended]:
    """By the answer beside the batch: exactly one."""
    refusal, receipt = folder / f"{case}.refused.json", folder / f"{case}.receipt.json"
    if refusal.exists():
        found.refusals += 1
        said = orjson.loads(refusal.read_bytes())
        yield Ended(case, said["code"], said["message"])
    if receipt.exists():
        found.receipts += 1
        yield _ended(case, views[orjson.loads(receipt.read_bytes())["document"]])


def _ended(case: str, view: DocumentView) -> Ended:
    rejected = view.status is Status.REJECTED
    return Ended(case, view.code if rejected else view.status.value, view.message, view.archive_key)


def _pictures(cases: Sequence[Case], folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time stamp of every regular file that was handed in."""
    found = {}
    for case in cases:
        if not case.loose:
            for path in (folder / case.name).iterdir():
                status = path.lstat()
                found[os.fspath(path)] = (status.st_size, status.st_mtime_ns)
    return found


def _peak_mb() -> float:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def wrong(case: Case, found: Campaign) -> list[str]:
    """Everything about a case that is not as it must be."""
    ends = found.of(case)
    troubles = []
    if not case.loose and len(ends) != 1:
        troubles.append(f"{len(ends)} answers")
    if case.loose and case.ends and not ends:
        troubles.append("nothing was found")
    for end in ends:
        if end.code not in case.ends:
            troubles.append(f"{end.code} ({end.message[:160]}) instead of {', '.join(sorted(case.ends))}")
        elif end.code == ARCHIVED:
            copy = verify(found.archive / end.archive_key / "document.pdf", load_roots((), (found.state,)))
            troubles += copy.problems
        elif end.code != WAITING:
            troubles += _unclear(end.message)
    return troubles


def _unclear(message: str) -> list[str]:
    """What is wrong with a sentence for the counter."""
    low = message.lower()
    troubles = [f"{word!r} in: {message[:160]}" for word in FOREIGN_WORDS if word in message]
    if not VIETNAMESE & set(low):
        troubles.append(f"not Vietnamese: {message[:160]}")
    if "hãy" not in low and "vui lòng" not in low:
        troubles.append(f"does not say what to do: {message[:160]}")
    if not message.replace("\n", " ").isprintable():
        troubles.append(f"cannot be printed: {message[:160]!r}")
    return troubles
