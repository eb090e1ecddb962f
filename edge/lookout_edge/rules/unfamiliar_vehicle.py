"""unfamiliar_vehicle 陌生车辆: a vehicle that does not belong here stays in the zone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import Field

from lookout_contract.commands import Resident
from lookout_contract.events import Attributes, Plate, PlateStatus, Scenario, Severity
from lookout_edge.domain.condition import Condition
from lookout_edge.domain.detection import PlateReading
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.looks import seconds_between
from lookout_edge.domain.observation import Scene
from lookout_edge.domain.plates import Forgiveness, Found, Match, PlateVote, ResidentIndex, match_plate
from lookout_edge.domain.presence import SAME_PLACE_IOU, Presence
from lookout_edge.domain.track import Track
from lookout_edge.domain.zone import Zone
from lookout_edge.ports import STAY_EVERY_S
from lookout_edge.rules.base import Judgement, PresenceRule, RuleContext, RuleParams, Seconds, dwell_condition

#: Seconds of frame time for which the outcome of a search among the residents is believed.
SEARCH_S = 1.0
#: Outcome of the search → why a vehicle with a plate that was read is an alarm.
_REASON = {match: f"plate_{match.value}" for match in Match}
#: After a hole in the pictures, of so many seconds at most, a vehicle in the place of one that was recognised is that
#: one, until its plate is read: parked, it need not show it.
RECALLED_S = 600.0
#: Seen within so many seconds before the hole it was there: what stands is looked at seldom.
_STILL_HERE_S = 15.0
#: A vehicle that has become so many times as large is seen better: it comes nearer, or into view.
NEARER = 1.15


class UnfamiliarVehicleParams(RuleParams):
    """When a vehicle counts as unfamiliar, and how its plate is read."""

    labels: tuple[str, ...] = Field(default=("car", "bus", "truck"), min_length=1)
    """Labels that count as vehicles; add ``motorcycle`` where those matter."""
    dwell_s: Seconds = 10.0
    """Seconds in the zone before it is an alarm."""
    long_stay_s: Seconds = 1800.0
    """Seconds after which any alarm of this rule is at least yellow."""
    plate_from_s: Seconds = 1.0
    """Seconds in the zone before the first try to read the plate."""
    plate_interval_s: Seconds = 1.0
    """Least seconds between two tries on one vehicle."""
    plate_tries: int = Field(default=12, ge=1, le=1000)
    """Tries on one vehicle after which its plate is left as it is, until the vehicle comes nearer."""
    plate_patience_s: Seconds = 3.0
    """Seconds for which the alarm waits for a plate that is not read yet, beyond the dwell and from when the vehicle
    last came nearer; not longer than ``plate_tries`` last. A plate that nobody tried to read, because this box is too
    busy, is waited for until ``long_stay_s``. 0 never waits."""
    plate_min_reads: int = Field(default=2, ge=1, le=100)
    """Readings that must be there before a plate counts as read."""
    plate_min_confidence: float = Field(default=0.7, ge=0, le=1)
    """Least confidence of the vote, 0..1."""
    fuzzy_distance: int = Field(default=1, ge=0, le=2)
    """Misread characters forgiven when looking for a resident; 0 asks for the exact plate."""
    fuzzy_margin: int = Field(default=2, ge=1, le=4)
    """How many characters further off every other resident must be for a misread plate to count."""
    fuzzy_share: float = Field(default=0.15, gt=0, le=0.5)
    """Share of the readings that must have seen the resident's own character where the vote says another: a plate on
    which all readings agree is no misread one."""


@dataclass(slots=True)
class _Note:
    vote: PlateVote = field(default_factory=PlateVote)
    tried_at: float | None = None
    #: Why a try came to nothing: this box was too busy, or the reader fails.
    unread_because: str | None = None
    #: Its size (the root of its box's area) when its plate was first tried or it last came nearer, and when that was.
    near_size: float = 0.0
    nearer_at: float = float("-inf")
    #: Frame time at which the vehicle was recognised and its visit counted, or it was last told that it stays.
    admitted_at: float | None = None
    #: Plate, frame time and outcome of the last search for it among the residents.
    searched: tuple[str, float, Found] | None = None
    #: What the readings came to, until there is another one; None before the first.
    verdict: tuple[Plate, Found | None] | None = None
    #: What was last said of the plate.
    told: Attributes = field(default_factory=Attributes)
    #: The verdict that was last explained, and how: most looks say the same again.
    explained: tuple[tuple[Plate, Found | None] | None, tuple[Condition, ...]] = (None, ())

    #: Where and when it was last seen, if it was recognised; frame time.
    seen: tuple[str, str, Box, float] | None = None
    #: What was known of the one that stood in its place before a hole in the pictures.
    recalled: "_Note | None" = None

    def is_searched(self, at: float) -> bool:
        """Whether the outcome of the last search is believed still."""
        return self.searched is not None and 0 <= at - self.searched[1] < SEARCH_S

    def tell(self, text: str | None, confidence: float, status: PlateStatus) -> Plate:
        """The plate as it is to be told; the message of the last look where nothing has changed."""
        plate = self.told.plate
        if plate is None or plate.status is not status or plate.text != text or plate.confidence != confidence:
            plate = Plate(text=text, confidence=confidence, status=status)
            self.told = Attributes(plate=plate)
        return plate


class UnfamiliarVehicle(PresenceRule[UnfamiliarVehicleParams, _Note]):
    """The rule. A plate has three outcomes: known (blocks the alarm), unknown, unreadable."""

    scenario = Scenario.UNFAMILIAR_VEHICLE

    def __init__(self, params: UnfamiliarVehicleParams, zones: Sequence[Zone], context: RuleContext) -> None:
        super().__init__(params, zones, context, params.labels)
        #: What a look tells: the scene itself would keep its picture alive until the next one.
        self._camera = ""
        self._reads_plates = False
        self._readings: Mapping[int, tuple[PlateReading, ...]] = {}
        self._unread: Mapping[int, str] = {}
        #: The list as last given, and found quickly in: it is the same one until somebody comes, goes or is changed.
        self._listed: Sequence[Resident] = ()
        self._index = ResidentIndex(())
        #: Those that were recognised and are looked at now, and those that were before the pictures broke off.
        self._recognised: dict[tuple[str, int], _Note] = {}
        self._before: list[_Note] = []
        self._looked_at = 0.0

    def reset(self) -> None:
        """See ``Rule.reset``; who was recognised is known again by their place."""
        super().reset()
        looked_at = self._looked_at
        here = (note for note in self._recognised.values() if _is_recent(note, looked_at, _STILL_HERE_S))
        self._before, self._recognised = [*self._before, *here], {}

    def _new_note(self) -> _Note:
        return _Note()

    def _prepare(self, at: float, tracks: Sequence[Track], scene: Scene) -> None:
        self._camera, self._reads_plates = scene.camera, scene.reads_plates
        self._readings, self._unread = scene.readings, scene.unread
        if scene.residents is not self._listed:
            self._listed, self._index = scene.residents, ResidentIndex(scene.residents)
        self._looked_at = at
        self._before = [note for note in self._before if _is_recent(note, at, RECALLED_S)]
        self._recognised = {key: note for key, note in self._recognised.items() if _is_recent(note, at, _STILL_HERE_S)}

    def _judge(self, at: float, zone: Zone, presence: Presence, note: _Note) -> Judgement:
        vote, thing = note.vote, presence.track.id
        if self._before and presence.sights <= 1:
            note.recalled = self._recall(zone, presence)
        if thing in self._readings:
            vote.add(self._readings[thing])
            note.verdict = None
        if thing in self._unread:
            note.unread_because = self._unread[thing]
        own = note
        plate, found = self._plate(at, note) or (None, None)
        if plate is not None and plate.status is not PlateStatus.UNREADABLE:
            note.recalled = None
        elif note.recalled is not None:
            # Its own plate is tried all the same: another one may have come into its place.
            note = note.recalled
            plate, found = self._plate(at, note) or (None, None)
        if plate is not None and plate.status is PlateStatus.KNOWN and presence.seen_at >= at:
            note.seen = zone.id, presence.group, presence.track.box, at
            self._recognised[zone.id, presence.thing] = note
        params, dwell_s = self._params, presence.dwell_s
        conditions = [dwell_condition(dwell_s, params.dwell_s)]
        if plate is not None:
            conditions += self._explained(at, presence, plate, note)
        elif self._reads_plates:
            conditions.append(self._tried_condition(presence, note))
        severity, reason = self._severity(dwell_s, plate, found)
        look_again, wish = self._wishes(at, presence, plate if note is own else None, own)
        visit_of, stay_of = self._visit(at, plate, found, note)
        turns = (presence.since + params.dwell_s, presence.since + params.long_stay_s)
        return Judgement(
            conditions=tuple(conditions),
            severity=severity,
            severity_reason=reason,
            attributes=note.told,
            turns=turns if look_again is None else (*turns, look_again),
            plate_of=wish,
            visit_of=visit_of,
            stay_of=stay_of,
        )

    def _recall(self, zone: Zone, presence: Presence) -> _Note | None:
        """What was known before a hole in the pictures of the vehicle in this place."""
        here = [
            (box.iou(presence.track.box), index)
            for index, note in enumerate(self._before)
            if note.seen is not None
            for place, group, box, _ in (note.seen,)
            if (place, group) == (zone.id, presence.group)
        ]
        nearest = max(here, default=(0.0, 0))
        return self._before.pop(nearest[1]) if nearest[0] >= SAME_PLACE_IOU else None

    @staticmethod
    def _visit(at: float, plate: Plate | None, found: Found | None, note: _Note) -> tuple[str | None, str | None]:
        """The plate of who has just been recognised, and of who was and stays: a pass for one visit is not used up
        while that visit goes on, however long."""
        if plate is None or found is None or plate.status is not PlateStatus.KNOWN:
            return None, None
        if note.admitted_at is not None and 0 <= at - note.admitted_at < STAY_EVERY_S:
            return None, None
        is_first, note.admitted_at = note.admitted_at is None, at
        return (found.plate, None) if is_first else (None, found.plate)

    def _plate(self, at: float, note: _Note) -> tuple[Plate, Found | None] | None:
        """What the readings come to; the same until there is another one, but that the search is done again."""
        vote = note.vote
        if not self._reads_plates or not vote.attempts:
            return None
        if note.verdict is not None and (note.verdict[1] is None or note.is_searched(at)):
            return note.verdict
        text, confidence = vote.winner()
        confidence = round(confidence, 4)
        sure = len(vote.readings) >= self._params.plate_min_reads and confidence >= self._params.plate_min_confidence
        if text is None or not sure:
            note.verdict = note.tell(None, confidence, PlateStatus.UNREADABLE), None
        else:
            found = self._search(at, text, note)
            status = PlateStatus.KNOWN if found.match is Match.RESIDENT else PlateStatus.UNKNOWN
            note.verdict = note.tell(text, confidence, status), found
        return note.verdict

    def _search(self, at: float, text: str, note: _Note) -> Found:
        """Who it is, looked up once a second."""
        if note.searched is not None and note.searched[0] == text and note.is_searched(at):
            return note.searched[2]
        params = self._params
        found = match_plate(
            note.vote,
            self._index,
            camera=self._camera,
            at=datetime.fromtimestamp(at, UTC),
            forgiveness=Forgiveness(
                distance=params.fuzzy_distance, margin=params.fuzzy_margin, share=params.fuzzy_share
            ),
        )
        note.searched = text, at, found
        return found

    def _tried_condition(self, presence: Presence, note: _Note) -> Condition:
        """Where nobody tried to read the plate it is not unreadable. That this box is too busy or its reader broken is
        the gateway's fault and no vehicle's: whoever stays long is told all the same, as one that nobody could tell."""
        waits = self._params.plate_patience_s > 0 and presence.dwell_s < self._params.long_stay_s
        return Condition(name="plate_tried", value=note.unread_because or "not_yet", met=not waits)

    def _explained(self, at: float, presence: Presence, plate: Plate, note: _Note) -> tuple[Condition, ...]:
        """What is told of a plate that somebody tried to read."""
        verdict, conditions = note.explained
        if verdict is None or verdict is not note.verdict or plate.status is PlateStatus.UNREADABLE:
            found = note.verdict[1] if note.verdict is not None else None
            conditions = (
                self._decided_condition(at, presence, plate, note),
                *_conditions_of(plate, found, self._params.fuzzy_distance),
            )
            note.explained = note.verdict, conditions
        return conditions

    def _decided_condition(self, at: float, presence: Presence, plate: Plate, note: _Note) -> Condition:
        """Unreadable is a verdict, and not what one failed reading says: a resident must not be an alarm for the
        seconds that a better look takes, nor on a box so busy that the patience is over before there were as many
        tries as readings are needed."""
        params, tries = self._params, note.vote.attempts
        waited_s = seconds_between(max(presence.since + params.dwell_s, note.nearer_at), at)
        is_due = params.plate_patience_s > 0 and tries < params.plate_min_reads
        waits = (waited_s < params.plate_patience_s or is_due) and tries < params.plate_tries
        met = plate.status is not PlateStatus.UNREADABLE or not waits
        reads = Condition(
            name="plate_reads", value=len(note.vote.readings), limit=params.plate_min_reads, met=met, unit="1"
        )
        return reads.met_otherwise("least")

    def _severity(self, dwell_s: float, plate: Plate | None, found: Found | None) -> tuple[Severity, str]:
        if dwell_s >= self._params.long_stay_s:
            return Severity.YELLOW, "long_stay"
        if plate is None:
            return Severity.BLUE, "vehicle_stays"
        if plate.status is PlateStatus.UNREADABLE:
            return Severity.BLUE, "plate_unreadable"
        return Severity.YELLOW, _REASON[found.match if found else Match.STRANGER]

    def _wishes(
        self, at: float, presence: Presence, plate: Plate | None, note: _Note
    ) -> tuple[float | None, int | None]:
        """(frame time of the next look wanted for the plate, track to read in this picture)."""
        params = self._params
        is_known = plate is not None and plate.status is PlateStatus.KNOWN
        if not self._reads_plates or is_known:
            return None, None
        size = presence.track.box.area**0.5
        nearer = presence.seen_at >= at and size >= NEARER * note.near_size
        if note.vote.attempts >= params.plate_tries and not nearer:
            return None, None
        first = presence.since + params.plate_from_s
        due = first if note.tried_at is None else max(first, note.tried_at + params.plate_interval_s)
        if at < due or presence.seen_at < at:
            return due, None
        if nearer:
            note.nearer_at, note.near_size = at, size
        note.tried_at = at
        return at + params.plate_interval_s, presence.track.id


def _is_recent(note: _Note, at: float, seconds: float) -> bool:
    return note.seen is not None and 0 <= at - note.seen[3] <= seconds


def _conditions_of(plate: Plate, found: Found | None, most_misread: int) -> tuple[Condition, ...]:
    """How the plate stands with the residents, and whether somebody was taken for the owner of another plate than the
    one that was read."""
    value = found.match.value if found is not None else plate.status.value
    known = Condition(
        name="plate", value=value, limit=f"not {Match.RESIDENT.value}", met=plate.status is not PlateStatus.KNOWN
    )
    if found is None or not found.misread:
        return (known,)
    misread = Condition("plate_misread", found.misread, met=True, limit=most_misread, unit="1", bound="most")
    return known, misread
