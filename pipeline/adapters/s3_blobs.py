"""Blobs in an S3 bucket: ``<prefix>/<document id>/<sha256>``; the hosts of a cluster share no disk."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from models.errors import Defect, Retryable
from models.settings import BlobSettings
from pipeline.adapters.blob_key import DOCUMENT_ID, SHA256, checked_document, checked_sha256
from pipeline.adapters.hashing import hashed, know
from pipeline.adapters.s3_client import EXISTS, MISSING, code_of, is_refusal, key_prefix, open_client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef, ObjectTypeDef, PutObjectRequestTypeDef

READ_S = 60
TRIES = 2
"""One more try, for a connection that the server has closed meanwhile; every call is safe to repeat."""

RECOUNT_S = 5.0
RECOUNT_SHARE = 0.1
"""Counting a bucket reads its whole list: other hosts' blobs are counted again after ``RECOUNT_S``, or later
where that would take more than this share of the time."""

FULL = frozenset(("507", "InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"))


class S3Blobs:
    """The blob store of a cluster. Safe for many processes on one bucket, and for threads on one store.

    The bucket must not be versioned: what is deleted would stay. Every operation raises
    ``Retryable("blobs_…", dependency="blobs")`` where the bucket is away, full or refuses, and
    ``Defect("bad_blob_id")`` for a name that no blob can have.
    """

    def __init__(self, settings: BlobSettings, *, page_keys: int = 1000) -> None:
        """``page_keys``: how many keys the server lists at a time; it gives no more than 1000."""
        self._bucket = settings.bucket
        self._prefix = key_prefix(settings)
        self._quota_bytes = settings.quota_mb * 1024 * 1024
        self._page_keys = page_keys
        self._s3: S3Client = open_client(settings, read_s=READ_S, tries=TRIES)
        self._lock = threading.Lock()
        self._counted_bytes = 0
        self._recount_at = 0.0

    def put(self, document: str, data: bytes, only: str | None = None) -> str:
        """See :class:`models.ports.BlobStore`. The server checks the hash before it keeps the blob."""
        known = hashed(data)
        sha256 = known.sha256
        request: PutObjectRequestTypeDef = {
            "Bucket": self._bucket,
            "Key": self._key(document, sha256),
            "Body": data,
            "ChecksumSHA256": base64.b64encode(known.state.digest()).decode("ascii"),
            "IfNoneMatch": "*",
        }
        if only not in (None, sha256):
            return sha256
        with _s3_errors(document):
            try:
                self._s3.put_object(**request)
            except ClientError as error:
                if code_of(error) in EXISTS:
                    return sha256
                if code_of(error) != "ConditionalRequestConflict":
                    raise
                # Another writer is at it this moment and may yet fail; its bytes are the same, so ours may follow.
                del request["IfNoneMatch"]
                self._s3.put_object(**request)
        with self._lock:
            self._counted_bytes += len(data)
        return sha256

    def get(self, document: str, sha256: str) -> bytes:
        key = self._key(document, sha256)
        with _s3_errors(document):
            try:
                with self._s3.get_object(Bucket=self._bucket, Key=key)["Body"] as body:
                    data = body.read()
            except ClientError as error:
                if code_of(error) not in MISSING:
                    raise
                raise Defect(
                    "blob_missing", f"{document}: blob {sha256} is not in the store; restore it from a backup"
                ) from None
        known = hashed(data)
        if known.sha256 != sha256:
            raise Defect(
                "blob_damaged", f"{document}: blob {sha256} does not have its hash; check the bucket, restore the blob"
            )
        know(known)
        return data

    def exists(self, document: str, sha256: str) -> bool:
        key = self._key(document, sha256)
        with _s3_errors(document):
            try:
                self._s3.head_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if code_of(error) not in MISSING:
                    raise
                return False
        return True

    def remove(self, document: str, sha256: str) -> None:
        key = self._key(document, sha256)
        with _s3_errors(document):
            self._s3.delete_object(Bucket=self._bucket, Key=key)
        self._forget_count()

    def remove_document(self, document: str) -> None:
        folder = f"{self._prefix}{checked_document(document)}/"
        with _s3_errors(document):
            for page in self._pages(folder):
                keys: list[ObjectIdentifierTypeDef] = [{"Key": found["Key"]} for found in page]
                gone = self._s3.delete_objects(Bucket=self._bucket, Delete={"Objects": keys, "Quiet": True})
                if errors := gone.get("Errors"):
                    code = errors[0].get("Code", "unknown")
                    raise Retryable("blobs_refused", f"{document}: {len(errors)} blobs stay ({code})", "blobs")
        self._forget_count()

    def rest(self, document: str) -> None:
        """The bucket keeps nothing of it in this host's memory."""

    def documents(self) -> tuple[str, ...]:
        with _s3_errors("the blob store"):
            # Not the server's own folders: some keep showing those that are empty.
            return tuple(sorted({document for document, _ in self._blobs()}))

    def written_at(self, document: str) -> datetime | None:
        folder = f"{self._prefix}{checked_document(document)}/"
        with _s3_errors(document):
            return max((found["LastModified"] for page in self._pages(folder) for found in page), default=None)

    def used_bytes(self) -> int:
        """Exact in what this store did; what other hosts did is in it ``RECOUNT_S`` later."""
        with self._lock:
            due = time.monotonic() >= self._recount_at
        if not due:
            return self._counted_bytes
        began = time.monotonic()
        with _s3_errors("the blob store"):
            total = sum(size for _, size in self._blobs())
        took_s = time.monotonic() - began
        with self._lock:
            self._counted_bytes = total
            self._recount_at = time.monotonic() + max(RECOUNT_S, took_s / RECOUNT_SHARE)
        return total

    def free_bytes(self) -> int:
        """What the quota leaves."""
        return max(0, self._quota_bytes - self.used_bytes())

    def close(self) -> None:
        """Close the connections."""
        self._s3.close()

    def _key(self, document: str, sha256: str) -> str:
        return f"{self._prefix}{checked_document(document)}/{checked_sha256(sha256)}"

    def _forget_count(self) -> None:
        with self._lock:
            self._recount_at = 0.0

    def _blobs(self) -> Iterator[tuple[str, int]]:
        """Document and size of every blob; what others keep in the bucket is not ours."""
        for page in self._pages(self._prefix):
            for found in page:
                document, _, sha256 = found["Key"].removeprefix(self._prefix).partition("/")
                if DOCUMENT_ID.fullmatch(document) and SHA256.fullmatch(sha256):
                    yield document, found["Size"]

    def _pages(self, folder: str) -> Iterator[list[ObjectTypeDef]]:
        """Objects below a folder, as many at a time as the server lists and deletes in one call."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=folder, PaginationConfig={"PageSize": self._page_keys}
        )
        for page in pages:
            if found := page.get("Contents"):
                yield found


@contextmanager
def _s3_errors(what: str) -> Iterator[None]:
    """A bucket that is away or misconfigured is a dependency that is away: the work is right and waits."""
    try:
        yield
    except (ClientError, BotoCoreError, OSError) as error:
        if code_of(error) in FULL:
            raise Retryable(
                "blobs_full", f"{what}: no space is left for blobs; free some or raise the bucket's limit", "blobs"
            ) from error
        if is_refusal(error):
            raise Retryable(
                "blobs_refused", f"{what}: the blob bucket refuses ({code_of(error)}); check bucket and keys", "blobs"
            ) from error
        raise Retryable("blobs_unavailable", f"{what}: the blob bucket does not answer: {error}", "blobs") from error
