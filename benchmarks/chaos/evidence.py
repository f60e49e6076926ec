"""Reads what the checker judges: receipts, ledger, archive and queues, each from where it lies."""

from __future__ import annotations

import logging
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pika
import pikepdf
from sqlalchemy import func, select

from benchmarks.chaos.checker import Copy, Evidence, Revision
from benchmarks.chaos.cluster import Cluster
from models.errors import OperatorError, Retryable
from pipeline.ledger.database import reading
from pipeline.ledger.rows import LIVE
from pipeline.ledger.schema import documents, steps
from pipeline.verify import Roots, load_roots, verify
from stages.flow import FLOW
from stages.seal import image_hashes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PDF, RECORD = "document.pdf", "record.json"
RECEIPT, REFUSAL = ".receipt.json", ".refused.json"
PDFTOTEXT = Path("/usr/bin/pdftotext")


def gather(cluster: Cluster) -> Evidence:
    """Everything, from a cluster that has come to rest."""
    receipts, refusals = answers(h.incoming for h in cluster.hosts if h.incoming is not None)
    rows, owed = _ledger(cluster)
    return Evidence(receipts, refusals, rows, tuple(_copies(cluster)), owed, queues(cluster))


def answers(folders: Iterable[Path]) -> tuple[dict[str, str], dict[str, str]]:
    """What intake answered: batch to document, and batch to code."""
    receipts: dict[str, str] = {}
    refusals: dict[str, str] = {}
    for folder in folders:
        for file in folder.glob(f"[!.]*{RECEIPT}"):
            receipts[file.name.removesuffix(RECEIPT)] = orjson.loads(file.read_bytes())["document"]
        for file in folder.glob(f"[!.]*{REFUSAL}"):
            refusals[file.name.removesuffix(REFUSAL)] = orjson.loads(file.read_bytes())["code"]
    return receipts, refusals


def queues(cluster: Cluster) -> dict[str, int]:
    """Messages that wait in each queue of the cluster; one that is not there has none.

    Raises ``Retryable("broker_away")``.
    """
    found: dict[str, int] = {}
    try:
        connection = pika.BlockingConnection(pika.URLParameters(cluster.servers.broker.url))
    except (pika.exceptions.AMQPError, OSError) as error:
        raise Retryable("broker_away", f"no queue can be looked at: {type(error).__name__}", "broker") from error
    with closing(connection):
        for pool in FLOW.pools:
            for name in (f"{cluster.prefix}.{pool}", f"{cluster.prefix}.{pool}.DQ", f"{cluster.prefix}.{pool}.XQ"):
                channel = connection.channel()
                try:
                    found[name] = channel.queue_declare(name, passive=True).method.message_count
                    channel.close()
                except pika.exceptions.ChannelClosedByBroker:
                    found[name] = 0
    return found


def _ledger(cluster: Cluster) -> tuple[tuple[Revision, ...], dict[str, int]]:
    chosen = (documents.c.document, documents.c.revision, documents.c.status, documents.c.code, documents.c.message,
              documents.c.archive_key)  # fmt: skip
    with reading(cluster.books.engine) as tx:
        rows = tuple(Revision(*row) for row in tx.execute(select(*chosen).order_by(*chosen[:2])))
        live = select(steps.c.document, func.count()).where(steps.c.state.in_(LIVE)).group_by(steps.c.document)
        owed = {document: int(count) for document, count in tx.execute(live)}
    return rows, owed


def _copies(cluster: Cluster) -> Iterator[Copy]:
    """Every key that anything stands under, with every version of every object."""
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    with closing(cluster.servers.store.client()) as client, tempfile.TemporaryDirectory(prefix="sohoa-judge-") as place:
        roots = load_roots([], [host.state for host in cluster.hosts])
        written: dict[str, Counter[str]] = {}
        for page in client.get_paginator("list_object_versions").paginate(Bucket=cluster.copy_bucket):
            for version in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
                key, _, name = str(version["Key"]).rpartition("/")
                written.setdefault(key, Counter())[name] += 1
        for key, names in sorted(written.items()):
            yield _copy(client, cluster.copy_bucket, key, dict(names), Path(place), roots)


def _copy(client: S3Client, bucket: str, key: str, versions: dict[str, int], place: Path, roots: Roots) -> Copy:
    if not {PDF, RECORD} <= versions.keys():
        return Copy(key, versions)
    for name in (PDF, RECORD):
        (place / name).write_bytes(client.get_object(Bucket=bucket, Key=f"{key}/{name}")["Body"].read())
    found = verify(place / PDF, roots)
    record = orjson.loads((place / RECORD).read_bytes())
    pdf = (place / PDF).read_bytes()
    return Copy(
        key,
        versions,
        pages=_images(pdf),
        texts=_texts(place / PDF),
        record=_sides(record),
        certified=found.signature.form == "sao_y",
        problems=tuple(found.problems),
    )


def _images(pdf: bytes) -> tuple[str, ...]:
    with pikepdf.open(BytesIO(pdf)) as file:
        return tuple(hash_ for page in file.pages for hash_ in image_hashes(page))


def _texts(pdf: Path) -> tuple[str, ...]:
    """The words of each page, as Poppler finds them. Raises ``OperatorError("pdftotext_missing")``."""
    if not PDFTOTEXT.exists():
        raise OperatorError("pdftotext_missing", "pdftotext is not installed: apt-get install poppler-utils")
    told = subprocess.run([str(PDFTOTEXT), str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    return tuple(told.split("\f")[:-1])


def _sides(record: dict[str, Any]) -> tuple[str, ...]:
    """SHA-256 of the received file of each page, as the record has them."""
    placed = {side["page"]: side["sha256"] for side in record["sides"] if side["page"] is not None}
    return tuple(placed[page] for page in sorted(placed))
