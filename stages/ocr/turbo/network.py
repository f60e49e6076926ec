"""The recognition network, warm: grey line crops in, probabilities per step out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as fail

from models.ports import ModelCache
from stages.ocr.turbo import graph, traineddata
from stages.ocr.turbo.pen import Pen
from stages.ocr.turbo.traineddata import Charset, TrainedData

Crop = NDArray[np.uint8]
Probabilities = NDArray[np.float32]

_AREA_BELOW, _SHARPEN_BELOW, _SHARPEN_ABOVE = 0.7, 1.4, 0.2
"""Leptonica's ``pixScale``: averages areas below the first factor, sharpens between the last two."""
_STRIP_PX = 2_400
"""Pixels of one strip of lines: what the vertical layer works on stays in the core's cache."""
_MOST_LINES = 6
"""Lines of a batch: as many rows as the processor multiplies at once."""
_MOST_WASTE = 0.05
"""Share of the widest line that a narrower one of the same batch may lack."""
_LEAST_LINES = 4


class Look(NamedTuple):
    """What the network sees in a line. ``chances``: probabilities ``(steps, codes)``; ``traits``: ``(steps, traits)`` of its
    strokes, see :class:`Pen`; None for a network without one.
    """

    chances: Probabilities
    traits: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Network:
    """Two warm sessions of one thread. ``data``: charset, dictionary and hash of the file it came from.
    ``kind``: ``int8`` or ``fp32``. ``pen``: tells handwriting by this network.

    Not shared between threads.
    """

    data: TrainedData
    plan: graph.Plan
    columns: onnxruntime.InferenceSession
    steps: onnxruntime.InferenceSession
    kind: str
    pen: Pen | None = None

    @classmethod
    def open(cls, path: Path, models: ModelCache, *, whole: bool = True, pen: Pen | None = None) -> Network:
        """The network of ``path``, converted at first use and kept in ``models`` under the file's hash.

        ``whole``: int8 weights. ``pen``: tells handwriting by this network. Two processes may convert at once. Raises
        ``OperatorError`` as :func:`traineddata.read` and :func:`graph.plan`.
        """
        data = traineddata.read(path)
        plan = graph.plan(data.network)
        kind = "int8" if whole else "fp32"
        name = f"{data.sha256}-{graph.GRAPH_VERSION}-{kind}"
        columns = _opened(models, f"{name}-columns.onnx", lambda: graph.columns(plan, whole=whole))
        weights, mark = (pen.weights(plan.states), f"-{pen.mark}") if pen else (None, "")
        steps = _opened(models, f"{name}{mark}-steps.onnx", lambda: graph.steps(plan, whole=whole, pen=weights))
        return cls(data, plan, columns, steps, kind, pen)

    @property
    def charset(self) -> Charset:
        return self.data.charset

    def px_per_step(self, crop: Crop) -> float:
        """Width of one output step in pixels of ``crop``."""
        return self.plan.step_px * len(crop) / self.plan.height_px

    def run(self, crops: Sequence[Crop]) -> list[Probabilities]:
        """The probabilities alone, see :meth:`look`."""
        return [look.chances for look in self.look(crops)]

    def look(self, crops: Sequence[Crop]) -> list[Look]:
        """What is seen in each grey crop, black print on white, of any height.

        A crop too small to read has no steps.
        """
        lines = [normalise(crop, self.plan.height_px) for crop in crops]
        lengths = np.array([line.shape[1] // self.plan.step_px for line in lines], dtype=np.int32)
        order = np.argsort(-lengths, kind="stable")
        order = order[lengths[order] > 0]
        features = self._columns(lines, order)
        none = None if self.pen is None else np.zeros((0, self.pen.traits), np.float32)
        found = [Look(np.zeros((0, self.plan.codes), np.float32), none)] * len(lines)
        for batch in _batches(lengths, order):
            padded = np.zeros((int(lengths[batch[0]]), len(batch), self.plan.features), np.float32)
            for row, index in enumerate(batch):
                padded[: lengths[index], row] = features[index]
            outputs = self.steps.run(None, {"features": padded, "lengths": lengths[batch]})
            for row, index in enumerate(batch):
                found[index] = Look(*(output[: lengths[index], row] for output in outputs))
        return found

    def _columns(self, lines: list[NDArray[np.float32]], order: NDArray[np.intp]) -> dict[int, NDArray[np.float32]]:
        """Features ``(steps, features)`` of each line, computed on strips of several lines side by side."""
        found: dict[int, NDArray[np.float32]] = {}
        step = self.plan.step_px
        ends = [-(-(lines[index].shape[1] + self.plan.gap_px) // step) * step for index in order]
        start = 0
        while start < len(order):
            end = start + 1
            while end < len(order) and sum(ends[start : end + 1]) <= _STRIP_PX:
                end += 1
            strip = np.zeros((1, 1, self.plan.height_px, sum(ends[start:end])), np.float32)
            places = np.cumsum([0, *ends[start:end]])
            for index, place in zip(order[start:end], places, strict=False):
                strip[0, 0, :, place : place + lines[index].shape[1]] = lines[index]
            (output,) = self.columns.run(None, {"pixels": strip})
            for index, place in zip(order[start:end], places, strict=False):
                first = place // step
                found[int(index)] = output[first : first + lines[index].shape[1] // step]
            start = end
        return found


def _opened(models: ModelCache, name: str, make: Callable[[], bytes]) -> onnxruntime.InferenceSession:
    """The session of a cached graph; one that the runtime cannot load is made again."""
    try:
        return session(cached(models, name, make))
    except (fail.Fail, fail.InvalidArgument, fail.InvalidGraph, fail.InvalidProtobuf):
        model = make()
        models.put(name, model)
        return session(model)


def session(model: bytes) -> onnxruntime.InferenceSession:
    """A session of one thread on the processor."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def normalise(crop: Crop, height_px: int) -> NDArray[np.float32]:
    """``crop`` scaled to ``height_px`` rows, black to -1 and white to 1, as Tesseract's network was trained.

    Source: Leptonica ``pixScale``; Tesseract ``NetworkIO::FromPixes`` and ``SetPixel``.
    """
    height, width = crop.shape
    if not height or not width:
        return np.zeros((height_px, 0), np.float32)
    factor = height_px / height
    size = (max(1, round(width * factor)), height_px)
    area = factor < _AREA_BELOW
    scaled = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if area else cv2.INTER_LINEAR)
    if _SHARPEN_ABOVE < factor < _SHARPEN_BELOW:
        side, fraction = (3, 0.2) if area else (5, 0.4)
        blurred = cv2.blur(scaled, (side, side), borderType=cv2.BORDER_REPLICATE)
        scaled = cv2.addWeighted(scaled, 1 + fraction, blurred, -fraction, 0)
    black, white = _levels(scaled[height_px // 2].astype(np.int16))
    half = max((white - black) / 2, 0.0) or 1.0
    table = np.clip((np.arange(256, dtype=np.float32) - (black + half)) / half, -1.0, 1.0)
    return np.asarray(cv2.LUT(scaled, table.astype(np.float32)))


def _levels(row: NDArray[np.int16]) -> tuple[float, float]:
    """Quarter of the local minima and three quarters of the maxima along the middle row."""
    before, here, after = row[:-2], row[1:-1], row[2:]
    lows = here[((here < before) & (here <= after)) | ((here <= before) & (here < after))]
    highs = here[((here > before) & (here >= after)) | ((here >= before) & (here > after))]
    black = float(np.sort(lows)[len(lows) // 4]) if lows.size else 0.0
    white = float(np.sort(highs)[len(highs) * 3 // 4]) if highs.size else 255.0
    return black, white


def _batches(lengths: NDArray[np.int32], order: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Lines of like length together; ``order`` has the longest first."""
    start = 0
    while start < len(order):
        longest = int(lengths[order[start]])
        end = start + 1
        while end < len(order) and end - start < _MOST_LINES:
            wasted = 1 - int(lengths[order[end]]) / longest
            if wasted > _MOST_WASTE and end - start >= _LEAST_LINES:
                break
            end += 1
        yield order[start:end]
        start = end


def cached(models: ModelCache, name: str, make: Callable[[], bytes]) -> bytes:
    """What ``models`` keeps under the name, or what ``make`` returns, kept there. Raises what ``models`` raises."""
    found = models.get(name)
    if found is None:
        found = make()
        models.put(name, found)
    return found
