"""The archive in an S3 bucket: conditional puts with SHA-256, and Object Lock where it is set."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from models.errors import Defect, Retryable
from models.settings import ArchiveSettings
from pipeline.adapters.archive_key import checked

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import PutObjectRequestTypeDef

CONNECT_S = 10
READ_S = 120

MISSING = frozenset(("NoSuchKey", "404"))
EXISTS = frozenset(("PreconditionFailed", "412"))


class S3Archive:
    """Objects of one bucket, under an optional prefix. Retried work is the pipeline's business, not boto's.

    The credentials of the settings, or boto3's own chain where they are unset.
    """

    def __init__(self, settings: ArchiveSettings) -> None:
        self._bucket = settings.bucket
        self._prefix = f"{settings.prefix.strip('/')}/" if settings.prefix.strip("/") else ""
        self._retain = timedelta(days=settings.retain_days)
        access, secret = settings.access_key, settings.secret_key
        self._s3: S3Client = boto3.client(
            "s3",
            endpoint_url=settings.endpoint,
            region_name=settings.region,
            aws_access_key_id=access.get_secret_value() if access else None,
            aws_secret_access_key=secret.get_secret_value() if secret else None,
            config=Config(
                connect_timeout=CONNECT_S,
                read_timeout=READ_S,
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
            ),
        )

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
            if _code(error) not in EXISTS:
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
            if _code(error) in MISSING:
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


def _code(error: ClientError) -> str:
    response: Any = error.response
    return str(response.get("Error", {}).get("Code", ""))


def _away(error: Exception) -> Retryable:
    """Nothing is lost while an archive is away or misconfigured: the circuit breaker waits and alarms."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if 400 <= status < 500:
            return Retryable(
                "archive_refused",
                f"the archive refuses ({_code(error)}): check bucket, keys and Object Lock",
                "archive",
            )
    return Retryable("archive_unavailable", f"the archive does not answer: {error}", "archive")
