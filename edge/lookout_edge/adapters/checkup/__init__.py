"""Looks at what surrounds a gateway, from this box: streams, broker, dispatcher and its clock, disk, certificates."""

from lookout_edge.adapters.checkup.clock import check_clock
from lookout_edge.adapters.checkup.network import check_broker, check_certificates, check_dispatcher
from lookout_edge.adapters.checkup.room import check_disk
from lookout_edge.adapters.checkup.stream import check_stream

__all__ = ["check_broker", "check_certificates", "check_clock", "check_disk", "check_dispatcher", "check_stream"]
