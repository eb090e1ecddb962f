"""Number plates: the vote over a track's readings and the search among those who belong here."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from lookout_contract.base import UtcTime
from lookout_contract.commands import Resident
from lookout_edge.domain.detection import PlateReading
from lookout_edge.domain.geometry import Box

#: No plate is higher up on its vehicle, as a share of that one's height from its top, nor wider than so much of its
#: width: of plates in CCPD's scenes 0.59 is the highest and 0.39 the widest.
HIGHEST, WIDEST = 0.25, 0.6


def is_on(plate: Box, vehicle: Box) -> bool:
    """Whether what was read can be the vehicle's plate by where it is: signs behind a roof and a camera's clock in a
    corner are text in a vehicle's box, too, and are read as plates at times."""
    x, y = plate.centre
    beside = not vehicle.x1 <= x <= vehicle.x2
    above = y < vehicle.y1 + HIGHEST * vehicle.height
    return not beside and not above and plate.width <= WIDEST * vehicle.width


@dataclass(slots=True)
class PlateVote:
    """Readings of one vehicle's plate over its track."""

    readings: list[PlateReading] = field(default_factory=list[PlateReading])
    #: Times that a reading was tried, with or without success.
    attempts: int = 0
    _winner: tuple[str | None, float] | None = None

    def add(self, readings: Sequence[PlateReading]) -> None:
        """Take in one attempt: the best plate found in the vehicle's box, if any."""
        self.attempts += 1
        self._winner = None
        if readings and readings[0].text:
            self.readings.append(readings[0])

    def winner(self) -> tuple[str | None, float]:
        """The text that wins position by position among readings of the commonest length, and its confidence 0..1.

        The confidence is the mean share of the winning characters times the mean confidence of the readings.
        """
        if self._winner is None:
            self._winner = self._count()
        return self._winner

    def share(self, position: int, character: str) -> float:
        """How much of the weight of the readings of the commonest length has this character there, 0..1."""
        readings = self._of_commonest_length()
        weight = sum(confidence for _, confidence in readings)
        if weight <= 0 or position >= len(readings[0][0]):
            return 0.0
        return sum(confidence for text, confidence in readings if text[position] == character) / weight

    def _count(self) -> tuple[str | None, float]:
        same_length = self._of_commonest_length()
        if not same_length:
            return None, 0.0
        weight = sum(confidence for _, confidence in same_length)
        if weight <= 0:
            return None, 0.0
        text, shares = "", 0.0
        for position in range(len(same_length[0][0])):
            votes: dict[str, float] = defaultdict(float)
            for reading, confidence in same_length:
                votes[reading[position]] += confidence
            best = max(votes, key=lambda character: (votes[character], character))
            text += best
            shares += votes[best] / weight
        return text, min(1.0, shares / len(text) * weight / len(same_length))

    def _of_commonest_length(self) -> list[tuple[str, float]]:
        by_length: dict[int, list[tuple[str, float]]] = defaultdict(list)
        for reading in self.readings:
            if reading.text:
                by_length[len(reading.text)].append((reading.text, reading.confidence))
        if not by_length:
            return []
        return max(by_length.values(), key=lambda group: (sum(c for _, c in group), len(group[0][0])))


class Match(StrEnum):
    """How a plate stands with the list of residents. Only ``RESIDENT`` makes a vehicle known."""

    RESIDENT = "resident"
    STRANGER = "stranger"
    #: On the list, but its pass is not valid at this time.
    EXPIRED = "expired"
    #: On the list, but its pass has been used as often as it may.
    USED_UP = "used_up"
    #: On the list, but not for this camera.
    ELSEWHERE = "elsewhere"
    #: Several residents are about as near: no guess is made.
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgiveness:
    """What a misread plate must show to count as a resident's. Whoever is let in wrongly is told to nobody: when in
    doubt a resident is the alarm."""

    #: Most characters that may be misread.
    distance: int = 1
    #: So many characters further off must every other resident be.
    margin: int = 2
    #: Share of the readings' weight that must have seen the resident's character where the vote says another, 0..1.
    share: float = 0.15


@dataclass(frozen=True, slots=True)
class Found:
    """What the search came to."""

    match: Match
    #: The resident's plate, where the vehicle was taken for one.
    plate: str | None = None
    #: Characters that were forgiven.
    misread: int = 0


class ResidentIndex:
    """A list of residents in which those near a plate are found without looking at all of them.

    Two texts of one length that differ in at most ``k`` places agree in at least one of ``k + 1`` parts into which they
    are cut (the pigeonhole principle): only residents that share a part are compared.
    """

    def __init__(self, residents: Sequence[Resident]) -> None:
        self._of_length: dict[int, list[Resident]] = defaultdict(list)
        for resident in residents:
            self._of_length[len(resident.plate)].append(resident)
        #: (length, number of parts) → (part, its text) → residents that have it there.
        self._parts: dict[tuple[int, int], dict[tuple[int, str], list[Resident]]] = {}

    def near(self, text: str, most: int) -> list[tuple[int, Resident]]:
        """(characters that differ, resident) for all that differ in at most ``most``, in no order."""
        found: list[tuple[int, Resident]] = []
        for length, residents in self._of_length.items():
            if length != len(text):
                # As far apart as can be, which for very short texts is not far.
                gap = max(length, len(text))
                found += [(gap, resident) for resident in residents] if gap <= most else []
                continue
            likely = residents if most >= length else self._sharing(text, most + 1)
            gaps = ((substitutions(text, resident.plate), resident) for resident in likely)
            found += [(gap, resident) for gap, resident in gaps if gap <= most]
        return found

    def _sharing(self, text: str, parts: int) -> list[Resident]:
        """Those that agree with ``text`` in one of so many ``parts``, each once."""
        index = self._parts.get((len(text), parts))
        if index is None:
            index = defaultdict[tuple[int, str], list[Resident]](list)
            for resident in self._of_length[len(text)]:
                for part in _cut(resident.plate, parts):
                    index[part].append(resident)
            self._parts[(len(text), parts)] = index
        return list({id(resident): resident for part in _cut(text, parts) for resident in index.get(part, ())}.values())


def _cut(text: str, parts: int) -> list[tuple[int, str]]:
    """(number, characters) of equally long parts. Taken in turns, since plates of one town begin alike."""
    return [(number, text[number::parts]) for number in range(parts)]


def match_plate(
    vote: PlateVote, residents: ResidentIndex, *, camera: str, at: UtcTime, forgiveness: Forgiveness | None = None
) -> Found:
    """Look the plate that won the vote up among ``residents``.

    A stranger's plate that every reading agrees on is a stranger's, however near a resident's: misread characters are
    forgiven only where some reading saw the resident's own, exactly one resident is that near, and every other one is
    ``margin`` characters further off. Without ``forgiveness`` the plate must be the same.
    """
    text, _ = vote.winner()
    rules = forgiveness or Forgiveness(distance=0)
    if text is None:
        return Found(Match.STRANGER)
    # Whoever is farther off neither is the one nor makes it doubtful.
    around = residents.near(text, rules.distance + rules.margin - 1 if rules.distance else 0)
    nearest = min((gap for gap, _ in around), default=None)
    if nearest is None or nearest > rules.distance:
        return Found(Match.STRANGER)
    passes = [resident for gap, resident in around if gap == nearest]
    plates = {resident.plate for resident in passes}
    if nearest > 0:
        rivals = [gap for gap, resident in around if resident.plate not in plates]
        if not any(_was_seen(vote, text, plate, rules.share) for plate in plates):
            return Found(Match.STRANGER)
        if len(plates) > 1 or (rivals and min(rivals) - nearest < rules.margin):
            return Found(Match.AMBIGUOUS)
    outcomes = [_pass_outcome(resident, camera, at) for resident in passes]
    match = min(outcomes, key=[Match.RESIDENT, Match.USED_UP, Match.EXPIRED, Match.ELSEWHERE].index)
    return Found(match, passes[0].plate, nearest)


def _was_seen(vote: PlateVote, text: str, plate: str, least: float) -> bool:
    """Whether some readings have the resident's character wherever the vote has another."""
    pairs = enumerate(zip(text, plate, strict=True))
    return all(vote.share(position, theirs) >= least for position, (mine, theirs) in pairs if mine != theirs)


def _pass_outcome(resident: Resident, camera: str, at: UtcTime) -> Match:
    if resident.cameras and camera not in resident.cameras:
        return Match.ELSEWHERE
    early = resident.valid_from is not None and at < resident.valid_from
    late = resident.valid_until is not None and at >= resident.valid_until
    if early or late:
        return Match.EXPIRED
    return Match.USED_UP if resident.uses == 0 else Match.RESIDENT


def substitutions(a: str, b: str) -> int:
    """Characters that differ; texts of different length are as far apart as can be."""
    if len(a) != len(b):
        return max(len(a), len(b))
    return sum(x != y for x, y in zip(a, b, strict=True))
