"""Which machine a host's name means."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine to itself: an address of the loopback network, or ``localhost``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
