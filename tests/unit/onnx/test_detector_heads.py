"""Every head, from the picture to the boxes, against a slow decoder written from the papers, one number at a time.

The networks are made up: a few convolutions with random weights, whose outputs have the head's form.
"""

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from onnx import numpy_helper, parser

from lookout_demo.errors import DemoError
from lookout_demo.footage import bikes_clip
from lookout_edge.adapters.onnx.detector import OnnxDetector
from lookout_edge.adapters.onnx.letterbox import InputMaker, place
from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_edge.adapters.zoo import Zoo, ZooEntry
from lookout_edge.domain.frame import Image
from lookout_edge.errors import ModelError

SIDE, STRIDES, LABELS = 64, (8, 16), ("car", "bus", "cat")
CLASSES = len(LABELS)
Outputs = Mapping[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]
#: Label number, score, x1, y1, x2, y2 in input pixels.
Found = tuple[int, float, float, float, float, float]

# A table (1, locations, K) from convolutions of stride 8 and 16: 64 + 16 locations.
TABLE = """
    f8 = Conv <kernel_shape = [8, 8], strides = [8, 8]> (image, w8)
    f16 = Conv <kernel_shape = [16, 16], strides = [16, 16]> (image, w16)
    r8 = Reshape (f8, flat)
    r16 = Reshape (f16, flat)
    wide = Concat <axis = 2> (r8, r16)
    table = Transpose <perm = [0, 2, 1]> (wide)
"""


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def cells() -> Iterator[tuple[int, int, int]]:
    """Column, row and stride of each location."""
    for stride in STRIDES:
        for row in range(SIDE // stride):
            for column in range(SIDE // stride):
                yield column, row, stride


def from_centre(x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def nanodet(outputs: Outputs) -> Iterator[Found]:
    for index, (column, row, stride) in enumerate(cells()):
        sides: list[float] = []
        for side in range(4):
            logits = [float(v) for v in outputs["distances"][0, index, side * 4 : side * 4 + 4]]
            total = sum(math.exp(v) for v in logits)
            sides.append(stride * sum(bin_ * math.exp(v) / total for bin_, v in enumerate(logits)))
        x, y = (column + 0.5) * stride, (row + 0.5) * stride
        for label in range(CLASSES):
            score = float(outputs["scores"][0, index, label])
            yield label, score, x - sides[0], y - sides[1], x + sides[2], y + sides[3]


def yolo(outputs: Outputs) -> Iterator[Found]:
    for location in range(outputs["output0"].shape[2]):
        column = [float(v) for v in outputs["output0"][0, :, location]]
        for label in range(CLASSES):
            yield label, column[4 + label], *from_centre(*column[:4])


def yolox(outputs: Outputs) -> Iterator[Found]:
    for index, (column, row, stride) in enumerate(cells()):
        x, y, width, height, there, *scores = (float(v) for v in outputs["output"][0, index])
        box = from_centre(
            (x + column) * stride, (y + row) * stride, math.exp(width) * stride, math.exp(height) * stride
        )
        for label, score in enumerate(scores):
            yield label, there * score, *box


def end_to_end(outputs: Outputs) -> Iterator[Found]:
    for row in outputs["output0"][0]:
        x1, y1, x2, y2, score, label = (float(v) for v in row)
        if 0 <= label < CLASSES:
            yield int(label), score, x1, y1, x2, y2


def three_outputs(outputs: Outputs) -> Iterator[Found]:
    rows = zip(outputs["boxes"][0], outputs["scores"][0], outputs["numbers"][0], strict=True)
    for (y1, x1, y2, x2), score, number in rows:
        if 1 <= number < 1 + CLASSES:
            yield int(number) - 1, float(score), float(x1 * SIDE), float(y1 * SIDE), float(x2 * SIDE), float(y2 * SIDE)


def detr(outputs: Outputs) -> Iterator[Found]:
    for query in outputs["output0"][0]:
        x, y, width, height, *scores = (float(v) for v in query)
        for label, score in enumerate(scores):
            yield label, score, *from_centre(x * SIDE, y * SIDE, width * SIDE, height * SIDE)


def detr_of_logits(outputs: Outputs) -> Iterator[Found]:
    for box, logits in zip(outputs["pred_boxes"][0], outputs["logits"][0], strict=True):
        x, y, width, height = (float(v) * SIDE for v in box)
        for label, logit in enumerate(logits):
            yield label, sigmoid(float(logit)), *from_centre(x, y, width, height)


def ssd_priors() -> Iterator[tuple[float, float, float, float]]:
    for size, following, cells_a_side in ((12.0, 24.0, 4), (24.0, 40.0, 2)):
        for row in range(cells_a_side):
            for column in range(cells_a_side):
                x, y = (column + 0.5) * SIDE / cells_a_side, (row + 0.5) * SIDE / cells_a_side
                yield x, y, size, size
                yield x, y, math.sqrt(size * following), math.sqrt(size * following)
                yield x, y, size * math.sqrt(2), size / math.sqrt(2)
                yield x, y, size / math.sqrt(2), size * math.sqrt(2)


def ssd(outputs: Outputs) -> Iterator[Found]:
    for prior, offset, logits in zip(ssd_priors(), outputs["loc"][0], outputs["conf"][0], strict=True):
        x, y, width, height = prior
        dx, dy, dw, dh = (float(v) for v in offset)
        box = from_centre(
            x + 0.1 * dx * width, y + 0.1 * dy * height, width * math.exp(0.2 * dw), height * math.exp(0.2 * dh)
        )
        total = sum(math.exp(float(v)) for v in logits)
        for label in range(CLASSES):
            yield label, math.exp(float(logits[1 + label])) / total, *box


@dataclass(frozen=True)
class Case:
    """A head: its description, its made-up network and its slow decoder."""

    head: Mapping[str, object]
    outputs: str
    channels: int
    graph: str
    reference: Callable[[Outputs], Iterator[Found]]
    threshold: float
    nms: bool = True


CASES = {
    "nanodet": Case(
        {"kind": "nanodet", "strides": list(STRIDES), "bins": 4},
        "float[1,l,3] scores, float[1,l,16] distances",
        19,
        "s, distances = Split <axis = 2> (table, by_3_16)\n scores = Sigmoid (s)",
        nanodet,
        0.8,
    ),
    "yolo": Case(
        {"kind": "yolo"},
        "float[1,k,l] output0",
        4 + CLASSES,
        """b, s = Split <axis = 2> (table, by_4_3)
        p = Sigmoid (b)  boxes = Mul (p, side)  scores = Sigmoid (s)
        rows = Concat <axis = 2> (boxes, scores)
        output0 = Transpose <perm = [0, 2, 1]> (rows)""",
        yolo,
        0.8,
    ),
    "yolox": Case(
        {"kind": "yolox", "strides": list(STRIDES)},
        "float[1,l,k] output",
        5 + CLASSES,
        """b, s = Split <axis = 2> (table, by_4_4)
        scores = Sigmoid (s)
        output = Concat <axis = 2> (b, scores)""",
        yolox,
        0.4,
    ),
    "end-to-end": Case(
        {"kind": "end-to-end"},
        "float[1,l,6] output0",
        6,
        """b, s, n = Split <axis = 2> (table, by_4_1_1)
        p = Sigmoid (b)  boxes = Mul (p, side)  scores = Sigmoid (s)
        a = Sigmoid (n)  m = Mul (a, four)  numbers = Floor (m)
        output0 = Concat <axis = 2> (boxes, scores, numbers)""",
        end_to_end,
        0.2,
        nms=False,
    ),
    "end-to-end, three outputs": Case(
        {
            "kind": "end-to-end",
            "outputs": ["boxes", "scores", "numbers"],
            "order": "yxyx",
            "unit": "fractions",
            "first_class": 1,
        },
        "float[1,l,4] boxes, float[1,l] scores, float[1,l] numbers",
        6,
        """b, s, n = Split <axis = 2> (table, by_4_1_1)
        boxes = Sigmoid (b)  p = Sigmoid (s)  scores = Squeeze (p, two)
        a = Sigmoid (n)  m = Mul (a, four)  f = Floor (m)  numbers = Squeeze (f, two)""",
        three_outputs,
        0.05,
        nms=False,
    ),
    "detr": Case(
        {"kind": "detr"},
        "float[1,l,k] output0",
        4 + CLASSES,
        "output0 = Sigmoid (table)",
        detr,
        0.8,
        nms=False,
    ),
    "detr, logits": Case(
        {"kind": "detr", "outputs": ["pred_boxes", "logits"], "logits": True},
        "float[1,l,3] logits, float[1,l,4] pred_boxes",
        4 + CLASSES,
        "b, logits = Split <axis = 2> (table, by_4_3)\n pred_boxes = Sigmoid (b)",
        detr_of_logits,
        0.8,
        nms=False,
    ),
    "ssd": Case(
        {
            "kind": "ssd",
            "outputs": ["loc", "conf"],
            "logits": True,
            "priors": [
                {"columns": 4, "rows": 4, "size": 12, "next_size": 24, "ratios": [2]},
                {"columns": 2, "rows": 2, "size": 24, "next_size": 40, "ratios": [2]},
            ],
        },
        "float[1,l,4] loc, float[1,l,4] conf",
        5 + CLASSES,
        "loc, conf = Split <axis = 2> (table, by_4_4)",
        ssd,
        0.6,
    ),
}


def network(case: Case) -> bytes:
    text = f"""<ir_version: 8, opset_import: ["": 17]>
    made (float[1,3,{SIDE},{SIDE}] image) => ({case.outputs}) {{
        {TABLE} {case.graph}
    }}"""
    model = parser.parse_model(text)
    random = np.random.default_rng(7)
    values: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32 | np.int64]]] = {
        "flat": np.array([1, case.channels, -1], np.int64),
        "side": np.array(SIDE, np.float32),
        "four": np.array(4, np.float32),
        "two": np.array([2], np.int64),
        **{f"by_{'_'.join(map(str, by))}": np.array(by, np.int64) for by in ((3, 16), (4, 3), (4, 4), (4, 1, 1))},
    }
    for size in STRIDES:
        shape = (case.channels, 3, size, size)
        values[f"w{size}"] = (random.normal(0, 8 / size, shape)).astype(np.float32)
    if case.head["kind"] == "ssd":
        # 4 priors in each of 16 + 4 cells are as many rows as the table has: only their order differs.
        assert len(list(ssd_priors())) == len(list(cells()))
    used = {name for node in model.graph.node for name in node.input}
    model.graph.initializer.extend(numpy_helper.from_array(v, n) for n, v in values.items() if n in used)
    return model.SerializeToString()


def entry(folder: Path, case: Case) -> ZooEntry:
    weights = network(case)
    description = {
        "name": "made-up",
        "description": "random weights",
        "licence": "Apache-2.0",
        "source": {"recipe": "made-up.yaml", "data": ["none"]},
        "weights": {"file": "made-up.onnx", "sha256": hashlib.sha256(weights).hexdigest()},
        "input": {"width": SIDE, "height": SIDE, "std": [255.0, 255.0, 255.0], "mean": [110.0, 110.0, 110.0]},
        "head": dict(case.head),
        "labels": list(LABELS),
        "thresholds": {"default": case.threshold, "classes": {"cat": case.threshold + 0.05}},
        **({"nms": {"iou": 0.5}} if case.nms else {}),
    }
    place_ = folder / "made-up"
    place_.mkdir()
    (place_ / "made-up.onnx").write_bytes(weights)
    (place_ / "model.yaml").write_text(yaml.safe_dump(description), "utf-8")
    return Zoo(folder).entry("made-up")


def overlap(one: Found, other: Found) -> float:
    width = max(0.0, min(one[4], other[4]) - max(one[2], other[2]))
    height = max(0.0, min(one[5], other[5]) - max(one[3], other[3]))
    areas = [(f[4] - f[2]) * (f[5] - f[3]) for f in (one, other)]
    return width * height / max(sum(areas) - width * height, 1e-12)


def slowly(found: Sequence[Found], *, nms: bool) -> list[Found]:
    """Best first, each that no better one of its class overlaps by more than half."""
    kept: list[Found] = []
    for candidate in sorted(found, key=lambda f: -f[1]):
        if not nms or all(k[0] != candidate[0] or overlap(k, candidate) <= 0.5 for k in kept):
            kept.append(candidate)
    return kept


def expected(model: ZooEntry, case: Case, picture: Image) -> list[tuple[str, float, tuple[float, ...]]]:
    """What the slow decoder finds: label, score and box as fractions of the picture."""
    outputs = OnnxSession("made-up", model.weights()).run(InputMaker(model.spec.input).make(picture)[0])
    limits = [case.threshold, case.threshold, case.threshold + 0.05]
    found = [f for f in case.reference(outputs) if f[1] >= limits[f[0]]]
    where = place(picture.shape[1], picture.shape[0], model.spec.input)
    rows: list[tuple[str, float, tuple[float, ...]]] = []
    for label, score, *box in slowly(found, nms=case.nms):
        xs = [min(1.0, max(0.0, (x - where.left) / where.width)) for x in box[0::2]]
        ys = [min(1.0, max(0.0, (y - where.top) / where.height)) for y in box[1::2]]
        if xs[1] > xs[0] and ys[1] > ys[0]:
            rows.append((LABELS[label], score, (xs[0], ys[0], xs[1], ys[1])))
    return rows


def bikes() -> Image:
    try:
        video = cv2.VideoCapture(str(bikes_clip()))
    except DemoError as error:
        pytest.skip(str(error))
    read, frame = video.read()
    assert read
    video.release()
    return np.asarray(frame, np.uint8)


def noise() -> Image:
    return np.random.default_rng(3).integers(0, 256, (40, 100, 3), np.uint8)


@pytest.mark.parametrize("picture", [noise, bikes], ids=["noise", "photograph"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_head_gives_what_the_slow_decoder_gives(tmp_path: Path, case: Case, picture: Callable[[], Image]) -> None:
    model, image = entry(tmp_path, case), picture()
    wanted = expected(model, case, image)
    found = OnnxDetector(model).detect(image)
    assert len(wanted) >= 3, "the case shows nothing: choose another threshold"
    assert [f.label for f in found] == [label for label, _, _ in wanted]
    for detection, (_, score, box) in zip(found, wanted, strict=True):
        assert detection.score == pytest.approx(score, abs=1e-5)
        assert detection.box.as_tuple() == pytest.approx(box, abs=1e-4)


def test_a_head_whose_boxes_overlap_needs_nms(tmp_path: Path) -> None:
    case = CASES["yolo"]
    with pytest.raises(ModelError, match=r"'nms' is missing; a yolo head needs it"):
        entry(tmp_path, replace(case, nms=False))
