"""What the control room's wall is shown of each camera."""

from pydantic import Field

from lookout_edge.config.section import Section


class StillsConfig(Section):
    """A small picture of each camera, sent to the dispatcher now and then; it keeps the newest one only."""

    enabled: bool = True
    """``false`` shows the control room no picture unless there is an alarm or somebody looks live."""
    every_s: float = Field(default=60.0, ge=5, le=3600)
    """Seconds between two pictures of a camera."""
    size: int = Field(default=960, ge=160, le=1920)
    """Longer side in pixels."""
