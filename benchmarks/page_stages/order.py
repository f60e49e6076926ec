"""Both-sides rule, count and order: the verdict on whole documents, held against the right one.

Hundreds of documents are made of facts (verdicts, page texts with OCR's misreadings, scanner's numbers, fingerprints)
and judged by the real count, sequence and both_sides; a few are printed, scanned and read by the real engine.
A healthy document that is refused is the worst that can happen (``false_reject``).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import numpy as np

from benchmarks.page_stages import order_prints, order_scans
from benchmarks.page_stages.dossier import Outcome, Typist, judge, misread
from benchmarks.page_stages.faulty import FAULTY
from benchmarks.page_stages.healthy import HEALTHY, Case
from benchmarks.page_stages.part import Part

SEEDS, QUICK_SEEDS = 12, 2
"""Documents of each kind."""
MISREAD = (0.0, 0.15, 1 / 3)
"""Share of the printed numbers that OCR reads wrong or not at all, in turn."""


def measure(quick: bool) -> Part:
    """Judge the documents. ``quick``: two of each kind, none rendered."""
    start = time.process_time()
    wrong: list[dict[str, object]] = []
    tally: Counter[str] = Counter()
    for makers, healthy in ((HEALTHY, True), (FAULTY, False)):
        for maker in makers:
            for seed in range(QUICK_SEEDS if quick else SEEDS):
                _judge_one(maker, seed, healthy, tally, wrong)
    facts_ms = 1000 * (time.process_time() - start) / tally["documents"]
    if not quick:
        _judge_scans(tally, wrong)
    headline = {
        "false_reject": tally["false_reject"],
        "count_verdicts_wrong": len(wrong),
        "order_documents": tally["documents"],
    }
    details: dict[str, object] = {
        "kinds": len(HEALTHY) + len(FAULTY),
        "healthy_documents": tally["healthy"],
        "healthy_with_a_doubt_of_one_source": tally["healthy_flagged"],
        "refused_rightly": tally["refused"],
        "sides": tally["sides"],
        "cpu_ms_per_document": round(facts_ms, 2),
        "rendered_documents": tally["rendered"],
        "rendered_flags": {key.removeprefix("flag "): n for key, n in tally.items() if key.startswith("flag ")},
        "wrong": wrong,
    }
    if not quick:
        details["fingerprints"] = order_prints.measured().details()
    return Part(headline, details, _table(tally, wrong))


def _judge_one(
    maker: Callable[[Typist], Case], seed: int, healthy: bool, tally: Counter[str], wrong: list[dict[str, object]]
) -> None:
    case = maker(Typist(seed))
    share = MISREAD[seed % len(MISREAD)]
    read = misread(case.dossier, np.random.default_rng([seed, 5]), share, case.legible)
    outcome = judge(read)
    tally["documents"] += 1
    tally["sides"] += len(read.leaves)
    tally["healthy"] += healthy
    tally["refused"] += bool(outcome.codes) and bool(case.code)
    doubts = [flag for flag in outcome.flags if not flag.startswith("note_scan")]
    tally["healthy_flagged"] += healthy and not case.flags and bool(doubts)
    said = verdict_wrong(case, outcome)
    if said:
        tally["false_reject"] += bool(outcome.codes) and not case.code
        shown = [leaf.shown for leaf in read.leaves][:20]
        wrong.append({
            "kind": maker.__name__, "seed": seed, "misread": round(share, 2), "what": said, "shown": shown,
            "codes": outcome.codes, "flags": outcome.flags, "message": outcome.message,
        })  # fmt: skip


def _judge_scans(tally: Counter[str], wrong: list[dict[str, object]]) -> None:
    """The printed and scanned documents."""
    for spec, outcome, said in order_scans.judged():
        tally["documents"] += 1
        tally["rendered"] += 1
        tally["healthy"] += spec.fault is None
        for flag in outcome.flags if spec.fault is None else ():
            tally[f"flag {spec.id} {flag}"] += 1
        if said:
            tally["false_reject"] += said == "refused"
            wrong.append({"kind": spec.id, "seed": order_scans.SEED, "what": said, "codes": outcome.codes,
                          "flags": outcome.flags, "message": outcome.message})  # fmt: skip


def verdict_wrong(case: Case, outcome: Outcome) -> str:
    """What is wrong with the outcome, or nothing."""
    if case.code:
        return "" if case.code in outcome.codes else f"not refused as {case.code}"
    if outcome.codes:
        return "refused"
    pages = [at for at in range(len(case.dossier.leaves)) if at not in case.dossier.notes]
    wanted = tuple(at + 1 for at in (case.copy if case.copy is not None else pages))
    if outcome.selected != wanted:
        return f"copy has {outcome.selected}, not {wanted}"
    unseen = [flag for flag in case.flags if not any(found.startswith(flag) for found in outcome.flags)]
    return f"not flagged: {', '.join(unseen)}" if unseen else ""


def _table(tally: Counter[str], wrong: list[dict[str, object]]) -> str:
    head = f"order: {tally['documents']} documents ({tally['healthy']} healthy), {len(wrong)} wrong, "
    head += f"{tally['false_reject']} healthy refused, {tally['healthy_flagged']} healthy with a doubt\n"
    rows = [f"  {case['kind']} seed {case['seed']}: {case['what']} {case['codes']} {case['flags']}\n" for case in wrong]
    return head + "".join(rows)
