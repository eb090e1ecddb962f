"""The gateway's errors. Each message is one sentence that tells a person what to do."""


class EdgeError(Exception):
    """Base of everything the gateway raises on purpose."""


class ConfigError(EdgeError):
    """The configuration is wrong; the message names file, line, key and the fix. Exit code 2."""


class ModelError(EdgeError):
    """A zoo entry is missing or broken, or this onnxruntime cannot run it."""


class LateError(ModelError):
    """A look gave no answer in time."""


class OverloadError(LateError):
    """A look was shed: this box was too busy to take it in time."""


class SourceError(EdgeError):
    """A camera or clip cannot be read. ``reason`` is the code that the camera's state carries."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        #: ``unreachable``, ``refused``, ``timeout``, ``auth``, ``missing``, ``stalled``, ``undecodable``, ``changed``,
        #: ``ended`` …
        self.reason = reason


class SpoolError(EdgeError):
    """The spool on disk cannot be read or written."""


class LinkError(EdgeError):
    """The broker refuses this gateway or cannot be reached."""
