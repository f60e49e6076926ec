"""Asks a time-stamping authority (RFC 3161 over HTTP) for a token."""

from __future__ import annotations

import asyncio
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from asn1crypto import tsp
from pyhanko.sign.timestamps import TimeStamper

from models.errors import Retryable

MOST_BYTES = 12_288
"""No token is larger; the signature reserves as much room for it."""


class TimeService(TimeStamper):
    """An RFC 3161 service. ``timeout_s``: public ones have been seen to take two minutes."""

    def __init__(self, url: str, timeout_s: float) -> None:
        TimeStamper.__init__(self)
        self._url = url
        self._timeout_s = timeout_s

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """The service's answer, parsed whole. Raises ``Retryable("tsa_unavailable")``."""
        return await asyncio.to_thread(self._ask, req.dump())

    def _ask(self, question: bytes) -> tsp.TimeStampResp:
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        request = Request(self._url, data=question, headers=headers)  # noqa: S310 - the settings allow http(s) only
        try:
            with urlopen(request, timeout=self._timeout_s) as reply:  # noqa: S310
                body = reply.read(MOST_BYTES + 1)
        except HTTPError as error:
            with error:
                raise _away(f"HTTP {error.code}") from error
        except (OSError, HTTPException) as error:
            raise _away(str(error) or type(error).__name__) from error
        try:
            answer = tsp.TimeStampResp.load(body, strict=True)
            granted = answer["status"]["status"].native
            if granted == "granted":
                _ = answer["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed["nonce"].native
        except (ValueError, KeyError, TypeError) as error:
            raise _away("its answer is no time stamp") from error
        if granted != "granted":
            raise _away(f"it refused: {granted}")
        return answer


def _away(why: str) -> Retryable:
    return Retryable(
        "tsa_unavailable", f"the time-stamping service at signer.tsa_url gives no time stamp: {why}", "tsa"
    )
