"""When and where to look: at what moved, at what is followed, and at everything now and then.

Detection is nine tenths of a busy camera's cost. So a look is at regions around what has changed since it was looked at
and around the followed things that need it (new, moving, missing, due again), and at the whole picture where regions
would be no cheaper, when the light has changed, and every ``heartbeat_s``. Close-ups come beside that, in their turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, floor, inf

from lookout_edge.domain.close_up import CloseUp, CloseUpTurns, cut_out, joined, placed
from lookout_edge.domain.demand import EVERY_PICTURE, Demand
from lookout_edge.domain.detection import Detection, distinct
from lookout_edge.domain.frame import Image, Luma, Patch
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.looks import INSTANT_S, seconds_between
from lookout_edge.domain.observation import Observation, Standing
from lookout_edge.domain.zone import Zone
from lookout_edge.motion import Motion, MotionGate
from lookout_edge.ports import Detector
from lookout_edge.tracking import Tracker

#: Movement within this share of a followed thing's size around it is that thing's.
_NEAR = 0.4
#: Overlap from which on two detections are of the same thing.
_SAME_IOU = 0.6
#: A picture may be less than this before its time, as a share of a step of the cadence.
_EARLY = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionSettings:
    """Margins as shares of a region's size; sizes and areas as fractions of the picture."""

    #: Around what moves and is not known: of a thing that starts to move only a part may have moved.
    margin_new: float = 0.6
    #: Around what is followed.
    margin_known: float = 0.25
    #: Least width and height: a detector needs to see what surrounds a thing.
    least: tuple[float, float] = (0.14, 0.24)
    #: What a region costs beside its area, as a share of the whole picture.
    call_cost: float = 0.06
    #: Regions that cost more than this share of the whole picture are not worth the trouble.
    most_cost: float = 0.5
    #: Overlapping regions become one when that is at most so much larger than both.
    merge_growth: float = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class LookSettings:
    """When a frame is looked at. Times in seconds of frame time."""

    #: Looks a second while something new goes on.
    detect_fps: float = 5.0
    #: Seconds from one picture to the next while all that moves is known, and while nothing does.
    steady_s: float = 0.4
    #: The same while it is foreseeable for so long where all that moves will be, and no rule waits for looks.
    calm_s: float = 0.6
    #: Longest time without a look at the whole picture.
    heartbeat_s: float = 10.0
    #: Every picture is decoded for this long after the last movement.
    linger_s: float = 3.0
    #: A hole in the frame times as long as this starts tracking anew.
    gap_s: float = 10.0
    #: After a hole as long as this nothing open is believed to go on: it ends as blind.
    forget_s: float = 600.0
    #: Steps back in time shorter than this are jitter: the frame is skipped.
    jitter_s: float = 1.0
    #: The whole picture is looked at this often while an open occurrence is not to be seen.
    waiting_s: float = 1.0
    #: The place of something that a rule misses is looked at this often.
    unseen_s: float = 0.6
    #: Movement that showed nothing is looked at again after so long, in case the detector missed what came to rest.
    again_s: tuple[float, ...] = (0.6, 1.4, 3.0)
    #: Look at regions and only when needed; without it at the whole picture, ``detect_fps`` times a second.
    thrifty: bool = True
    #: Parts of the picture that are looked at by themselves, too.
    close_ups: tuple[CloseUp, ...] = ()
    regions: RegionSettings = field(default_factory=RegionSettings)


#: As many looks as there are, each at the whole picture: what thrift is measured against.
EVERY_LOOK = LookSettings(thrifty=False)


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be looked at in one frame: ``regions``, or the whole picture when None."""

    regions: tuple[Box, ...] | None
    motion: Motion
    #: Parts that are looked at by themselves beside that.
    close_ups: tuple[Box, ...] = ()


def found_in(
    detector: Detector, image: Image, regions: tuple[Box, ...] | None, close_ups: Sequence[Box]
) -> list[Detection]:
    """What a detector finds in ``regions`` (the whole picture when None) and in close-ups. Raises ModelError."""
    found: list[Detection] = []
    for region in (None,) if regions is None else regions:
        found += detector.detect(image, region)
    enlarged = [each for part in close_ups for each in placed(detector.detect(cut_out(image, part)), part)]
    return joined(found, enlarged) if enlarged else found


def regions_of(
    moving: Sequence[Box], wanted: Sequence[Box], places: Sequence[Box], settings: RegionSettings
) -> tuple[Box, ...] | None:
    """Regions that hold all of ``moving`` and ``wanted``; they may overlap. None for the whole picture.

    ``places`` are those of all things that are followed: one that a region touches is wholly inside it.
    """
    regions = [box.grown(settings.margin_new, settings.least) for box in moving]
    regions += [box.grown(settings.margin_known, settings.least) for box in wanted]
    for place in places:
        inside = place.clipped()
        left, top, right, bottom = inside
        for index, box in enumerate(regions):
            x1, y1, x2, y2 = box
            # In one piece, for there are dozens of pairs: whether they have something in common, or it holds all.
            apart = (x2 if x2 < right else right) <= (x1 if x1 > left else left) or (
                (y2 if y2 < bottom else bottom) <= (y1 if y1 > top else top)
            )
            if not apart and not (x1 <= left and y1 <= top and x2 >= right and y2 >= bottom):
                regions[index] = box.union(inside)
    merged = _merged([box.clipped() for box in regions], settings.merge_growth)
    cost = sum(box.area + settings.call_cost for box in merged)
    return None if cost > settings.most_cost else tuple(merged)


def _merged(regions: list[Box], growth: float) -> list[Box]:
    """Regions made one where that is hardly larger than both, until no two are like that."""
    done: list[Box] = []
    for region in regions:
        current, index = region, 0
        while index < len(done):
            other = done[index]
            if other.union_area(current) <= growth * (other.area + current.area):
                current, index = current.union(done.pop(index)), 0
            else:
                index += 1
        done.append(current)
    return done


class LookedScene:
    """What one look saw: a ``tracking.SceneView`` on the motion gate's pictures."""

    def __init__(self, gate: MotionGate, regions: tuple[Box, ...] | None) -> None:
        self._gate, self._regions = gate, regions

    def saw(self, box: Box) -> bool:
        """See ``SceneView``."""
        inside = box.clipped()
        return self._regions is None or any(region.holds(inside) for region in self._regions)

    def patch(self, box: Box) -> Patch | None:
        """See ``SceneView``."""
        return self._gate.patch(box)

    def resembles(self, patch: Patch, box: Box) -> bool:
        """See ``SceneView``."""
        return self._gate.resembles(patch, box)


class Attention:
    """Decides for one camera which frames are looked at, and where."""

    def __init__(
        self,
        settings: LookSettings,
        gate: MotionGate,
        tracker: Tracker,
        *,
        takes_regions: bool,
        masks: Sequence[Zone] = (),
    ) -> None:
        self._settings, self._gate, self._tracker = settings, gate, tracker
        self._takes_regions = takes_regions and settings.thrifty
        self._masks = tuple(masks)
        self._close_ups = CloseUpTurns(settings.close_ups)
        self._due_at: float | None = None
        #: Frame time of the last picture that was due.
        self._asked_at: float | None = None
        self._whole_at: float | None = None
        self._busy_until = float("-inf")
        #: (frame time, place) of looks that rules or earlier looks asked for.
        self._wishes: list[tuple[float, Box]] = []
        self._later: list[tuple[float, Box]] = []
        #: Frame time of the first of ``_wishes``.
        self._first_wish_at = inf
        #: Places of things without a track that rules judge: each look includes them.
        self._judged: list[Box] = []
        #: Seconds to the next picture that those allow; None without any.
        self._judged_pace_s: float | None = None
        self._waiting = False
        #: Whether in the last picture something moved that nothing followed explains.
        self._unexplained = False
        #: Whether a rule needs more looks at something, not only time.
        self._undecided = False
        #: Frame time of the newest picture after the last look in which nothing had changed since; None without one.
        self.unchanged_at: float | None = None

    def is_due(self, at: float) -> bool:
        """Keep the cadence on its own grid, so that the rate does not sag when the frame rate is no multiple of it.

        While nothing is new, fast, missed or judged by its flicker, pictures are passed over, as long as it is
        foreseeable where everything will be: it is known again without them. Movement that nothing followed explains,
        and what rules have not decided yet, allow ``steady_s``.
        """
        if at < self._rests_until() + INSTANT_S:
            return False
        interval = 1.0 / self._settings.detect_fps
        due_at = at if self._due_at is None else self._due_at
        due_at += max(0, floor(_steps(due_at, at, interval) + _EARLY)) * interval
        # Added up for hours, the last bits of the steps would be a picture's worth at some frame rates.
        self._due_at = round(max(due_at, at - interval / 2) + interval, 5)
        self._asked_at = at
        return True

    def choose(self, at: float, luma: Luma) -> Look | None:
        """What to look at in the frame of which ``luma`` is the small picture; None when nothing needs it."""
        places = self._tracker.places()
        # Movement of what is known to move is no news: that is looked at when its time comes.
        motion = self._gate.observe(luma, [place.box.grown(_NEAR) for place in places if not place.still])
        self._gate.keep(at)
        self._unexplained = self._is_news(at, motion)
        if motion.moves:
            self._busy_until = at + self._settings.linger_s
        if not self._settings.thrifty or motion.everywhere or self._is_whole_due(at):
            return self._look(at, None, motion)
        wanted = [place.box for place in places if place.look_at <= at]
        wanted += [box for when, box in (*self._wishes, *self._later) if when <= at]
        if not motion.regions and not wanted:
            self.unchanged_at = self.unchanged_at if motion.moves else at
            # Whatever else there is has its own time.
            alone = self._look(at, (), motion)
            return alone if alone.close_ups else None
        # Whose turn comes before the next steady picture joins in, so that all are looked at in the same ones.
        soon = at + max(self._settings.steady_s, 1.0 / self._settings.detect_fps)
        wanted += [place.box for place in places if at < place.look_at <= soon]
        if not self._takes_regions:
            return self._look(at, None, motion)
        known = [place.box for place in places]
        regions = regions_of(motion.regions, wanted + self._judged, known, self._settings.regions)
        return self._look(at, regions, motion)

    def _look(self, at: float, regions: tuple[Box, ...] | None, motion: Motion) -> Look:
        return Look(regions, motion, self._close_ups.of_look(at, regions, motion.regions))

    def saw(self, at: float, look: Look, found: Sequence[Detection]) -> None:
        """Take in all that a look found, also what is told as doubtful: where close-ups are worth while."""
        self._close_ups.looked(at, look.close_ups, found)

    def looked(self, at: float, look: Look, detections: Sequence[Detection]) -> tuple[Detection, ...]:
        """Take in what a look found; the detections that count: whole things outside the masks."""
        self._gate.looked(look.regions)
        self.unchanged_at = None
        later = [(when, box) for when, box in self._later if when > at and look.regions is not None]
        if look.regions is None:
            self._whole_at = at
        else:
            later += [(at, found.box.grown(0.5)) for found in detections if found.cut]
        for region in look.motion.regions:
            if not any(found.box.intersection(region) > 0 for found in detections):
                # Known barren places are not put down twice.
                known = any(box.holds(region) for _, box in later)
                later += [] if known else [(at + after_s, region) for after_s in self._settings.again_s]
        self._later = later
        return self.whole(look.regions, detections)

    def whole(self, regions: tuple[Box, ...] | None, detections: Sequence[Detection]) -> tuple[Detection, ...]:
        """Of what was found in ``regions`` whole things outside the masks, each once."""
        if regions and detections:
            detections = distinct([found for found in detections if not found.cut], _SAME_IOU)
        if not self._masks:
            return tuple(detections)
        return tuple(each for each in detections if not self._is_masked(each.box))

    def heed(
        self, at: float, observations: Sequence[Observation], untracked: Sequence[Observation], waiting: bool
    ) -> None:
        """Take in what rules made of a look.

        ``untracked`` are those of things that no track stands for; ``waiting`` says that something open was not seen.
        """
        wishes: list[tuple[float, Box]] = []
        self._waiting, self._undecided, self._first_wish_at = waiting, False, inf
        for observation in observations:
            look_by = observation.look_by
            if look_by is None or observation.standing is Standing.BLOCKED:
                continue
            if observation.seen_at >= at:
                self._undecided = self._undecided or observation.awaits_looks
            else:
                # What is not to be seen just now is looked for by the tracker; for a rule's sake now and then.
                look_by, waiting = at + self._settings.unseen_s, True
            wishes.append((look_by, observation.box))
            self._first_wish_at = min(self._first_wish_at, look_by)
        self._wishes = wishes
        self._judged = [o.box for o in untracked]
        self._judged_pace_s = min((o.pace_s for o in untracked), default=None)
        if waiting:
            self._busy_until = max(self._busy_until, at + self._settings.linger_s)

    def demand(self, at: float | None, longest_gap_s: float) -> Demand:
        """What the next pictures must be like; ``longest_gap_s`` is what all rules tolerate."""
        if at is None or self._whole_at is None:
            return EVERY_PICTURE
        least_s = 1.0 / self._settings.detect_fps
        unwanted = (at, self._rests_until())
        if at <= self._busy_until or not self._settings.thrifty:
            return Demand(least_s, unwanted)
        times = [when for when, _ in (*self._wishes, *self._later)]
        next_at = self._tracker.next_look_at
        times += [] if next_at is None else [next_at]
        times.append(self._close_ups.next_at)
        gap_s = min([longest_gap_s, self._settings.heartbeat_s, *(max(least_s, when - at) for when in times)])
        return Demand(gap_s, unwanted)

    def reset(self) -> None:
        """Time has jumped."""
        self._gate.reset()
        self._close_ups.reset()
        self._due_at = self._asked_at = self._whole_at = self.unchanged_at = None
        self._busy_until = float("-inf")
        self._wishes, self._later, self._judged = [], [], []
        self._judged_pace_s, self._first_wish_at = None, inf
        self._waiting = self._unexplained = self._undecided = False

    def _rests_until(self) -> float:
        """Frame time from which on the next picture is due: a little before the first step after the pause."""
        if self._due_at is None or self._asked_at is None:
            return float("-inf")
        interval = 1.0 / self._settings.detect_fps
        passed_over = ceil(_steps(self._due_at, self._asked_at + self._pause_s(), interval) - _EARLY)
        return self._due_at + (max(0, passed_over) - _EARLY) * interval

    def _pause_s(self) -> float:
        """Seconds after the last picture for which nothing needs another one."""
        settings, asked_at = self._settings, self._asked_at
        if not settings.thrifty:
            return 0.0
        foreseen_s = self._tracker.foreseen_s
        if self._judged_pace_s is not None:
            return min(self._judged_pace_s, foreseen_s)
        calm = foreseen_s < inf and not self._unexplained and not self._undecided
        pause_s = settings.calm_s if calm else settings.steady_s
        # What is due meanwhile waits no longer for its look than it would at ``steady_s``.
        if asked_at is not None and self._first_wish_at - asked_at < pause_s - settings.steady_s:
            pause_s = settings.steady_s
        return min(pause_s, foreseen_s)

    def _is_news(self, at: float, motion: Motion) -> bool:
        """Whether something moves where nothing that is followed may be by now."""
        if not motion.regions:
            return False
        ways = [way.grown(_NEAR) for way in self._tracker.ways(at)]
        return any(all(way.intersection(region) <= 0 for way in ways) for region in motion.regions)

    def _is_whole_due(self, at: float) -> bool:
        if self._whole_at is None:
            return True
        since_s = seconds_between(self._whole_at, at)
        return since_s >= self._settings.heartbeat_s or (self._waiting and since_s >= self._settings.waiting_s)

    def _is_masked(self, box: Box) -> bool:
        x, y = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
        return any(mask.contains((x, y)) for mask in self._masks)


def _steps(since: float, at: float, interval: float) -> float:
    """Steps of the cadence from ``since`` to ``at``; how times round on that day must not decide about a look."""
    return round(seconds_between(since, at) / interval, 4)
