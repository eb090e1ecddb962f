"""One ONNX Runtime session, and the only module that imports onnxruntime."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol, cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from lookout_edge.errors import ModelError

Floats = NDArray[np.float32]

DEFAULT_PROVIDERS = ("CPUExecutionProvider",)
_SUFFIX = "ExecutionProvider"
_ERRORS_ONLY = 3
#: Where the providers come from that the ordinary package lacks; one of these replaces it.
_PACKAGES = {"cuda": "onnxruntime-gpu", "tensorrt": "onnxruntime-gpu", "openvino": "onnxruntime-openvino"}


class _NodeArg(Protocol):
    name: str
    shape: Sequence[int | str | None]


class _Session(Protocol):
    """What is used of onnxruntime.InferenceSession, which carries no types."""

    def get_inputs(self) -> Sequence[_NodeArg]: ...
    def get_outputs(self) -> Sequence[_NodeArg]: ...
    def get_providers(self) -> Sequence[str]: ...
    def run(self, output_names: Sequence[str] | None, input_feed: Mapping[str, Any]) -> Sequence[Floats]: ...


class _Options(Protocol):
    intra_op_num_threads: int
    inter_op_num_threads: int
    log_severity_level: int

    def add_session_config_entry(self, key: str, value: str) -> None: ...


class _Runtime(Protocol):
    __version__: str

    def get_available_providers(self) -> Sequence[str]: ...
    def SessionOptions(self) -> _Options: ...  # noqa: N802
    def InferenceSession(  # noqa: N802
        self, model: bytes, options: _Options, providers: Sequence[str]
    ) -> _Session: ...


_RUNTIME = cast(_Runtime, onnxruntime)
#: onnxruntime's own exceptions share no base below Exception.
_FAILURES: tuple[type[Exception], ...] = (
    RuntimeError,
    ValueError,
    *(
        cast(type[Exception], getattr(import_module("onnxruntime.capi.onnxruntime_pybind11_state"), name))
        for name in ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented", "RuntimeException")
    ),
)


class OnnxSession:
    """Weights that can be run, from any thread and from several at once.

    ``threads`` is for one run; many cameras give parallel work enough, so it is 1 and waiting threads sleep, not spin.
    """

    def __init__(
        self, name: str, weights: bytes, providers: Sequence[str] = DEFAULT_PROVIDERS, threads: int = 1
    ) -> None:
        chosen = choose_providers(providers)
        options = _RUNTIME.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = _RUNTIME.InferenceSession(weights, options, providers=list(chosen))
        except _FAILURES as error:
            raise ModelError(f"onnxruntime {version()} cannot load model {name}: {_first_line(error)}") from error
        check_started(name, chosen, self._session.get_providers())
        #: Name of the zoo entry.
        self.name = name
        first = self._session.get_inputs()[0]
        self._input = first.name
        #: Whether the input's last two dimensions may be any.
        self.takes_any_size = all(not isinstance(side, int) for side in first.shape[-2:])
        self._outputs = tuple(output.name for output in self._session.get_outputs())

    @property
    def providers(self) -> tuple[str, ...]:
        """The execution providers in use, first choice first."""
        return tuple(self._session.get_providers())

    def run(self, batch: Floats, **others: Floats) -> dict[str, Floats]:
        """The outputs by name for the first input and ``others``. Raises ModelError when the runtime refuses them."""
        try:
            results = self._session.run(None, {self._input: batch, **others})
        except _FAILURES as error:
            raise ModelError(f"model {self.name} failed on an input of {batch.shape}: {_first_line(error)}") from error
        return dict(zip(self._outputs, results, strict=True))


def choose_providers(wanted: Sequence[str]) -> tuple[str, ...]:
    """Full names for ``wanted`` ("cuda" or "CUDAExecutionProvider"). ModelError when this onnxruntime lacks one."""
    available = available_providers()
    by_short_name = {name.removesuffix(_SUFFIX).lower(): name for name in available}
    chosen: list[str] = []
    for name in wanted:
        full = by_short_name.get(name.removesuffix(_SUFFIX).lower())
        if full is None:
            have = ", ".join(available)
            raise ModelError(
                f"onnxruntime {version()} has no execution provider '{name}'; choose among {have}, "
                f"or install {_PACKAGES.get(name.lower(), 'the onnxruntime package for that hardware')}"
            )
        chosen.append(full)
    return tuple(chosen)


def check_started(model: str, wanted: Sequence[str], running: Sequence[str]) -> None:
    """ModelError unless the provider that was asked for first runs: onnxruntime itself goes on without a word."""
    if wanted[0] not in running:
        raise ModelError(
            f"model {model} was to run on {wanted[0]}, which did not start, so that only {', '.join(running)} is left; "
            "install that hardware's driver and libraries, or choose another provider"
        )


def available_providers() -> tuple[str, ...]:
    """What this onnxruntime can run on."""
    return tuple(_RUNTIME.get_available_providers())


def version() -> str:
    """Version of onnxruntime."""
    return _RUNTIME.__version__


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
