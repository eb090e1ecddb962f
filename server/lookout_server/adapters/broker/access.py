"""Who may say and hear what: a gateway lives in its own subtree, the dispatcher everywhere under ``lookout/v1``.
Integrators hear what becomes of cases, and say nothing.

A gateway says what goes up (events, status, camera states, answers) and hears what comes down (receipts, refusals,
commands): it can send itself neither. Written once as a function (for the broker we run in Python) and once as
Mosquitto's ACL file.
"""

import re
from collections.abc import Iterable

from lookout_contract.topics import PREFIX

#: The dispatcher's own account. The ``@`` keeps it apart from every gateway id.
DISPATCHER = "@dispatcher"

#: Begins the accounts of integrators; no gateway's id begins so.
INTEGRATOR = "~"

#: Where the dispatcher speaks beside its own tree: the languages of other systems, off unless the site wants them.
_MIRRORS = ("homeassistant", "frigate")
_SAYS = ("event/+/+", "test/+/+", "status", "camera/+/state", "response/+")
_HEARS = ("receipt", "refusal", "command/+")


def may_say(username: str, topic: str, *, site: str) -> bool:
    """Whether the account may publish on this topic, or leave its will there."""
    if username == DISPATCHER and topic.split("/")[0] in _MIRRORS:
        return True
    if username.startswith(INTEGRATOR):
        return False
    return _matches(username, topic, site, _SAYS)


def may_hear(username: str, topic: str, *, site: str) -> bool:
    """Whether the account may be handed a message with this topic."""
    if username.startswith(INTEGRATOR):
        return topic.startswith(f"{_root(username, site)}/")
    return _matches(username, topic, site, _HEARS)


def may_subscribe(username: str, topic_filter: str, *, site: str) -> bool:
    """Whether the account may subscribe so; what it is handed is decided by ``may_hear``."""
    return topic_filter.startswith(f"{_root(username, site)}/")


def acl_file(site: str, accounts: Iterable[str] = ()) -> str:
    """Mosquitto's ``acl_file``: patterns pin each gateway, whose user name is its id, to its own subtree.

    Integrators among ``accounts`` are named, for patterns would count for gateways too.
    """
    integrators = "".join(
        f"user {name}\ntopic deny {PREFIX}/{site}/gateway/#\ntopic read {_root(name, site)}/#\n\n"
        for name in sorted(accounts)
        if name.startswith(INTEGRATOR)
    )
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
        f"{integrators}"
        f"{says}{hears}"
    )


def _root(username: str, site: str) -> str:
    if username.startswith(INTEGRATOR):
        return f"{PREFIX}/{site}/case"
    return PREFIX if username == DISPATCHER else f"{PREFIX}/{site}/gateway/{username}"


def _matches(username: str, topic: str, site: str, allowed: tuple[str, ...]) -> bool:
    root = _root(username, site)
    if not topic.startswith(f"{root}/"):
        return False
    rest = topic[len(root) + 1 :]
    return username == DISPATCHER or any(re.fullmatch(each.replace("+", "[^/]+"), rest) for each in allowed)
