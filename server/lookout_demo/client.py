"""A small client of the public API: what the check needs and no more."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self, cast

import httpx

from lookout_demo.errors import DemoError

Json = dict[str, Any]


@dataclass(frozen=True)
class FeedMessage:
    """One message of the numbered feed."""

    kind: str
    data: Json


class Client:
    """One logged-in account. Every refusal becomes a DemoError with the problem's own words."""

    def __init__(self, base_url: str, *, timeout_s: float = 10.0) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def _json(self, response: httpx.Response) -> Json:
        if response.is_error:
            raise DemoError(
                f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text}"
            )
        return cast(Json, response.json())

    def log_in(self, username: str, password: str) -> Self:
        """Open a session and use its token from here on."""
        answer = self._json(self._http.post("/api/v1/session", json={"username": username, "password": password}))
        self._http.headers["Authorization"] = f"Bearer {answer['token']}"
        return self

    def get(self, path: str, **query: str) -> Json:
        """GET a JSON document."""
        return self._json(self._http.get(path, params=query))

    def post(self, path: str, body: Json) -> Json:
        """POST a JSON document."""
        return self._json(self._http.post(path, json=body))

    def upload(self, sha256: str, content: bytes, mime: str) -> None:
        """PUT evidence under its hash."""
        self._json(self._http.put(f"/api/v1/evidence/{sha256}", content=content, headers={"Content-Type": mime}))

    def download(self, url: str) -> bytes:
        """GET a file."""
        response = self._http.get(url)
        if response.is_error:
            raise DemoError(f"GET {url}: {response.status_code} {response.text[:200]}")
        return response.content

    def is_up(self) -> bool:
        """Whether the dispatcher answers and is ready."""
        try:
            return self._http.get("/readyz").is_success
        except httpx.TransportError:
            return False

    def feed(self, on_open: Callable[[], None]) -> Iterator[FeedMessage]:
        """The live feed from now on, until the connection ends. ``on_open`` is called once it stands."""
        try:
            yield from self._feed(on_open)
        except httpx.TransportError as error:
            raise DemoError(f"the feed broke off: {error}") from error

    def _feed(self, on_open: Callable[[], None]) -> Iterator[FeedMessage]:
        with self._http.stream("GET", "/api/v1/feed", timeout=httpx.Timeout(10.0, read=30.0)) as response:
            if response.is_error:
                response.read()
                raise DemoError(f"GET /api/v1/feed: {response.status_code} {response.text}")
            on_open()
            kind, data = "message", ""
            for line in response.iter_lines():
                name, _, value = line.partition(":")
                if not line:
                    if data:
                        yield FeedMessage(kind, json.loads(data))
                    kind, data = "message", ""
                elif name == "event":
                    kind = value.strip()
                elif name == "data":
                    data += value.removeprefix(" ")
