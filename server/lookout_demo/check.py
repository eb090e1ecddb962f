"""The demo without a person: one real detection, followed through the public API to a closed case."""

import hashlib
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lookout_demo.client import Client, Json
from lookout_demo.errors import DemoError
from lookout_demo.launch import Running, Say
from lookout_demo.processes import Children


@dataclass
class _Sighting:
    """The first alarm that the feed brought, and when it came by this machine's clock."""

    arrived: threading.Event = field(default_factory=threading.Event)
    at: float = 0.0
    alarm: Json = field(default_factory=dict[str, Any])
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the check ends with, printed as one line of JSON."""

    frame_to_event_s: float
    event_to_feed_s: float
    case_state: str
    case: str
    scenario: str
    camera: str
    states: tuple[str, ...]
    evidence: tuple[str, ...]
    start_to_closed_s: float


def _watch(client: Client, sighting: _Sighting, opened: threading.Event) -> None:
    """Read the feed until the first alarm of this run."""
    try:
        for message in client.feed(opened.set):
            if message.kind == "alarm" and message.data.get("change") == "created":
                sighting.at = time.time()
                sighting.alarm = message.data["alarm"]
                break
    except DemoError as error:
        sighting.error = str(error)
    finally:
        sighting.arrived.set()
        opened.set()


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class _Walk:
    """Takes one case through its states, keeping the version that each answer gives."""

    def __init__(self, case: Json, say: Say) -> None:
        self.case = case
        self._say = say
        self.states: list[str] = [case["state"]]

    def act(self, client: Client, action: str, **body: Any) -> None:
        """One action; the case must then be where its answer says."""
        path = f"/api/v1/cases/{self.case['id']}/{action}"
        self.case = client.post(path, {"version": self.case["version"], **body})
        self.states.append(self.case["state"])
        self._say(f"  {action} → {self.case['state']}")


def _photo(picture: bytes) -> tuple[str, bytes]:
    """The worker's proof and its hash. The check has no phone: it is the camera's own picture with a comment in it.

    Without one it may be, byte for byte, what the camera shows when it looks again, since the footage repeats itself; a
    case keeps a file once, under what it was handed in as.
    """
    comment = b"handed in by the check"
    # JPEG (ITU-T T.81, B.2.4.5): a segment COM may follow the start of the image.
    photo = picture[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + picture[2:]
    return hashlib.sha256(photo).hexdigest(), photo


def _await_evidence(children: Children, operator: Client, alarm_id: str, kinds: set[str]) -> dict[str, bytes]:
    """Wait until every kind of evidence lies in the dispatcher's store, and fetch it."""

    def probe() -> dict[str, bytes] | None:
        alarm = operator.get(f"/api/v1/alarms/{alarm_id}")
        there = {entry["kind"]: entry for entry in alarm["evidence"] if entry["available"]}
        return {kind: operator.download(there[kind]["url"]) for kind in kinds} if kinds <= there.keys() else None

    return children.wait_for(f"evidence ({', '.join(sorted(kinds))})", probe, timeout_s=60)


def _verify_files(files: dict[str, bytes]) -> None:
    if not files["snapshot"].startswith(b"\xff\xd8\xff"):
        raise DemoError("the snapshot in the evidence store is not a JPEG")
    if files["clip"][4:8] != b"ftyp":
        raise DemoError("the clip in the evidence store is not an MP4")


def _first_alarm(children: Children, operator: Client, running: Running, timeout_s: float) -> _Sighting:
    sighting = _Sighting()
    opened = threading.Event()
    threading.Thread(target=_watch, args=(operator, sighting, opened), name="feed", daemon=True).start()
    children.wait_for(
        "a detection to become an alarm in the feed", lambda: sighting.arrived.is_set() or None, timeout_s=timeout_s
    )
    if sighting.error:
        raise DemoError(sighting.error)
    return sighting


def drive(children: Children, running: Running, say: Say, *, started: float, timeout_s: float = 120) -> Outcome:
    """Wait for a real detection, then walk its case to closed. DemoError when anything is missing."""
    people = running.community
    boss, worker = people.login("operator"), people.login("worker")
    with Client(running.url) as operator, Client(running.url) as hands, Client(running.url) as ears:
        operator.log_in(boss.username, boss.password)
        hands.log_in(worker.username, worker.password)
        ears.log_in(boss.username, boss.password)
        say("Waiting for something real to be seen …")
        sighting = _first_alarm(children, ears, running, timeout_s)
        alarm = sighting.alarm
        say(f"  {alarm['scenario']} at {alarm['camera']['name']}")
        me = hands.get("/api/v1/session")["user"]["id"]
        walk = _Walk(operator.post(f"/api/v1/alarms/{alarm['id']}/report", {}), say)
        walk.act(operator, "dispatch", worker=me)
        walk.act(hands, "accept")
        walk.act(hands, "arrive")
        say("Waiting for the snapshot and the clip …")
        files = _await_evidence(children, operator, alarm["id"], {"snapshot", "clip"})
        _verify_files(files)
        sha256, photo = _photo(files["snapshot"])
        hands.upload(sha256, photo, "image/jpeg")
        walk.act(hands, "feedback", note="已清理", photos=[sha256])
        say("Waiting for the camera to look again …")
        walk.case = _await_recheck(children, operator, walk.case["id"])
        walk.act(operator, "close", note="核查通过")
        final = operator.get(f"/api/v1/cases/{walk.case['id']}")
    return Outcome(
        frame_to_event_s=round(_seconds(alarm["emitted_at"]) - _seconds(alarm["updated_at"]), 3),
        event_to_feed_s=round(sighting.at - _seconds(alarm["emitted_at"]), 3),
        case_state=final["state"],
        case=final["number"],
        scenario=alarm["scenario"],
        camera=alarm["camera"]["id"],
        states=tuple(entry["to_state"] for entry in final["history"]),
        evidence=tuple(sorted({entry["kind"] for entry in final["evidence"]})),
        start_to_closed_s=round(time.monotonic() - started, 1),
    )


def _await_recheck(children: Children, operator: Client, case_id: str) -> Json:
    """The gateway answers the snapshot command; its picture is the case's ``recheck`` evidence."""

    def probe() -> Json | None:
        case = operator.get(f"/api/v1/cases/{case_id}")
        return case if any(entry["kind"] == "recheck" for entry in case["evidence"]) else None

    return children.wait_for("the camera's re-check", probe, timeout_s=60)
