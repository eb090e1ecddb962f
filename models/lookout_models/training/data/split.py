"""A validation set that holds no near-duplicate of a training picture."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lookout_models.pictures import read_picture
from lookout_models.training.data.examples import Example
from lookout_models.training.data.geometry import Picture
from lookout_models.training.recipe import Source

#: Differing bits of 64 up to which two pictures count as one scene.
_NEAR = 10
_HASH_SIDE = 8

Bits = NDArray[np.uint64]


def split(
    examples: Sequence[Example], source: Source, share: float, known: dict[str, int]
) -> tuple[list[Example], list[Example]]:
    """Training and validation examples of one source: whole scenes, or whole groups of look-alikes, go to one side.

    ``known`` holds the hashes of pictures by path; missing ones are added.
    """
    if source.train_only:
        return list(examples), []
    if source.group == "scene":
        chosen = [scene_of(e.path.name) in source.validation_scenes for e in examples]
    else:
        for path in (str(e.path) for e in examples if str(e.path) not in known):
            known[path] = difference_hash(read_picture(Path(path)))
        chosen = [_in_share(group, share) for group in look_alikes([known[str(e.path)] for e in examples])]
    train = [e for e, validates in zip(examples, chosen, strict=True) if not validates]
    return train, [e for e, validates in zip(examples, chosen, strict=True) if validates]


def scene_of(name: str) -> str:
    """``pbl5_SCENE_00017.jpg`` → ``SCENE``."""
    parts = name.split("_")
    return parts[1] if len(parts) > 1 else name


def difference_hash(picture: Picture) -> int:
    """64 bits: whether each cell of an 8 × 9 grey miniature is brighter than its right neighbour."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (_HASH_SIDE + 1, _HASH_SIDE), interpolation=cv2.INTER_AREA)
    bits = np.packbits(small[:, :-1] > small[:, 1:])
    return int.from_bytes(bits.tobytes(), "big")


def look_alikes(hashes: Sequence[int]) -> list[str]:
    """For every hash the name of its group; hashes that differ in few bits, directly or over others, share one."""
    values = np.array(hashes, np.uint64)
    leader = list(range(len(values)))

    def root(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    for index, value in enumerate(values):
        for other in np.nonzero(np.bitwise_count(values[:index] ^ value) <= _NEAR)[0]:
            leader[root(int(other))] = root(index)
    members: dict[int, list[int]] = defaultdict(list)
    for index, value in enumerate(hashes):
        members[root(index)].append(value)
    names = {key: f"{min(group):016x}" for key, group in members.items()}
    return [names[root(index)] for index in range(len(hashes))]


def _in_share(group: str, share: float) -> bool:
    digest = hashlib.sha256(group.encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < share
