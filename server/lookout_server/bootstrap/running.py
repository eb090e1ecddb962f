"""The verbs that need the web application. Its import is a third of a start's CPU, and other verbs do without it."""

import gc

from lookout_server.config import ServerConfig


def run_dispatcher(config: ServerConfig) -> None:
    """Run until SIGTERM or Ctrl-C."""
    # What a start makes stays: looking through it again and again was a tenth of its CPU. ``serve`` turns it on again.
    gc.disable()
    from lookout_server.bootstrap.dispatcher import run_dispatcher as run

    run(config)


def exported_documents() -> dict[str, str]:
    """File name → text of the JSON Schemas and the OpenAPI document."""
    from lookout_server.bootstrap.documents import exported_documents as export

    return export()
