"""The reel: clips of our own in which something happens, or something harmless that looks like it.

A folder with ``reel.yaml``, which says of each clip what happens in it and where::

    fire-yard:
      scenario: fire_smoke
      event: [5.0, 20.0]
      zones: [[[0.1, 0.2], [0.9, 0.2], [0.9, 1.0], [0.1, 1.0]]]
      params: {}
      rest_from_s: 14.0
    lamp-yard:
      scenario: fire_smoke
      twin_of: fire-yard

The clip is ``NAME.mp4`` beside it.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from lookout_contract.events import Scenario
from lookout_edge.errors import ConfigError

_INDEX = "reel.yaml"
Share = Annotated[float, Field(ge=0, le=1)]


class ReelClip(BaseModel):
    """What a clip shows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: Scenario
    #: From when to when it can be seen, seconds from the clip's beginning; None in a harmless twin.
    event: tuple[float, float] | None = None
    #: The clip that this one is the harmless twin of.
    twin_of: str | None = None
    #: Polygons of [x, y] as fractions of the picture in which it happens; the whole picture when there are none.
    zones: tuple[tuple[tuple[Share, Share], ...], ...] = ()
    #: Parameters of the rule that fit the clip's scene, over those of the camera.
    params: Mapping[str, Any] = {}
    #: Plates of those who live there.
    residents: tuple[str, ...] = ()
    #: From here on nothing new happens, seconds: the part that a clip may rest on before it starts again.
    rest_from_s: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _shows_something_or_is_a_twin(self) -> Self:
        if (self.event is None) == (self.twin_of is None):
            raise ValueError("give 'event', or 'twin_of' for a harmless one")
        if self.event is not None and not 0 <= self.event[0] < self.event[1]:
            raise ValueError("'event' is [from, to] in seconds, ascending")
        return self


_CLIPS: TypeAdapter[dict[str, ReelClip]] = TypeAdapter(dict[str, ReelClip])


class Reel:
    """A folder of clips."""

    def __init__(self, folder: Path) -> None:
        """ConfigError when the index cannot be read, or names clips that are not there."""
        self.folder = folder
        path = folder / _INDEX
        try:
            self.clips: Mapping[str, ReelClip] = _CLIPS.validate_python(yaml.safe_load(path.read_text("utf-8")) or {})
        except (OSError, yaml.YAMLError) as error:
            raise ConfigError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ConfigError(f"{path}: {where}: {first['msg']}") from error
        missing = [name for name in self.clips if not self.path(name).is_file()]
        if missing:
            raise ConfigError(f"{path} names {', '.join(missing)}, of which there is no .mp4 beside it")

    @classmethod
    def find(cls, environ: Mapping[str, str] | None = None) -> Self | None:
        """The reel named by LOOKOUT_REEL, else the checkout's, else the installed one; None when there is none."""
        named = (os.environ if environ is None else environ).get("LOOKOUT_REEL")
        if named:
            return cls(Path(named))
        places = (Path(__file__).parents[3] / "models" / "reel", Path(sys.prefix) / "share" / "lookout" / "reel")
        return next((cls(place) for place in places if (place / _INDEX).is_file()), None)

    def path(self, name: str) -> Path:
        """Where a clip lies."""
        return self.folder / f"{name}.mp4"

    def showing(self, scenarios: Sequence[Scenario]) -> Mapping[Scenario, str]:
        """Scenario → the first clip in which it happens, for those of ``scenarios`` that any clip shows."""
        found: dict[Scenario, str] = {}
        for name, clip in self.clips.items():
            if clip.event is not None and clip.scenario in scenarios:
                found.setdefault(clip.scenario, name)
        return {scenario: found[scenario] for scenario in scenarios if scenario in found}
