"""A detector and the other looks that its ``model.yaml`` names, opened once and put together for those who ask.

Other looks cost more than the first one, so nobody pays for what he does not ask about: a camera without a rule for
fire has a chain without the looks for fire, on the same sessions.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from threading import Lock

from lookout_edge.adapters.onnx.detector import OnnxDetector
from lookout_edge.adapters.onnx.first_look import AfterFirstLook
from lookout_edge.adapters.onnx.mirrored_look import MirroredDetector
from lookout_edge.adapters.onnx.nested import NestedDetector
from lookout_edge.adapters.onnx.rivals import RivalDetector
from lookout_edge.adapters.onnx.second_detector import LEAST, PairedDetector
from lookout_edge.adapters.onnx.second_look import OnnxClassifier, SecondLookDetector
from lookout_edge.adapters.onnx.session import DEFAULT_PROVIDERS
from lookout_edge.adapters.zoo import ModelSpec, SecondDetector, SecondLook, Zoo
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.errors import ModelError
from lookout_edge.ports import Detector


class DetectorChain:
    """The detector ``name`` with the other looks that its ``model.yaml`` names, none of them with ``raw``.

    ``threshold`` replaces all thresholds; with ``doubtful`` what only rules can judge is reported, too. Raises
    ModelError when weights are missing or are not what is described.
    """

    def __init__(
        self,
        zoo: Zoo,
        name: str,
        providers: Sequence[str] = DEFAULT_PROVIDERS,
        threads: int = 1,
        threshold: float | None = None,
        raw: bool = False,
        doubtful: bool = False,
    ) -> None:
        entry = zoo.entry(name)
        spec = self._spec = _alone(entry.spec) if raw else entry.spec
        lower = spec.thresholds.doubtful if doubtful else {}
        told = {label: spec.thresholds.of(label) if threshold is None else threshold for label in spec.labels}
        #: Label → score from which on it is reported.
        self._reported = _least(told, lower)
        self._looks: list[tuple[SecondLook, OnnxClassifier]] = []
        self._afar: dict[str, OnnxClassifier] = {}
        self._seconds: list[tuple[SecondDetector, OnnxDetector]] = []
        self._made: dict[frozenset[str], Detector] = {}
        self._lock = Lock()
        for look in spec.second_look:
            self._looks.append((look, OnnxClassifier(zoo.entry(look.model), providers, threads)))
            if look.afar is not None:
                self._afar[look.afar] = OnnxClassifier(zoo.entry(look.afar), providers, threads)
        self._check_looks(name)
        for other in spec.second_detector:
            self._seconds.append((other, OnnxDetector(zoo.entry(other.model), providers, threads, LEAST)))
        mirrored = spec.mirrored_look
        #: Labels that other looks are taken for.
        self._labels = frozenset(
            {
                *(mirrored.asks if mirrored else ()),
                *chain.from_iterable(judge.labels for _, judge in self._looks),
                *chain.from_iterable(other.first for other, _ in self._seconds),
            }
        )
        judged = _least(*(look.first for look in spec.second_look))
        claims = dict.fromkeys(spec.rivals.claimants, spec.rivals.least) if spec.rivals else {}
        self._between = _least(told, lower, judged)
        self._fused = _least(self._between, claims)
        floors = _least(mirrored.first if mirrored else {}, lower, judged, claims)
        self._first = OnnxDetector(entry, providers, threads, threshold, floors)

    @property
    def whole(self) -> Detector:
        """Asked about all that it knows."""
        return self.about(self._labels)

    def about(self, labels: Collection[str]) -> Detector:
        """The same sessions asked about ``labels``: others may be missing in what it finds. From any thread."""
        wanted = self._labels.intersection(labels)
        with self._lock:
            if wanted not in self._made:
                self._made[wanted] = self._make(wanted)
            return self._made[wanted]

    def _make(self, wanted: frozenset[str]) -> Detector:
        detector: Detector = self._first
        mirrored, rivals = self._spec.mirrored_look, self._spec.rivals
        if mirrored is not None:
            asks = tuple(label for label in mirrored.asks if label in wanted)
            kept = {label: self._fused[label] for label in mirrored.first}
            detector = MirroredDetector(detector, mirrored.model_copy(update={"asks": asks}), kept)
        if rivals is not None:
            detector = RivalDetector(detector, rivals, self._between)
        if unwanted := self._labels - wanted:
            detector = WithoutLabels(detector, unwanted)
        pairs = [(other, second) for other, second in self._seconds if wanted.intersection(other.first)]
        before: list[list[SecondLookDetector]] = [[] for _ in pairs]
        for look, judge in self._looks:
            if not wanted.intersection(judge.labels):
                continue
            mine = next((n for n, (other, _) in enumerate(pairs) if set(judge.labels) & set(other.first)), None)
            limits = self._reported if mine is None else _least(self._reported, look.first)
            afar = None if look.afar is None else self._afar[look.afar]
            weighing = SecondLookDetector(detector, judge, look, limits, afar)
            if mine is None:
                detector = weighing
            else:
                before[mine].append(weighing)
        for (other, second), looks in zip(pairs, before, strict=True):
            asked = {label: score for label, score in other.first.items() if label in wanted}
            settings = other.model_copy(update={"first": asked})
            detector = PairedDetector(detector, second, settings, self._reported, looks)
        nested = self._spec.nested
        return detector if nested is None else NestedDetector(detector, nested)

    def _check_looks(self, name: str) -> None:
        judges: dict[str, str] = {}
        for look, judge in self._looks:
            if look.weight and not judge.judges:
                raise ModelError(
                    f"'second_look' of '{name}': '{judge.name}' gives no evidence to weigh; set its weight to 0"
                )
            if look.afar is not None and not self._afar[look.afar].judges:
                raise ModelError(
                    f"'second_look' of '{name}': '{look.afar}' gives no evidence to weigh; leave it out as 'afar'"
                )
            for label in judge.labels:
                if label in judges:
                    both = f"both '{judges[label]}' and '{judge.name}'"
                    raise ModelError(f"'second_look' of '{name}' asks {both} about {label}; leave out one")
                judges[label] = judge.name


def _alone(spec: ModelSpec) -> ModelSpec:
    """The same detector without any other look."""
    others = {"mirrored_look": None, "rivals": None, "second_look": (), "second_detector": (), "nested": None}
    return spec.model_copy(update=others)


class WithoutLabels(AfterFirstLook):
    """A :class:`lookout_edge.ports.Detector` that leaves out ``labels``."""

    def __init__(self, first: Detector, labels: Collection[str]) -> None:
        super().__init__(first)
        self._left_out = frozenset(labels)

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """Objects in a BGR picture, best first."""
        return [found for found in self._first.detect(image, region) if found.label not in self._left_out]


def _least(*scores: Mapping[str, float]) -> dict[str, float]:
    """The lowest score of each label."""
    return {label: min(each.get(label, 1.0) for each in scores) for label in {*chain.from_iterable(scores)}}
