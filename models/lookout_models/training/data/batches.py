"""The samples of every step. Those of the next are made in a thread while the net learns from the present ones."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from lookout_models.training.data.augment import Sample, augmented
from lookout_models.training.data.examples import Example
from lookout_models.training.data.geometry import Picture
from lookout_models.training.data.looks import disturbed
from lookout_models.training.data.memory import PictureMemory
from lookout_models.training.data.paste import CutOut, pasted
from lookout_models.training.data.sampler import Sampler
from lookout_models.training.recipe import Hardening, Phase, Recipe

#: Bytes of decoded pictures that are kept: all of ours, and less than a small server has.
_MEMORY = 4 << 30


@dataclass(frozen=True, slots=True)
class Batch:
    """The samples of one step, and how many pictures of each source were drawn up to its end."""

    step: int
    phase: Phase
    samples: Sequence[Sample]
    drawn: Mapping[str, int]


Change = Callable[[Sample, Hardening, Callable[[], Picture], np.random.Generator], Picture]
"""A sample's picture after what ``Hardening`` says; the callable gives another picture of the training."""


def _as_it_is(sample: Sample, *_: object) -> Picture:
    return sample.picture


class Batches:
    """Draws, distorts and pastes as a recipe says; the same recipe gives the same samples."""

    def __init__(
        self,
        recipe: Recipe,
        examples: Mapping[str, Sequence[Example]],
        objects: Sequence[CutOut],
        change: Change = _as_it_is,
    ) -> None:
        self._recipe, self._objects, self._change = recipe, objects, change
        self._sampler = Sampler(examples, recipe.sources, recipe.seed)
        self._memory = PictureMemory(_MEMORY)

    def restore(self, drawn: Mapping[str, int]) -> None:
        """Go on after the batch whose ``drawn`` this is."""
        self._sampler.restore(drawn)

    def after(self, step: int) -> Iterator[Batch]:
        """The batches of all steps of the recipe that come after the first ``step`` ones."""
        phases = [phase for phase in self._recipe.phases for _ in range(phase.steps)]
        waiting: Future[Batch] | None = None
        with ThreadPoolExecutor(1, "batches") as maker:
            for number in range(step, len(phases)):
                coming = maker.submit(self._make, number, phases[number])
                if waiting is not None:
                    yield waiting.result()
                waiting = coming
            if waiting is not None:
                yield waiting.result()

    def _make(self, step: int, phase: Phase) -> Batch:
        random = np.random.default_rng([self._recipe.seed, step])
        samples = [self._sample(phase, random) for _ in range(phase.batch)]
        return Batch(step, phase, samples, self._sampler.state)

    def _draw(self, random: np.random.Generator) -> tuple[Example, Picture]:
        example = self._sampler.draw(random)
        return example, self._memory.read(example.path)

    def _sample(self, phase: Phase, random: np.random.Generator) -> Sample:
        own = {"mosaic": phase.mosaic, "scale": phase.scale}
        settings = self._recipe.augmentation.model_copy(update={k: v for k, v in own.items() if v is not None})
        sample = augmented(lambda: self._draw(random), phase.size, settings, random)
        paste = self._recipe.paste
        if paste is not None and self._objects and random.random() < paste.share:
            sample = pasted(sample, self._objects, self._recipe.labels.index(paste.label), random)
        picture = self._change(sample, phase.hardening, lambda: self._draw(random)[1], random)
        return Sample(disturbed(picture, settings, random), sample.boxes, sample.undecided)
