"""Reading cameras and clips with FFmpeg (PyAV), and keeping the recent past of a stream as packets."""

from lookout_edge.adapters.video.address import SourceOptions, is_live, redact
from lookout_edge.adapters.video.ring import PacketRing
from lookout_edge.adapters.video.source import VideoSource

__all__ = ["PacketRing", "SourceOptions", "VideoSource", "is_live", "redact"]
