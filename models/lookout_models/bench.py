"""What a picture costs: CPU time of one thread, all models in turn on the same pictures in the same run."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_edge.adapters.zoo import InputSpec, ModelSpec, ZooEntry
from lookout_edge.adapters.zoo_heads import ClassifierHead

_WARM_UP = 2


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU milliseconds of one run of one model."""

    milliseconds: float
    #: Relative to the first model of the run.
    relative: float


def bench(entries: Sequence[ZooEntry], rounds: int) -> Mapping[str, Cost]:
    """Median cost of each model's network. The models take turns, so that a busy machine slows all alike."""
    sessions = {entry.name: OnnxSession(entry.name, entry.weights()) for entry in entries}
    inputs = {entry.name: _noise(entry.spec.input) for entry in entries}
    others = {entry.name: _beside(entry.spec) for entry in entries}
    times: dict[str, list[float]] = {entry.name: [] for entry in entries}
    for number in range(rounds + _WARM_UP):
        for name, session in sessions.items():
            before = time.process_time()
            session.run(inputs[name], **others[name])
            if number >= _WARM_UP:
                times[name].append((time.process_time() - before) * 1000)
    middle = {name: median(values) for name, values in times.items()}
    first = middle[entries[0].name]
    return {name: Cost(value, value / first) for name, value in middle.items()}


def _beside(spec: ModelSpec) -> Mapping[str, NDArray[np.float32]]:
    """What a model is told beside the pixels: to one that redraws boxes, how large the box is."""
    redraws = isinstance(spec.head, ClassifierHead) and spec.head.redraws
    return {"extents": np.full((1, 2), 0.5, np.float32)} if redraws else {}


def _noise(spec: InputSpec) -> NDArray[np.float32]:
    shape = (1, 3, spec.height, spec.width) if spec.layout == "nchw" else (1, spec.height, spec.width, 3)
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)
