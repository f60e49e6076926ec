"""What every adapter on S3 shares: the client, and how its errors read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from models.settings import BucketSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_S = 10

MISSING = frozenset(("NoSuchKey", "404"))
EXISTS = frozenset(("PreconditionFailed", "412"))
_PASSING = frozenset(("RequestTimeout", "ConditionalRequestConflict", "OperationAborted", "SlowDown", "Throttling"))
_PASSING_STATUS = frozenset((408, 409, 429))
"""Of a server that is busy, or was too long sent nothing: the same call succeeds later."""


def open_client(settings: BucketSettings, *, read_s: float, connect_s: float = CONNECT_S, tries: int = 1) -> S3Client:
    """A client for one bucket; it connects when first used. Threads may share it, processes may not.

    A wrong hash is the adapter's to find: only what it asks for is checked on the way.
    """
    access, secret = settings.access_key, settings.secret_key
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=access.get_secret_value() if access else None,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        config=Config(
            connect_timeout=connect_s,
            read_timeout=read_s,
            retries={"total_max_attempts": tries, "mode": "standard"},
            s3={"addressing_style": "path"},
            response_checksum_validation="when_required",
        ),
    )


def key_prefix(settings: BucketSettings) -> str:
    """What every key begins with: empty, or one that ends with a slash."""
    prefix = settings.prefix.strip("/")
    return f"{prefix}/" if prefix else ""


def code_of(error: Exception) -> str:
    """The server's word for what went wrong; empty where it did not answer."""
    response: Any = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def is_refusal(error: Exception) -> bool:
    """The server answered that it will not: a wrong bucket, key or right, which an operator has to mend."""
    if not isinstance(error, ClientError) or code_of(error) in _PASSING:
        return False
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return 400 <= status < 500 and status not in _PASSING_STATUS
