"""TCP ports: whether one is free, and which to take when any will do."""

import errno
import random
import socket

from lookout_server.errors import ConfigError, ServerError

#: Below what Linux (from 32768) and IANA (from 49152) give to outgoing connections: one of those may take a port of
#: theirs between its choice here and a server's slow start.
_QUIET_PORTS = range(20_000, 32_768)
#: Not the seeded generator: processes that were seeded alike would choose alike.
_RANDOM = random.SystemRandom()


class PortTakenError(ServerError):
    """Another program listens on the port; the message names it and the key to change."""

    code = "port_taken"


def listen(host: str, port: int, *, key: str, preferred: int | None = None) -> socket.socket:
    """A socket that is bound already, so that nobody can take the port in between. See ``settle_port``."""
    chosen = settle_port(host, port, key=key, preferred=preferred)
    try:
        return _bound(host, chosen)
    except OSError as error:
        raise _refused(error, host, chosen, key) from error


def free_port(host: str, *, preferred: int | None = None) -> int:
    """A port nobody listens on at ``host``: the preferred one (where it was last time) if it is still free."""
    for port in (preferred, *_RANDOM.sample(_QUIET_PORTS, 20)):
        if port and can_listen(host, port):
            return port
    try:
        with _bound(host, 0) as probe:
            return int(probe.getsockname()[1])
    except OSError as error:
        raise _no_address(host) from error


def can_listen(host: str, port: int) -> bool:
    """Whether the port could be listened on right now."""
    try:
        _bound(host, port).close()
    except OSError:
        return False
    return True


def settle_port(host: str, port: int, *, key: str, preferred: int | None = None) -> int:
    """The port to use: as configured, or a free one for 0. PortTakenError names ``key`` when somebody has it."""
    if port == 0:
        return free_port(host, preferred=preferred)
    try:
        _bound(host, port).close()
    except OSError as error:
        raise _refused(error, host, port, key) from error
    return port


def _refused(error: OSError, host: str, port: int, key: str) -> ServerError:
    """What the system's refusal means to whoever wrote the configuration."""
    if error.errno == errno.EADDRNOTAVAIL:
        return _no_address(host)
    if error.errno in {errno.EACCES, errno.EPERM}:
        return ConfigError(f"port {port} is for administrators only; set {key} to one above 1023")
    return PortTakenError(
        f"port {port} on {host} is taken by another program; stop that program, or set {key} to another port "
        f"or to 0 for any free one"
    )


def _no_address(host: str) -> ConfigError:
    return ConfigError(f"{host!r} is no address of this machine; use 127.0.0.1, or 0.0.0.0 for all")


def _bound(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except socket.gaierror as error:
        raise _no_address(host) from error
    probe = socket.socket(family, socket.SOCK_STREAM)
    try:
        # As servers do: a port in TIME_WAIT is free, one that is listened on is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen(1)
    except OSError:
        probe.close()
        raise
    return probe
