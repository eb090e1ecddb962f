"""When the gateway tests itself."""

from typing import Annotated

from pydantic import AfterValidator

from lookout_edge.config.section import Section
from lookout_edge.domain.weekly import parse_weekly


def _sound_moment(text: str) -> str:
    parse_weekly(text)
    return text


class SelfTestConfig(Section):
    """Once a week a clip of a fire, a bag or an e-bike goes through each camera's rules, and its alarm, marked as a
    test, to the dispatcher. Nobody is called, and the camera goes on watching."""

    enabled: bool = True
    """``false`` tests only when somebody asks (`lookout-edge self-test CAMERA`)."""
    at: Annotated[str, AfterValidator(_sound_moment)] = "wed 10:00"
    """Day and time in the site's zone: one at which somebody looks at the control room."""
