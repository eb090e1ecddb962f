"""Another model, on trial first: it stays only if every camera that was watched goes on being watched."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from threading import Event, Lock
from time import monotonic
from typing import Generic, Protocol, TypeVar

import structlog

from lookout_contract.commands import RolloutCommand
from lookout_contract.status import CameraState, Sight
from lookout_edge.errors import EdgeError

log = structlog.stdlib.get_logger()

PackageT = TypeVar("PackageT")
ModelsT = TypeVar("ModelsT")
GivenT_contra = TypeVar("GivenT_contra", contravariant=True)
#: Time between two looks at the cameras.
_LOOK_S = 0.25
#: Reasons for which a model is to blame without a doubt.
_BLAMED = frozenset({"detector_failed", "detector_timeout", "fault"})


class Packages(Protocol[PackageT]):
    """Where packages are kept, and which of them runs over restarts."""

    def fetch(self, name: str, package: str, size: int) -> PackageT:
        """The package, checked and unpacked; EdgeError says why not."""
        ...

    def begin_trial(self, model: PackageT, configured: str) -> None:
        """From now on a restart goes back to what runs now."""
        ...

    def keep(self) -> None:
        """The model on trial is the one that runs."""
        ...

    def give_up(self) -> None:
        """Back to what ran before the trial."""
        ...


class Runs(Protocol[GivenT_contra, ModelsT]):
    """Whatever looks with the models."""

    def open_models(self, package: GivenT_contra) -> ModelsT:
        """Open its sessions and look once; ModelError when they cannot."""
        ...

    def use_models(self, models: ModelsT) -> ModelsT:
        """Have all cameras look with these; returns those they looked with. ConfigError leaves all as it was."""
        ...


class Rollouts(Generic[PackageT, ModelsT]):
    """Carries out rollouts, one at a time; called from any thread. ``close`` ends a trial, which then failed."""

    def __init__(
        self,
        packages: Packages[PackageT],
        runs: Runs[PackageT, ModelsT],
        sights: Callable[[], Mapping[str, CameraState | None]],
        *,
        configured: str,
    ) -> None:
        self._packages = packages
        self._runs = runs
        self._sights = sights
        self._configured = configured
        self._turn = Lock()
        self._stop = Event()

    def carry_out(self, command: RolloutCommand) -> str:
        """Try the model and keep it; a sentence that says so. EdgeError says why the old one runs (again)."""
        if not self._turn.acquire(blocking=False):
            raise EdgeError("Another rollout is under way: wait for its answer.")
        try:
            package = self._packages.fetch(command.model, command.package, command.bytes)
            models = self._runs.open_models(package)
            return self._try(command, package, models)
        finally:
            self._turn.release()

    def close(self) -> None:
        """The gateway stops."""
        self._stop.set()

    def _try(self, command: RolloutCommand, package: PackageT, models: ModelsT) -> str:
        watched = [name for name, state in self._sights().items() if _watching(state)]
        with ExitStack() as undo:
            # Whatever happens from here on, a defect included, ends with the models that run now.
            self._packages.begin_trial(package, self._configured)
            undo.callback(self._packages.give_up)
            earlier = self._runs.use_models(models)
            undo.callback(self._runs.use_models, earlier)
            log.warning("a model is on trial", model=command.model, seconds=command.watch_s, cameras=watched)
            problem = self._watch(watched, command.watch_s)
            if problem is None:
                self._packages.keep()
                undo.pop_all()
                return f"{command.model} runs; {len(watched)} cameras were watched for {command.watch_s:g} s."
            log.error("the model did not stand its trial; the one before it runs again", why=problem)
        raise EdgeError(f"Rolled back: {problem}.")

    def _watch(self, watched: list[str], seconds: float) -> str | None:
        """What went wrong within the time, or None."""
        seen: set[str] = set()
        end = monotonic() + seconds
        while monotonic() < end:
            if self._stop.wait(_LOOK_S):
                return "the gateway was stopped during the trial"
            sights = self._sights()
            for name in watched:
                state = sights.get(name)
                if _watching(state):
                    seen.add(name)
                elif state is not None and (name in seen or state.reason in _BLAMED):
                    return f"camera {name} went blind ({state.reason}): {state.detail or 'no further word'}"
        missing = [name for name in watched if name not in seen]
        return f"{', '.join(missing)} saw nothing with it in {seconds:g} s" if missing else None


def _watching(state: CameraState | None) -> bool:
    return state is not None and state.state is Sight.WATCHING
