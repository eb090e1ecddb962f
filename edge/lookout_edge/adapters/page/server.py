"""A small HTTP server in threads of its own, for people and Prometheus. Cameras never wait for it."""

import json
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from threading import BoundedSemaphore, Lock, Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import structlog

from lookout_contract.events import Scenario
from lookout_edge.adapters.jpeg import MIME, encode_jpeg
from lookout_edge.adapters.page.access import is_own_name, shows_token
from lookout_edge.adapters.page.metrics import CONTENT_TYPE, GatewayMetrics
from lookout_edge.adapters.page.shown import Shown, overview
from lookout_edge.errors import ConfigError, EdgeError

log = structlog.stdlib.get_logger()

_STATIC = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/zh-CN.json": ("zh-CN.json", "application/json"),
    "/en.json": ("en.json", "application/json"),
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
#: Requests that are answered at once; more wait. A page that many people leave open must not eat the box.
_AT_ONCE = 4
#: Connections that are open at once, whatever they say. Before anybody has shown a token, a scanner in the network that
#: opens hundreds and says nothing must not take the file handles that cameras and evidence need.
MOST_GUESTS = 32
#: Seconds after which a client that says nothing is left.
_PATIENCE_S = 15.0
_LONGEST_PICTURE = 960
_Request = socket.socket | tuple[bytes, socket.socket]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: HTTPStatus
    body: bytes
    mime: str
    headers: Mapping[str, str]


def _answer(status: HTTPStatus, value: object) -> Answer:
    body = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return Answer(status, body, "application/json; charset=utf-8", {})


def _problem(status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> Answer:
    body = json.dumps({"status": status, "title": status.phrase, "detail": detail}, ensure_ascii=False).encode()
    return Answer(status, body, "application/problem+json; charset=utf-8", headers or {})


class Desk:
    """Answers requests; knows nothing of sockets."""

    def __init__(self, shown: Shown, *, token: str | None, for_this_machine_only: bool) -> None:
        self._shown, self._token, self._local = shown, token, for_this_machine_only
        self._metrics = GatewayMetrics(shown)

    def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """The answer to one request, an error of the gateway too; names of ``headers`` are in lower case."""
        url = urlsplit(target)
        path = unquote(url.path)
        try:
            return self._refusal(path, headers) or self._route(method, path, parse_qs(url.query), headers)
        except ConfigError as error:
            return _problem(HTTPStatus.NOT_FOUND, str(error))
        except EdgeError as error:
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error))

    def _refusal(self, path: str, headers: Mapping[str, str]) -> Answer | None:
        if self._local and self._token is None and not is_own_name(headers.get("host")):
            detail = (
                "This page is for the machine it runs on: open it as http://127.0.0.1, or configure http.token_file."
            )
            return _problem(HTTPStatus.MISDIRECTED_REQUEST, detail)
        if path == "/healthz" or self._token is None or shows_token(headers.get("authorization"), self._token):
            return None
        detail = "Show the token of http.token_file: as a Bearer token, or as the password (any user name)."
        return _problem(HTTPStatus.UNAUTHORIZED, detail, {"WWW-Authenticate": 'Basic realm="Lookout", charset="UTF-8"'})

    def _route(self, method: str, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> Answer:
        parts = path.strip("/").split("/")
        if method != "GET" or parts[0] == "buttons":
            return self._act(method, parts, query, headers)
        if path in _STATIC:
            name, mime = _STATIC[path]
            content = files(__package__ or "").joinpath("static", name).read_bytes()
            return Answer(HTTPStatus.OK, content, mime, {})
        match parts:
            case ["favicon.ico"]:
                return Answer(HTTPStatus.NO_CONTENT, b"", "image/x-icon", {})
            case ["healthz"]:
                return _answer(HTTPStatus.OK, {"status": "ok"})
            case ["readyz"]:
                return self._readiness()
            case ["metrics"]:
                return Answer(HTTPStatus.OK, self._metrics.text(), CONTENT_TYPE, {})
            case ["api", "status"]:
                return _answer(HTTPStatus.OK, overview(self._shown, may_press=self._token is not None))
            case ["api", "cameras", camera, "picture.jpg"]:
                return self._picture(camera)
            case ["self-tests", camera]:
                return _answer(HTTPStatus.OK, self._shown.self_test(camera))
            case ["api", "cameras", camera, "why"]:
                return self._why(camera, query)
            case _:
                return _problem(HTTPStatus.NOT_FOUND, f"There is nothing at {path}.")

    def _act(
        self, method: str, parts: Sequence[str], query: Mapping[str, list[str]], headers: Mapping[str, str]
    ) -> Answer:
        match parts:
            case ["buttons", button]:
                return self._press(method, button, headers)
            case ["self-tests", camera] if method == "POST":
                return self._begin_self_test(camera, query, headers)
            case _:
                detail = "Only buttons and self-tests take POST."
                return _problem(HTTPStatus.METHOD_NOT_ALLOWED, detail, {"Allow": "GET"})

    def _readiness(self) -> Answer:
        watching = [view.camera for view in self._shown.cameras() if view.state and view.state.state == "watching"]
        ready = bool(watching) and self._shown.is_connected()
        value = {"ready": ready, "broker": self._shown.is_connected(), "watching": watching}
        return _answer(HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE, value)

    def _picture(self, camera: str) -> Answer:
        self._shown.plan(camera)
        image = self._shown.image(camera)
        if image is None:
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, f"Camera {camera} has given no picture yet.")
        return Answer(HTTPStatus.OK, encode_jpeg(image, max_size=_LONGEST_PICTURE, quality=75), MIME, {})

    def _why(self, camera: str, query: Mapping[str, list[str]]) -> Answer:
        self._shown.plan(camera)
        at, around = (query.get(key, [""])[0] for key in ("at", "around"))
        try:
            around_s = float(around or 120)
        except ValueError:
            return _problem(HTTPStatus.BAD_REQUEST, f"{around!r} is no number of seconds.")
        if not at or not 1 <= around_s <= 86_400:
            return _problem(HTTPStatus.BAD_REQUEST, "Say when: ?at=21:04, and around=SECONDS up to a day if you like.")
        try:
            return _answer(HTTPStatus.OK, self._shown.why(camera, at, around_s).as_json())
        except ConfigError as error:
            return _problem(HTTPStatus.BAD_REQUEST, str(error))

    def _begin_self_test(self, camera: str, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> Answer:
        # A page of another site cannot send this header without asking first, and it is not told yes.
        if "x-lookout" not in headers:
            return _problem(HTTPStatus.FORBIDDEN, "Start self-tests with the header X-Lookout: 1.")
        wanted = query.get("scenario", [""])[0]
        known = [scenario.value for scenario in Scenario]
        if wanted and wanted not in known:
            return _problem(HTTPStatus.BAD_REQUEST, f"{wanted!r} is no scenario; known are {', '.join(known)}.")
        begun = self._shown.begin_self_test(camera, Scenario(wanted) if wanted else None)
        return _answer(HTTPStatus.ACCEPTED, begun)

    def _press(self, method: str, button: str, headers: Mapping[str, str]) -> Answer:
        if method != "POST":
            return _problem(HTTPStatus.METHOD_NOT_ALLOWED, "A button is pressed with POST.", {"Allow": "POST"})
        if self._token is None:
            detail = "Buttons by HTTP need a token: set http.token_file, so that no web page can raise an alarm."
            return _problem(HTTPStatus.FORBIDDEN, detail)
        # Basic is sent by a browser on its own, whatever page makes it: there the request must come from ours.
        kind = headers.get("authorization", "").partition(" ")[0].lower()
        if kind == "basic" and headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
            return _problem(HTTPStatus.FORBIDDEN, "Another site's page may not press buttons.")
        return _answer(HTTPStatus.CREATED, {"occurrence": self._shown.press(button)})


class LocalPage:
    """Serves the desk. A port that is taken costs the page and a log line, never the gateway."""

    def __init__(self, desk: Desk, *, bind: str, port: int) -> None:
        self._desk, self._bind, self._port = desk, bind, port
        self._server: ThreadingHTTPServer | None = None

    @property
    def address(self) -> str | None:
        """``http://host:port`` while it serves."""
        if self._server is None:
            return None
        host = f"[{self._bind}]" if ":" in self._bind else self._bind
        return f"http://{host}:{self._server.server_port}"

    def start(self) -> None:
        """Listen."""
        try:
            kind = _V6Server if ":" in self._bind else _Server
            self._server = kind((self._bind, self._port), _handler(self._desk.answer))
        except OSError as error:
            log.warning("the local page is off", bind=self._bind, port=self._port, why=str(error.strerror or error))
            return
        Thread(target=self._server.serve_forever, name="page", daemon=True).start()
        log.info("local page", address=self.address)

    def close(self) -> None:
        """Stop listening; answers under way are left to themselves."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    # Two gateways on one port would take turns.
    allow_reuse_port = False

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._guests: list[_Request] = []
        self._lock = Lock()
        super().__init__(address, handler)

    def process_request(self, request: _Request, client_address: Any) -> None:
        """See ``ThreadingMixIn``. Who has been there longest makes room: each takes a thread and a file handle."""
        with self._lock:
            self._guests.append(request)
            leaving = self._guests.pop(0) if len(self._guests) > MOST_GUESTS else None
        if isinstance(leaving, socket.socket):
            with suppress(OSError):  # it has just gone by itself
                leaving.shutdown(socket.SHUT_RDWR)
        super().process_request(request, client_address)

    def shutdown_request(self, request: _Request) -> None:
        """See ``BaseServer``."""
        with self._lock:
            if request in self._guests:
                self._guests.remove(request)
        super().shutdown_request(request)


class _V6Server(_Server):
    address_family = socket.AF_INET6


def _handler(answer: Callable[[str, str, Mapping[str, str]], Answer]) -> type[BaseHTTPRequestHandler]:
    """A handler class whose requests ``answer`` answers."""
    room = BoundedSemaphore(_AT_ONCE)

    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version = "Lookout", ""
        timeout = _PATIENCE_S

        def do_GET(self) -> None:
            self._reply("GET")

        def do_POST(self) -> None:
            self._reply("POST")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: a page that is left open asks every second."""

        def _reply(self, method: str) -> None:
            with room:
                given = answer(method, self.path, {name.lower(): value for name, value in self.headers.items()})
            try:
                self.send_response(given.status)
                for name, value in {**_HEADERS, **given.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", given.mime)
                self.send_header("Content-Length", str(len(given.body)))
                self.end_headers()
                self.wfile.write(given.body)
            except OSError:
                self.close_connection = True  # whoever asked has gone

    return Handler
