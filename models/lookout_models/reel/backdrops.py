"""Pictures of a place by its own light, and one more with each further light, for clips that are simulated."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lookout_models.reel import stage

#: Width and height of the clips, pixels.
SIZE = (640, 360)
#: Puts a further light into the set; what is to be hidden for the next picture.
Lit = Callable[[], Sequence[Any]]


def render_backdrops(
    folder: Path, build: Callable[[], None], look: stage.Look, pictures: Mapping[str, Lit], *, seed: int
) -> None:
    """A PNG in ``folder`` for each of ``pictures``, unless all are there; ``build`` makes the set and its own light."""
    if all((folder / f"{name}.png").exists() for name in pictures):
        return
    stage.clear()
    build()
    stage.hang_camera(look, SIZE, samples=_SAMPLES, seed=seed)
    for name, lit in pictures.items():
        added = lit()
        stage.render(str(folder / f"{name}.png"))
        for thing in added:
            thing.hide_render = True


def as_it_is() -> Sequence[Any]:
    """No further light."""
    return ()


_SAMPLES = 32
