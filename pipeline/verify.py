"""Is a copy what it says it is? Signature, PDF/A, what was appended, and the scans' own bytes."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pikepdf
from asn1crypto import x509
from pikepdf.pdfa import validate_written
from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature, async_validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.authority import CertTrustAnchor

from models.errors import OperatorError
from pipeline.adapters.pades import CLOCK_TOLERANCE, FIELD
from pipeline.adapters.test_ca import ROOT
from pipeline.appended import first_revision, strangers
from stages.seal import RECORD_SCHEMA, image_hashes, variant_key

RECORD = "record.json"
TEST_CA = "test-ca"
"""Folder of the test certificate in a state folder."""


@dataclass
class Signature:
    """``form``: ``sao_y``, ``conversion`` (unsigned, and its record says so), or None. ``test``: no legal value."""

    present: bool = False
    intact: bool = False
    valid: bool = False
    trusted: bool = False
    signer: str | None = None
    signed_at: str | None = None
    covers_whole_document: bool = False
    form: str | None = None
    test: bool = False


@dataclass
class PdfA:
    """The judgement of the unsigned document; ``detail`` says what is wrong, or ``PDF/A-2b``."""

    ok: bool = False
    detail: str = "not checked"


@dataclass
class Pages:
    """``checked``: pages whose image was compared with the record; ``ok`` None where there is no record."""

    checked: int = 0
    ok: bool | None = None


@dataclass
class Variants:
    """Both scans of pages with a note, beside the copy. ``ok`` None where the record names none."""

    checked: int = 0
    ok: bool | None = None


@dataclass
class Finding:
    """Everything found about one file. ``problems``: clear sentences; empty means ok."""

    path: str
    signature: Signature = field(default_factory=Signature)
    pdfa: PdfA = field(default_factory=PdfA)
    pages: Pages = field(default_factory=Pages)
    variants: Variants = field(default_factory=Variants)
    record: str | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems

    def plain(self) -> dict[str, Any]:
        """As the one JSON object of ``sohoa verify``."""
        found = asdict(self)
        return {"path": found.pop("path"), "ok": self.ok, **found}


@dataclass(frozen=True)
class Roots:
    """Certificates that are trusted; ``test`` ones make a copy without legal value."""

    real: tuple[x509.Certificate, ...] = ()
    test: tuple[x509.Certificate, ...] = ()


def load_roots(files: Iterable[Path], states: Iterable[Path]) -> Roots:
    """Roots that an operator names (PEM or DER), and the test roots that stand in state folders.

    Raises ``OperatorError("bad_root")`` for a named file that is no certificate.
    """
    real: list[x509.Certificate] = []
    for file in files:
        try:
            real.extend(load_certs_from_pemder([str(file)]))
        except (OSError, ValueError) as error:
            raise OperatorError("bad_root", f"{file} is no certificate in PEM or DER: {error}") from error
    found = dict.fromkeys(state / TEST_CA / ROOT for state in states)
    return Roots(tuple(real), tuple(load_certs_from_pemder([str(f) for f in found if f.is_file()])))


def verify(path: Path, roots: Roots) -> Finding:
    """Everything that can be said of one file and the record beside it. Never raises for bad input."""
    found = Finding(str(path))
    try:
        data = path.read_bytes()
    except OSError as error:
        found.problems.append(f"The file cannot be read: {error.strerror}.")
        return found
    record = _record(path.with_name(RECORD), found)
    copy = None if record is None else record["copy"]
    if copy is not None and hashlib.sha256(data).hexdigest() != copy["sha256"]:
        found.problems.append("The file is not the one that its record describes (SHA-256 differs).")
    for check in (_check_signature, _check_revisions, _check_pages):
        try:
            check(data, copy, roots, found)
        except Exception as error:  # noqa: BLE001 - whatever a forged file makes a parser raise is a finding
            found.problems.append(f"The file is damaged or no PDF ({type(error).__name__} in {check.__name__[7:]}).")
    if record is not None and record.get("variants"):
        _check_variants(path.parent, record, found)
    found.problems = list(dict.fromkeys(found.problems))
    return found


def _record(path: Path, found: Finding) -> dict[str, Any] | None:
    """The record beside the file, None without one."""
    try:
        record: dict[str, Any] = orjson.loads(path.read_bytes())
        if record["schema"] != RECORD_SCHEMA:
            found.problems.append(f"{RECORD} has schema {record['schema']}: this program knows {RECORD_SCHEMA}.")
            return None
        copy = record["copy"]
        _ = copy["sha256"], copy["form"], copy["unsigned_sha256"], [page["images"] for page in copy["pages"]]
        _ = [(v["role"], v["sha256"], v["media"], v["page"], v["key"]) for v in record.get("variants", [])]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        found.problems.append(f"{RECORD} beside the file is damaged or no record.")
        return None
    found.record = str(path)
    return record


def _check_signature(data: bytes, copy: dict[str, Any] | None, roots: Roots, found: Finding) -> None:
    """The agency's signature; without one, the record must say that the copy is not certified."""
    expected = None if copy is None else copy["form"]
    signatures = PdfFileReader(BytesIO(data), strict=True).embedded_regular_signatures
    said = found.signature
    said.present = bool(signatures)
    ours = next((s for s in signatures if s.field_name == FIELD), None)
    if ours is None:
        if signatures:
            found.problems.append(f"The file is signed, but not in the field {FIELD!r} of a certified copy.")
        elif expected == "conversion":
            said.form = expected
        elif expected is None:
            found.problems.append("The file is not signed, and no record says that it is an uncertified conversion.")
        else:
            found.problems.append("The record says that the copy is signed, but the file carries no signature.")
        return
    said.form = "sao_y"
    if expected == "conversion":
        found.problems.append("The record says that the copy is not certified, but the file is signed.")
    status = _status(ours, roots, said)
    said.intact, said.valid, said.trusted = status.intact, status.valid, status.trusted
    said.signer = str(ours.signer_cert.subject.human_friendly)
    said.covers_whole_document = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    claimed = ours.self_reported_timestamp
    said.signed_at = None if claimed is None else claimed.isoformat()
    found.problems.extend(_faults(said, status))


def _faults(said: Signature, status: PdfSignatureStatus) -> Iterator[str]:
    """What is wrong with the signature, in sentences."""
    if not said.intact:
        yield "The document was changed after it was signed."
    if not said.valid:
        yield "The signature does not belong to the signer's certificate."
    if not said.trusted:
        yield "The signer's certificate leads to no trusted root (name the root with --root)."
    if not said.covers_whole_document:
        yield "Something was added to the file after it was signed."
    stamped = status.timestamp_validity
    if stamped is not None:
        if not (stamped.intact and stamped.valid):
            yield "The time stamp in the signature is not genuine."
        elif said.signed_at and abs(stamped.timestamp - datetime.fromisoformat(said.signed_at)) > CLOCK_TOLERANCE:
            yield "The printed time is more than five minutes from the time stamp."


def _status(signature: EmbeddedPdfSignature, roots: Roots, said: Signature) -> PdfSignatureStatus:
    """pyHanko's judgement; revocation is not looked up, so this works without a network."""
    context = ValidationContext(trust_roots=[*roots.real, *roots.test], allow_fetching=False)
    usage = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)
    status = asyncio.run(
        async_validate_pdf_signature(signature, context, key_usage_settings=usage, skip_diff=True),
    )
    path = status.validation_path
    if status.trusted and path is not None:
        anchor = path.trust_anchor  # compared whole: a planted test root may bear the name of a real one
        real = isinstance(anchor, CertTrustAnchor) and anchor.certificate.dump() in [r.dump() for r in roots.real]
        said.test = not real
    return status


def _check_revisions(data: bytes, copy: dict[str, Any] | None, _: Roots, found: Finding) -> None:
    """PDF/A of the first revision's bytes, and nothing but a signature after them."""
    first = first_revision(data)
    report = validate_written(BytesIO(first), "2b")
    found.pdfa.ok = report.passed
    found.pdfa.detail = "PDF/A-2b" if report.passed else "; ".join(str(f) for f in report.findings[:3])
    if not report.passed:
        found.problems.append(f"The unsigned document is no PDF/A-2b: {found.pdfa.detail}.")
    if copy is not None and copy["form"] == "sao_y" and hashlib.sha256(first).hexdigest() != copy["unsigned_sha256"]:
        found.problems.append("The document below the signature is not the one that the record describes.")
    odd = strangers(first, data)
    if odd:
        found.pdfa.ok, found.pdfa.detail = False, odd[0]
        found.problems.append(f"More than a signature was added to the document: {'; '.join(odd[:3])}.")


def _check_pages(data: bytes, copy: dict[str, Any] | None, _: Roots, found: Finding) -> None:
    """The image of each page is the one that the record names."""
    if copy is None:
        return
    found.pages.ok = False
    expected = [page["images"] for page in copy["pages"]]
    with pikepdf.open(BytesIO(data)) as file:
        if len(file.pages) != len(expected):
            found.problems.append(f"The file has {len(file.pages)} pages, the record {len(expected)}.")
            return
        wrong = [
            n for n, (page, want) in enumerate(zip(file.pages, expected, strict=True), 1) if image_hashes(page) != want
        ]
        found.pages.checked = len(expected)
    found.pages.ok = not wrong
    if wrong:
        found.problems.append(f"The scans of these pages are not those of the record: {', '.join(map(str, wrong))}.")


def _check_variants(folder: Path, record: dict[str, Any], found: Finding) -> None:
    """Both scans of each page with a note lie beside the copy, and the copy shows the one without it."""
    pages = [page["images"] for page in record["copy"]["pages"]]
    wrong: list[str] = []
    for variant in record["variants"]:
        key, sha256, page = variant["key"], variant["sha256"], variant["page"]
        # The key is not followed anywhere else, whatever a forged record says.
        if key != variant_key(sha256) or not _holds(folder / "variants" / Path(key).name, sha256):
            wrong.append(f"{key} ({variant['role']}) is not beside the file, or has other bytes")
        if page is None or page not in range(1, len(pages) + 1):
            continue
        shown = sha256 in pages[page - 1]
        if variant["role"] == "note_on" and shown:
            wrong.append(f"page {page} shows the scan with the note")
        if variant["role"] == "note_off" and variant["media"] == "image/jpeg" and not shown:
            wrong.append(f"page {page} does not show the scan without the note")
    found.variants.checked, found.variants.ok = len(record["variants"]), not wrong
    if wrong:
        found.problems.append(f"The two scans of a page with a note are not as recorded: {'; '.join(wrong)}.")


def _holds(path: Path, sha256: str) -> bool:
    """Whether a file has these bytes."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except (OSError, ValueError):
        return False
