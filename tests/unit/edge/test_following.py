"""The command follows a self-test through the gateway's own page, and says so when there is none."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from typer.testing import CliRunner

from lookout_edge.__main__ import app

BEGUN: dict[str, Any] = {"clip": "fire-yard", "scenario": "fire_smoke", "hops": {}, "passed": None, "why": None}
HOPS = {"hop_look": 0.4, "hop_rule": 6.1, "hop_spool": 0.004, "hop_broker": 0.02, "hop_receipt": 0.05}
PASSED = {**BEGUN, "hops": HOPS, "passed": True}
FAILED = {**BEGUN, "hops": {"hop_look": 0.4}, "passed": False, "why": "No alarm came of the clip fire-yard."}
CONFIG = """\
site: riverside
gateway: gw-1
models: {{detector: community-nano}}
http: {{port: {port}}}
cameras:
  gate: {{source: {{url: "rtsp://192.0.2.1/s"}}, rules: [{{scenario: fire_smoke}}]}}
"""


class Page(ThreadingHTTPServer):
    """The page of a gateway whose test ends as ``ends``, or that refuses it."""

    def __init__(self, ends: dict[str, Any], *, refuses: str | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.ends, self.refuses = ends, refuses


class Answers(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Page)
        assert (self.path, self.headers["X-Lookout"]) == ("/self-tests/gate?scenario=fire_smoke", "1")
        self._say(
            409 if self.server.refuses else 202, {"detail": self.server.refuses} if self.server.refuses else BEGUN
        )

    def do_GET(self) -> None:
        assert isinstance(self.server, Page)
        self._say(200, self.server.ends)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def _say(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def page(ends: dict[str, Any], *, refuses: str | None = None) -> Generator[int]:
    """Its port."""
    server = Page(ends, refuses=refuses)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def command(folder: Path, port: int) -> tuple[int, str]:
    config = folder / "gateway.yaml"
    config.write_text(CONFIG.format(port=port), "utf-8")
    done = CliRunner().invoke(app, ["self-test", "gate", "--scenario", "fire_smoke", "--config", str(config)])
    return done.exit_code, done.output


def test_the_seconds_of_each_hop_are_printed_in_the_order_of_the_way(tmp_path: Path) -> None:
    with page(PASSED) as port:
        code, said = command(tmp_path, port)
    assert code == 0, said
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert lines == [
        "gate: playing fire-yard (fire_smoke) beside what it watches",
        "seen by a look +0.400 s",
        "alarm raised by the rule +6.100 s",
        "on disk +0.004 s",
        "handed to the broker +0.020 s",
        "confirmed by the dispatcher +0.050 s",
        "gate: the alarm arrived.",
    ]


def test_a_test_that_fails_says_why_and_is_no_success(tmp_path: Path) -> None:
    with page(FAILED) as port:
        code, said = command(tmp_path, port)
    assert (code, "No alarm came of the clip fire-yard." in said) == (1, True)


def test_a_refusal_and_a_gateway_that_does_not_run_are_one_sentence(tmp_path: Path) -> None:
    with page(PASSED, refuses="Another self-test runs on this gateway: wait until it is over.") as port:
        code, said = command(tmp_path, port)
    assert (code != 0, "Another self-test runs" in said) == (True, True)
    code, said = command(tmp_path, port)
    assert (code != 0, "start it with `lookout-edge run`" in " ".join(said.split())) == (True, True)
