"""A sub-district at its real scale with a day's work in it: what every page of the console has something to show of."""

import hashlib
import io
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import av
import cv2
import httpx
import numpy as np

from e2e.console_driver import Login
from e2e.dispatcher import Dispatcher, SpokenGateway, run_apart
from e2e.scenes import VOTED, Scene, dwelt
from lookout_contract.commands import ZonesReport
from lookout_contract.events import Condition, DetectedObject, Scenario, Severity
from lookout_contract.status import ProposalReport
from lookout_edge.adapters.video.remux import muxer_of
from lookout_server import bootstrap
from lookout_server.config import load_server_config
from lookout_server.domain.territory import Role

REEL = Path(__file__).parents[2] / "models" / "reel"
CONFIG = """\
site: {{id: e2e, name: 长淮街道, timezone: Asia/Shanghai}}
listen: {{port: 0}}
broker: {{port: 0}}
data_dir: {folder}/data
"""
CASES, DAYS = 245, 365
CLIP_S = 2.0
WITH_AI, GATEWAYS = 40, 5
OPERATOR = Login(username="li", password="operator-of-the-estate")
WORKER = Login(username="wang", password="worker-of-the-estate")
SUPERVISOR = Login(username="zhao", password="supervisor-of-the-estate")
ADMIN = Login(username="root", password="admin-of-the-estate")
#: login → name, role, grids.
PEOPLE: Mapping[Login, tuple[str, str, tuple[str, ...]]] = {
    OPERATOR: ("李敏", "operator", ()),
    WORKER: ("王芳", "worker", ("demo-g004",)),
    SUPERVISOR: ("赵磊", "supervisor", ()),
    ADMIN: ("管理员", "admin", ()),
}


#: Registered vehicles; ``days``: for how many more.
VEHICLES: Mapping[str, Mapping[str, object]] = {
    "皖A12345": {"note": "3号楼502"},
    "皖AD81234": {"note": "5号楼1201"},
    "皖B77777": {"note": "3号楼的访客", "days": 2},
    "沪C9K208": {"note": "保洁公司", "days": 200, "uses": 40, "cameras": ["cam-01"]},
    "皖A55K21": {"note": "装修队", "days": -1},
}


@dataclass(frozen=True, kw_only=True)
class Filmed(Scene):
    """What a clip of the reel shows, at which second of it."""

    film: str
    at_s: float

    @property
    def gateway(self) -> str:
        """Whose camera it is."""
        return f"demo-gw{1 + (int(self.camera[-2:]) - 1) % GATEWAYS}"


FIRE = Filmed(
    film="fire-yard",
    at_s=14,
    camera="cam-03",
    scenario=Scenario.FIRE_SMOKE,
    severity=Severity.RED,
    objects=(DetectedObject(label="fire", score=0.86, box=(0.43, 0.06, 0.59, 0.62), track=1),),
    stage="confirmed",
    dwell_s=9,
    explain=(VOTED, Condition(name="growth", value=0.4, limit=0.2, met=True, unit="1")),
)
GARBAGE = Filmed(
    film="bag-beside-bin",
    at_s=20,
    camera="cam-05",
    scenario=Scenario.GARBAGE,
    severity=Severity.BLUE,
    objects=(DetectedObject(label="garbage", score=0.79, box=(0.51, 0.49, 0.81, 0.79), track=4),),
    stage="misplaced",
    dwell_s=610,
    explain=(dwelt(610.0, 300.0),),
)
EBIKE = Filmed(
    film="ebike-corridor",
    at_s=11,
    camera="cam-04",
    scenario=Scenario.CORRIDOR_EBIKE,
    severity=Severity.YELLOW,
    objects=(DetectedObject(label="ebike", score=0.91, box=(0.42, 0.26, 0.63, 0.76), track=3),),
    stage="parked",
    zone="corridor",
    outline=((0.36, 0.22), (0.66, 0.22), (0.88, 0.98), (0.14, 0.98)),
    dwell_s=252,
    explain=(VOTED, dwelt(252.0, 180.0)),
)


#: A pram that was taken for an e-bike.
PRAM = ProposalReport(
    camera=EBIKE.camera,
    scenario=EBIKE.scenario,
    group="two_wheeler",
    box=(0.1, 0.4, 0.35, 0.8),
    spared=14,
    missed=0,
    unjudged=2,
    decision="open",
)
ZONES_PAGE = "/zones"
ZONES = ZonesReport(
    camera=EBIKE.camera,
    version="1",
    zones={EBIKE.zone: EBIKE.outline or ()},
    rules={EBIKE.zone: (EBIKE.scenario,)},
)
ROTATION = {
    "name": "desk",
    "days": 14,
    "pattern": ["day", "day", "rest", "rest"],
    "posts": {"day": {"begins": "08:00", "ends": "20:00"}},
    "people": [{"person": "u-li", "offset": 0}, {"person": "u-wang", "offset": 2}],
}


def courtyard() -> bytes:
    """A plan: two buildings, a shed and a way between them, from above, as PNG."""
    image = np.full((800, 1200, 3), 255, np.uint8)
    for corners in (((80, 80), (1120, 240)), ((80, 560), (700, 720)), ((860, 420), (1120, 520))):
        cv2.rectangle(image, *corners, (222, 224, 226), -1)
        cv2.rectangle(image, *corners, (90, 90, 90), 3)
    cv2.line(image, (80, 400), (820, 400), (200, 200, 200), 24)
    return cv2.imencode(".png", image)[1].tobytes()


def frame(film: str, at_s: float) -> bytes:
    """A picture of a film, as JPEG."""
    video = cv2.VideoCapture(str(REEL / f"{film}.mp4"))
    video.set(cv2.CAP_PROP_POS_MSEC, at_s * 1000)
    read, image = video.read()
    assert read, f"{film} has no picture at {at_s} s"
    _, encoded = cv2.imencode(".jpg", cv2.resize(image, (1280, 720), interpolation=cv2.INTER_CUBIC))
    return encoded.tobytes()


def moment(film: str, at_s: float) -> bytes:
    """Two seconds of a film around that time, as MP4, not encoded anew: it begins with the key frame before."""
    cut = io.BytesIO()
    with av.open(REEL / f"{film}.mp4") as source, av.open(cut, "w", format="mp4") as target:
        (video,) = source.streams.video
        muxer = muxer_of(target)
        copied = muxer.add_stream_from_template(video)
        source.seek(int((at_s - CLIP_S / 2) * av.time_base), backward=True)
        for packet in source.demux(video):
            if packet.pts is None or packet.pts * packet.time_base > at_s + CLIP_S / 2:
                break
            packet.stream = copied
            muxer.mux(cast(Any, packet))
    return cut.getvalue()


@dataclass(kw_only=True)
class Caller:
    """Somebody who asks the API."""

    client: httpx.Client

    @classmethod
    def stranger(cls, dispatcher: Dispatcher) -> "Caller":
        """Somebody without an account."""
        return cls(client=httpx.Client(base_url=f"{dispatcher.url}/api/v1", headers={"X-Lookout": "1"}, timeout=30))

    @classmethod
    def sign_in(cls, dispatcher: Dispatcher, login: Login) -> "Caller":
        """With a name and a password."""
        caller = cls.stranger(dispatcher)
        answer = caller.ask("POST", "/session", {"username": login.username, "password": login.password})
        caller.client.headers["Authorization"] = f"Bearer {answer['token']}"
        return caller

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The JSON answer; an error of the API ends the run."""
        return self._sent(self.client.request(method, path, json=body)).json()

    def upload(self, content: bytes) -> str:
        """A photo; returns its hash."""
        digest = hashlib.sha256(content).hexdigest()
        self._sent(self.client.put(f"/evidence/{digest}", content=content, headers={"Content-Type": "image/jpeg"}))
        return digest

    def report(self, code: str, kind: str, words: str) -> str:
        """As a resident does; returns the tracking code."""
        answer = self.client.post(f"/public/places/{code}/reports", data={"kind": kind, "words": words})
        return str(self._sent(answer).json()["tracking"])

    @staticmethod
    def _sent(answer: httpx.Response) -> httpx.Response:
        assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
        return answer


@dataclass(kw_only=True)
class Estate:
    """The running dispatcher, and the names by which pages are opened."""

    dispatcher: Dispatcher
    operator: Caller
    worker: Caller
    boss: Caller
    admin: Caller
    stranger: Caller
    gateways: dict[str, SpokenGateway] = field(default_factory=dict[str, SpokenGateway])
    #: Parts of addresses: ``case``, ``done``, ``round``, ``code``, ``tracking``.
    names: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def start(cls, folder: Path, *, cases: int = CASES, office: bool = True) -> "Estate":
        """Everything is there when it returns; ``stop`` ends it. ``office``: also what its own pages are about."""
        dispatcher = Dispatcher(folder=folder, config=CONFIG.format(folder=folder))
        issued, code = run_apart(_prepare(folder / "server.yaml", cases))
        dispatcher.start()
        estate = cls(
            dispatcher=dispatcher,
            operator=Caller.sign_in(dispatcher, OPERATOR),
            worker=Caller.sign_in(dispatcher, WORKER),
            boss=Caller.sign_in(dispatcher, SUPERVISOR),
            admin=Caller.sign_in(dispatcher, ADMIN),
            stranger=Caller.stranger(dispatcher),
        )
        for caller in (estate.worker, estate.admin):
            # They know their way around.
            for tour in ("control", "worker"):
                caller.ask("PUT", f"/session/tours/{tour}")
        estate._connect(issued)
        estate._cases()
        estate._rounds()
        estate._residents(code)
        if office:
            estate._office()
        return estate

    def stop(self) -> None:
        """The gateways, then the dispatcher."""
        for caller in (self.operator, self.worker, self.boss, self.admin, self.stranger):
            caller.client.close()
        for gateway in self.gateways.values():
            gateway.close()
        self.dispatcher.stop()

    def address(self, pattern: str) -> str | None:
        """Where a route's pattern has something to show; None: nobody has said what its parts stand for."""
        known = {
            "/cases/:id": "/cases/{done}",
            "/map/:plan": "/map/{plan}",
            "/cases/:id/print": "/cases/{done}/print",
            "/cases/:id/file": "/cases/{done}/file",
            "/worker/cases/:id": "/worker/cases/{case}",
            "/worker/rounds/:id": "/worker/rounds/{round}",
            "/r/:code": "/r/{code}",
            "/track/:tracking": "/track/{tracking}",
            "/cameras/:gateway/:camera": f"/cameras/{EBIKE.gateway}/{EBIKE.camera}",
            "/cameras/:gateway/:camera/zones": f"/cameras/{EBIKE.gateway}/{EBIKE.camera}{ZONES_PAGE}",
        }
        if ":" not in pattern:
            return pattern
        try:
            return known[pattern].format(**self.names)
        except KeyError:  # Nobody has said, or what it is about is not there: an estate may have no office.
            return None

    def answer(self, address: str) -> None:
        """What a page asks of a gateway as soon as it is opened."""
        if address.endswith(ZONES_PAGE):
            self.gateways[EBIKE.gateway].answer("zones", zones=ZONES)

    def _connect(self, issued: Mapping[str, dict[str, Any]]) -> None:
        stills = [frame(scene.film, 1) for scene in (FIRE, GARBAGE, EBIKE)]
        for number in range(1, GATEWAYS + 1):
            name = f"demo-gw{number}"
            gateway = SpokenGateway.connect(self.dispatcher, name, issued[name])
            cameras = [f"cam-{n + 1:02d}" for n in range(WITH_AI) if 1 + n % GATEWAYS == number]
            gateway.announce(*cameras)
            gateway.hear_commands()
            for camera in cameras:
                gateway.show(camera, stills[int(camera[-2:]) % len(stills)])
            self.gateways[name] = gateway

    def _see(self, scene: Filmed, occurrence: str, ago: timedelta) -> None:
        gateway = self.gateways[scene.gateway]
        film = moment(scene.film, scene.at_s)
        still = frame(scene.film, scene.at_s)
        gateway.tell(
            scene.begins(gateway, occurrence, ago=ago, snapshot=(still, "image/jpeg"), clip=(film, "video/mp4"))
        )

    def _act(self, who: Caller, case: str, action: str, **fields: object) -> Any:
        version = self.operator.ask("GET", f"/cases/{case}")["version"]
        return who.ask("POST", f"/cases/{case}/{action}", {"version": version, **fields})

    def _report(self, scenario: Scenario) -> str:
        alarms = self.operator.ask("GET", "/alarms?disposition=open")["items"]
        alarm = next(each for each in alarms if each["scenario"] == scenario)
        return self.operator.ask("POST", f"/alarms/{alarm['id']}/report", {})["id"]

    def _cases(self) -> None:
        """One that is done, one on its way, and alarms that wait."""
        self._see(EBIKE, "done", timedelta(minutes=40))
        done = self._report(EBIKE.scenario)
        self._act(self.operator, done, "dispatch", worker="u-wang")
        for action in ("accept", "arrive"):
            self._act(self.worker, done, action)
        photo = self.worker.upload(frame("pram-corridor", 1))
        self._act(self.worker, done, "feedback", photos=[photo], note="已劝离，楼道清空")
        self._act(self.operator, done, "close")
        self._see(EBIKE, "open", timedelta(minutes=4))
        cases = self.operator.ask("GET", "/cases?state=confirmed,dispatched")["items"]
        case = next((each["id"] for each in cases if each["scenario"] == EBIKE.scenario), None)
        case = case or self._report(EBIKE.scenario)
        self._act(self.operator, case, "dispatch", worker="u-wang")
        self._act(self.worker, case, "accept")
        self._see(GARBAGE, "heap", timedelta(minutes=12))
        self._see(FIRE, "fire", timedelta(seconds=20))
        self.names |= {"done": done, "case": case}

    def _rounds(self) -> None:
        now = datetime.now(UTC)
        for number, (kind, title, days, checks) in enumerate(
            (
                ("lift", "3号楼电梯", 2, ["轿厢照明", "应急电话", "检验标志"]),
                ("fire_gear", "4号楼灭火器", -1, ["压力表在绿区", "铅封完好"]),
                ("charging", "车棚充电桩", 20, []),
            )
        ):
            due = (now + timedelta(days=days)).isoformat()
            body = {"id": f"i-{number}", "kind": kind, "title": title, "grid": "demo-g004", "every_days": 30}
            self.boss.ask("POST", "/inspections", {**body, "due_at": due, "checks": checks})
        photo = self.worker.upload(frame("pram-corridor", 3))
        for kind, words, photos in (
            ("visit", "走访5号楼独居老人张阿姨，身体良好，水管漏水已联系物业。", [photo]),
            ("patrol", "2单元楼道巡查，提醒住户勿在楼道停放电动车。", []),
        ):
            entry = {"id": f"d-{secrets.token_hex(12)}", "kind": kind, "words": words, "photos": photos}
            self.worker.ask("POST", "/diary", entry)
        self.names["round"] = "i-0"

    def _office(self) -> None:
        """What the pages behind the control room are about: a plan, a roster, a silence, a proposal."""
        query = {"place": self.operator.ask("GET", f"/cases/{self.names['case']}")["grid"]["id"], "name": "院子"}
        made = self.boss.client.post("/plans", params=query, content=courtyard())
        plan = self.names["plan"] = made.raise_for_status().json()["id"]
        for number, (x, y, heading) in {3: (0.3, 0.32, 160), 4: (0.62, 0.5, 250), 5: (0.8, 0.75, 20)}.items():
            spot = {"x": x, "y": y, "heading": heading, "angle": 75, "reach": 0.2}
            self.boss.ask("PUT", f"/plans/{plan}/cameras/demo-gw{1 + (number - 1) % GATEWAYS}/cam-{number:02d}", spot)
        self.boss.ask("POST", "/rotations", ROTATION | {"first": f"{datetime.now(UTC) - timedelta(days=3):%Y-%m-%d}"})
        until = (datetime.now(UTC) + timedelta(hours=4)).isoformat()
        quiet = {"gateway": "demo-gw1", "camera": "cam-06", "scenario": "garbage"}
        self.boss.ask("POST", "/silences", {"kind": "silence", "reason": "环卫清运中", "ends_at": until, **quiet})
        for number, (plate, said) in enumerate(VEHICLES.items()):
            days = said.get("days")
            ends = {} if days is None else {"valid_until": str(datetime.now(UTC) + timedelta(days=cast("int", days)))}
            rest = {name: value for name, value in said.items() if name != "days"}
            self.boss.ask("PUT", f"/vehicles/v-{number:020x}", {"plate": plate, **ends, **rest})
        gateway = self.gateways[EBIKE.gateway]
        gateway.propose({"0123456789ab": PRAM})

    def _residents(self, code: str) -> None:
        tracking = self.stranger.report(code, "garbage", "单元门口堆了三袋垃圾，有气味")
        (open_here,) = self.stranger.ask("GET", f"/public/places/{code}")["open_reports"]
        for device in ("phone-of-a-neighbour-1", "phone-of-a-neighbour-2"):
            seen = {"handle": open_here["handle"], "device": device}
            self.stranger.ask("POST", f"/public/places/{code}/seen", seen)
        self.names |= {"code": code, "tracking": tracking}


async def _prepare(file: Path, cases: int) -> tuple[dict[str, dict[str, Any]], str]:
    """Past, people, gateways, a place to report from, before the start: credentials, and the place's code."""
    config = load_server_config(file)
    await bootstrap.seed_demo(config, cases=cases, days=DAYS)
    for login, (name, role, grids) in PEOPLE.items():
        wanted = bootstrap.NewPerson(
            username=login.username,
            name=name,
            roles=frozenset({Role(role)}),
            grids=frozenset(grids) or None,
            password=login.password,
        )
        await bootstrap.add_person(config, wanted)
    names = [f"demo-gw{number}" for number in range(1, GATEWAYS + 1)]
    issued = {name: bootstrap.as_values(await bootstrap.add_gateway(config, name, rotate=True)) for name in names}
    (place,) = await bootstrap.add_places(config, "demo-g004", ["3号楼北侧"])
    return issued, place.code
