"""Heads of the zoo's models: how to read the numbers that a network gives, as ``model.yaml`` describes it."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
Strides = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]


class Part(BaseModel):
    """A section of ``model.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class NanodetHead(Part):
    """``scores`` (1, locations, classes) after the sigmoid, ``distances`` (1, locations, 4 × bins) before softmax."""

    kind: Literal["nanodet"]
    strides: tuple[int, ...]
    bins: Annotated[int, Field(ge=2)]
    """Bins of the distribution of the distance to each side, in units of the stride."""


class YoloHead(Part):
    """Ultralytics' export of YOLOv8, YOLO11 and YOLO12 without NMS: one output (1, 4 + classes, locations).

    Rows are centre x and y, width and height in input pixels, then the classes' scores after the sigmoid.
    """

    kind: Literal["yolo"]


class YoloxHead(Part):
    """YOLOX: one output (1, locations, 5 + classes).

    Columns are centre x and y, width and height, then objectness and the classes' scores, all after the sigmoid; a
    box's score is the product of both.
    """

    kind: Literal["yolox"]
    strides: Strides = (8, 16, 32)
    decoded: bool = False
    """Whether the boxes are in input pixels already, not as offsets from their cell and logarithms in strides."""


class EndToEndHead(Part):
    """Boxes that need no suppression any more: YOLOv10, YOLO26 and exports with NMS in the graph.

    One output (1, n, 6) with x1, y1, x2, y2, score and class number; or, where ``outputs`` names them, boxes (1, n, 4),
    scores (1, n) and class numbers (1, n).
    """

    kind: Literal["end-to-end"]
    outputs: tuple[str, str, str] | None = None
    """Names of the outputs with boxes, scores and class numbers."""
    order: Literal["xyxy", "yxyx"] = "xyxy"
    unit: Literal["pixels", "fractions"] = "pixels"
    """Of the boxes: input pixels, or fractions of the input."""
    first_class: Annotated[int, Field(ge=0, le=1)] = 0
    """Number of the first label: 1 where 0 is the background."""


class DetrHead(Part):
    """RT-DETR and its kin: a query is a box and has a score for each class; no suppression.

    Boxes are centre x and y, width and height as fractions of the input. One output (1, queries, 4 + classes); or,
    where ``outputs`` names them, boxes (1, queries, 4) and scores (1, queries, classes).
    """

    kind: Literal["detr"]
    outputs: tuple[str, str] | None = None
    """Names of the outputs with boxes and scores."""
    logits: bool = False
    """Whether the scores are before the sigmoid."""


class Priors(Part):
    """Prior boxes of one feature map, a set at every cell's centre, in input pixels (Liu et al. 2016, section 2.2)."""

    columns: Annotated[int, Field(ge=1)]
    rows: Annotated[int, Field(ge=1)]
    size: Annotated[float, Field(gt=0)]
    """Side of the square prior, which comes first."""
    next_size: Annotated[float, Field(gt=0)] | None = None
    """With it a second square follows, whose side is the geometric mean of both."""
    ratios: tuple[Annotated[float, Field(gt=1)], ...] = ()
    """For each, a prior follows that is so many times as wide as high, then one as many times as high as wide."""


class SsdHead(Part):
    """SSD: boxes (1, priors, 4) relative to prior boxes, and scores (1, priors, 1 + classes), background first."""

    kind: Literal["ssd"]
    outputs: tuple[str, str]
    """Names of the outputs with boxes and scores."""
    priors: Annotated[tuple[Priors, ...], Field(min_length=1)]
    """Feature maps in the order of the outputs' rows: by map, row, column, prior."""
    variances: tuple[float, float] = (0.1, 0.2)
    """Multiply the offsets of the centre and the logarithms of the size."""
    logits: bool = False
    """Whether the scores are before the softmax over background and classes."""


class PlateSsdHead(Part):
    """``loc`` (1, priors, 4), ``conf`` (1, priors, 2), ``landms`` (1, priors, 8: four corners) over square priors."""

    kind: Literal["plate-ssd"]
    strides: tuple[int, ...]
    prior_sizes: tuple[tuple[int, ...], ...]
    """Side lengths of the priors in input pixels, for every stride."""
    variances: tuple[float, float]

    @model_validator(mode="after")
    def _sizes_for_every_stride(self) -> Self:
        if len(self.prior_sizes) != len(self.strides):
            raise ValueError("'prior_sizes' needs one list for every stride")
        return self


class CtcHead(Part):
    """Probabilities (1, steps, classes) with the CTC blank as class 0; ``thresholds.default`` holds for characters.

    With ``colours`` the model has two outputs: ``text`` as above and ``colour`` (1, colours), probabilities too.
    """

    kind: Literal["ctc"]
    alphabet: str
    """The other classes in order, one character each."""
    colours: tuple[str, ...] = ()
    """Classes of the second output; ``none`` says that the picture shows no plate."""
    margin: tuple[Share, Share] = (0.04, 0.08)
    """Room around a straightened plate, as shares of its width and height: corners are never quite right."""


class ClassifierHead(Part):
    """``probabilities`` (pictures, labels), each label for itself; or where a box should end; or both."""

    kind: Literal["classifier"]
    judges: bool = True
    """Whether it gives probabilities; a second look of one that does not has ``weight: 0``."""
    redraws: bool = False
    """Whether it says where a box in the middle should end: a second input ``extents`` (pictures, 2), the box's width
    and height as shares of the picture, and outputs ``edges`` (pictures, labels, 4), by which shares of the box's width
    and height x1, y1, x2, y2 move, and ``fits`` (pictures, labels), the overlap (IoU) with the thing that results."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.judges or self.redraws):
            raise ValueError("a classifier has to judge or to redraw; set 'judges' or 'redraws' to true")
        return self


class SimccHead(Part):
    """RTMPose and its kin (SimCC, Li et al. 2022): for every joint how likely each column and each row is.

    Two outputs (1, joints, columns) and (1, joints, rows), finer than the input's pixels; joints in COCO's order.
    """

    kind: Literal["simcc"]
    outputs: tuple[str, str] = ("simcc_x", "simcc_y")
    """Names of the outputs with columns and rows."""


class YoloPoseHead(Part):
    """Ultralytics' pose export without NMS: one output (1, 5 + 3 × joints, locations).

    Rows are centre x and y, width, height and score of a person, then x, y (input pixels) and score of each joint.
    """

    kind: Literal["yolo-pose"]


class MovenetHead(Part):
    """MoveNet for one person (Google, 2021): one output (1, 1, joints, 3), y, x (fractions of the input) and score.

    It looks for the person nearest the middle; joints in COCO's order.
    """

    kind: Literal["movenet"]


DetectorHead = NanodetHead | YoloHead | YoloxHead | EndToEndHead | DetrHead | SsdHead
PoseHead = SimccHead | YoloPoseHead | MovenetHead
Head = Annotated[DetectorHead | PlateSsdHead | CtcHead | ClassifierHead | PoseHead, Field(discriminator="kind")]

#: Kinds of head whose boxes overlap until ``nms`` takes the weaker ones away.
NEEDS_NMS = frozenset({"nanodet", "yolo", "yolox", "ssd", "plate-ssd"})
