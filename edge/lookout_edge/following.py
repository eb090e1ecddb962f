"""Follows a self-test of the gateway that runs on this box, through its local page."""

import json
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any, cast

from lookout_contract.events import Scenario
from lookout_edge.config import LoadedConfig
from lookout_edge.errors import EdgeError

#: What each hop is to a person, in the order of the way.
HOPS: Mapping[str, str] = {
    "hop_look": "seen by a look",
    "hop_rule": "alarm raised by the rule",
    "hop_spool": "on disk",
    "hop_broker": "handed to the broker",
    "hop_receipt": "confirmed by the dispatcher",
}
_ASK_EVERY_S = 0.5
_PATIENCE_S = 10.0


def ignore(line: str) -> None:
    """Tell nobody."""


def follow_self_test(
    loaded: LoadedConfig, camera: str, scenario: Scenario | None, *, tell: Callable[[str], object]
) -> Mapping[str, Any]:
    """Begin one and wait for its end, a line for each hop. EdgeError when no gateway runs here or it refuses."""
    query = f"?scenario={scenario.value}" if scenario else ""
    test = _ask(loaded, "POST", f"/self-tests/{camera}{query}")
    tell(f"{camera}: playing {test['clip']} ({test['scenario']}) beside what it watches")
    told: set[str] = set()
    while True:
        for hop, seconds in cast(Mapping[str, float], test["hops"]).items():
            if hop not in told:
                told.add(hop)
                tell(f"  {HOPS.get(hop, hop):28} +{seconds:.3f} s")
        if test["passed"] is not None:
            return test
        time.sleep(_ASK_EVERY_S)
        test = _ask(loaded, "GET", f"/self-tests/{camera}")


def _ask(loaded: LoadedConfig, method: str, path: str) -> Mapping[str, Any]:
    http = loaded.config.http
    if not http.enabled or http.port == 0:
        raise EdgeError("The gateway's own page is needed for this: set http.enabled and a fixed http.port.")
    headers = {"X-Lookout": "1"}
    if http.token is not None:
        headers["Authorization"] = f"Bearer {http.token.get_secret_value()}"
    host = "127.0.0.1" if http.bind in {"0.0.0.0", "::"} else http.bind
    connection = HTTPConnection(host, http.port, timeout=_PATIENCE_S)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        value = json.loads(answer.read())
    except (OSError, HTTPException, ValueError) as error:
        raise EdgeError(
            f"No gateway answers at http://{host}:{http.port} ({error}): start it with `lookout-edge run`."
        ) from error
    finally:
        connection.close()
    if answer.status >= 400:
        raise EdgeError(str(value.get("detail", f"the gateway answered {answer.status}")))
    return value
