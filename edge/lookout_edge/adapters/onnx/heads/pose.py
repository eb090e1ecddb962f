"""Heads that give the joints of a person: RTMPose's (SimCC), Ultralytics' pose export and MoveNet's."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from lookout_edge.adapters.onnx.heads.candidates import Floats, named
from lookout_edge.adapters.onnx.letterbox import Canvas
from lookout_edge.adapters.zoo import ModelSpec
from lookout_edge.adapters.zoo_heads import MovenetHead, SimccHead, YoloPoseHead
from lookout_edge.domain.pose import JOINTS
from lookout_edge.errors import ModelError

#: Centre x, centre y, width, height, score: what comes before the joints of a row.
_BOX_AND_SCORE = 5


class PoseDecoder(Protocol):
    """Reads the outputs of one kind of head."""

    def decode(self, outputs: Mapping[str, Floats], canvas: Canvas) -> Floats | None:
        """Joints × (x and y in input pixels, score 0..1) of the surest person; None when there is nobody.

        ``outputs`` are those of one picture by name, without the batch's axis.
        """
        ...


class SimccDecoder:
    """See ``zoo_heads.SimccHead``."""

    def __init__(self, outputs: tuple[str, str]) -> None:
        self._outputs = outputs

    def decode(self, outputs: Mapping[str, Floats], canvas: Canvas) -> Floats | None:
        """See ``PoseDecoder``; a joint's score is that of its doubtfuller coordinate."""
        across, down = named(outputs, self._outputs)
        _check(len(across), len(down))
        x = across.argmax(axis=1) * (canvas[0] / across.shape[1])
        y = down.argmax(axis=1) * (canvas[1] / down.shape[1])
        scores = np.clip(np.minimum(across.max(axis=1), down.max(axis=1)), 0, 1)
        return np.stack([x, y, scores], axis=1).astype(np.float32)


class YoloPoseDecoder:
    """See ``zoo_heads.YoloPoseHead``."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold

    def decode(self, outputs: Mapping[str, Floats], canvas: Canvas) -> Floats | None:
        """See ``PoseDecoder``."""
        table = next(iter(outputs.values()))
        _check((table.shape[0] - _BOX_AND_SCORE) / 3)
        best = int(table[_BOX_AND_SCORE - 1].argmax())
        if table[_BOX_AND_SCORE - 1, best] < self._threshold:
            return None
        return table[_BOX_AND_SCORE:, best].reshape(len(JOINTS), 3)


class MovenetDecoder:
    """See ``zoo_heads.MovenetHead``."""

    def decode(self, outputs: Mapping[str, Floats], canvas: Canvas) -> Floats | None:
        """See ``PoseDecoder``; it always finds somebody, perhaps with joints of hardly any score."""
        (joints,) = next(iter(outputs.values()))
        _check(len(joints))
        return (joints[:, [1, 0, 2]] * np.array([canvas[0], canvas[1], 1], np.float32)).astype(np.float32)


def open_pose_decoder(spec: ModelSpec) -> PoseDecoder:
    """The decoder for the head of ``spec``; ModelError when it finds no joints."""
    match spec.head:
        case SimccHead(outputs=outputs):
            return SimccDecoder(outputs)
        case YoloPoseHead():
            return YoloPoseDecoder(spec.thresholds.default)
        case MovenetHead():
            return MovenetDecoder()
        case _:
            raise ModelError(f"model '{spec.name}' finds no joints; choose another one under models.pose")


def _check(*joints: float) -> None:
    if any(number != len(JOINTS) for number in joints):
        raise ModelError(f"the model gives {joints[0]:g} joints and not COCO's {len(JOINTS)}: use one trained on COCO")
