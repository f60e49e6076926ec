"""``sohoa process``: run scan batches through the whole line and wait for the outcome."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.settings import Settings
from ops.logs import start_logging
from ops.output import Output
from ops.progress import Progress
from ops.report import print_report, run_report, save_report
from ops.stopping import stop_signals
from pipeline.processing import Processing, check_paths, open_line, output_lock, settings_for

HELP = "process scan batches: folders with or without manifests, or single files"
INTERRUPTED = 130
FAILED = 70


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--out", type=Path, default=Path("sohoa-out"), metavar="DIR", help="archive, state and report")
    parser.add_argument("--broker", choices=("memory", "rabbitmq"), help="default: what the settings say, else memory")


def run(args: argparse.Namespace, settings: Settings, out: Output) -> int:
    """Exit 0 when every document ended or waits for a person, 70 when one FAILED, 130 after Ctrl-C."""
    check_paths(args.paths)
    with output_lock(args.out):
        start_logging(args.out / "log.jsonl", verbose=args.verbose)
        chosen = settings_for(settings, args.out, args.broker)
        with stop_signals() as interrupted, open_line(chosen, args.out, args.broker) as line:
            processing = Processing(line, args.paths, interrupted)
            with Progress(out) as progress:
                processing.run(progress.show)
        report = run_report(processing, line)
        save_report(args.out, report)
    if not report["documents"]:
        out.warn("no scans found: a batch is a folder with manifest.json, or JPEG, PNG, TIFF or PDF files")
    out.document(report)
    print_report(out, args.out, report)
    if interrupted.is_set():
        out.warn("interrupted: nothing is lost, run the same command again to go on")
        return INTERRUPTED
    return FAILED if report["summary"]["failed"] else 0
