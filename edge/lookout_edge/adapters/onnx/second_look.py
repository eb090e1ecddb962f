"""A second look: a classifier judges the detector's candidates for a few labels, and so costs nothing without any."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from lookout_edge.adapters.onnx.first_look import AfterFirstLook
from lookout_edge.adapters.onnx.session import DEFAULT_PROVIDERS, OnnxSession
from lookout_edge.adapters.zoo import InputSpec, SecondLook, ZooEntry
from lookout_edge.adapters.zoo_heads import ClassifierHead
from lookout_edge.domain.detection import Detection, distinct
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.errors import ModelError
from lookout_edge.ports import Detector

Floats = NDArray[np.float32]

#: No look is surer than this that something is not there, or is.
_LEAST = 1e-5


class Opinions(NamedTuple):
    """What a second look says of N pictures."""

    #: N × labels, 0..1: how likely each label is; None of one that only redraws.
    likely: Floats | None
    #: N × labels × 4: by which shares of its width and height the edges of the box in the middle should move.
    edges: Floats | None = None
    #: N × labels, 0..1: the overlap with the thing (IoU) that is to be expected then.
    fits: Floats | None = None


class Opinion(NamedTuple):
    """What a second look says of one candidate; see ``Opinions``."""

    #: By label.
    likely: Floats | None
    #: Labels × 4.
    edges: Floats | None
    #: By label.
    fits: Floats | None


def one_opinion(looks: Sequence[Opinion], *, most: bool = False) -> Opinion:
    """One opinion of several looks at a candidate: means of evidence (log odds), edges and fits, of those that say any.

    With ``most`` the look that speaks most for a label gives its evidence alone.
    """
    likely, edges, fits = (_stacked([look[n] for look in looks]) for n in range(3))
    if most and likely is not None:
        likely = likely.max(0, keepdims=True)
    elif likely is not None and len(likely) > 1:
        sure = np.clip(likely, _LEAST, 1 - _LEAST)
        likely = 1 / (1 + np.exp(-np.log(sure / (1 - sure)).mean(0, keepdims=True)))
    return Opinion(*(None if values is None else values.mean(0) for values in (likely, edges, fits)))


def _stacked(values: Sequence[Floats | None]) -> Floats | None:
    given = [value for value in values if value is not None]
    return np.stack(given) if given else None


class Judge(Protocol):
    """Says for pictures how likely each of its labels is, and where the box in the middle should end if it can."""

    @property
    def name(self) -> str:
        """Name of the zoo entry."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """What it judges."""
        ...

    def judge(self, pictures: Sequence[Image], extents: Floats) -> Opinions:
        """``extents`` are the width and height of each picture's box as shares of the picture."""
        ...


class OnnxClassifier:
    """Says for square cut-outs how likely each label is; one instance serves all threads."""

    def __init__(self, entry: ZooEntry, providers: Sequence[str] = DEFAULT_PROVIDERS, threads: int = 1) -> None:
        if not isinstance(entry.spec.head, ClassifierHead):
            raise ModelError(f"model '{entry.name}' does not classify; choose another one as second look")
        self._spec: InputSpec = entry.spec.input
        self._redraws = entry.spec.head.redraws
        #: Whether it says how likely a label is.
        self.judges = entry.spec.head.judges
        self._session = OnnxSession(entry.name, entry.weights(), providers, threads)
        self._entry = entry

    @property
    def name(self) -> str:
        """Name of the zoo entry."""
        return self._entry.name

    @property
    def labels(self) -> tuple[str, ...]:
        """What it judges."""
        return self._entry.spec.labels

    def judge(self, pictures: Sequence[Image], extents: Floats) -> Opinions:
        """See ``Judge``; BGR pictures of any size (stretched to the input)."""
        batch = np.stack([self._input(picture) for picture in pictures])
        if not self._redraws:
            return Opinions(self._session.run(batch)["probabilities"])
        said = self._session.run(batch, extents=extents)
        return Opinions(said.get("probabilities"), said["edges"], said["fits"])

    def _input(self, picture: Image) -> Floats:
        spec = self._spec
        shrinks = picture.shape[0] > spec.height
        way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        resized = cv2.resize(picture, (spec.width, spec.height), interpolation=way)
        ordered = resized[..., ::-1] if spec.colour == "rgb" else resized
        values = (ordered - np.array(spec.mean, np.float32)) / np.array(spec.std, np.float32)
        return np.ascontiguousarray(values.transpose(2, 0, 1), np.float32)


class SecondLookDetector(AfterFirstLook):
    """A :class:`lookout_edge.ports.Detector` that lets a classifier weigh the candidates of its labels."""

    def __init__(
        self,
        first: Detector,
        judge: Judge,
        settings: SecondLook,
        thresholds: Mapping[str, float],
        afar: Judge | None = None,
    ) -> None:
        """``afar`` sees the squares from further away, too."""
        super().__init__(first)
        unknown = sorted(set(judge.labels) - set(first.labels))
        if unknown:
            raise ModelError(f"second look '{judge.name}' judges {', '.join(unknown)}, which '{first.name}' never sees")
        strange = sorted(
            {*settings.redraw, *settings.fit_weight, *settings.first, *settings.further, *settings.evidence}
            - set(judge.labels)
        )
        if strange:
            raise ModelError(f"'second_look' names {', '.join(strange)}, which '{judge.name}' does not judge")
        if afar is not None and afar.labels != judge.labels:
            raise ModelError(f"'{afar.name}' judges other labels than '{judge.name}'; choose another one as 'afar'")
        self._judge, self._settings, self._thresholds = judge, settings, thresholds
        self._judges_afar = [judge] if afar is None else [judge, afar]

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """Objects in a BGR picture, best first; scores of judged labels are those of both looks together."""
        return self.again(image, self._first.detect(image, region))

    def again(self, image: Image, found: Sequence[Detection]) -> Sequence[Detection]:
        """See ``Again``: the candidates among ``found`` are weighed."""
        others = [d for d in found if d.label not in self._judge.labels]
        of_labels = [d for d in found if d.label in self._judge.labels]
        most = self._settings.candidates
        left = [] if self._settings.weight else of_labels[most:]
        return sorted([*others, *self._judged(image, of_labels[:most]), *left], key=lambda d: -d.score)

    def _judged(self, image: Image, candidates: Sequence[Detection]) -> list[Detection]:
        """The candidates that both looks believe in together; none is judged whose answer would change nothing."""
        settings = self._settings
        shares = [self._share_left(candidate, candidates) for candidate in candidates]
        open_ = [(d, left) for d, left in zip(candidates, shares, strict=True) if left >= self._thresholds[d.label]]
        if not open_:
            return []
        opinions = self._asked(image, open_)
        weighed: list[Detection] = []
        for (detection, left), opinion in zip(open_, opinions, strict=True):
            label = self._judge.labels.index(detection.label)
            score, box = self._weighed(detection, opinion) * left, detection.box
            if opinion.edges is not None and opinion.fits is not None:
                moves = opinion.edges[label] * settings.redraw.get(detection.label, 1.0)
                # Of a thing that is cut off by the region's edge nobody sees where it ends.
                box = box if detection.cut else redrawn(box, moves.tolist())
                score *= float(opinion.fits[label]) ** settings.fit_weight.get(detection.label, 0.0)
            if score >= self._thresholds[detection.label]:
                weighed.append(replace(detection, score=score, box=box))
        redraws = any(opinion.edges is not None for opinion in opinions)
        return distinct(weighed, settings.redrawn_iou) if redraws else weighed

    def _asked(self, image: Image, candidates: Sequence[tuple[Detection, float]]) -> list[Opinion]:
        """What is to be said of each of ``candidates``, from each distance that it is worth."""
        near = _looked(self._judge, image, [(detection.box, self._settings.side) for detection, _ in candidates])
        squares = [
            (place, (detection.box, side))
            for place, ((detection, left), opinion) in enumerate(zip(candidates, near, strict=True))
            if self._weighed(detection, opinion) * left >= self._settings.worth_further
            for side in self._settings.further.get(detection.label, ())
        ]
        looks = [[opinion] for opinion in near]
        from_afar = [_looked(judge, image, [square for _, square in squares]) for judge in self._judges_afar]
        for (place, _), opinions in zip(squares, zip(*from_afar, strict=True), strict=True):
            looks[place].append(one_opinion(opinions))
        most = {label for label, counts in self._settings.evidence.items() if counts == "most"}
        return [one_opinion(each, most=d.label in most) for (d, _), each in zip(candidates, looks, strict=True)]

    def _weighed(self, detection: Detection, opinion: Opinion) -> float:
        """The score that both looks give together."""
        if opinion.likely is None:
            return detection.score
        label = self._judge.labels.index(detection.label)
        return together(detection.score, float(opinion.likely[label]), self._settings)

    def _share_left(self, detection: Detection, candidates: Sequence[Detection]) -> float:
        """What standing back behind the best overlapping candidate of its label leaves of its score at most, 0..1."""
        rivals = [d.score for d in candidates if d.label == detection.label and d.box.intersection(detection.box) > 0]
        return (detection.score / max(rivals, default=detection.score)) ** self._settings.modesty


def redrawn(box: Box, moves: Sequence[float]) -> Box:
    """``box`` with its edges moved by ``moves``, shares of its width and height; as it was where nothing is left."""
    dx1, dy1, dx2, dy2 = moves
    width, height = box.width, box.height
    moved = Box(box.x1 + dx1 * width, box.y1 + dy1 * height, box.x2 + dx2 * width, box.y2 + dy2 * height)
    return moved.clipped() if moved.x1 < moved.x2 and moved.y1 < moved.y2 and moved.clipped().area > 0 else box


def _looked(judge: Judge, image: Image, squares: Sequence[tuple[Box, float]]) -> list[Opinion]:
    """What ``judge`` says of each box in ``image``, in a square of so many of its longer side."""
    if not squares:
        return []
    cuts = [cut_square(image, box, side) for box, side in squares]
    said = judge.judge(cuts, np.array([_extent(box, image, side) for box, side in squares], np.float32))
    return [Opinion(*(None if values is None else values[n] for values in said)) for n in range(len(squares))]


def _extent(box: Box, image: Image, side: float) -> tuple[float, float]:
    """Width and height of ``box`` as shares of the square that ``cut_square`` cuts around it."""
    width, height = box.width * image.shape[1], box.height * image.shape[0]
    longer = max(width, height, 1e-6) * side
    return width / longer, height / longer


def together(first: float, second: float, settings: SecondLook) -> float:
    """One probability from two looks, 0..1: their evidence adds up, as it does for looks that err independently.

    That of the first alone where the other has no weight.
    """
    if not settings.weight:
        return first
    return 1 / (1 + math.exp(-_logit(first) - settings.weight * _logit(second)))


def _logit(probability: float) -> float:
    sure = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(sure / (1 - sure))


def cut_square(image: Image, box: Box, side: float) -> Image:
    """The square around ``box``, ``side`` × its longer side in pixels; what lies outside repeats the border."""
    height, width = image.shape[:2]
    centre = (box.x1 + box.x2) / 2 * width, (box.y1 + box.y2) / 2 * height
    length = max(2, round(max(box.width * width, box.height * height) * side))
    left, top = round(centre[0] - length / 2), round(centre[1] - length / 2)
    inside = image[max(0, top) : max(1, top + length), max(0, left) : max(1, left + length)]
    borders = max(0, -top), max(0, top + length - height), max(0, -left), max(0, left + length - width)
    if any(borders):
        inside = cv2.copyMakeBorder(inside, *borders, cv2.BORDER_REPLICATE)
    return np.asarray(inside, np.uint8)
