"""FFmpeg's errors in the words of somebody who has to fix them."""

import builtins
import errno
from collections.abc import Sequence
from dataclasses import dataclass

import av.error

from lookout_edge.adapters.video.address import Kind, SourceOptions, kind_of, path_of, redact
from lookout_edge.errors import SourceError

#: Share of a time limit at which it counts as reached.
_NEARLY = 0.95
_NOT_ALLOWED = (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError)
_NO_ANSWER = (av.error.TimeoutError, av.error.ExitError)
_UNDECODABLE = (av.error.InvalidDataError, av.error.LookupError, av.error.PatchWelcomeError)
_UNREACHABLE_CODES = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN}


@dataclass(frozen=True)
class Faults:
    """Makes SourceErrors for one address. No message carries its user name or password."""

    options: SourceOptions

    @property
    def _name(self) -> str:
        kind = kind_of(self.options.url)
        if kind in {Kind.FILE, Kind.FOLDER}:
            return f"{'clip' if kind is Kind.FILE else 'picture folder'} {path_of(self.options.url)}"
        return f"camera {redact(self.options.url)}"

    @property
    def _is_local(self) -> bool:
        return kind_of(self.options.url) in {Kind.FILE, Kind.FOLDER, Kind.DEVICE}

    def on_open(self, error: av.error.FFmpegError, after_s: float) -> SourceError:
        """It would not open, ``after_s`` seconds after the attempt began."""
        why = _why(error)
        if not self._is_local and after_s >= self.options.open_timeout_s * _NEARLY:
            # FFmpeg was interrupted, and what it says then depends on what it was reading.
            return self.silent()
        if isinstance(error, builtins.FileNotFoundError | av.error.HTTPNotFoundError):
            return self.missing(why)
        if isinstance(error, _NOT_ALLOWED):
            return self._error("auth", f"refuses the user name or password ({why}): correct them in source.url")
        if isinstance(error, builtins.PermissionError):
            return self._error("auth", "may not be read by this user: give the gateway's user the right to read it")
        if isinstance(error, _NO_ANSWER):
            return self.silent()
        if isinstance(error, _UNDECODABLE) or self._is_local:
            return self.undecodable(why)
        if error.errno == errno.ECONNREFUSED:
            return self._refused(why)
        return self._error("unreachable", f"cannot be reached ({why}): check that it is on, its address and its port")

    def on_end(self, error: av.error.FFmpegError | None, silent_s: float) -> SourceError:
        """It was open and then failed, or came to its end; ``silent_s`` seconds after the last packet."""
        if isinstance(error, _NO_ANSWER) or (not self._is_local and silent_s >= self.options.read_timeout_s * _NEARLY):
            return self.stalled()
        if error is None:
            return self._error("ended", "ended its stream: check whether it was restarted or allows one viewer only")
        why = _why(error)
        if isinstance(error, _UNDECODABLE):
            return self.undecodable(why)
        if error.errno == errno.ECONNREFUSED:
            return self._refused(why)
        if error.errno in _UNREACHABLE_CODES:
            return self._error("unreachable", f"is gone ({why}): check its power and the network")
        return self._error("ended", f"broke off ({why}): check its power and the network")

    def missing(self, why: str = "no such file") -> SourceError:
        """There is nothing at that address."""
        if self._is_local:
            return self._error("missing", f"does not exist ({why}): check source.url")
        return self._error("missing", f"has no such stream ({why}): check the path in source.url")

    def empty_folder(self) -> SourceError:
        """A folder without a single picture."""
        return self._error("missing", "holds no pictures: put some in (.jpg, .png, .bmp, .webp, .tif) or name another")

    def silent(self) -> SourceError:
        """Nobody answered while opening it."""
        limit = self.options.open_timeout_s
        return self._error(
            "timeout", f"did not answer within {limit:g} s: check that it is on, its address and the network"
        )

    def stalled(self) -> SourceError:
        """Nothing came for too long."""
        limit = self.options.read_timeout_s
        return self._error("stalled", f"sent nothing for {limit:g} s: check its power and the network")

    def no_device(self, kind: str, there: Sequence[str]) -> SourceError:
        """This build of FFmpeg cannot decode on such a device."""
        choice = f"it can on {', '.join(there)}" if there else "it can on none"
        return self._error(
            "no_device",
            f"cannot be decoded on {kind!r}, which this PyAV does not know ({choice}): correct hardware_decode",
        )

    def device_failed(self, why: str) -> SourceError:
        """The device is there by name, but does not work or cannot decode this stream."""
        device = self.options.hardware
        return self._error(
            "no_device",
            f"cannot be decoded on {device} ({why}): check that the device exists and that this user may open it, "
            "or leave hardware_decode out",
        )

    def changed(self, before: str, after: str) -> SourceError:
        """Its pictures became larger or smaller while it ran."""
        return self._error("changed", f"changed its pictures from {before} to {after}: it is opened again")

    def undecodable(self, why: str) -> SourceError:
        """Bytes come, but no pictures."""
        advice = (
            "use a whole video file that other players can show"
            if self._is_local
            else "set the camera to H.264 or H.265 and check that the address is its video stream"
        )
        return self._error("undecodable", f"cannot be decoded ({why}): {advice}")

    def broken(self, stretches: Sequence[tuple[float, float | None]]) -> SourceError:
        """Seconds of a clip, from and to, of which no picture came; it breaks off where no end is named."""
        told = ", ".join(
            f"breaks off at {since:.1f} s" if until is None else f"shows nothing from {since:.1f} to {until:.1f} s"
            for since, until in stretches
        )
        return self._error("undecodable", f"{told}: what happens there was not seen; use a whole video file")

    def _refused(self, why: str) -> SourceError:
        return self._error("refused", f"accepts no connection ({why}): check its port, and that it has started up")

    def _error(self, reason: str, text: str) -> SourceError:
        return SourceError(f"{self._name} {text}", reason=reason)


def _why(error: av.error.FFmpegError) -> str:
    return redact(error.strerror or type(error).__name__)
