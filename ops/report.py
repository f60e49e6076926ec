"""The report of a run: what became of every document, where its copy is, and how fast it went."""

from __future__ import annotations

import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

import orjson

from models.document import Status
from ops.output import Output
from pipeline.ledger.views import DocumentView
from pipeline.processing import Line, Processing
from stages.assemble import Assembled

REPORT = "summary.json"


def run_report(processing: Processing, line: Line) -> dict[str, Any]:
    """The JSON document of ``sohoa process``."""
    views = [v for v in line.books.views.all_documents() if (v.document, v.revision) in processing.documents]
    assembled = line.books.views.facts_of_kind(Assembled.kind())
    documents = [_entry(view, line) for view in views]
    documents += [
        {
            "id": t.name,
            "status": Status.REJECTED.value,
            "code": t.code,
            "message": t.message,
            "pdf": None,
            "record": None,
        }
        for t in processing.turned
    ]
    by_status = Counter(entry["status"] for entry in documents)
    pages = sum(
        Assembled.model_validate_json(assembled[view.document, view.revision]).pages
        for view in views
        if view.status is Status.ARCHIVED
    )
    counted = line.books.dispatch.counted()
    return {
        "summary": {
            "documents": len(documents),
            "sides": sum(view.sides for view in views),
            "pages": pages,
            "archived": by_status[Status.ARCHIVED],
            "rejected": by_status[Status.REJECTED],
            "waiting": by_status[Status.WAITING],
            "failed": by_status[Status.FAILED],
            "running": by_status[Status.RUNNING],
            "sides_rejected": _sides(views, Status.REJECTED),
            "sides_waiting": _sides(views, Status.WAITING),
            "seconds": round(processing.seconds, 2),
            "pages_per_second": round(pages / processing.seconds, 2) if processing.seconds else 0.0,
            "broker": {
                "kind": line.broker_kind,
                "published": counted.get("published", 0),
                "acked": counted.get("acked", 0),
            },
        },
        "documents": documents,
    }


def save_report(out: Path, report: dict[str, Any]) -> None:
    """Keep the report beside the archive."""
    (out / REPORT).write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))


def print_report(out: Output, folder: Path, report: dict[str, Any]) -> None:
    """The report for people: what became of each document, then the sums and where to look."""
    documents = sorted(report["documents"], key=lambda e: (e["status"], e["id"]))
    width = max((len(entry["id"]) for entry in documents), default=0)
    for entry in documents:
        out.say(f"{entry['status']:<9} {entry['id']:<{width}}  {entry['code'] or _short(entry['pdf'])}")
        if entry["message"]:
            out.say(textwrap.indent(textwrap.fill(entry["message"], 100), " " * 10))
    s = report["summary"]
    out.say("")
    out.say(
        f"{s['documents']} documents, {s['sides']} sides: {s['archived']} archived ({s['pages']} pages), "
        f"{s['rejected']} rejected ({s['sides_rejected']} sides), {s['waiting']} waiting ({s['sides_waiting']} sides), "
        f"{s['failed']} failed"
    )
    out.say(
        f"{s['seconds']:.1f} s, {s['pages_per_second']:.2f} pages/s, {s['broker']['kind']} broker: "
        f"{s['broker']['published']} hints published, {s['broker']['acked']} acknowledged"
    )
    out.say(f"copies:  {folder / 'archive'}")
    out.say(f"report:  {folder / REPORT}")
    out.say(f"log:     {folder / 'log.jsonl'}")


def _short(path: str | None) -> str:
    """A path below the current folder without that folder; anything else as it is."""
    return (path or "").removeprefix(f"{Path.cwd()}/")


def _entry(view: DocumentView, line: Line) -> dict[str, Any]:
    archived = view.status is Status.ARCHIVED
    return {
        "id": view.document,
        "revision": view.revision,
        "status": view.status.value,
        "code": view.code or None,
        "message": view.message or None,
        "pdf": line.adapters.archive.locate(f"{view.archive_key}/document.pdf") if archived else None,
        "record": line.adapters.archive.locate(f"{view.archive_key}/record.json") if archived else None,
    }


def _sides(views: list[DocumentView], status: Status) -> int:
    return sum(view.sides for view in views if view.status is status)
