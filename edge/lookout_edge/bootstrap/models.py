"""Which models look, and how all cameras share them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lookout_edge.adapters.model_store import RolledOut
from lookout_edge.adapters.onnx.chain import DetectorChain
from lookout_edge.adapters.onnx.plates import OnnxPlateReader
from lookout_edge.adapters.onnx.pose import OnnxPoseEstimator
from lookout_edge.adapters.onnx.session import choose_providers
from lookout_edge.adapters.zoo import Zoo
from lookout_edge.config import ModelsConfig
from lookout_edge.config.sense import PLATE_MODELS
from lookout_edge.ports import Detector, PlateReader, PoseEstimator
from lookout_edge.rules.base import Rule
from lookout_edge.supervisor import (
    URGENT_S,
    USUAL_S,
    InferenceOwner,
    QueuedDetector,
    QueuedPlateReader,
    QueuedPoseEstimator,
)


@dataclass(frozen=True, slots=True)
class Models:
    """The sessions that all cameras share."""

    detector: Detector
    plates: PlateReader | None
    #: Label → score from which on one look is to be believed.
    thresholds: Mapping[str, float]
    #: Finds the joints of people; None where no model for it is configured.
    pose: PoseEstimator | None = None
    #: Labels → the detector asked about these alone, which may cost less; None where it is always asked about all.
    about: Callable[[Collection[str]], Detector] | None = None
    #: Label → score from which on it is followed, where that is not the usual one.
    tracked: Mapping[str, float] = field(default_factory=dict[str, float])

    def for_rules(self, rules: Iterable[Rule], also: Iterable[str] = ()) -> "Models":
        """The same sessions, asked about what ``rules`` read and ``also``: who does not read of fire pays for no look
        at it."""
        if self.about is None:
            return self
        return replace(self, detector=self.about({label for rule in rules for label in rule.reads} | set(also)))

    def hashes(self) -> dict[str, str]:
        """Model name → SHA-256 of its weights."""
        pose = {self.pose.name: self.pose.sha256} if self.pose else {}
        return {self.detector.name: self.detector.sha256, **(self.plates.models if self.plates else {}), **pose}


def detector_entry(zoo: Zoo, config: ModelsConfig) -> str:
    """The detector's entry: its int8 twin where the zoo has one, unless full precision is asked for."""
    twin = zoo.twin(config.detector) if config.precision == "auto" else None
    return twin or config.detector


#: The detector of this project, which knows fire, smoke and garbage as well.
OWN_DETECTOR = "community-nano"


def widest_detector() -> str:
    """The detector that knows most scenarios: our own where the zoo has it, else the default one."""
    return OWN_DETECTOR if OWN_DETECTOR in Zoo.find().names() else ModelsConfig().detector


def load_models(config: ModelsConfig, rolled_out: RolledOut | None = None) -> Models:
    """Open the sessions; ModelError when weights are missing or damaged, or what should compute is not there.

    ``rolled_out`` looks in place of the configured detector.
    """
    zoo = Zoo.find()
    found = (zoo, detector_entry(zoo, config)) if rolled_out is None else (Zoo(rolled_out.folder), rolled_out.name)
    chain = DetectorChain(*found, config.providers, doubtful=True)
    spec = found[0].entry(found[1]).spec
    thresholds = {label: spec.thresholds.of(label) for label in spec.labels}
    pose = OnnxPoseEstimator(zoo.entry(config.pose), config.providers) if config.pose else None
    if not config.plates:
        return Models(chain.whole, None, thresholds, pose, chain.about, spec.thresholds.tracked)
    find, read = (zoo.entry(name) for name in PLATE_MODELS)
    reader = OnnxPlateReader(find, read, config.providers)
    return Models(chain.whole, reader, thresholds, pose, chain.about, spec.thresholds.tracked)


def queued(models: Models, owner: InferenceOwner, camera: str, rules: Sequence[Rule]) -> Models:
    """The same sessions, asked in their turn on behalf of one camera."""
    within_s = URGENT_S if any(rule.is_urgent for rule in rules) else USUAL_S
    reader = QueuedPlateReader(models.plates, owner, camera, within_s) if models.plates else None
    pose = QueuedPoseEstimator(models.pose, owner, camera, within_s) if models.pose else None

    def queue(detector: Detector) -> Detector:
        return QueuedDetector(detector, owner, camera, within_s)

    def about(labels: Collection[str]) -> Detector:
        return queue(models.about(labels) if models.about else models.detector)

    return Models(queue(models.detector), reader, models.thresholds, pose, about, models.tracked)


def check_weights(config: ModelsConfig) -> Mapping[str, str]:
    """Model name → SHA-256 of every model that ``config`` needs, read from disk and verified.

    ModelError if not so, or when there is nothing here of what should compute.
    """
    choose_providers(config.providers)
    zoo = Zoo.find()
    others = (*(PLATE_MODELS if config.plates else ()), *((config.pose,) if config.pose else ()))
    entries = [zoo.entry(name) for name in (detector_entry(zoo, config), *others)]
    for entry in entries:
        entry.weights()
    return {entry.name: entry.sha256 for entry in entries}
