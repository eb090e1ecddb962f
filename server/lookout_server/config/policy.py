"""``policy.yaml``, read with the lines of its mistakes."""

from pathlib import Path

from lookout_server.config.documents import read_document, validate
from lookout_server.domain.policy import Policy
from lookout_server.exchange.policy import PolicyFile


def load_policy_file(path: Path) -> PolicyFile:
    """Read ``policy.yaml``; ConfigError lists all mistakes with their lines."""
    return validate(read_document(path), PolicyFile)


def load_policy(path: Path, timezone: str) -> Policy:
    """Read ``policy.yaml`` for a site in this time zone; ConfigError lists all mistakes with their lines."""
    return load_policy_file(path).policy(timezone)
