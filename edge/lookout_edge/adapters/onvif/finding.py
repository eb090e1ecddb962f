"""Finding cameras and the addresses of their streams (ONVIF Profile S and T, WS-Discovery)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from lookout_edge.errors import EdgeError

#: The namespace of ONVIF's device types in WS-Discovery.
_NETWORK_WSDL = "http://www.onvif.org/ver10/network/wsdl"
#: A stream at least so wide is fit to be looked at.
_SUB_WIDTH = 320


class OnvifError(EdgeError):
    """A device cannot be asked, or does not answer as ONVIF says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of the device; not written into what is printed."""

    user: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One of a camera's streams."""

    profile: str
    encoding: str
    width: int
    height: int
    fps: float | None
    url: str


@dataclass(frozen=True, slots=True)
class Device:
    """A camera that answered."""

    host: str
    port: int


def search(seconds: float) -> tuple[Device, ...]:
    """Ask the network by WS-Discovery multicast; cameras that answered within ``seconds``, in order of address."""
    # The libraries are an extra: a gateway whose cameras are written down needs none of them.
    try:
        from wsdiscovery import QName
        from wsdiscovery.discovery import ThreadedWSDiscovery
    except ImportError as error:
        raise _not_installed() from error
    finder = cast(Any, ThreadedWSDiscovery())
    finder.start()
    try:
        wanted = [QName(_NETWORK_WSDL, "NetworkVideoTransmitter")]
        services = cast(list[Any], finder.searchServices(types=wanted, timeout=seconds))
    finally:
        finder.stop()
    addresses = [str(address) for service in services for address in service.getXAddrs()[:1]]
    return tuple(sorted({device_of(address) for address in addresses}, key=lambda device: (device.host, device.port)))


def device_of(address: str) -> Device:
    """``192.0.2.10``, ``192.0.2.10:8080`` or ``http://192.0.2.10/onvif/device_service``; OnvifError for others."""
    parts = urlsplit(address if "//" in address else f"//{address}")
    try:
        port = parts.port or 80
    except ValueError as error:
        raise OnvifError(f"{address!r} is no address of a camera: write HOST or HOST:PORT.") from error
    if not parts.hostname:
        raise OnvifError(f"{address!r} is no address of a camera: write HOST or HOST:PORT.")
    return Device(parts.hostname, port)


def streams_of(device: Device, account: Account | None, *, timeout_s: float = 10.0) -> tuple[Stream, ...]:
    """The device's video streams, largest first; OnvifError says what to try when it does not tell them."""
    where = f"{device.host}:{device.port}"
    try:
        from onvif import ONVIFError
    except ImportError as error:
        raise _not_installed() from error
    try:
        found = asyncio.run(asyncio.wait_for(_ask(device, account), timeout_s))
    except TimeoutError as error:
        raise OnvifError(
            f"{where} did not answer within {timeout_s:g} s: check that it is on and its ONVIF port."
        ) from error
    except (ONVIFError, OSError, ValueError, AttributeError, _soap_error()) as error:
        if "authorized" in str(error).lower():
            raise OnvifError(f"{where} refuses ({error}): give the user and password of its ONVIF account.") from error
        raise OnvifError(
            f"{where} does not answer as ONVIF says ({error}): check its address and ONVIF port."
        ) from error
    return tuple(sorted(found, key=lambda stream: stream.width * stream.height, reverse=True))


def main_and_sub(streams: Sequence[Stream]) -> tuple[Stream, Stream | None]:
    """The largest stream, and the smallest that is fit to be looked at when that is another one."""
    main = streams[0]
    small = [s for s in streams if _SUB_WIDTH <= s.width < main.width]
    return main, min(small, key=lambda s: s.width * s.height, default=None)


async def _ask(device: Device, account: Account | None) -> list[Stream]:
    from onvif import ONVIFCamera

    user, password = (account.user, account.password) if account else ("", "")
    # Cameras with a wrong clock refuse signatures that do not fit it: ask it for its time first.
    camera = cast(Any, ONVIFCamera(device.host, device.port, user, password, adjust_time=True))
    try:
        await camera.update_xaddrs()
        media = await camera.create_media_service()
        streams: list[Stream] = []
        for profile in await media.GetProfiles():
            video = profile.VideoEncoderConfiguration
            if video is None:
                continue
            setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
            answer = await media.GetStreamUri({"StreamSetup": setup, "ProfileToken": profile.token})
            rate = video.RateControl
            streams.append(
                Stream(
                    profile=str(profile.Name),
                    encoding=str(video.Encoding),
                    width=int(video.Resolution.Width),
                    height=int(video.Resolution.Height),
                    fps=float(rate.FrameRateLimit) if rate is not None else None,
                    url=str(answer.Uri),
                )
            )
        return streams
    finally:
        await camera.close()


def _soap_error() -> type[Exception]:
    """What the SOAP library raises for answers that are no SOAP."""
    from zeep.exceptions import Error

    return cast(type[Exception], Error)


def _not_installed() -> OnvifError:
    return OnvifError("ONVIF needs libraries that are not installed: pip install 'lookout[onvif]'.")
