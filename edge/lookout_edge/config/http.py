"""The gateway's own page: where it listens and who may see it."""

from typing import Self

from pydantic import Field, SecretStr, model_validator

from lookout_edge.config.section import ConfigPath, Section
from lookout_edge.domain.hosts import is_loopback

#: Characters that a token must have.
LEAST_TOKEN = 16


class HttpConfig(Section):
    """The local page, metrics for Prometheus, and buttons that are pressed by HTTP."""

    enabled: bool = True
    """``false`` leaves all of it out."""
    bind: str = Field(default="127.0.0.1", min_length=1)
    """Address to listen on. Any other than this machine's own needs a token."""
    port: int = Field(default=8077, ge=0, le=65535)
    """0 takes any that is free; the log says which."""
    token: SecretStr | None = Field(default=None, min_length=LEAST_TOKEN)
    """Who shows it may look and press buttons: as ``Authorization: Bearer …``, or as the password a browser asks for.
    Rather set LOOKOUT_HTTP_TOKEN or use ``token_file``. Without it the page is for this machine alone and there are no
    buttons by HTTP."""
    token_file: ConfigPath | None = None
    """A file whose first line is the token."""

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if self.enabled and not is_loopback(self.bind) and self.token is None and self.token_file is None:
            raise ValueError(
                f"lets the whole network see the cameras at {self.bind}: add token_file with a secret of 16 characters "
                "or more, or leave bind at 127.0.0.1"
            )
        return self
