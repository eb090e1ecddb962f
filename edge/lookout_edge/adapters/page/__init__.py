"""The gateway's own page, metrics for Prometheus, and buttons by HTTP."""

from lookout_edge.adapters.page.metrics import GatewayMetrics
from lookout_edge.adapters.page.server import Desk, LocalPage
from lookout_edge.adapters.page.shown import CameraPlan, Recalled, Shown

__all__ = ["CameraPlan", "Desk", "GatewayMetrics", "LocalPage", "Recalled", "Shown"]
