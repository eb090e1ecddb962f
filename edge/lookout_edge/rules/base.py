"""What every rule shares: the protocol, the common parameters and the conditions that all of them explain."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, ClassVar, Generic, NamedTuple, Protocol, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from lookout_contract.events import Attributes, Scenario, Severity, Votes
from lookout_edge.domain.condition import WINDOW, Condition
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.looks import INSTANT_S
from lookout_edge.domain.observation import Observation, Scene, Standing
from lookout_edge.domain.occurrence import OccurrenceSettings
from lookout_edge.domain.presence import Presence, PresenceBook
from lookout_edge.domain.schedule import SiteCalendar, make_schedule, parse_window
from lookout_edge.domain.suppression import Suppression
from lookout_edge.domain.track import Track
from lookout_edge.domain.watched import Unremembered, WatchedDays
from lookout_edge.domain.zone import Zone


def _checked_window(text: str) -> str:
    parse_window(text)
    return text


WeeklyWindow = Annotated[str, AfterValidator(_checked_window)]
"""``mon-fri 22:00-06:00``, ``sat,sun 00:00-24:00``, ``daily 23:00-05:30``: in the site's time zone. What runs past
midnight belongs to the day on which it starts."""

Seconds = Annotated[float, Field(ge=0, le=86_400)]


class RuleParams(BaseModel):
    """Parameters that all scenarios have. Times are seconds of frame time, never numbers of frames."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    windows: tuple[WeeklyWindow, ...] = ()
    """Weekly windows in which the rule is armed, in the site's time zone; none means always. A night belongs to the day
    on which it starts: the small hours of a Monday are those of a window for Sunday."""
    votes_needed: int = Field(default=3, ge=1, le=100)
    """k of n: this many of the last ``votes_of`` looks must have seen the thing in the zone."""
    votes_of: int = Field(default=5, ge=1, le=100)
    """n of k of n."""
    min_score: float | None = Field(default=None, ge=0, le=1)
    """Least mean score of the thing over all looks that saw it in the zone: what is doubtful is no alarm. By default
    an eighth of the way from the model's own threshold for the label to certainty (0.3 with coco-nano); see also
    ``thresholds.tracked`` of models."""
    longest_gap_s: Seconds = 2.5
    """Longest time without a picture while nothing moves: where key frames come as often, they alone are decoded."""
    miss_tolerance_s: Seconds = 3.0
    """Watched seconds for which a thing may go unseen without starting its dwell again."""

    @model_validator(mode="after")
    def _votes_can_be_reached(self) -> Self:
        if self.votes_needed > self.votes_of:
            raise ValueError(f"votes_needed ({self.votes_needed}) must not be larger than votes_of ({self.votes_of})")
        return self


#: The model's threshold where it is not known.
USUAL_THRESHOLD = 0.2
#: How far above the model's own threshold, as a share of the way to certainty, a thing must be on the whole.
SURENESS = 0.125


@dataclass(frozen=True, slots=True)
class RuleContext:
    """What a rule must know of where it runs."""

    calendar: SiteCalendar
    #: Label → score from which on the model believes one look (its ``model.yaml``).
    thresholds: Mapping[str, float] = field(default_factory=dict[str, float])
    #: Label → least mean score of what came while its place was watched, where the model's low scores mean much.
    tracked: Mapping[str, float] = field(default_factory=dict[str, float])
    #: What must be known after a restart of how its rules have watched today.
    days: WatchedDays = field(default_factory=Unremembered)

    def least_score(self, label: str, wanted: float | None, sureness: float = SURENESS) -> float:
        """``wanted``, or what is ``sureness`` of the way from the model's threshold for ``label`` to certainty."""
        threshold = self.threshold(label)
        return round(threshold + sureness * (1 - threshold), 3) if wanted is None else wanted

    def threshold(self, label: str) -> float:
        """The model's own threshold for ``label``."""
        return self.thresholds.get(label, USUAL_THRESHOLD)


class Rule(Protocol):
    """Judges the tracks of one camera for one scenario. Keeps state between looks; reads no clock."""

    @property
    def scenario(self) -> Scenario:
        """What it looks for."""
        ...

    @property
    def occurrences(self) -> OccurrenceSettings:
        """How its occurrences are held together."""
        ...

    @property
    def zones(self) -> frozenset[str]:
        """Ids of the zones it watches."""
        ...

    @property
    def longest_gap_s(self) -> float:
        """Longest time for which it may be shown no picture while nothing moves, seconds of frame time."""
        ...

    @property
    def untracked_labels(self) -> frozenset[str]:
        """Labels of things without a shape, for which no track stands."""
        ...

    @property
    def is_urgent(self) -> bool:
        """Whether its looks come before others' when the box is short."""
        ...

    @property
    def reads(self) -> frozenset[str]:
        """All labels of which it wants to know: the detector need not be asked about any other."""
        ...

    def observe(self, at: float, tracks: Sequence[Track], scene: Scene) -> Sequence[Observation]:
        """Judge one look at frame time ``at``; every thing in the rule's zones gets an observation."""
        ...

    def reset(self) -> None:
        """Forget everything: time has jumped."""
        ...


def zones_of(rules: Iterable[Rule], scenario: Scenario) -> frozenset[str]:
    """Ids of the zones that those of ``rules`` watch which look for ``scenario``."""
    return frozenset(zone for rule in rules if rule.scenario is scenario for zone in rule.zones)


def next_turn(at: float, turns: Iterable[float]) -> float | None:
    """The first of ``turns`` (frame times) that comes after the look at ``at``; None when all have passed."""
    first, after = None, at + INSTANT_S / 2
    for turn in turns:
        if turn > after and (first is None or turn < first):
            first = turn
    return first


def dwell_condition(dwell_s: float, limit_s: float, name: str = "dwell") -> Condition:
    """Whether the thing has been there long enough."""
    return Condition(name, round(dwell_s, 3), dwell_s >= limit_s, limit_s, "s")


@lru_cache(maxsize=256)
def votes_condition(yes: int, needed: int) -> Condition:
    """Whether enough of the last looks, ``yes``, saw it."""
    return Condition("votes", yes, yes >= needed, needed, "1")


def score_condition(mean_score: float, limit: float) -> Condition:
    """Whether the detector has been sure enough of it, on the whole."""
    return Condition("score", round(mean_score, 3), mean_score >= limit, limit, "1")


@lru_cache(maxsize=256)
def zone_condition(zone: str) -> Condition:
    """Where its bottom centre stands."""
    return Condition("zone", zone, True)


@lru_cache(maxsize=2)
def window_condition(inside: bool) -> Condition:
    """Whether the rule is armed at this time of the week."""
    return Condition(WINDOW, inside, inside, True)


def suppression_condition(
    suppressions: Sequence[Suppression], at: float, scenario: Scenario, group: str, box: Box
) -> tuple[Condition, ...]:
    """Unmet where an operator has agreed to leave such a thing out; nothing otherwise."""
    for suppression in suppressions:
        if suppression.scenario is scenario and suppression.covers(at, group, box):
            return (Condition(name="suppression", value=suppression.id, met=False),)
    return ()


def raised_threshold(suppressions: Sequence[Suppression], at: float, scenario: Scenario, group: str, box: Box) -> float:
    """The highest threshold to which an operator has agreed for such a thing; 0 without any."""
    holding = (each for each in suppressions if each.scenario is scenario and each.covers(at, group, box, 0.0))
    return max((each.least_score or 0.0 for each in holding), default=0.0)


#: Conditions that only time or more looks can fulfil; every other unmet one blocks.
_PENDING = frozenset(
    {
        "votes",
        "score",
        "dwell",
        "learned_place",
        "charging_window",
        "seen_lately",
        "scenery",
        "as_before",
        "plate_reads",
        "plate_tried",
        "separation",
        "upright_before",
    }
)
#: Those of them that looks fulfil.
_LOOKS_DECIDE = _PENDING - {"dwell", "learned_place"}


def seen_conditions(
    zone: str, armed: bool, presence: Presence, votes: Votes, params: RuleParams, least_score: float
) -> tuple[Condition, ...]:
    """What every rule asks first: in its zone, in its window, seen often enough, believed enough."""
    return (
        zone_condition(zone),
        window_condition(armed),
        votes_condition(votes.yes, params.votes_needed),
        score_condition(presence.mean_score, least_score),
    )


def standing_of(conditions: Sequence[Condition]) -> tuple[Standing, str | None]:
    """The standing that follows, and the unmet condition to name: one that blocks before one that is pending."""
    pending = None
    for condition in conditions:
        if condition.met:
            continue
        if condition.name not in _PENDING:
            return Standing.BLOCKED, condition.name
        pending = pending or condition.name
    return (Standing.ACTIVE, None) if pending is None else (Standing.PENDING, pending)


P = TypeVar("P", bound=RuleParams)
T = TypeVar("T")


class Notes(Generic[T]):
    """What a rule remembers of each thing, forgotten with the thing."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._held: dict[tuple[str, int], T] = {}

    def of(self, zone: str, thing: int) -> tuple[T, bool]:
        """The note of a thing, and whether it is a fresh one since there was none."""
        key = (zone, thing)
        if key in self._held:
            return self._held[key], False
        self._held[key] = note = self._make()
        return note, True

    def keep(self, alive: set[tuple[str, int]]) -> None:
        """Forget all things but these, each of which has a note."""
        if len(alive) < len(self._held):
            self._held = {key: note for key, note in self._held.items() if key in alive}


#: A rule has nothing to tell beside the conditions.
_NOTHING_ELSE = Attributes()


class Judgement(NamedTuple):
    """What a rule makes of one thing in one look; ``PresenceRule`` turns it into an observation."""

    #: The rule's own conditions; those that every rule asks come before them.
    conditions: tuple[Condition, ...]
    severity: Severity
    #: Stable key that pages translate.
    severity_reason: str
    attributes: Attributes = _NOTHING_ELSE
    #: Frame times at which time alone may change the judgement: looks are wanted then.
    turns: tuple[float, ...] = ()
    #: Track whose plate should be read in this picture.
    plate_of: int | None = None
    #: Track whose pose should be estimated in this picture.
    pose_of: int | None = None
    #: Plate of a known vehicle that was just recognised.
    visit_of: str | None = None
    #: Plate of one that was recognised before and stays.
    stay_of: str | None = None


class PresenceRule(ABC, Generic[P, T]):
    """A rule about things that stay in zones: one presence book a zone, one note a thing, one judgement a look."""

    scenario: ClassVar[Scenario]
    #: See ``Rule.occurrences``.
    holding: ClassVar[OccurrenceSettings] = OccurrenceSettings()
    #: See ``PresenceBook.part_share``.
    part_share: ClassVar[float | None] = None
    #: What ``is_urgent`` is unless the rule's parameters say otherwise.
    urgent: ClassVar[bool] = False

    def __init__(self, params: P, zones: Sequence[Zone], context: RuleContext, labels: Sequence[str]) -> None:
        self._params = params
        self._context = context
        self._armed = make_schedule(params.windows, context.calendar)
        known = self._known = frozenset(labels)
        held = params.votes_of, params.miss_tolerance_s, self.part_share
        self._books = [PresenceBook(zone, known, *held) for zone in zones]
        self._zone_ids = frozenset(zone.id for zone in zones)
        self._notes = Notes(self._new_note)
        #: Label → see ``_least_score``.
        self._least_scores: dict[str, float] = {}

    @property
    def occurrences(self) -> OccurrenceSettings:
        """See ``Rule.occurrences``."""
        return self.holding

    @property
    def zones(self) -> frozenset[str]:
        """See ``Rule.zones``."""
        return self._zone_ids

    @property
    def untracked_labels(self) -> frozenset[str]:
        """See ``Rule.untracked_labels``."""
        return frozenset()

    @property
    def is_urgent(self) -> bool:
        """See ``Rule.is_urgent``."""
        return self.urgent

    @property
    def reads(self) -> frozenset[str]:
        """See ``Rule.reads``."""
        return self._known

    @property
    def longest_gap_s(self) -> float:
        """See ``Rule.longest_gap_s``."""
        return self._params.longest_gap_s

    def observe(self, at: float, tracks: Sequence[Track], scene: Scene) -> Sequence[Observation]:
        """See ``Rule.observe``."""
        armed = self._is_armed(at)
        self._prepare(at, tracks, scene)
        found: list[Observation] = []
        alive: set[tuple[str, int]] = set()
        for book in self._books:
            zone, present = book.zone, book.update(at, tracks)
            for presence in present:
                alive.add((zone.id, presence.thing))
                note, is_fresh = self._notes.of(zone.id, presence.thing)
                told = self._told_of(presence, zone, present, scene) if is_fresh else None
                if told is not None:
                    presence.since = min(presence.since, told.since)
                    self._go_on(note, told)
                judgement = self._judge(at, zone, presence, note)
                least, votes = self._least_score(at, presence, note), presence.votes
                left_out: tuple[Condition, ...] = ()
                if scene.suppressions:
                    given = scene.suppressions, at, self.scenario, presence.group, presence.track.box
                    least = max(least, raised_threshold(*given))
                    left_out = suppression_condition(*given)
                seen = seen_conditions(zone.id, armed, presence, votes, self._params, least)
                found.append(
                    _observation(at, zone, presence, votes, (*seen, *left_out, *judgement.conditions), judgement)
                )
        self._notes.keep(alive)
        return tuple(found)

    def reset(self) -> None:
        """See ``Rule.reset``."""
        for book in self._books:
            book.reset()
        self._notes.keep(set())

    def _told_of(self, presence: Presence, zone: Zone, present: Sequence[Presence], scene: Scene) -> Observation | None:
        """What was last told of a thing that was just seen for the first time: where an occurrence goes on in its place
        though nothing else that is present stands for it, this is its thing, forgotten over a gap or a restart."""
        others = {each.thing for each in present}
        near = (
            (told.box.iou(presence.track.box), told)
            for told in scene.going_on(self.scenario)
            if told.zone == zone.id and told.group == presence.group and told.key not in others
        )
        found = max(near, key=lambda each: each[0], default=None)
        return found[1] if found is not None and found[0] >= self.holding.same_place_iou else None

    def _go_on(self, note: T, told: Observation) -> None:
        """Take over into a fresh note what must not be lost of what was last told of the thing."""

    def _is_armed(self, at: float) -> bool:
        return self._armed.contains(at)

    def _prepare(self, at: float, tracks: Sequence[Track], scene: Scene) -> None:
        """Take in what the rule needs of a look beside the things themselves."""

    def _least_score(self, at: float, presence: Presence, note: T) -> float:
        """Least mean score of a thing, 0..1."""
        label = presence.track.label
        least = self._least_scores.get(label)
        if least is None:
            least = self._least_scores[label] = self._context.least_score(label, self._params.min_score)
        return least

    @abstractmethod
    def _new_note(self) -> T:
        """What is remembered of a thing that was just seen for the first time."""

    @abstractmethod
    def _judge(self, at: float, zone: Zone, presence: Presence, note: T) -> Judgement:
        """Judge one thing; ``note`` may be written on."""


def _observation(
    at: float, zone: Zone, presence: Presence, votes: Votes, conditions: tuple[Condition, ...], judgement: Judgement
) -> Observation:
    standing, blocked_by = standing_of(conditions)
    # What is not to be seen just now is looked for at once.
    return Observation(
        key=presence.thing,
        zone=zone.id,
        group=presence.group,
        box=presence.track.box,
        standing=standing,
        since=presence.since,
        seen_at=presence.seen_at,
        severity=judgement.severity,
        severity_reason=judgement.severity_reason,
        conditions=conditions,
        objects=(presence.as_thing(),),
        votes=votes,
        attributes=judgement.attributes,
        blocked_by=blocked_by,
        look_by=at if presence.seen_at < at else next_turn(at, judgement.turns),
        awaits_looks=blocked_by in _LOOKS_DECIDE,
        plate_of=judgement.plate_of,
        pose_of=judgement.pose_of,
        visit_of=judgement.visit_of,
        stay_of=judgement.stay_of,
    )
