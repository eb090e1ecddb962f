"""A detector on EfficientNet-Lite as ONNX, written node by node; weights in half precision."""

from typing import cast

import numpy as np
import onnx
from onnx import TensorProto, helper
from torch import nn

from lookout_models.training.detector.lite import LiteBackbone
from lookout_models.training.detector.net import BINS, LEAK, NECK, SIDES, STRIDES, Head, NanoDet
from lookout_models.training.second_look.export import Graph, block, convolution, finished, plain


def export_lite(net: NanoDet, size: int, name: str) -> onnx.ModelProto:
    """ONNX with ``scores`` 1 × L × C (0..1) and ``distances`` 1 × L × 44 for 1 × 3 × ``size`` × ``size`` ``pixels``.

    These are RGB as (value − 127) / 128, as the second look's, not the BGR that the net takes in the training.
    """
    graph = Graph()
    scores, distances = zip(
        *(_head(graph, cast(Head, head), m) for head, m in zip(net.heads, _neck(graph, net, size), strict=True)),
        strict=True,
    )
    joined = graph.add("Concat", *scores, axis=1)
    graph.nodes.append(helper.make_node("Sigmoid", [joined], ["scores"], "scores"))
    graph.nodes.append(helper.make_node("Concat", distances, ["distances"], "distances", axis=1))
    locations = sum((size // stride) ** 2 for stride in STRIDES)
    entry, *outputs = (
        helper.make_tensor_value_info(key, TensorProto.FLOAT, shape)
        for key, shape in (
            ("pixels", (1, 3, size, size)),
            ("scores", (1, locations, net.class_count)),
            ("distances", (1, locations, SIDES * BINS)),
        )
    )
    return finished(graph, name, [entry], outputs)


def _backbone(graph: Graph, backbone: LiteBackbone) -> list[str]:
    zero, six = (graph.constant(np.array(value, np.float32)) for value in (0, 6))
    features = convolution(graph, backbone.stem, "pixels", (zero, six))
    maps: list[str] = []
    for number, part in enumerate(backbone.blocks, 1):
        features = block(graph, part, features, (zero, six))
        if number in backbone.tapped:
            maps.append(features)
    return maps


def _neck(graph: Graph, net: NanoDet, size: int) -> list[str]:
    assert isinstance(net.backbone, LiteBackbone)
    maps = _backbone(graph, net.backbone)
    fine, middle, coarse = (plain(graph, lateral, m) for lateral, m in zip(net.neck.laterals, maps, strict=True))
    sides = [size // stride for stride in STRIDES]

    def added(to: str, features: str, level: int) -> str:
        sizes = graph.constant(np.array([1, NECK, sides[level], sides[level]], np.int64))
        how = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        return graph.add("Add", to, graph.add("Resize", features, "", "", sizes, **how))

    middle = added(middle, coarse, 1)
    fine = added(fine, middle, 0)
    middle = added(middle, fine, 1)
    return [fine, middle, added(coarse, middle, 2)]


def _head(graph: Graph, head: Head, features: str) -> tuple[str, str]:
    """Class logits 1 × locations × classes and distance logits 1 × locations × 44."""
    tower = graph.add("LeakyRelu", plain(graph, cast(nn.Conv2d, head.tower[0]), features), alpha=LEAK)
    shapes = [graph.constant(np.array([1, part.out_channels, -1], np.int64)) for part in (head.classes, head.distances)]
    flat = [
        graph.add("Reshape", plain(graph, part, tower), shape)
        for part, shape in zip((head.classes, head.distances), shapes, strict=True)
    ]
    classes, distances = (graph.add("Transpose", rows, perm=[0, 2, 1]) for rows in flat)
    return classes, distances
