"""The verbs that need the web application. Its import is a third of a start's CPU, and other verbs do without it."""

from lookout_server.config import ServerConfig


def run_dispatcher(config: ServerConfig) -> None:
    """Run until SIGTERM or Ctrl-C."""
    from lookout_server.bootstrap.dispatcher import run_dispatcher as run

    run(config)


def exported_documents() -> dict[str, str]:
    """File name → text of the JSON Schemas and the OpenAPI document."""
    from lookout_server.bootstrap.documents import exported_documents as export

    return export()
