"""Which pictures come next: every picture of a source before any comes again, sources by weight, repeatable."""

from collections.abc import Mapping, Sequence

import numpy as np

from lookout_models.training.data.examples import Example
from lookout_models.training.recipe import Source


class Sampler:
    """Draws examples for ever. Its state is one counter a source, so a run resumes exactly where it was."""

    def __init__(self, examples: Mapping[str, Sequence[Example]], sources: Mapping[str, Source], seed: int) -> None:
        self._names = [name for name in sources if examples.get(name)]
        self._examples = examples
        amounts = np.array([len(examples[name]) * sources[name].weight for name in self._names], np.float64)
        self._shares = amounts / amounts.sum()
        self._seed = seed
        self._drawn = dict.fromkeys(self._names, 0)

    @property
    def state(self) -> dict[str, int]:
        """Pictures drawn from each source so far."""
        return dict(self._drawn)

    def restore(self, state: Mapping[str, int]) -> None:
        """Go on after ``state``; sources that it does not know start anew."""
        self._drawn = {name: state.get(name, 0) for name in self._names}

    def draw(self, random: np.random.Generator) -> Example:
        """The next example."""
        name = self._names[int(random.choice(len(self._names), p=self._shares))]
        pool = self._examples[name]
        round_, position = divmod(self._drawn[name], len(pool))
        self._drawn[name] += 1
        order = np.random.default_rng([self._seed, round_, len(pool)]).permutation(len(pool))
        return pool[int(order[position])]
