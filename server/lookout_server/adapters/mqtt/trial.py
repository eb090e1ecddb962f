"""One try to sign in at a broker."""

from threading import Event
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

_TIMEOUT_S = 5.0


def accepts(host: str, port: int, *, username: str, password: str) -> bool | None:
    """Whether the broker lets the account in; None when there is no broker. Takes nothing from the account's queue."""
    answered = Event()
    reasons: list[ReasonCode] = []

    def on_connect(_c: paho.Client, _u: Any, _f: paho.ConnectFlags, reason: ReasonCode, _p: Any) -> None:
        reasons.append(reason)
        answered.set()

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=username, clean_session=False, manual_ack=True)
    client.on_connect = on_connect
    client.username_pw_set(username, password)
    try:
        client.connect(host, port)
    except OSError:
        return None
    client.loop_start()
    answered.wait(_TIMEOUT_S)
    client.disconnect()
    client.loop_stop()
    return bool(reasons) and not reasons[0].is_failure
