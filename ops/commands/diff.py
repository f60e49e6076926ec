"""``sohoa diff``: did two runs over the same papers come to the same?"""

from __future__ import annotations

import argparse
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from models.settings import Settings
from ops.output import Output

HELP = "compare two output folders of `sohoa process`: documents, texts, facts, fields, pages"

DIFFERENT = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("left", type=Path, metavar="OUT1")
    parser.add_argument("right", type=Path, metavar="OUT2")


def run(args: argparse.Namespace, settings: Settings, out: Output) -> int:
    """Exit 0 when nothing differs, 1 when something does."""
    from ops.diffing import OutputFolder, differences

    with closing(OutputFolder(args.left, settings)) as left, closing(OutputFolder(args.right, settings)) as right:
        found = list(differences(left, right))
        count = len(left.documents())
    out.document({"differences": [asdict(d) for d in found], "documents": count})
    if not found:
        out.say(f"no difference in {count} documents")
        return 0
    table = Table(box=None, pad_edge=False)
    for column in ("document", "what", str(args.left), str(args.right)):
        table.add_column(column, overflow="fold")
    for d in found:
        table.add_row(d.document, d.what, d.left or "-", d.right or "-")
    out.table(table)
    return DIFFERENT
