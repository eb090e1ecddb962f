"""The documents that editors and integrators use, made from the code."""

import json
from typing import Any

from lookout_server.app import openapi_document
from lookout_server.bootstrap.version import version
from lookout_server.config import PolicyFile, ServerConfig, SiteFile

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def exported_documents() -> dict[str, str]:
    """File name → text. The same code gives the same bytes."""
    documents: dict[str, dict[str, Any]] = {
        "server-config.schema.json": {"$schema": _DIALECT, **ServerConfig.model_json_schema()},
        "site.schema.json": {"$schema": _DIALECT, **SiteFile.model_json_schema()},
        "policy.schema.json": {"$schema": _DIALECT, **PolicyFile.model_json_schema()},
        "openapi.json": openapi_document(version()),
    }
    return {name: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for name, document in documents.items()}
