"""Evidence for the events of one camera: a snapshot at once, a clip when it is due. Events never wait for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lookout_contract.events import EventData, EvidenceKind, EvidenceRef, Phase
from lookout_edge.domain.frame import Frame, Image
from lookout_edge.domain.occurrence import PRIORITY
from lookout_edge.errors import EdgeError
from lookout_edge.ports import EvidenceStore, Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofSettings:
    """Seconds of frame time that a clip shows before and after the start of its occurrence."""

    pre_roll_s: float = 4.0
    post_roll_s: float = 4.0


@dataclass(slots=True)
class _Open:
    """One occurrence whose evidence is being gathered."""

    last: EventData
    clip_from: float
    clip_due: float | None
    gathered: list[EvidenceRef] = field(default_factory=list[EvidenceRef])


class ProofDesk:
    """Adds evidence to events on their way to the spool. ``on_problem`` hears in one sentence why some is missing."""

    def __init__(
        self,
        store: EvidenceStore,
        recorder: Recorder,
        encode: Callable[[Image], bytes],
        *,
        on_problem: Callable[[str], None],
        settings: ProofSettings | None = None,
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._encode = encode
        self._on_problem = on_problem
        self._settings = settings or ProofSettings()
        self._open: dict[str, _Open] = {}

    def snapshot(self, image: Image, *, first: bool = True) -> EvidenceRef:
        """Store a picture, which goes first where somebody waits for it. EdgeError when that cannot be done."""
        return self._store.put(EvidenceKind.SNAPSHOT, self._encode(image), "image/jpeg", first=first)

    def attach(self, frame: Frame | None, at: float, events: Sequence[EventData]) -> list[EventData]:
        """``events`` with what proves them, and an update for every clip that is due at frame time ``at``.

        ``frame`` is the picture that brought the events about; None when they come from a shutdown.
        """
        proven = [self._prove(frame, at, event) for event in events]
        return proven + self._due_clips(at)

    def _prove(self, frame: Frame | None, at: float, event: EventData) -> EventData:
        if event.phase is Phase.START:
            settings = self._settings
            self._open[event.occurrence] = _Open(event, at - settings.pre_roll_s, at + settings.post_roll_s)
            if frame is not None:
                first = event.scenario in PRIORITY
                self._gather(event.occurrence, lambda: self.snapshot(frame.picture.finest(), first=first))
        known = self._open.get(event.occurrence)
        if known is None:
            return event
        if event.phase is Phase.END:
            if known.clip_due is not None:
                self._gather(event.occurrence, lambda: self._clip(known.clip_from, at, known.last))
            del self._open[event.occurrence]
        known.last = event.model_copy(update={"evidence": (*event.evidence, *known.gathered)})
        return known.last

    def _due_clips(self, at: float) -> list[EventData]:
        updates: list[EventData] = []
        for name, known in self._open.items():
            if known.clip_due is None or at < known.clip_due:
                continue
            start, end, known.clip_due = known.clip_from, known.clip_due, None
            if self._gather(name, lambda start=start, end=end, last=known.last: self._clip(start, end, last)):
                known.last = known.last.model_copy(
                    update={
                        "phase": Phase.UPDATE,
                        "captured_at": datetime.fromtimestamp(at, UTC),
                        "evidence": tuple(known.gathered),
                    }
                )
                updates.append(known.last)
        return updates

    def _clip(self, start: float, end: float, event: EventData) -> EvidenceRef | None:
        content = self._recorder.clip(start, end)
        if content is None:
            return None
        return self._store.put(EvidenceKind.CLIP, content, "video/mp4", first=event.scenario in PRIORITY)

    def _gather(self, occurrence: str, make: Callable[[], EvidenceRef | None]) -> bool:
        """Whether there is something new. Failing evidence is reported and left out: the event goes on its way."""
        try:
            made = make()
        except EdgeError as error:
            self._on_problem(str(error))
            return False
        except Exception as error:  # noqa: BLE001 - whatever a picture may die of, its alarm must not die with it
            self._on_problem(f"Evidence is missing because of a fault ({error!r}): please report it.")
            return False
        if made is None:
            return False
        self._open[occurrence].gathered.append(made)
        return True
