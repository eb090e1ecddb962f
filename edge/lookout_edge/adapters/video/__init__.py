"""Reading cameras and clips with FFmpeg (PyAV), and keeping the recent past of a stream as packets."""

from lookout_edge.adapters.video.address import SourceOptions, is_live, redact
from lookout_edge.adapters.video.ring import PacketRing
from lookout_edge.adapters.video.source import VideoSource
from lookout_edge.adapters.video.two_streams import RingDepth, open_streams

__all__ = ["PacketRing", "RingDepth", "SourceOptions", "VideoSource", "is_live", "open_streams", "redact"]
