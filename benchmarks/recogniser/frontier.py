"""Speed against accuracy of trained networks of several shapes::

    python -m benchmarks.recogniser.frontier OUT.json --runs FOLDER --valid FOLDER

``FOLDER/NAME/last.pt`` is what ``train --shape NAME`` left; the start stands beside them as it is. Each network runs as the engine would run it (int8 in ONNX
Runtime, one thread) over the same lines; timed are rounds in which all take their turn, so that a busy machine slows all
alike. ``benchmarks recogniser --frontier OUT.json`` shows it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
import onnxruntime
import torch

from benchmarks.accuracy import Errors, characters
from benchmarks.recogniser import shape_graphs
from benchmarks.recogniser.batches import Batch, Lines
from benchmarks.recogniser.charset import Charset
from benchmarks.recogniser.model import Network, planned
from benchmarks.recogniser.shapes import SHAPES, reshaped
from benchmarks.recogniser.shards import write_whole
from benchmarks.recogniser.train import TESSDATA, greedy
from models.errors import OperatorError
from stages.ocr.turbo import graph, traineddata
from stages.ocr.turbo.graph import Plan
from stages.ocr.turbo.network import session

_PAGE_PX = 24_000
"""Lines of a full page of a real decision, side by side at 36 px of height."""
_STRIP_LINES = 2
START = "as it began"


@dataclass(frozen=True)
class Runner:
    """A network as two warm sessions."""

    plan: Plan
    columns: onnxruntime.InferenceSession
    steps: onnxruntime.InferenceSession

    @classmethod
    def of(cls, plan: Plan) -> Runner:
        return cls(plan, session(shape_graphs.columns(plan)), session(shape_graphs.steps(plan)))

    def summed(self, batch: Batch) -> Any:
        """Features ``(steps, lines, features)``; strips of few lines stay in the cache."""
        lines, _, width = batch.pixels.shape
        gap = -(-self.plan.gap_px // self.plan.step_px) * self.plan.step_px
        apart = np.pad(batch.pixels, ((0, 0), (0, 0), (0, gap)))
        found = []
        for start in range(0, lines, _STRIP_LINES):
            strip = np.concatenate(list(apart[start : start + _STRIP_LINES]), axis=1)
            (output,) = self.columns.run(None, {"pixels": strip[None, None]})
            found += list(output.reshape(-1, (width + gap) // self.plan.step_px, self.plan.features))
        inside = np.arange(width // self.plan.step_px)[:, None, None] < batch.steps[None, :, None]
        return np.stack(found, axis=1)[: width // self.plan.step_px] * inside.astype(np.float32)

    def read(self, summed: Any, batch: Batch) -> Any:
        """Probabilities ``(steps, lines, codes)``."""
        return self.steps.run(None, {"features": summed, "lengths": batch.steps.astype(np.int32)})[0]


def opened(run: Path, shape: str, start: Path) -> Plan:
    """The averaged network that a training left. Raises ``OperatorError("no_run")``."""
    if not (run / "last.pt").exists():
        raise OperatorError("no_run", f"{run} has no last.pt: train --shape {shape} writes one")
    plan = reshaped(graph.plan(traineddata.read(start).network), SHAPES[shape], 0)
    network = Network(plan, len(Charset.read(run / "charset.json").texts))
    network.load_state_dict(torch.load(run / "last.pt", map_location="cpu", weights_only=True)["average"])
    return planned(network, plan)


def error(runner: Runner, batches: Sequence[Batch], charset: Charset) -> float:
    """Character error rate, read greedily."""
    total = Errors()
    for batch in batches:
        best = runner.read(runner.summed(batch), batch).argmax(-1)
        for row, text in enumerate(batch.texts):
            total += characters(text, greedy(best[: batch.steps[row], row], charset))
    return total.rate


def timed(runners: Mapping[str, Runner], batches: Sequence[Batch], rounds: int) -> dict[str, tuple[float, float]]:
    """Milliseconds of processor for columns and for steps, the median of the rounds."""
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in runners}
    for _ in range(rounds):
        for name, runner in runners.items():
            began = time.process_time()
            summed = [runner.summed(batch) for batch in batches]
            between = time.process_time()
            for features, batch in zip(summed, batches, strict=True):
                runner.read(features, batch)
            spent[name].append((between - began, time.process_time() - between))
    return {
        name: (median(a for a, _ in told) * 1000, median(b for _, b in told) * 1000) for name, told in spent.items()
    }


def _page(batches: Sequence[Batch]) -> Iterator[Batch]:
    """Batches that hold about as much as a page."""
    held = 0
    for batch in batches:
        if held >= _PAGE_PX:
            return
        held += int(batch.steps.sum()) * 3
        yield batch


def _lines(run: Path) -> int:
    """How many lines a training has learnt from."""
    path = run / "last.pt"
    return int(torch.load(path, map_location="cpu", weights_only=True)["at"][1]) if path.exists() else 0


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recogniser.frontier")
    add = parser.add_argument
    add("out", type=Path)
    add("--runs", type=Path, required=True)
    add("--valid", type=Path, required=True)
    add("--start", type=Path, default=TESSDATA, help="what the trainings began with")
    add("--lines", type=int, default=1000)
    add("--rounds", type=int, default=7)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    data = traineddata.read(options.start)
    charset = Charset.extended(data.charset, graph.plan(data.network).codes)
    shapes = [name for name in SHAPES if (options.runs / name).is_dir()]
    begun = graph.plan(data.network)
    plans = {name: opened(options.runs / name, name, options.start) for name in shapes}
    runners = {name: Runner.of(plan) for name, plan in {START: begun, **plans}.items()}
    batches = list(Lines(options.valid, charset, begun.step_px).plain(options.lines))
    times = timed(runners, list(_page(batches)), options.rounds)
    told = {}
    for name, runner in runners.items():
        columns_ms, steps_ms = times[name]
        told[name] = {
            "cer": round(error(runner, batches, charset), 5),
            "columns_ms": round(columns_ms, 1),
            "steps_ms": round(steps_ms, 1),
            "lines": _lines(options.runs / name),
        }
        sys.stdout.write(json.dumps({name: told[name]}) + "\n")
    write_whole(options.out, json.dumps(told, indent=1).encode())


if __name__ == "__main__":
    main()
