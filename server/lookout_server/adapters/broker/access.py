"""Who may say and hear what: a gateway lives in its own subtree, the dispatcher everywhere under ``lookout/v1``.
Integrators hear what becomes of cases, what is told in other systems' languages and whether gateways are there, and say
nothing. What stands around a gateway (cameras that publish events of their own, buttons, sirens) lives in a subtree of
its own, and the gateway hears and tells all of its own devices there.

A gateway says what goes up (events, status, camera states, answers) and hears what comes down (receipts, refusals,
commands): it can send itself neither. Written once as a function (for the broker we run in Python) and once as
Mosquitto's ACL file.
"""

import re
from collections.abc import Iterable
from typing import Any

from lookout_contract.topics import PREFIX

#: The dispatcher's own account. The ``@`` keeps it apart from every gateway id.
DISPATCHER = "@dispatcher"

#: Begins the accounts of integrators; no gateway's id begins so.
INTEGRATOR = "~"

#: Begins the accounts of what stands around gateways: ``=gw.cam`` is the device ``cam`` of the gateway ``gw`` and keeps
#: to its own subtree; ``=gw+events`` is a connection of the gateway itself, which uses all of theirs.
AROUND = "="
OF_DEVICE, OF_GATEWAY = ".", "+"

#: Where the dispatcher speaks beside its own tree: the languages of other systems, off unless the site wants them.
_MIRRORS = ("homeassistant", "frigate")
#: What Home Assistant's sensors stand on: the alarms' states below ``alarm``, and whether a gateway is there.
#: The cases come first.
_HEARD_BY_INTEGRATORS = ("case/#", "alarm/#", "gateway/+/status")
_SUBJECT = str.maketrans("/+#", ".*>")
_SAYS = ("event/+/+", "test/+/+", "status", "camera/+/state", "response/+")
_HEARS = ("receipt", "refusal", "command/+")


def may_say(username: str, topic: str, *, site: str) -> bool:
    """Whether the account may publish on this topic, or leave its will there."""
    if username == DISPATCHER and topic.split("/")[0] in _MIRRORS:
        return True
    if username.startswith(INTEGRATOR):
        return False
    if username.startswith(AROUND):
        return _is_below(topic, _root(username, site))
    return _matches(username, topic, site, _SAYS)


def may_hear(username: str, topic: str, *, site: str) -> bool:
    """Whether the account may be handed a message with this topic."""
    if username.startswith(INTEGRATOR):
        return any(_fits(topic, each) for each in integrator_topics(site))
    if username.startswith(AROUND):
        return _is_below(topic, _root(username, site))
    return _matches(username, topic, site, _HEARS)


def may_subscribe(username: str, topic_filter: str, *, site: str) -> bool:
    """Whether the account may subscribe so; what it is handed is decided by ``may_hear``."""
    if username.startswith(INTEGRATOR):
        # What is wider than a line of theirs fits none.
        return any(_fits(topic_filter, each) for each in integrator_topics(site))
    return _is_below(topic_filter, _root(username, site))


def integrator_topics(site: str) -> tuple[str, ...]:
    """What integrators may hear, as MQTT filters; the mirrors' are silent unless the site wants them."""
    return (
        *(f"{PREFIX}/{site}/{each}" for each in _HEARD_BY_INTEGRATORS),
        *(f"{each}/#" for each in _MIRRORS),
    )


def device_topics(site: str, gateway: str, device: str | None = None) -> str:
    """Below this topic a device of a gateway says and hears what it wants; without ``device`` all of them."""
    root = f"{PREFIX}/{site}/device/{gateway}"
    return root if device is None else f"{root}/{device}"


def acl_file(site: str, accounts: Iterable[str] = ()) -> str:
    """Mosquitto's ``acl_file``: patterns pin each gateway, whose user name is its id, to its own subtree.

    Integrators and devices among ``accounts`` are named, for patterns would count for gateways too.
    """
    named = "".join(_named(name, site) for name in sorted(accounts) if name[:1] in {INTEGRATOR, AROUND})
    base = f"{PREFIX}/{site}/gateway/%u"
    says = "".join(f"pattern write {base}/{each}\n" for each in _SAYS)
    hears = "".join(f"pattern read {base}/{each}\n" for each in _HEARS)
    mirrors = "".join(f"topic write {each}/#\n" for each in _MIRRORS)
    return (
        "# Written by the dispatcher at every start; changes here are overwritten.\n"
        f"user {DISPATCHER}\n"
        f"topic readwrite {PREFIX}/#\n"
        f"{mirrors}"
        "\n"
        f"{named}"
        f"{says}{hears}"
    )


def _named(name: str, site: str) -> str:
    gateways = f"{PREFIX}/{site}/gateway"
    if name.startswith(INTEGRATOR):
        hears = "".join(f"topic read {each}\n" for each in integrator_topics(site))
        # A line that denies counts before all others, so it is no wider than what the patterns below would give.
        return f"user {name}\ntopic deny {gateways}/{name}/#\n{hears}\n"
    return f"user {name}\ntopic deny {gateways}/#\ntopic readwrite {_root(name, site)}/#\n\n"


def nats_permissions(username: str, *, site: str) -> dict[str, Any]:
    """What NATS calls ``permissions`` of a user. Its subjects have ``.``, ``*`` and ``>`` for ``/``, ``+`` and ``#``.

    ``$MQTT.sub.>`` is how its QoS 1 subscriptions deliver; it lets no MQTT client subscribe to that itself.
    """
    says, hears = _filters(username, site)
    # An empty list would allow everything.
    return {
        "publish": _subjects(says) if says else {"deny": ">"},
        "subscribe": [*_subjects(hears), "$MQTT.sub.>"],
    }


def _subjects(filters: Iterable[str]) -> list[str]:
    """MQTT's ``a/#`` means ``a`` too, for which NATS subscribes apart and wants a permission apart."""
    found = [each.translate(_SUBJECT) for each in filters]
    return [*(each.removesuffix(".>") for each in found if each.endswith(".>")), *found]


def rabbitmq_permissions(username: str, *, site: str) -> dict[str, str]:
    """RabbitMQ's topic permissions on ``amq.topic``: patterns of routing keys, which have ``.`` for ``/``."""
    says, hears = _filters(username, site)
    return {"write": _routing_keys(says), "read": _routing_keys(hears)}


def _filters(username: str, site: str) -> tuple[list[str], list[str]]:
    """What an account may say and hear, as MQTT filters."""
    root = _root(username, site)
    if username == DISPATCHER:
        return [f"{root}/#", *(f"{each}/#" for each in _MIRRORS)], [f"{root}/#"]
    if username.startswith(INTEGRATOR):
        return [], list(integrator_topics(site))
    return [f"{root}/{each}" for each in _SAYS], [f"{root}/{each}" for each in _HEARS]


def _routing_keys(filters: Iterable[str]) -> str:
    parts = {"+": "[^.]+", "#": ".*"}
    keys = (r"\.".join(parts.get(level, re.escape(level)) for level in each.split("/")) for each in filters)
    # Without any, ``^$`` is RabbitMQ's own way to say nothing.
    return f"^({alternatives})$" if (alternatives := "|".join(keys)) else "^$"


def _root(username: str, site: str) -> str:
    if username.startswith(AROUND):
        gateway, kind, device = re.split(r"([.+])", username.removeprefix(AROUND), maxsplit=1)
        return device_topics(site, gateway, device if kind == OF_DEVICE else None)
    return PREFIX if username == DISPATCHER else f"{PREFIX}/{site}/gateway/{username}"


def _is_below(topic: str, root: str) -> bool:
    return topic.startswith(f"{root}/")


def _fits(topic: str, pattern: str) -> bool:
    """Whether a topic, or a filter, is within a filter that has ``+`` for a level and ``#`` at its end at most."""
    told, wanted = topic.split("/"), pattern.split("/")
    if wanted[-1] == "#":
        wanted.pop()
        if len(told) <= len(wanted):
            return False
        told = told[: len(wanted)]
    return len(told) == len(wanted) and all(
        one == other or (other == "+" and one != "#") for one, other in zip(told, wanted, strict=True)
    )


def _matches(username: str, topic: str, site: str, allowed: tuple[str, ...]) -> bool:
    root = _root(username, site)
    if not _is_below(topic, root):
        return False
    rest = topic[len(root) + 1 :]
    return username == DISPATCHER or any(re.fullmatch(each.replace("+", "[^/]+"), rest) for each in allowed)
