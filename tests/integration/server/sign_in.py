"""How tests ask as one of the station's people."""

import httpx

from lookout_server.testing import PASSWORD


async def headers_of(web: httpx.AsyncClient, username: str) -> dict[str, str]:
    """Signs ``username`` in: what authorises further requests. ``web`` keeps no cookie, so it can ask as others too."""
    answer = await web.post("/api/v1/session", json={"username": username, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    web.cookies.clear()
    return {"Authorization": f"Bearer {answer.json()['token']}"}
