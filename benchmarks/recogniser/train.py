"""Trains the installed network on rendered lines::

    python -m benchmarks.recogniser.train OUT --shards FOLDER --valid FOLDER --lines 300000

Goes on from ``OUT/last.pt`` where there is one; new shards are taken up at each pass. ``OUT/log.jsonl`` tells steps,
lines, loss and the character error rate on validation lines. On a GPU where PyTorch finds one, else on one core.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks.accuracy import edit_distance
from benchmarks.recogniser.batches import Batch, Lines
from benchmarks.recogniser.charset import Charset
from benchmarks.recogniser.model import Network, Tensor, load
from benchmarks.recogniser.shapes import SHAPES, reshaped
from stages.ocr.turbo import graph, traineddata
from stages.ocr.turbo.traineddata import TrainedData

_WARM_STEPS = 200
_CLIP = 2.0
_AVERAGE = 0.999
_DOUBTFUL = 2.5
"""Loss per character from which a line is left out of a step: its text is not what its picture shows."""
_RATE_TAIL = 0.02
"""Share of the first rate at which the cosine ends."""
TESSDATA = Path("/usr/share/tesseract-ocr/5/tessdata/vie.traineddata")


class Trainer:
    """Network, its running average, and the optimiser."""

    def __init__(
        self,
        data: TrainedData,
        out: Path,
        *,
        lines: int,
        rate: float,
        seed: int,
        shape: str = "stock",
        columns_lines: int | None = None,
    ) -> None:
        """``columns_lines``: learn from ``data`` too, and of so many lines at first its columns alone."""
        start = graph.plan(data.network)
        self.plan = reshaped(start, SHAPES[shape], seed)
        self.charset = Charset.extended(data.charset, start.codes)
        self._out = out
        self._lines, self._rate = lines, rate
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(seed)
        codes = len(self.charset.texts)
        self.network = Network(self.plan, codes)
        load(self.network, self.plan, self.charset.texts)
        self.average = Network(self.plan, codes)
        self.average.load_state_dict(self.network.state_dict())
        self.network.to(self._device)
        self.average.to(self._device)
        self._columns_lines = columns_lines or 0
        self._teacher: Network | None = None
        if columns_lines is not None:
            self._teacher = Network(start, codes)
            load(self._teacher, start, self.charset.texts)
            self._teacher.to(self._device)
        learnt = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        self._optimiser = torch.optim.AdamW(learnt, lr=rate, weight_decay=1e-4)
        self.step = self.seen = self.passes = 0
        self.spent_s = 0.0
        out.mkdir(parents=True, exist_ok=True)
        self.charset.write(out / "charset.json")

    def resume(self) -> None:
        """Go on from the last checkpoint, if there is one."""
        path = self._out / "last.pt"
        if path.exists():
            kept = torch.load(path, map_location=self._device, weights_only=True)
            self.network.load_state_dict(kept["network"])
            self.average.load_state_dict(kept["average"])
            self._optimiser.load_state_dict(kept["optimiser"])
            self.step, self.seen, self.passes, self.spent_s = kept["at"]

    def begin(self, path: Path) -> None:
        """Start from the averaged weights of a checkpoint of the same shape, with a rate that falls anew."""
        kept = torch.load(path, map_location=self._device, weights_only=True)
        self.network.load_state_dict(kept["average"])
        self.average.load_state_dict(kept["average"])

    def save(self) -> None:
        """Write a checkpoint; the one before stays whole until this one is."""
        kept = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "at": (self.step, self.seen, self.passes, self.spent_s),
        }
        torch.save(kept, self._out / "next.pt")
        (self._out / "next.pt").replace(self._out / "last.pt")

    def learn(self, batch: Batch) -> float:
        """One step; the loss per character (per feature, while columns are learnt)."""
        share = min(1.0, max(0, self.seen - self._columns_lines) / self._lines)
        rate = self._rate * (_RATE_TAIL + (1 - _RATE_TAIL) * 0.5 * (1 + math.cos(math.pi * share)))
        for group in self._optimiser.param_groups:
            group["lr"] = rate * min(1.0, (self.step + 1) / _WARM_STEPS)
        columns = self.seen < self._columns_lines
        loss = self._columns_loss(batch) if columns else self._loss(batch)
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _CLIP)
        self._optimiser.step()
        self.step += 1
        self.seen += len(batch.sizes)
        keep = min(_AVERAGE, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(value, 1 - keep)
        return float(loss.detach())

    def _loss(self, batch: Batch) -> Tensor:
        """CTC against the text, and where there is a teacher, how far it is from what that says at each step."""
        pixels, steps = self._tensor(batch.pixels), self._tensor(batch.steps)
        chances = self.network(pixels, steps).float().log_softmax(-1)
        targets = (torch.from_numpy(batch.codes), torch.from_numpy(batch.steps), torch.from_numpy(batch.sizes))
        losses = torch.nn.functional.ctc_loss(
            chances,
            targets[0].to(self._device),
            *targets[1:],
            blank=self.charset.null,
            reduction="none",
            zero_infinity=True,
        )
        sizes = targets[2].to(self._device).clamp(min=1)
        if self._teacher is not None:
            with torch.no_grad():
                taught = self._teacher(pixels, steps).float().log_softmax(-1)
            inside = torch.arange(len(chances), device=self._device)[:, None] < steps[None, :]
            apart = (taught.exp() * (taught - chances)).sum(-1) * inside
            return (losses.sum() + apart.sum()) / sizes.sum()
        sure = (losses < _DOUBTFUL * sizes) | (self.step < _WARM_STEPS)
        return (losses * sure).sum() / (sizes * sure).sum().clamp(min=1)

    def _columns_loss(self, batch: Batch) -> Tensor:
        assert self._teacher is not None
        pixels = self._tensor(batch.pixels)
        with torch.no_grad():
            taught = self._teacher.columns(pixels)
        return (self.network.columns(pixels) - taught).square().mean()

    def error(self, lines: Iterator[Batch]) -> float:
        """Character error rate of the averaged network, read greedily."""
        edits = length = 0
        for batch in lines:
            with torch.no_grad():
                logits = self.average(self._tensor(batch.pixels), self._tensor(batch.steps))
            best = logits.argmax(-1).cpu().numpy()
            for row, text in enumerate(batch.texts):
                found = greedy(best[: batch.steps[row], row], self.charset)
                edits, length = edits + edit_distance(text, found), length + len(text)
        return edits / max(1, length)

    def _tensor(self, values: Any) -> Tensor:
        return torch.from_numpy(values).to(self._device)


def greedy(codes: Any, charset: Charset) -> str:
    """Text of the best code of each step."""
    kept = codes[np.concatenate([[True], codes[1:] != codes[:-1]])] if len(codes) else codes
    return "".join(charset.texts[code] for code in kept if code != charset.null).strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recogniser.train")
    add = parser.add_argument
    add("out", type=Path)
    add("--shards", type=Path, required=True)
    add("--valid", type=Path, required=True)
    add("--start", type=Path, default=TESSDATA, help="traineddata whose weights it begins with")
    add("--begin", type=Path, help="checkpoint whose averaged weights it begins with instead")
    add("--shape", choices=list(SHAPES), default="stock", help="of the network; other weights than the start's are new")
    add(
        "--taught",
        type=int,
        metavar="LINES",
        help="learn from the start's network too; of so many lines its columns alone",
    )
    add("--part", type=float, default=1.0, help="share of the lines that a pass takes before it looks for new shards")
    add("--lines", type=int, default=300_000, help="lines to learn from; the rate falls to almost nothing over them")
    add("--rate", type=float, default=1e-3)
    add("--seed", type=int, default=4)
    add("--threads", type=int, default=1)
    add("--checkpoint-s", type=float, default=180.0)
    add("--check-lines", type=int, default=20_000, help="lines between validations")
    add("--valid-lines", type=int, default=1000)
    return parser


def main() -> None:
    """Command line."""
    options = _parser().parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    trainer = Trainer(
        traineddata.read(options.start),
        options.out,
        lines=options.lines,
        rate=options.rate,
        seed=options.seed,
        shape=options.shape,
        columns_lines=options.taught,
    )
    if options.begin is not None:
        trainer.begin(options.begin)
    trainer.resume()
    step_px = trainer.plan.step_px
    valid = Lines(options.valid, trainer.charset, step_px)
    log = (options.out / "log.jsonl").open("a", encoding="utf-8")

    def tell(**what: object) -> None:
        for stream in (log, sys.stdout):
            stream.write(json.dumps({"step": trainer.step, "lines": trainer.seen, **what}) + "\n")
            stream.flush()

    if trainer.step == 0:
        tell(cer=trainer.error(valid.plain(options.valid_lines)))
    last = options.lines + (options.taught or 0)
    losses: list[float] = []
    saved = told = time.monotonic()
    start_lines, checked = trainer.seen, trainer.seen
    lines = Lines(options.shards, trainer.charset, step_px)
    for one_pass in lines.passes(options.seed, trainer.passes, options.part):
        tell(**{"pass": trainer.passes, "of": len(lines)})
        for batch in one_pass:
            losses.append(trainer.learn(batch))
            now = time.monotonic()
            if trainer.seen - checked >= options.check_lines or trainer.seen >= last:
                checked = trainer.seen
                tell(cer=trainer.error(valid.plain(options.valid_lines)), hours=(trainer.spent_s + now - saved) / 3600)
            if len(losses) == 100:
                tell(loss=sum(losses) / 100, lines_per_s=(trainer.seen - start_lines) / (now - told))
                losses, told, start_lines = [], now, trainer.seen
            if now - saved > options.checkpoint_s or trainer.seen >= last:
                trainer.spent_s += now - saved
                saved = now
                trainer.save()
            if trainer.seen >= last:
                return
        trainer.passes += 1


if __name__ == "__main__":
    main()
