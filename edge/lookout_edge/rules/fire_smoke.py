"""fire_smoke 火情烟雾: flames or smoke: a warning within seconds, confirmed by what only a real fire does.

What looks like fire is judged by how it behaves: it is there in look after look, its base stands, it flickers, it
grows. The more of that is seen, the sooner it is confirmed; what is merely there takes longest. Places where
something often came to nothing (lamps, brake lights, steam) are learned for a day: what is merely there, and of which
the model is not sure, must stay for a minute there, as it must where an operator has agreed to leave something out.
Smoke that was suspected all along, and such as comes without a change of its place, is scenery: clouds and fog, until
it outgrows its past, flickers, is clearly surer, or is there for long and has moved. Where the picture is just the same
as before, neither size nor sureness makes it come. Flames where the same thing stood before, in whatever light, are a
lamp.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from lookout_contract.events import Attributes, Scenario, Severity
from lookout_edge.domain.cells import LearnedCells
from lookout_edge.domain.condition import Condition
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.hazard import Hazard, HazardBook
from lookout_edge.domain.observation import Observation, Scene, Standing
from lookout_edge.domain.occurrence import OccurrenceSettings
from lookout_edge.domain.presence import Thing
from lookout_edge.domain.schedule import make_schedule
from lookout_edge.domain.track import Track
from lookout_edge.domain.zone import Zone
from lookout_edge.rules.base import (
    RuleContext,
    RuleParams,
    Seconds,
    dwell_condition,
    next_turn,
    score_condition,
    standing_of,
    suppression_condition,
    votes_condition,
    window_condition,
    zone_condition,
)
from lookout_edge.rules.hazard_past import SMOKE, HazardPast, Waits, is_smoke_alone, kind_of

#: Label group of flames and smoke.
GROUP = "hazard"
#: How far above the model's threshold, as a share of the way to certainty, it is sure of itself.
SURE = 0.2
#: The same where something stood before that it may be.
CLEAR = 0.5
#: While every look sees what must be seen in nearly every look, it is looked at again after so many seconds.
_AGAIN_S = 1.0
#: What is confirmed needs no vote any more: seconds from one look at it to the next.
_CONFIRMED_S = 1.0


class Stage(StrEnum):
    """How sure the rule is."""

    PRE_ALARM = "pre_alarm"
    CONFIRMED = "confirmed"


class FireSmokeParams(RuleParams):
    """How soon flames or smoke are a warning, and what confirms them. From the first sight of it:"""

    labels: tuple[str, ...] = Field(default=("fire", "smoke"), min_length=1)
    """Labels that count as fire or smoke."""
    pre_alarm_s: float = Field(default=2.0, ge=0, le=5)
    """Seconds until the pre-alarm for what flickers, grows, or of which the model is sure; for the last, too, once
    ``steady_share`` of the last looks saw it."""
    doubtful_s: float = Field(default=4.0, ge=0, le=5)
    """Seconds until the pre-alarm for everything else, once ``steady_share`` of the last looks saw it."""
    confirm_s: float = Field(default=6.0, ge=0, le=15)
    """Seconds until it is confirmed when it stands and flickers or grows."""
    steady_s: float = Field(default=12.0, ge=0, le=15)
    """Seconds until it is confirmed because it is seen in nearly every look, whatever it does."""
    steady_share: float = Field(default=0.8, gt=0, le=1)
    """What "nearly every" means: share of the looks, 0..1."""
    min_flicker: float = Field(default=0.12, ge=0)
    """Median change of the pattern of its place from look to look, as a share of the pattern's contrast, from which it
    flickers; what the places beside it do as well is none."""
    min_growth: float = Field(default=1.3, ge=1)
    """Multiple of its first area from which it grows."""
    max_drift: float = Field(default=0.35, ge=0)
    """How far its base may wander, as a share of its size, and still stand."""
    miss_tolerance_s: Seconds = 5.0
    """Watched seconds for which it may go unseen without starting anew."""
    longest_gap_s: Seconds = 1.0
    """Longest time without a picture while nothing moves."""
    scenery_s: float = Field(default=30.0, ge=0, le=120)
    """Seconds until smoke is believed where it was suspected long before, or whose place looks as it did half a minute
    before it was first seen, or just as it did 8 s before, though it neither flickers nor outgrows its past nor is the
    model clearly surer: if nearly every look of so many seconds saw it, and, where it was suspected, its place does not
    show what it showed 20 s earlier. 0 leaves that past alone, and that of flames."""
    learned_marks: int = Field(default=3, ge=2, le=100)
    """Times that something must have come to nothing at a place before the place is known for it."""
    learned_keep_s: float = Field(default=86_400.0, ge=60, le=604_800)
    """Seconds after which that is forgotten."""
    left_out_s: float = Field(default=60.0, ge=0, le=120)
    """Seconds until the pre-alarm where the place was learned or an operator has agreed to leave something out, for
    what neither flickers nor grows and of which the model is not sure, if ``steady_share`` of the looks of so many
    seconds saw it; likewise for flames where the same thing stood before, and for smoke whose place looks just as
    before it came, if nearly all did."""

    @model_validator(mode="after")
    def _times_ascend(self) -> Self:
        if not self.pre_alarm_s <= self.doubtful_s <= self.steady_s or self.confirm_s > self.steady_s:
            raise ValueError("the times must rise: pre_alarm_s <= doubtful_s <= steady_s and confirm_s <= steady_s")
        if self.left_out_s < self.steady_s:
            raise ValueError("left_out_s must be at least steady_s: doubt makes nothing faster")
        return self


class _Signs(NamedTuple):
    """What tells a fire from what only looks like one."""

    #: It flickers or grows.
    alive: bool
    #: It does not, and its place is known for what came to nothing, or is left out.
    doubted: bool
    #: It may always have stood there, and has not lasted.
    held_back: bool
    of_the_past: tuple[Condition, ...]


class FireSmoke:
    """The rule. It follows places that burn and not tracks: flames have no shape to track."""

    scenario = Scenario.FIRE_SMOKE

    def __init__(self, params: FireSmokeParams, zones: Sequence[Zone], context: RuleContext) -> None:
        self._params = params
        self._context = context
        self._armed = make_schedule(params.windows, context.calendar)
        self._zones = tuple(zones)
        # One book for all zones: its numbers are what tells one fire from another, wherever they burn.
        self._book = HazardBook(params.votes_of, params.miss_tolerance_s)
        #: Hazard → the zone in which it began.
        self._zone_of: dict[int, Zone] = {}
        self._cells = LearnedCells(marks_needed=params.learned_marks, keep_s=params.learned_keep_s)
        self._past = HazardPast(
            Waits(params.scenery_s, params.left_out_s, params.steady_share), lambda hazard: self._is_sure(hazard, CLEAR)
        )
        self._stages: dict[int, Stage] = {}
        #: Those that have been active: an alarm that was told is never taken back for its past.
        self._told: set[int] = set()
        #: Those that only doubt of their place kept from being confirmed: they teach nothing of it.
        self._slowed: set[int] = set()

    @property
    def occurrences(self) -> OccurrenceSettings:
        """Flames that die down and flare up again are one fire; a fire elsewhere is another one."""
        return OccurrenceSettings(hold_s=10.0, reopen_s=120.0, same_place_iou=0.1)

    @property
    def zones(self) -> frozenset[str]:
        """See ``Rule.zones``."""
        return frozenset(zone.id for zone in self._zones)

    @property
    def longest_gap_s(self) -> float:
        """See ``Rule.longest_gap_s``."""
        return self._params.longest_gap_s

    @property
    def untracked_labels(self) -> frozenset[str]:
        """See ``Rule.untracked_labels``."""
        return frozenset(self._params.labels)

    @property
    def is_urgent(self) -> bool:
        """See ``Rule.is_urgent``."""
        return True

    @property
    def reads(self) -> frozenset[str]:
        """See ``Rule.reads``."""
        return frozenset(self._params.labels)

    def observe(self, at: float, tracks: Sequence[Track], scene: Scene) -> Sequence[Observation]:
        """See ``Rule.observe``."""
        armed = self._armed.contains(at)
        burning = [found for found in scene.detections if found.label in self._params.labels and self._zone(found)]
        suspected = [found.box for found in scene.doubtful if found.label == SMOKE]
        hazards, gone = self._book.update(at, burning, scene.saw, scene.appearance)
        self._learn(gone)
        for hazard in hazards:
            if hazard.number not in self._zone_of:
                self._begin(hazard, hazards, scene)
        self._zone_of = {each.number: self._zone_of[each.number] for each in hazards}
        self._past.keep(self._zone_of)
        observations: list[Observation] = []
        stages: dict[int, Stage] = {}
        for hazard in hazards:
            observation = self._judge(at, self._zone_of[hazard.number], hazard, armed, scene)
            if observation.attributes.stage:
                stages[hazard.number] = Stage(observation.attributes.stage)
            if observation.standing is Standing.ACTIVE:
                self._told.add(hazard.number)
            elif hazard.seen_at == at and is_smoke_alone(hazard) and observation.blocked_by != "as_before":
                suspected.append(hazard.box)
            observations.append(observation)
        self._stages, self._told, self._slowed = stages, self._told & stages.keys(), self._slowed & stages.keys()
        alarms = [o.box for o in observations if o.key in self._told]
        self._past.suspect(at, [box for box in suspected if not any(box.intersection(a) > 0 for a in alarms)])
        return tuple(observations)

    def reset(self) -> None:
        """See ``Rule.reset``; what was learned of places stays. What is kept by number goes with the next look, for no
        number is used twice."""
        self._book.reset()

    def _zone(self, found: Detection) -> Zone | None:
        """The first zone in which its base stands."""
        return next((zone for zone in self._zones if zone.contains(found.box.bottom_centre)), None)

    def _begin(self, hazard: Hazard, hazards: Sequence[Hazard], scene: Scene) -> None:
        """Note where a new hazard burns, and what was told of it where it goes on over a gap or a restart.

        Its dwell begins anew all the same: one look after a gap is no proof that it burned through it.
        """
        surest = max(hazard.parts, key=lambda part: part.score)
        self._zone_of[hazard.number] = zone = self._zone(surest) or self._zones[0]
        others, iou = {each.number for each in hazards}, self.occurrences.same_place_iou
        for told in scene.going_on(self.scenario):
            if told.zone == zone.id and told.key not in others and told.box.iou(hazard.box) >= iou:
                self._told.add(hazard.number)
                if told.attributes.stage == Stage.CONFIRMED.value:
                    self._stages[hazard.number] = Stage.CONFIRMED

    def _learn(self, gone: Sequence[Hazard]) -> None:
        """What was never confirmed came to nothing, unless only doubt of its place kept it from that: lamps that are
        learned come and go or are overlooked, and a flame that stays must not teach the place to doubt it longer."""
        for hazard in gone:
            if self._stages.get(hazard.number) is not Stage.CONFIRMED and hazard.number not in self._slowed:
                self._cells.learn(hazard.seen_at, kind_of(hazard), hazard.box)

    def _judge(self, at: float, zone: Zone, hazard: Hazard, armed: bool, scene: Scene) -> Observation:
        params, signs = self._params, self._signs(at, hazard, scene)
        sure = self._is_sure(hazard)
        stage = self._stage(hazard, signs.alive, signs.doubted or signs.held_back)
        confirmed = stage is Stage.CONFIRMED
        wait_s = params.pre_alarm_s if signs.alive or sure else params.doubtful_s
        place_s = 0.0
        if signs.doubted and not confirmed:
            wait_s, place_s = self._slow(hazard, sure, wait_s)
        share = hazard.share_over(place_s) if place_s else hazard.share_lately
        conditions = (
            zone_condition(zone.id),
            window_condition(armed),
            votes_condition(hazard.votes.yes, params.votes_needed),
            *((score_condition(hazard.mean_score, params.min_score),) if params.min_score else ()),
            dwell_condition(hazard.dwell_s, wait_s),
            _place_condition(signs.doubted, hazard.dwell_s, place_s),
            *signs.of_the_past,
            *(() if signs.alive or confirmed else (_steady_condition(share, params.steady_share),)),
            *self._behaviour(hazard),
        )
        standing, blocked_by = standing_of(conditions)
        turns = [hazard.since + limit for limit in (wait_s, params.confirm_s, params.steady_s, place_s)]
        if blocked_by == "votes" or (blocked_by == "seen_lately" and hazard.votes.yes == hazard.votes.of):
            turns.append(at + _AGAIN_S)
        return Observation(
            key=hazard.number,
            zone=zone.id,
            group=GROUP,
            box=hazard.box,
            standing=standing,
            since=hazard.since,
            seen_at=hazard.seen_at,
            severity=Severity.RED if confirmed else Severity.YELLOW,
            severity_reason=f"{kind_of(hazard)}_{'confirmed' if confirmed else 'suspected'}",
            conditions=conditions,
            objects=_objects(hazard),
            votes=hazard.votes,
            attributes=Attributes(stage=stage.value),
            blocked_by=blocked_by,
            look_by=at if hazard.seen_at < at else next_turn(at, turns),
            pace_s=_CONFIRMED_S if confirmed and standing is Standing.ACTIVE and hazard.seen_at >= at else 0.0,
        )

    def _signs(self, at: float, hazard: Hazard, scene: Scene) -> _Signs:
        """What it does, and what its place showed before; nobody asks that of an alarm that was told."""
        most_known, past = 1 / self._params.min_growth, self._past
        is_told = hazard.number in self._told
        known = 0.0 if is_told else past.known_share(at, hazard)
        in_scenery = known > most_known
        flickers = hazard.flicker >= self._params.min_flicker
        grows = hazard.growth >= self._params.min_growth
        as_before_s = 0.0 if flickers or is_told else past.as_before_s(hazard, grows, scene)
        # What has grown into where smoke was suspected long ago, or without a change there, has not outgrown its past.
        alive = flickers or (grows and not in_scenery and not as_before_s)
        believed = flickers or self._is_sure(hazard, CLEAR) or (in_scenery and past.drifts(hazard, scene))
        comes = not as_before_s or past.lasts(hazard, as_before_s)
        return _Signs(
            alive=alive,
            doubted=not alive and self._is_doubted(at, hazard, scene),
            held_back=(in_scenery and not believed) or not comes,
            of_the_past=(
                Condition(
                    "scenery", round(known, 2), believed or not in_scenery, round(most_known, 2), "1"
                ).met_otherwise("most"),
                Condition("as_before", as_before_s > 0, comes, False),
            ),
        )

    def _behaviour(self, hazard: Hazard) -> tuple[Condition, ...]:
        """What it does, for who asks why."""
        params = self._params
        return (
            Condition(
                name="flicker", value=round(hazard.flicker, 3), limit=params.min_flicker, met=True, bound="least"
            ),
            Condition(name="growth", value=round(hazard.growth, 3), limit=params.min_growth, met=True, bound="least"),
            Condition(name="drift", value=round(hazard.drift, 3), limit=params.max_drift, met=True, bound="most"),
            Condition(
                name="seen_share", value=round(hazard.share, 3), limit=params.steady_share, met=True, bound="least"
            ),
        )

    def _slow(self, hazard: Hazard, sure: bool, wait_s: float) -> tuple[float, float]:
        """Seconds until the pre-alarm at a place that is doubted, and for which what is not sure must stay there."""
        if self._is_steady(hazard):
            self._slowed.add(hazard.number)
        if sure:
            return self._params.steady_s, 0.0
        return wait_s, 0.0 if hazard.number in self._told else self._params.left_out_s

    def _is_sure(self, hazard: Hazard, sureness: float = SURE) -> bool:
        label = max(hazard.parts, key=lambda part: part.score).label
        return hazard.mean_score >= self._context.least_score(label, None, sureness)

    def _is_doubted(self, at: float, hazard: Hazard, scene: Scene) -> bool:
        """Whether its place is known for what came to nothing, or an operator has agreed to leave it out."""
        knows = self._cells.knows(at, kind_of(hazard), hazard.box)
        return knows or bool(suppression_condition(scene.suppressions, at, self.scenario, GROUP, hazard.box))

    def _is_steady(self, hazard: Hazard) -> bool:
        return hazard.share >= self._params.steady_share and hazard.dwell_s >= self._params.steady_s

    def _stage(self, hazard: Hazard, alive: bool, doubted: bool) -> Stage:
        """How far it has come; never back."""
        params, dwell_s = self._params, hazard.dwell_s
        held = self._stages.get(hazard.number)
        burns = alive and hazard.drift <= params.max_drift and dwell_s >= params.confirm_s
        steady = not doubted and self._is_steady(hazard)
        return Stage.CONFIRMED if held is Stage.CONFIRMED or burns or steady else Stage.PRE_ALARM


def _place_condition(doubted: bool, dwell_s: float, limit_s: float) -> Condition:
    """Whether the place is known for what is none, and where that slows it, whether it has stayed all the same."""
    name = "learned_place"
    return dwell_condition(dwell_s, limit_s, name) if limit_s else Condition(name, doubted, True, False)


def _steady_condition(share: float, limit: float) -> Condition:
    """Whether enough of the last looks saw what does nothing but shine."""
    return Condition(name="seen_lately", value=round(share, 3), limit=limit, met=share >= limit, unit="1")


def _objects(hazard: Hazard) -> tuple[Thing, ...]:
    best = sorted(hazard.parts, key=lambda part: -part.score)[:4]
    return tuple(Thing(part.label, part.score, part.box, None) for part in best)
