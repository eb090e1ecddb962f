"""coco-nano: NanoDet-g 416 on COCO, from a TensorFlow.js graph model."""

from pathlib import Path

import onnx

from lookout_models.builders.tfjs import OnnxEmitter, read_tfjs

_CLASSES = 80
#: Four sides times eleven bins of the distance distribution.
_DISTANCES = 44
_LOCATIONS = 52 * 52 + 26 * 26 + 13 * 13
_SCORES = ("Identity", "Identity_1", "Identity_2")
_SIDES = ("Identity_3", "Identity_4", "Identity_5")


def build_coco_nano(topology: Path) -> onnx.ModelProto:
    """The model of ``nanodet.json``; its six outputs are joined over the strides into ``scores`` and ``distances``."""
    emitter = OnnxEmitter(read_tfjs(topology))
    emitter.emit()
    emitter.concatenate_outputs("scores", _SCORES, axis=1)
    emitter.concatenate_outputs("distances", _SIDES, axis=1)
    return emitter.model("coco-nano", {"scores": (1, _LOCATIONS, _CLASSES), "distances": (1, _LOCATIONS, _DISTANCES)})
