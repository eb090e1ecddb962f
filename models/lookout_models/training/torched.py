"""The few torch calls whose types torch leaves open, with types."""

from collections.abc import Iterable
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, TypeVar, cast

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lookout_models.errors import ModelsError

Net = TypeVar("Net", bound=nn.Module)


def seed(number: int) -> None:
    """Start torch's random numbers from ``number``."""
    torch.manual_seed(number)  # pyright: ignore[reportUnknownMemberType]


def solution(matrix: Tensor, aims: Tensor) -> Tensor:
    """N × K: x with ``matrix`` (N × N) · x = ``aims`` (N × K)."""
    return cast(Tensor, torch.linalg.solve(matrix, aims))  # pyright: ignore[reportUnknownMemberType]


def channels_last(net: Net) -> Net:
    """``net`` with its weights laid out for channels-last pictures, which convolve faster on a CPU."""
    return cast(Net, net.to(memory_format=torch.channels_last))  # pyright: ignore[reportCallIssue, reportUnknownMemberType]


def descend(loss: Tensor, optimiser: torch.optim.Optimizer, weights: Iterable[Tensor], clip: float) -> None:
    """One step against the gradient of ``loss``, whose norm is cut at ``clip``."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # pyright: ignore[reportUnknownMemberType]
    nn.utils.clip_grad_norm_(weights, clip)
    optimiser.step()  # pyright: ignore[reportUnknownMemberType]


def write_state(state: dict[str, Any], path: Path) -> None:
    """Save ``state``; written beside and moved, so that a kill never leaves half a file."""
    partial = path.with_name(f"{path.name}.partial")
    torch.save(state, partial)
    partial.replace(path)


def read_state(path: Path) -> dict[str, Any]:
    """What `write_state` wrote; holds tensors and plain values only. ModelsError when it is damaged."""
    try:
        return cast(dict[str, Any], torch.load(path, weights_only=True))
    except (RuntimeError, EOFError, UnpicklingError) as error:
        raise ModelsError(f"{path} is damaged; remove it, and the run begins anew") from error


def from_array(array: NDArray[Any]) -> Tensor:
    """A tensor on the same memory as ``array``."""
    return torch.from_numpy(array)  # pyright: ignore[reportUnknownMemberType]
