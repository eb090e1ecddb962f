"""Where pictures come from: what kind of address it is, what FFmpeg has to be told, and how it may be written down."""

import re
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Literal

_SCHEME = re.compile(r"^(?P<scheme>[a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_USER_INFO = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)\S*@", re.IGNORECASE)
_SECRET = re.compile(r"(?P<key>(?:password|passwd|pwd|token|secret)=)[^&\s/]*", re.IGNORECASE)
_DEVICE = re.compile(r"^/dev/video\d+$")

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
"""Suffixes that count as pictures in a folder."""


class Kind(Enum):
    """What stands behind an address."""

    RTSP = auto()
    STREAM = auto()
    DEVICE = auto()
    FOLDER = auto()
    FILE = auto()


@dataclass(frozen=True, kw_only=True)
class SourceOptions:
    """How to read one camera or clip. Paths are already resolved against the configuration file."""

    #: ``rtsp://``, ``rtmp://``, ``http(s)://``, a file, ``/dev/videoN`` or a folder of pictures.
    url: str
    #: Files: first and last instant, seconds from the clip's start.
    start_s: float = 0.0
    end_s: float | None = None
    #: Files: begin again at the end, for ever.
    loop: bool = False
    #: Files that loop: what is there from ``rest_from_s`` on is repeated for ``rest_s`` seconds before it begins again.
    rest_from_s: float = 0.0
    rest_s: float = 0.0
    rtsp_transport: Literal["tcp", "udp"] = "tcp"
    open_timeout_s: float = 10.0
    #: A live source that sends no packet for so long is stalled.
    read_timeout_s: float = 10.0
    #: A live source whose packets give no picture for so long cannot be decoded; longer than any group of pictures.
    picture_timeout_s: float = 30.0
    #: Long side of the delivered pictures in pixels; larger ones are scaled down, smaller ones left alone.
    max_size: int | None = None
    #: Pictures a second that anybody looks at; the others are decoded but never converted. None: all.
    decode_fps: float | None = None
    #: Folders: pictures a second.
    image_fps: float = 1.0
    thread_count: int = 1
    #: A device that FFmpeg decodes on, such as ``vaapi:/dev/dri/renderD128``; None decodes on the processor.
    hardware: str | None = None
    #: Let the decoder smooth the edges of blocks as the stream wants (the in-loop filter of H.264 and H.265). Without
    #: it pictures differ by about a level, and decoding takes 7 to 30 % less time.
    deblock: bool = True


def kind_of(url: str) -> Kind:
    """Tell a stream from a device, a folder and a file. Looks at the disk for folders only."""
    scheme = _SCHEME.match(url)
    if scheme is not None and scheme["scheme"].lower() != "file":
        return Kind.RTSP if scheme["scheme"].lower() in {"rtsp", "rtsps"} else Kind.STREAM
    if _DEVICE.match(url):
        return Kind.DEVICE
    return Kind.FOLDER if Path(path_of(url)).is_dir() else Kind.FILE


def path_of(url: str) -> str:
    """The path of a ``file://`` address, or the address itself."""
    return re.sub(r"^file://", "", url, flags=re.IGNORECASE)


def is_live(url: str) -> bool:
    """Whether time passes at the source by itself: streams and devices, not files and folders."""
    return kind_of(url) in {Kind.RTSP, Kind.STREAM, Kind.DEVICE}


def redact(text: str) -> str:
    """``text`` without the user names and passwords of the addresses in it."""
    return _SECRET.sub(r"\g<key>***", _USER_INFO.sub(r"\g<scheme>***@", text))


def ffmpeg_format(kind: Kind) -> str | None:
    """The demuxer to force; None lets FFmpeg find out."""
    return "v4l2" if kind is Kind.DEVICE else None


def ffmpeg_options(kind: Kind, options: SourceOptions) -> dict[str, str]:
    """Demuxer options. Sound is not fetched from RTSP cameras, and hardly waited for where RTMP promises it."""
    if kind is Kind.STREAM:
        return {"analyzeduration": "2000000"}
    if kind is not Kind.RTSP:
        return {}
    return {
        "rtsp_transport": options.rtsp_transport,
        "allowed_media_types": "video",
        "analyzeduration": "2000000",
        "timeout": str(int(options.read_timeout_s * 1_000_000)),
    }
