"""Trained weights as a ``.traineddata`` that both sohoa and stock Tesseract load::

    python -m benchmarks.recogniser.export OUT/last.pt vie.traineddata

Everything but network, characters and recoder is that of the file whose weights training began with.
"""

from __future__ import annotations

import argparse
import re
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.recogniser.charset import Charset
from benchmarks.recogniser.model import TWINS, Network, planned
from benchmarks.recogniser.shards import write_whole
from benchmarks.recogniser.train import TESSDATA
from stages.ocr.turbo import graph, traineddata
from stages.ocr.turbo.graph import Plan

_LSTM, _UNICHARSET, _RECODER = 17, 21, 22
_WHOLE = 127


def checkpoint_plan(path: Path, charset: Charset, start: Path, *, average: bool = True) -> Plan:
    """The network of a checkpoint. ``average``: its running average, which reads better than the last step."""
    plan = graph.plan(traineddata.read(start).network)
    network = Network(plan, len(charset.texts))
    kept = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(kept["average" if average else "network"])
    return planned(network, plan)


def rewritten(start: bytes, plan: Plan, charset: Charset) -> bytes:
    """``start`` with the weights of ``plan`` and the characters of ``charset``."""
    parts = components(start)
    parts[_LSTM] = _Rewriter(parts[_LSTM], plan, len(charset.texts)).bytes()
    new = charset.texts[graph.plan(traineddata.parse(start).network).codes :]
    known, parts[_UNICHARSET] = _unichars(parts[_UNICHARSET], new)
    parts[_RECODER] = _recoder(parts[_RECODER], known, len(charset.texts) - len(new), len(new))
    return packed(parts, struct.unpack_from("<i", start)[0])


def components(data: bytes) -> dict[int, bytes]:
    """The parts of a file by number."""
    (count,) = struct.unpack_from("<i", data)
    starts = struct.unpack_from(f"<{count}q", data, 4)
    present = sorted(start for start in starts if start >= 0)
    ends = dict(zip(present, [*present[1:], len(data)], strict=True))
    return {index: data[start : ends[start]] for index, start in enumerate(starts) if start >= 0}


def packed(parts: dict[int, bytes], count: int) -> bytes:
    """The file of some parts."""
    starts, at = [], 4 + 8 * count
    for index in range(count):
        starts.append(at if index in parts else -1)
        at += len(parts.get(index, b""))
    return struct.pack(f"<i{count}q", count, *starts) + b"".join(parts[index] for index in sorted(parts))


class _Rewriter:
    """Copies a network and puts other weights in the place of its own, in the same order."""

    def __init__(self, data: bytes, plan: Plan, codes: int) -> None:
        self._data = data
        self._at = 0
        self._out: list[bytes] = []
        self._codes = codes
        layers = (plan.convolution, plan.vertical, *(layer for layer, _ in plan.horizontal), plan.softmax)
        self._matrices: Iterator[NDArray[np.float32]] = (matrix for layer in layers for matrix in layer.weights)

    def bytes(self) -> bytes:
        self._layer(last=True)
        spec = self._text()
        self._put_text(re.sub(r"c\d+(\]?)$", rf"c{self._codes}\1", spec))
        return b"".join(self._out) + self._data[self._at :]

    def _layer(self, *, last: bool) -> int:
        """One layer; how many weights it has gained. ``last``: it ends in the softmax."""
        self._copy("b")
        kind = self._text()
        self._put_text(kind)
        head = list(self._take("bbiiii"))
        place = len(self._out)
        self._out.append(b"")
        name = self._text()
        self._put_text(name)
        gained = 0
        if kind in traineddata.PLUMBING:
            (count,) = self._copy("I")
            for number in range(count):
                gained += self._layer(last=last and number == count - 1)
            if head[2] & traineddata._LAYER_RATES:  # noqa: SLF001
                (rates,) = self._copy("I")
                self._copy(f"{rates}f")
        elif kind == "Input":
            self._copy("iiiii")
        elif kind in {"Convolve", "Maxpool", "Reconfig"}:
            self._copy("ii")
        elif kind in traineddata.RECURRENT:
            self._copy("i")
            for _ in range(4):
                self._matrix()
        else:
            gained = self._matrix()
        if last and kind in traineddata.CONNECTED | {"Series"}:
            head[4] = self._codes
        head[5] += gained
        self._out[place] = struct.pack("<bbiiii", *head)
        return gained

    def _matrix(self) -> int:
        """One matrix of whole numbers with a scale per row."""
        self._copy("B")
        rows, columns, empty = self._take("IIb")
        self._at += rows * columns
        (kept,) = self._take("I")
        self._at += 8 * kept
        matrix = next(self._matrices)
        scales = np.maximum(np.abs(matrix).max(axis=1) / _WHOLE, 1e-9)
        whole = np.rint(matrix / scales[:, None]).astype(np.int8)
        # Tesseract pads the scales to its vector size.
        spare = np.zeros(max(0, kept - rows) if len(matrix) == rows else -len(matrix) % 8 if kept > rows else 0)
        scales = np.concatenate([scales, spare])
        self._out.append(struct.pack("<IIb", len(matrix), columns, empty) + whole.tobytes())
        self._out.append(struct.pack("<I", len(scales)) + scales.astype("<f8").tobytes())
        return int(matrix.size) - int(rows * columns)

    def _take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self._data, self._at)
        self._at += struct.calcsize("<" + layout)
        return values

    def _copy(self, layout: str) -> tuple[Any, ...]:
        values = self._take(layout)
        self._out.append(struct.pack("<" + layout, *values))
        return values

    def _text(self) -> str:
        (size,) = self._take("I")
        self._at += size
        return self._data[self._at - size : self._at].decode("utf-8")

    def _put_text(self, text: str) -> None:
        coded = text.encode("utf-8")
        self._out.append(struct.pack("<I", len(coded)) + coded)


def _unichars(data: bytes, new: Sequence[str]) -> tuple[int, bytes]:
    """The character table with a row for each new one, made after that of its twin; how many there were."""
    count, *rows = data.decode("utf-8").rstrip("\n").split("\n")
    by_name = {row.split(" ", 1)[0]: row for row in rows[: int(count)]}
    for number, text in enumerate(new):
        place = int(count) + number
        parts = by_name[TWINS[text]].split("\t")[0].split(" ")
        # Of name, properties, box statistics, script, other case, direction, mirror and normal form.
        parts[0], parts[4], parts[6], parts[7] = text, str(place), str(place), text
        rows.append(" ".join(parts))
    return int(count), "\n".join([str(int(count) + len(new)), *rows]).encode("utf-8") + b"\n"


def _recoder(data: bytes, known: int, first: int, new: int) -> bytes:
    """The codes with one of its own for each new character."""
    (count,) = struct.unpack_from("<I", data)
    assert count == known, "the recoder is for other characters"
    added = b"".join(struct.pack("<bIi", 1, 1, first + number) for number in range(new))
    return struct.pack("<I", count + new) + data[4:] + added


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recogniser.export")
    add = parser.add_argument
    add("checkpoint", type=Path)
    add("out", type=Path)
    add("--start", type=Path, default=TESSDATA)
    add("--last-step", action="store_true", help="the weights of the last step instead of the average")
    options = parser.parse_args()
    charset = Charset.read(options.checkpoint.with_name("charset.json"))
    plan = checkpoint_plan(options.checkpoint, charset, options.start, average=not options.last_step)
    write_whole(options.out, rewritten(options.start.read_bytes(), plan, charset))


if __name__ == "__main__":
    main()
