"""What rules ask to have looked at more closely: plates and poses. It comes once the events of a look are safe."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lookout_edge.domain.detection import PlateReading
from lookout_edge.domain.frame import Frame
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Observation
from lookout_edge.domain.plates import is_on
from lookout_edge.domain.pose import Pose
from lookout_edge.domain.zone import Zone
from lookout_edge.errors import ModelError, OverloadError
from lookout_edge.ports import PlateDirectory, PlateReader, PoseEstimator

#: Tries in a row that must fail before plates, poses or a rule are said not to work.
FAILED_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Plates:
    """How plates are read and who is known."""

    reader: PlateReader
    directory: PlateDirectory
    #: Vehicles narrower than this many pixels are not tried: their plates have no readable characters.
    least_width: int = 100

    def read(self, frame: Frame, vehicle: Box, masks: Sequence[Zone]) -> tuple[PlateReading, ...]:
        """What can be the vehicle's own plate, best first; nothing counts in ``masks``."""
        image = frame.picture.finest()
        if vehicle.clipped().width * image.shape[1] < self.least_width:
            return ()
        found = (reading for reading in self.reader.read(image, vehicle) if is_on(reading.box, vehicle))
        return tuple(each for each in found if not any(mask.contains(each.box.centre) for mask in masks))


@dataclass(slots=True)
class Helper:
    """What rules depend on, or a rule itself, and whether it works."""

    #: The reason code that says that it does not.
    code: str
    #: Tries that failed since the last one that did not, and what the last one said.
    failed: int = 0
    said: str = ""

    def fail(self, said: str) -> None:
        """Note a try that failed."""
        self.failed, self.said = self.failed + 1, said


def impairment_of(helpers: Sequence[Helper]) -> tuple[str, str] | None:
    """The code and the message of the first that keeps failing; None when none does."""
    return next(((helper.code, helper.said) for helper in helpers if helper.failed >= FAILED_TRIES), None)


class CloserLook:
    """Reads plates, estimates poses and counts visits as rules asked for; they hear of it in the next look."""

    #: Plates and poses for which the box was too busy.
    shed: int = 0
    #: What was raised in the last turn that no model says when it fails: bugs.
    faults: tuple[Exception, ...] = ()

    def __init__(self, camera: str, plates: Plates | None, pose: PoseEstimator | None, masks: Sequence[Zone]) -> None:
        self._camera, self._plates, self._pose, self._masks = camera, plates, pose, tuple(masks)
        self._plate_help, self._pose_help = Helper("plates_failed"), Helper("poses_failed")
        self.forget()

    def forget(self) -> None:
        """Nothing is known of anything: numbers start over, or another look asks."""
        #: Track → plates read from it in the last look.
        self.readings: dict[int, tuple[PlateReading, ...]] = {}
        #: Track whose plate could not be read in the last look → why, see ``Scene``.
        self.unread: dict[int, str] = {}
        #: Track → its pose in the last look.
        self.poses: dict[int, Pose | None] = {}

    @property
    def helpers(self) -> tuple[Helper, ...]:
        """Whether it works, what is read and what is estimated."""
        return self._plate_help, self._pose_help

    def take(self, frame: Frame, asked: Sequence[Observation]) -> None:
        """Do what ``asked`` wants."""
        self.faults = ()
        if self._plates is not None:
            self._count_visits(self._plates.directory, frame.at, asked)
            self._read_plates(self._plates, frame, asked)
        if self._pose is not None:
            self._estimate_poses(self._pose, frame, asked)

    def _count_visits(self, directory: PlateDirectory, at: float, asked: Sequence[Observation]) -> None:
        for observation in asked:
            if observation.visit_of is not None:
                directory.visit(observation.visit_of, at, self._camera)
            if observation.stay_of is not None:
                directory.stay(observation.stay_of, at, self._camera)

    def _read_plates(self, plates: Plates, frame: Frame, asked: Sequence[Observation]) -> None:
        for track, box in _each_once((each.plate_of, each.box) for each in asked):
            try:
                self.readings[track] = plates.read(frame, box, self._masks)
                self._plate_help.failed = 0
            except OverloadError:  # nobody looked: the camera sees, and the rule asks again
                self.shed += 1
                self.unread[track] = "too_busy"
            except ModelError as error:
                self.unread[track] = "reader_failed"
                self._plate_help.fail(str(error))
            except Exception as error:  # noqa: BLE001 - a bug in a reader must not keep a camera from seeing a fire
                self.unread[track] = "reader_failed"
                self._blame(self._plate_help, error)

    def _estimate_poses(self, pose: PoseEstimator, frame: Frame, asked: Sequence[Observation]) -> None:
        for track, box in _each_once((each.pose_of, each.box) for each in asked):
            try:
                self.poses[track] = pose.estimate(frame.image, box)
                self._pose_help.failed = 0
            except OverloadError:
                self.shed += 1
            except ModelError as error:
                self._pose_help.fail(str(error))
            except Exception as error:  # noqa: BLE001 - see plates
                self._blame(self._pose_help, error)

    def _blame(self, helper: Helper, error: Exception) -> None:
        helper.fail(f"{type(error).__name__}: {error}")
        self.faults += (error,)


def _each_once(asked: Iterator[tuple[int | None, Box]]) -> Iterator[tuple[int, Box]]:
    """Tracks and where they are; of what several rules ask for once."""
    known: set[int] = set()
    for track, box in asked:
        if track is not None and track not in known:
            known.add(track)
            yield track, box
