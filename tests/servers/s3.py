"""A real S3 server for tests."""

from __future__ import annotations

from benchmarks.private_s3 import PrivateS3
from models.errors import OperatorError
from tests.servers.missing import ServerMissing


class S3(PrivateS3):
    """Raises ``ServerMissing``."""

    def __init__(self) -> None:
        try:
            super().__init__()
        except OperatorError as error:
            if error.code != "s3_missing":
                raise
            raise ServerMissing(error.message) from None
