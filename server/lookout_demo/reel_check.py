"""The reel's check: each scenario comes into the feed within three minutes, and nothing comes of the harmless clips."""

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lookout_demo.client import Client
from lookout_demo.errors import DemoError
from lookout_demo.footage import Feed
from lookout_demo.launch import Running, Say
from lookout_demo.processes import Children

#: Alarms by (camera, scenario), and the moment of the first of each by the monotonic clock.
Alarms = Mapping[tuple[str, str], float]


#: The scenario that says that a camera is not watched; nothing was seen then.
_BLIND = "camera_blind"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the check ends with, printed as one line of JSON."""

    #: Clip → seconds from the start of everything to its first alarm in the feed; None: there was none.
    first_alarm_s: Mapping[str, float | None]
    #: Scenarios of which no clip was an alarm, clips that should be silent and were not, cameras that saw little.
    missing: tuple[str, ...]
    false_alarms: tuple[str, ...]
    not_watching: tuple[str, ...]
    watched_s: float

    @property
    def passed(self) -> bool:
        return not (self.missing or self.false_alarms or self.not_watching)


def judge(
    feeds: Sequence[Feed], alarms: Alarms, watching: Sequence[str], *, started: float, watched_s: float
) -> Verdict:
    """What the alarms of ``watched_s`` seconds say of these cameras."""
    expected = [(feed.id, scenario) for feed in feeds if not feed.harmless for scenario in feed.scenarios]
    harmless = {feed.id for feed in feeds if feed.harmless}
    came = {scenario for _, scenario in expected if any((clip, scenario) in alarms for clip, _ in expected)}
    firsts = {clip: alarms.get((clip, scenario)) for clip, scenario in expected}
    return Verdict(
        first_alarm_s={clip: None if at is None else round(at - started, 1) for clip, at in firsts.items()},
        missing=tuple(sorted({scenario for _, scenario in expected} - came)),
        false_alarms=tuple(sorted({camera for camera, what in alarms if camera in harmless and what != _BLIND})),
        not_watching=tuple(feed.id for feed in feeds if feed.id not in watching),
        watched_s=round(watched_s, 1),
    )


class Attention:
    """How much of the time each camera was watched, from when it first was. A box that is too busy misses moments."""

    def __init__(self) -> None:
        self._looks = Counter[str]()
        self._watched = Counter[str]()

    def note(self, states: Mapping[str, str]) -> None:
        """Camera → its state now."""
        for camera, state in states.items():
            is_watched = state == "watching"
            self._watched[camera] += is_watched
            self._looks[camera] += is_watched or self._looks[camera] > 0

    def watched(self) -> list[str]:
        """Cameras that were watched for at least half of it."""
        return [camera for camera, looks in self._looks.items() if looks and 2 * self._watched[camera] >= looks]


@dataclass
class _Ears:
    """Hears the feed on a thread of its own."""

    alarms: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    opened: threading.Event = field(default_factory=threading.Event)
    error: str | None = None

    def listen(self, client: Client, say: Say, started: float) -> None:
        try:
            for message in client.feed(self.opened.set):
                if message.kind == "alarm" and message.data.get("change") == "created":
                    alarm = message.data["alarm"]
                    what = alarm["camera"]["id"], alarm["scenario"]
                    if what not in self.alarms:
                        self.alarms[what] = time.monotonic()
                        say(f"  {time.monotonic() - started:6.1f} s  {what[1]} at {alarm['camera']['name']}")
        except DemoError as error:
            self.error = str(error)
        finally:
            self.opened.set()


def watch(
    children: Children, running: Running, feeds: Sequence[Feed], say: Say, *, started: float, within_s: float
) -> Verdict:
    """Hear what comes until ``within_s`` seconds after ``started``. DemoError when the feed or a program ends."""
    boss = running.community.login("operator")
    with Client(running.url) as operator, Client(running.url) as hearing:
        operator.log_in(boss.username, boss.password)
        hearing.log_in(boss.username, boss.password)
        ears, attention = _Ears(), Attention()
        threading.Thread(target=ears.listen, args=(hearing, say, started), name="feed", daemon=True).start()
        say(f"Listening until {within_s:.0f} s after the start …")
        while time.monotonic() < started + within_s:
            children.check()
            if ears.error:
                raise DemoError(ears.error)
            cameras = operator.get("/api/v1/cameras")["items"]
            attention.note({camera["id"]: camera["state"] for camera in cameras})
            time.sleep(2)
    watched_s = time.monotonic() - started
    return judge(feeds, dict(ears.alarms), attention.watched(), started=started, watched_s=watched_s)
