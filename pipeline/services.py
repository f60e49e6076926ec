"""The long-running services of a cluster: relay, worker, intake. Each runs until ``stop`` is set."""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from models.errors import OperatorError, Rejected, Retryable
from models.flow import Flow
from models.settings import Settings
from pipeline.allocator import keep_objects
from pipeline.hints import Hints
from pipeline.incoming import MANIFEST, read_manifest, said, shown
from pipeline.intake import Batch, Intake, Receipt
from pipeline.relay import Relay
from pipeline.sweeper import Sweeper
from pipeline.watermark import Watermark
from pipeline.wiring import Adapters, Books
from pipeline.worker import SERVE, Crew
from stages.flow import FLOW

log = logging.getLogger("sohoa.service")

SWEEP_ENDS_S = 10.0
"""A bucket may need minutes to list; a relay that was told to stop does not wait for it."""
LONGEST_NAME_BYTES = 200
"""Of a batch's folder; a longer one is cut in the name of its answer, and stands whole in it."""


def run_relay(settings: Settings, stop: threading.Event, flow: Flow = FLOW) -> None:
    """Publish hints, and delete blobs whose time is over, until stopped. Several may run; one leads."""
    books = Books(settings, flow)
    adapters = Adapters(settings)
    sweeper = Sweeper(books.retention, adapters.blobs, adapters.clock, settings.retention)
    hints = Hints(_clustered(settings).broker, flow.pools)
    relay = Relay(f"{socket.gethostname()}:{os.getpid()}", books.ledger, books.dispatch, hints, settings.delivery)
    thread = threading.Thread(target=relay.run, name="relay")
    sweeping = threading.Thread(target=sweeper.run, args=(stop,), name="sweeper", daemon=True)
    keep_objects()
    thread.start()
    sweeping.start()
    log.info("relay started")
    stop.wait()
    relay.stop()
    thread.join()
    sweeping.join(SWEEP_ENDS_S)
    hints.close()
    books.close()
    log.info("relay stopped")


def run_worker(
    settings: Settings, pools: Sequence[str], stop: threading.Event, flow: Flow = FLOW, serve: str = SERVE
) -> None:
    """Work for the given pools until stopped, then drain. Raises ``OperatorError("unknown_pool")``."""
    unknown = sorted(set(pools) - set(flow.pools))
    if unknown:
        raise OperatorError("unknown_pool", f"no pool {', '.join(unknown)}; there are {', '.join(flow.pools)}")
    books = Books(settings, flow)
    hints = Hints(_clustered(settings).broker, tuple(pools))
    crew = Crew(pools, settings, flow, books, hints, Adapters(settings).blobs, serve)
    crew.start()
    log.info("worker started", extra={"pools": list(pools)})
    stop.wait()
    crew.stop()
    hints.close()
    books.close()
    log.info("worker stopped", extra={"pools": list(pools)})


def _clustered(settings: Settings) -> Settings:
    if settings.broker.kind != "rabbitmq":
        raise OperatorError("no_broker", "set broker.kind = rabbitmq and broker.url: a memory broker is of one process")
    return settings


def run_intake(settings: Settings, folder: Path, stop: threading.Event, flow: Flow = FLOW) -> None:
    """Watch a folder and admit each complete batch, until stopped."""
    if not folder.is_dir():
        raise OperatorError("no_folder", f"{folder} is no folder; make it and let the counters write there")
    books = Books(settings, flow)
    adapters = Adapters(settings)
    intake = Intake(settings, books.ledger, adapters.blobs, adapters.clock)
    watch = FolderWatch(folder, intake, Watermark(settings.intake, adapters.blobs, books.views))
    keep_objects()
    log.info("intake started")
    while not stop.is_set():
        watch.look(stop)
        stop.wait(settings.intake.poll_s)
    books.close()
    log.info("intake stopped")


class FolderWatch:
    """Looks for batches without an answer, and answers them with a receipt or a refusal file."""

    def __init__(self, folder: Path, intake: Intake, watermark: Watermark) -> None:
        self._folder = folder
        self._intake = intake
        self._watermark = watermark
        self._refused: dict[str, int] = {}
        self._waiting = False

    def look(self, stop: threading.Event) -> None:
        """Admit what is complete; stops at the watermark, batches then wait where they are.

        They wait too while folder, blob store or ledger is away.
        """
        try:
            entries = sorted(self._folder.iterdir())
        except OSError as error:
            self._wait(f"the intake folder answers {type(error).__name__}; check its disk, mount and rights")
            return
        for entry in entries:
            if stop.is_set():
                return
            try:
                if not self._is_open(entry):
                    continue
                if reason := self._reason():
                    self._wait(reason)
                    return
                self._waiting = False
                self._admit(entry)
            except OSError as error:  # the counter moved or rewrote the batch under our eyes: look again later
                log.warning("batch cannot be read", extra={"batch": shown(entry.name), "reason": type(error).__name__})

    def _reason(self) -> str | None:
        try:
            return self._watermark.reason()
        except Retryable as error:
            return f"{error.code}: {error.message}"

    def _wait(self, reason: str) -> None:
        """Say so, once."""
        if not self._waiting:
            log.warning("intake waits", extra={"reason": reason})
        self._waiting = True

    def _is_open(self, entry: Path) -> bool:
        if not os.path.lexists(entry / MANIFEST) or self._has_receipt(entry):
            return False
        return self._refused.get(entry.name) != _stamp(entry)

    def _has_receipt(self, entry: Path) -> bool:
        """Whether the receipt is for the manifest that is there now: a rescan may come in the folder of the first scan."""
        receipt = self._answer(entry, "receipt")
        if not receipt.exists():
            return False
        if os.lstat(entry / MANIFEST).st_ctime_ns <= receipt.stat().st_ctime_ns:
            return True
        try:
            told = orjson.loads(receipt.read_bytes()).get("manifest_sha256")
            if told is not None and told != said(read_manifest(entry)):
                return False
        except Rejected:
            return False
        except (Retryable, ValueError, AttributeError):  # ours, or a receipt that somebody else wrote
            return True
        os.utime(receipt)  # the manifest was only touched
        return True

    def _admit(self, entry: Path) -> None:
        stamp, name = _stamp(entry), shown(entry.name)
        try:
            receipt = self._intake.admit(Batch(entry.name, entry))
        except Rejected as error:
            refusal = {"batch": name, "code": error.code, "message": error.message}
            _write(self._answer(entry, "refused"), refusal)
            self._refused[entry.name] = stamp
            log.warning("batch refused", extra={"batch": name, "code": error.code})
        except Retryable as error:
            log.warning("batch waits", extra={"batch": name, "code": error.code, "reason": error.message})
            time.sleep(1.0)
        except OSError:
            raise
        except Exception:
            # A fault of ours over one batch must not stop those behind it. It gets no answer, since it is not
            # to blame, and is tried again when it changes or intake starts again.
            self._refused[entry.name] = stamp
            log.exception("batch broke intake; it waits", extra={"batch": name})
        else:
            _write(self._answer(entry, "receipt"), _receipt(receipt))
            self._answer(entry, "refused").unlink(missing_ok=True)
            log.info("batch admitted", extra={"batch": name, "document": receipt.document})

    def _answer(self, entry: Path, kind: str) -> Path:
        name = os.fsencode(entry.name)
        if len(name) > LONGEST_NAME_BYTES:
            # What comes before and after would make the name too long for the disk.
            name = name[:80] + b"~" + hashlib.sha256(name).hexdigest()[:16].encode()
        return entry.with_name(f"{os.fsdecode(name)}.{kind}.json")


def _stamp(entry: Path) -> int:
    """Changes when anything in the batch folder does."""
    return hash(tuple(sorted((f.name, f.stat().st_mtime_ns, f.stat().st_size) for f in entry.iterdir() if f.is_file())))


def _receipt(receipt: Receipt) -> dict[str, object]:
    return {
        "batch": receipt.batch,
        "document": receipt.document,
        "revision": receipt.revision,
        "received_at": receipt.received_at,
        "manifest_sha256": receipt.manifest_sha256,
        "files": [{"name": f.name, "sha256": f.sha256, "size_bytes": f.size_bytes} for f in receipt.files],
    }


def _write(path: Path, answer: Mapping[str, object]) -> None:
    """Durable and whole: a reader never sees half an answer."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(orjson.dumps(answer, option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
