"""What a picture costs: CPU time of one thread, all models in turn on the same pictures in the same run."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_edge.adapters.zoo import InputSpec, ZooEntry

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
    times: dict[str, list[float]] = {entry.name: [] for entry in entries}
    for number in range(rounds + _WARM_UP):
        for name, session in sessions.items():
            before = time.process_time()
            session.run(inputs[name])
            if number >= _WARM_UP:
                times[name].append((time.process_time() - before) * 1000)
    middle = {name: median(values) for name, values in times.items()}
    first = middle[entries[0].name]
    return {name: Cost(value, value / first) for name, value in middle.items()}


def _noise(spec: InputSpec) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    shape = (1, 3, spec.height, spec.width) if spec.layout == "nchw" else (1, spec.height, spec.width, 3)
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)
