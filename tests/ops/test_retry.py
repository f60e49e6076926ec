"""``sohoa retry`` of several documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from models.document import Status
from models.settings import Settings
from pipeline.ledger.database import now, transaction
from pipeline.ledger.schema import documents
from pipeline.processing import settings_for
from pipeline.wiring import Adapters, Books
from stages.flow import FLOW
from tests.ops.conftest import Sohoa
from tests.support.toy_flow import toy_document


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An output folder where documents ``a`` and ``c`` FAILED and ``b`` is archived."""
    settings = settings_for(Settings(), tmp_path, None)
    books, adapters = Books(settings, FLOW), Adapters(settings)
    for name, status in (("a", Status.FAILED), ("b", Status.ARCHIVED), ("c", Status.FAILED)):
        body = adapters.blobs.put(name, toy_document(name).model_dump_json().encode())
        books.ledger.admit(toy_document(name), body, frozenset())
        with transaction(books.engine) as tx:
            one = update(documents).where(documents.c.document == name)
            tx.execute(one.values(status=status.value, ended_at=now()))
    books.close()
    return tmp_path


def test_one_that_cannot_go_on_does_not_stop_the_others(sohoa: Sohoa, out: Path) -> None:
    """All are tried, each is told, and the exit code is that of the first that could not."""
    done = sohoa("retry", "a", "b", "nobody", "c", "--out", out, "--json")
    assert done.code == 64
    assert [(d["id"], d["revision"], d["status"]) for d in done.document] == [
        ("a", 2, "RUNNING"),
        ("b", None, None),
        ("nobody", None, None),
        ("c", 2, "RUNNING"),
    ]
    assert [d["error"] and d["error"]["code"] for d in done.document] == [
        None,
        "already_archived",
        "unknown_document",
        None,
    ]
    plain = sohoa("retry", "a", "--out", out)
    assert (plain.code, plain.out) == (64, "")
    assert "a is RUNNING" in plain.err
