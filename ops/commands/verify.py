"""``sohoa verify``: is a certified copy genuine, whole, and made of the scans that were archived?"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from models.settings import Settings
from ops.output import Output
from pipeline.verify import Finding, load_roots, verify

HELP = "verify copies: signature, PDF/A, appended objects, page images against the record"

NOT_OK = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.pdf", help="a copy; its record.json beside it")
    parser.add_argument(
        "--root", action="append", type=Path, default=[], metavar="CERT", help="trusted root certificate, PEM or DER"
    )


def run(args: argparse.Namespace, settings: Settings, out: Output) -> int:
    """Exit 0 only if every file is ok.

    Test certificates are looked for in the state folder of the settings, and in that of the
    ``sohoa process`` output folder that a file lies in.
    """
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # what it says is said below, in sentences
    findings = []
    for file in args.files:
        above = [folder / "state" for folder in file.absolute().parents]
        findings.append(verify(file, load_roots(args.root, [settings.state, *above])))
    out.document([finding.plain() for finding in findings])
    for finding in findings:
        _say(finding, out)
    return 0 if all(finding.ok for finding in findings) else NOT_OK


def _say(finding: Finding, out: Output) -> None:
    if not finding.ok:
        out.say(f"{finding.path}: NOT OK")
        for problem in finding.problems:
            out.say(f"  {problem}")
        return
    signature = finding.signature
    if signature.form == "conversion":
        what = "a conversion without certification, as its record says"
    else:
        what = f"signed {signature.signed_at} by {signature.signer}"
    legal = "; test certificate, no legal value" if signature.test else ""
    out.say(f"{finding.path}: ok, {what}{legal}; {finding.pages.checked} pages compared with the record")
