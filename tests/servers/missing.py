"""What to do about a server that is not installed: skip on a developer's machine, fail where it counts."""

from __future__ import annotations

from typing import NoReturn

import pytest


class ServerMissing(Exception):
    """A server is not installed on this machine; the message says which package has it."""


def unavailable(reason: str, *, required: bool) -> NoReturn:
    """Fail the test when servers are ``required`` (CI, ``make test``), else skip it."""
    if required:
        pytest.fail(f"{reason} (servers are required: CI or SOHOA_REQUIRE_SERVERS is set)", pytrace=False)
    pytest.skip(reason)
