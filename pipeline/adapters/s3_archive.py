"""The archive in an S3 bucket: conditional puts with SHA-256, and Object Lock where it is set."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from models.errors import Defect, Retryable
from models.settings import ArchiveSettings
from pipeline.adapters.archive_key import checked
from pipeline.adapters.s3_client import EXISTS, MISSING, code_of, is_refusal, key_prefix, open_client

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import PutObjectRequestTypeDef

READ_S = 120


class S3Archive:
    """Objects of one bucket, under an optional prefix. Retried work is the pipeline's business, not boto's."""

    def __init__(self, settings: ArchiveSettings) -> None:
        self._bucket = settings.bucket
        self._prefix = key_prefix(settings)
        self._retain = timedelta(days=settings.retain_days)
        self._s3 = open_client(settings, read_s=READ_S)

    def put(self, key: str, data: bytes) -> None:
        """See :class:`models.ports.Archive`. The server checks the hash before it keeps the object."""
        digest = hashlib.sha256(data).digest()
        request: PutObjectRequestTypeDef = {
            "Bucket": self._bucket,
            "Key": self._prefix + checked(key),
            "Body": data,
            "IfNoneMatch": "*",
            "ChecksumSHA256": base64.b64encode(digest).decode("ascii"),
        }
        if self._retain:
            request["ObjectLockMode"] = "COMPLIANCE"
            request["ObjectLockRetainUntilDate"] = datetime.now(UTC) + self._retain
        try:
            self._s3.put_object(**request)
        except ClientError as error:
            if code_of(error) not in EXISTS:
                raise _away(error) from error
        except BotoCoreError as error:
            raise _away(error) from error
        else:
            return
        if hashlib.sha256(self.get(key)).digest() != digest:
            raise Defect("archive_conflict", f"{self.locate(key)} is in the archive already, with other bytes")

    def get(self, key: str) -> bytes:
        """See :class:`models.ports.Archive`."""
        try:
            with self._s3.get_object(Bucket=self._bucket, Key=self._prefix + checked(key))["Body"] as body:
                return body.read()
        except ClientError as error:
            if code_of(error) in MISSING:
                raise Defect("archive_missing", f"{self.locate(key)} is not in the archive") from None
            raise _away(error) from error
        except (BotoCoreError, OSError) as error:
            raise _away(error) from error

    def locate(self, key: str) -> str:
        """``s3://bucket/key``."""
        return f"s3://{self._bucket}/{self._prefix}{checked(key)}"

    def close(self) -> None:
        """Close the connections."""
        self._s3.close()


def _away(error: Exception) -> Retryable:
    """Nothing is lost while an archive is away or misconfigured: the circuit breaker waits and alarms."""
    if is_refusal(error):
        return Retryable(
            "archive_refused",
            f"the archive refuses ({code_of(error)}): check bucket, keys and Object Lock",
            "archive",
        )
    return Retryable("archive_unavailable", f"the archive does not answer: {error}", "archive")
