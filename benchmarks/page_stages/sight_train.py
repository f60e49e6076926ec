"""Trains the network of ``stages.blank.sight`` on what ``benchmarks.page_stages.sight`` wrote::

    python -m benchmarks.page_stages.sight_train FOLDER --out stages/blank/data/sight.onnx

One file in twelve is held out: after each pass it tells how much dirt is told as such without losing ink.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks.page_stages.sight_graph import STEPS, graph
from stages.blank.windows import Windows

_BATCH, _RATE, _DECAY, _DROPPED = 128, 3e-3, 1e-3, 0.2
_WEIGHTS = (1.0, 1.0, 2.0)
"""Of dirt, what shines through, and ink in the loss: to lose ink is worst."""
_GREYED = 0.15
"""Share of windows whose colour is taken away."""
_DARKER = (0.75, 1.25)
_HELD_OUT = 12
_CHANNELS = (8, 16, 32, 32)
_HIDDEN = 48


class Network(nn.Module):
    """Three trunks of four convolutions; what each saw most of, on average and in the middle goes through two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.trunks = nn.ModuleList([_trunk(channels) for channels in (1, 4, 2)])
        self.hidden = nn.Linear(3 * 3 * _CHANNELS[-1], _HIDDEN)
        self.out = nn.Linear(_HIDDEN, 3)

    def forward(self, seen: Sequence[Any]) -> Any:
        found = []
        for trunk, window in zip(self.trunks, seen, strict=True):
            there = trunk(window)
            half = there.shape[2] // 2
            middle = there[:, :, half - 1 : half + 1, half - 1 : half + 1]
            found += [there.amax((2, 3)), there.mean((2, 3)), middle.mean((2, 3))]
        above = nn.functional.dropout(torch.cat(found, 1), _DROPPED, self.training)
        return self.out(torch.relu(self.hidden(above)))


def _trunk(channels: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for made, step in zip(_CHANNELS, STEPS, strict=True):
        size = 3 if layers else 5
        layers += [nn.Conv2d(channels, made, size, step, size // 2), nn.ReLU()]
        channels = made
    return nn.Sequential(*layers)


class Data:
    """All windows of a folder, and which of them are held out."""

    def __init__(self, folder: Path) -> None:
        parts: dict[str, list[NDArray[np.int8]]] = {name: [] for name in (*Windows._fields, "truth")}
        held: list[NDArray[np.bool_]] = []
        for number, path in enumerate(sorted(folder.glob("*.npz"))):
            with np.load(path) as found:
                for name, part in parts.items():
                    part.append(found[name])
            held.append(np.full(len(parts["truth"][-1]), number % _HELD_OUT == _HELD_OUT - 1))
        self.windows = Windows(*(np.concatenate(parts[name]) for name in Windows._fields))
        self.truth = np.concatenate(parts["truth"]).astype(np.int64)
        self.held_out = np.concatenate(held)

    def batch(self, chosen: NDArray[np.intp]) -> list[Any]:
        return [torch.from_numpy(part[chosen]).float() / 127 for part in self.windows]


def worn(seen: list[Any]) -> list[Any]:
    """The same windows lying some other way (never mirrored: that tells what shines through), darker or paler, or grey."""
    turns = int(torch.randint(0, 4, ()))
    near, around, far = (torch.rot90(window, turns, (2, 3)) for window in seen)
    low, high = _DARKER
    share = (low + (high - low) * torch.rand(len(near), 1, 1, 1)).sqrt()
    colours = around[:, :3] * share
    greyed = torch.rand(len(near), 1, 1, 1) < _GREYED
    colours = torch.where(greyed, colours.mean(1, keepdim=True).expand_as(colours), colours)
    return [near * share, torch.cat([colours, around[:, 3:]], 1), torch.cat([far[:, :1] * share, far[:, 1:]], 1)]


def _told(network: Network, data: Data) -> dict[str, float]:
    """On what is held out: how much dirt is told where so much ink is lost."""
    chosen = np.flatnonzero(data.held_out)
    network.eval()
    with torch.no_grad():
        said = [
            torch.softmax(network(data.batch(chosen[at : at + 512])), 1).numpy() for at in range(0, len(chosen), 512)
        ]
    network.train()
    likely, truth = np.concatenate(said), data.truth[chosen]
    more = 1 - likely[:, 0]
    found = {"accuracy": float((likely.argmax(axis=1) == truth).mean())}
    for lost in (0.0, 0.002, 0.01):
        limit = float(np.quantile(more[truth == 2], lost))
        found[f"dirt_told_losing_{lost}"] = float((more[truth == 0] < limit).mean())
    found["ink_below_0.02"] = int((more[truth == 2] < 0.02).sum())
    found["ink"] = int((truth == 2).sum())
    found["dirt_below_0.02"] = float((more[truth == 0] < 0.02).mean())
    return found


def train(data: Data, passes: int, seed: int) -> Network:
    """Learn from all that is not held out."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = Network()
    chosen = np.flatnonzero(~data.held_out)
    steps = len(chosen) // _BATCH
    optimiser = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps * passes, pct_start=0.15)
    truth, weights = torch.from_numpy(data.truth), torch.tensor(_WEIGHTS)
    begun = time.monotonic()
    for number in range(passes):
        order, lost = rng.permutation(chosen), 0.0
        for at in range(steps):
            some = np.sort(order[at * _BATCH : (at + 1) * _BATCH])
            loss = nn.functional.cross_entropy(network(worn(data.batch(some))), truth[some], weight=weights)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            lost += float(loss.detach())
        found = {"pass": number, "loss": lost / steps} | _told(network, data)
        said = {name: round(value, 4) for name, value in found.items()}
        sys.stdout.write(json.dumps(said | {"s": round(time.monotonic() - begun)}) + "\n")
        sys.stdout.flush()
    return network


def main(arguments: Sequence[str]) -> None:
    """Train and write the file that the stage reads."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page_stages.sight_train")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--passes", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    # With more it stands still where OpenCV and ONNX Runtime are loaded as well.
    torch.set_num_threads(1)
    network = train(Data(chosen.folder), chosen.passes, chosen.seed)
    learnt = {name.replace(".", "_"): value.numpy() for name, value in network.state_dict().items()}
    chosen.out.write_bytes(graph(learnt))


if __name__ == "__main__":
    main(sys.argv[1:])
