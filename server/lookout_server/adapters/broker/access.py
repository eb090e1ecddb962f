"""Who may say and hear what: a gateway lives in its own subtree, the dispatcher everywhere under ``lookout/v1``.

Written once as a function (for the broker we run in Python) and once as Mosquitto's ACL file.
"""

from lookout_contract.topics import PREFIX

#: The dispatcher's own account. The ``@`` keeps it apart from every gateway id.
DISPATCHER = "@dispatcher"


def allowed(username: str, topic_filter: str, *, site: str) -> bool:
    """Whether the account may use this topic or topic filter, to publish, subscribe or receive."""
    root = PREFIX if username == DISPATCHER else f"{PREFIX}/{site}/gateway/{username}"
    return topic_filter.startswith(f"{root}/")


def acl_file(site: str) -> str:
    """Mosquitto's ``acl_file``: patterns pin each gateway, whose user name is its id, to its own subtree."""
    return (
        "# Written by the dispatcher at every start; changes here are overwritten.\n"
        f"user {DISPATCHER}\n"
        f"topic readwrite {PREFIX}/#\n"
        "\n"
        f"pattern readwrite {PREFIX}/{site}/gateway/%u/#\n"
    )
