"""Pictures for the wall, on their way to a dispatcher."""

from urllib.parse import parse_qs, urlsplit

import numpy as np

from lookout_edge.adapters.stills import Shot, StillPoster
from lookout_edge.domain.frame import Image
from unit.edge_adapters.test_uploader import dispatcher

PICTURE: Image = np.full((720, 1280, 3), 90, np.uint8)


def test_each_camera_is_sent_once_until_its_next_is_due() -> None:
    shots = [Shot("gate", 1_000.0, lambda: PICTURE), Shot("lift", 1_000.0, lambda: None)]
    with dispatcher(204) as desk:
        poster = StillPoster(lambda: shots, dispatcher_url=desk.url, token="t", every_s=0.01, max_size=320)
        poster.start()
        desk.wait_for(1)
        shots[0] = Shot("gate", 1_000.005, lambda: PICTURE)
        shots[0] = Shot("gate", 1_060.0, lambda: PICTURE)
        desk.wait_for(2)
        poster.close()
    addresses = [urlsplit(path) for path, *_ in desk.received]
    assert [address.path for address in addresses] == ["/api/v1/stills/gate"] * 2
    times = [parse_qs(address.query)["at"] for address in addresses]
    assert times == [["1970-01-01T00:16:40+00:00"], ["1970-01-01T00:17:40+00:00"]]
    _, body, mime, token = desk.received[0]
    assert (body[:3], mime, token) == (b"\xff\xd8\xff", "image/jpeg", "Bearer t")


def test_a_picture_that_fails_as_nobody_foresaw_does_not_end_the_wall() -> None:
    tries = iter([ZeroDivisionError("a bug"), MemoryError()])

    def image() -> Image:
        if (error := next(tries, None)) is not None:
            raise error
        return PICTURE

    with dispatcher(204) as desk:
        poster = StillPoster(lambda: [Shot("gate", 1.0, image)], dispatcher_url=desk.url, token="t", every_s=0.01)
        poster.start()
        desk.wait_for(1)
        poster.close()
    assert len(desk.received) >= 1


def test_a_refusal_stops_nobody_elses_picture() -> None:
    shots = [Shot("gate", 1.0, lambda: PICTURE), Shot("lift", 1.0, lambda: PICTURE)]
    with dispatcher(404) as desk:
        poster = StillPoster(lambda: shots, dispatcher_url=desk.url, token="t", every_s=0.01)
        poster.start()
        desk.wait_for(2)
        poster.close()
    assert {urlsplit(path).path for path, *_ in desk.received} == {"/api/v1/stills/gate", "/api/v1/stills/lift"}
