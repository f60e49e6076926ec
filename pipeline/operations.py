"""What operators do to documents: approve, retry."""

from __future__ import annotations

from collections.abc import Sequence

from models.document import Document, Status
from models.errors import OperatorError
from models.facts import Approved, FactKey, Failed, Refused
from models.flow import Flow
from models.settings import Settings
from pipeline.intake import gate_flags
from pipeline.ledger.rows import NewFact
from pipeline.ledger.views import DocumentView
from pipeline.wiring import Adapters, Books


def approve(books: Books, adapters: Adapters, documents: Sequence[str], by: str) -> dict[str, Status]:
    """Open the Approved gate of each document. Raises ``OperatorError`` before anything is changed."""
    views = [_known(books, document) for document in documents]
    ended = [view.document for view in views if view.status.terminal]
    if ended:
        raise OperatorError("already_ended", f"already ended, nothing to approve: {', '.join(ended)}")
    approved = Approved(by=by, at=adapters.clock.now())
    return {view.document: books.ledger.open_gate(view.document, approved, view.revision) for view in views}


def retry(books: Books, adapters: Adapters, settings: Settings, flow: Flow, document: str) -> tuple[int, Status]:
    """Let a document go on: release its quarantined sides, or make a new revision of an ended one.

    The new revision re-uses every fact that was learned. Returns its number and status. Raises
    ``OperatorError``.
    """
    view = _known(books, document)
    if view.status is Status.ARCHIVED:
        raise OperatorError("already_archived", f"{document} is archived; a rescan is a new revision in its manifest")
    if not view.status.terminal:
        if not books.ledger.release_held(document, view.revision):
            raise OperatorError("not_stuck", f"{document} is {view.status}: {view.message or 'nothing to retry'}")
        return view.revision, Status.RUNNING
    since = books.ledger.clock()
    if not adapters.blobs.exists(document, view.body):
        raise OperatorError(
            "blobs_deleted", f"{document} is {view.status} for long, its scans are deleted; have it scanned again"
        )
    body = Document.model_validate_json(adapters.blobs.get(document, view.body))
    number = view.revision + 1
    key = f"{view.archive_key.rsplit('/', 1)[0]}/r{number}"
    again = body.model_copy(update={"revision": number, "archive_key": key})
    sha256 = adapters.blobs.put(document, again.model_dump_json().encode())
    flags = gate_flags(settings.gates, certifiable=again.certifiable)
    learned = _learned(books, flow, view)
    admission = books.ledger.admit(again, sha256, flags, learned, replaces=view.revision, since=since)
    return number, admission.status


def _learned(books: Books, flow: Flow, view: DocumentView) -> list[NewFact]:
    kinds = flow.fact_types()
    ends = (Refused.kind(), Failed.kind())
    return [
        NewFact(kinds[f.kind].model_validate_json(f.body), FactKey(f.kind, f.page).page, f.stage, f.version)
        for f in books.views.facts(view.document, view.revision)
        if f.kind not in ends
    ]


def _known(books: Books, document: str) -> DocumentView:
    view = books.views.document(document)
    if view is None:
        raise OperatorError("unknown_document", f"no document {document!r} here; `sohoa status` lists them")
    return view
