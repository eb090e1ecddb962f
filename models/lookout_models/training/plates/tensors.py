"""The few calls of torch whose own types are unknown, typed."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def as_tensor(array: NDArray[np.float32] | NDArray[np.int64]) -> Tensor:
    """A tensor that shares the array's memory."""
    from_numpy = cast(Callable[[NDArray[Any]], Tensor], torch.from_numpy)  # pyright: ignore[reportUnknownMemberType]
    return from_numpy(array)


def seed(value: int) -> None:
    """Start torch's random numbers at ``value``."""
    torch.manual_seed(value)  # pyright: ignore[reportUnknownMemberType]


def descend(loss: Tensor, optimizer: torch.optim.Optimizer, longest: float) -> None:
    """One step of ``optimizer`` down ``loss``, the gradient cut to the length ``longest``."""
    optimizer.zero_grad()
    loss.backward()  # pyright: ignore[reportUnknownMemberType]
    for group in optimizer.param_groups:
        torch.nn.utils.clip_grad_norm_(group["params"], longest)
    optimizer.step()  # pyright: ignore[reportUnknownMemberType]
