"""The contract as JSON Schema (2020-12) and AsyncAPI 3.0, made from the models. Pure: returns dicts, writes nothing."""

from typing import Any, cast

from pydantic import BaseModel, TypeAdapter

from lookout_contract.cases import CaseMessage
from lookout_contract.commands import COMMANDS, CommandResponse
from lookout_contract.delivery import Receipt, Refusal
from lookout_contract.events import Event
from lookout_contract.status import CameraState, GatewayStatus
from lookout_contract.topics import PREFIX

JsonSchema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_MODELS: dict[str, type[BaseModel]] = {
    "event": Event,
    "receipt": Receipt,
    "refusal": Refusal,
    "status": GatewayStatus,
    "camera-state": CameraState,
    "response": CommandResponse,
    "case": CaseMessage,
}

_GATEWAY = f"{PREFIX}/{{site}}/gateway/{{gateway}}"
_CASE = f"{PREFIX}/{{site}}/case/{{grid}}/{{case}}"

#: channel name → (address, message, direction as seen from the dispatcher, retained, summary)
_CHANNELS: dict[str, tuple[str, str, str, bool, str]] = {
    "event": (f"{_GATEWAY}/event/{{camera}}/{{scenario}}", "event", "receive", False, "What a gateway saw."),
    "test": (
        f"{_GATEWAY}/test/{{camera}}/{{scenario}}",
        "event",
        "receive",
        False,
        "A trial: nothing was seen.",
    ),
    "receipt": (f"{_GATEWAY}/receipt", "receipt", "send", False, "What the dispatcher has committed."),
    "refusal": (f"{_GATEWAY}/refusal", "refusal", "send", False, "Why a message lies in quarantine."),
    "status": (f"{_GATEWAY}/status", "status", "receive", True, "Birth, heartbeat and death (will) of a gateway."),
    "cameraState": (f"{_GATEWAY}/camera/{{camera}}/state", "camera-state", "receive", True, "Watching, blind or off."),
    "command": (f"{_GATEWAY}/command/{{name}}", "command", "send", False, "Something a gateway is asked to do."),
    "response": (f"{_GATEWAY}/response/{{name}}", "response", "receive", False, "The answer to a command."),
    "caseEvent": (f"{_CASE}/event", "case", "send", False, "Every step of a case, for integrators."),
    "caseState": (f"{_CASE}/state", "case", "send", True, "Where a case stands; cleared when it closes."),
}


def message_schemas() -> dict[str, JsonSchema]:
    """Message name → JSON Schema of what is on the wire."""
    adapters: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(model) for name, model in _MODELS.items()}
    adapters["command"] = COMMANDS
    return {
        name: {"$schema": DIALECT, "$id": f"urn:lookout:v1:{name}", **adapter.json_schema(mode="validation")}
        for name, adapter in adapters.items()
    }


def _payload(schema: JsonSchema, name: str) -> JsonSchema:
    """The schema with its local definitions moved under the message's own name, as one AsyncAPI document needs."""

    prefix = f"#/components/schemas/{name}/$defs/"

    def move(node: Any) -> Any:
        if isinstance(node, str):
            return node.replace("#/$defs/", prefix)
        if isinstance(node, dict):
            return {key: move(value) for key, value in cast(JsonSchema, node).items()}
        if isinstance(node, list):
            return [move(child) for child in cast(list[Any], node)]
        return node

    return move({key: value for key, value in schema.items() if key not in {"$schema", "$id"}})


def _parameters(address: str) -> dict[str, JsonSchema]:
    names = [part[1:-1] for part in address.split("/") if part.startswith("{")]
    return {name: {"description": f"The {name}'s id: lower-case letters, digits, '-' and '_'."} for name in names}


def asyncapi(version: str) -> JsonSchema:
    """The AsyncAPI 3.0 document of all channels, as the dispatcher sees them."""
    schemas = message_schemas()
    channels: JsonSchema = {}
    operations: JsonSchema = {}
    for name, (address, message, action, retained, summary) in _CHANNELS.items():
        channels[name] = {
            "address": address,
            "summary": summary,
            "parameters": _parameters(address),
            "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        }
        operations[f"{action}{name[0].upper()}{name[1:]}"] = {
            "action": action,
            "channel": {"$ref": f"#/channels/{name}"},
            "summary": summary,
            "bindings": {"mqtt": {"qos": 1, "retain": retained, "bindingVersion": "0.2.0"}},
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lookout",
            "version": version,
            "description": "MQTT contract between gateways, the dispatcher and integrators. Clients use what "
            "MQTT 3.1.1 and 5 share. Delivery is settled by receipts, not by the broker's PUBACK.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {
                name: {"name": name, "contentType": content, "payload": {"$ref": f"#/components/schemas/{name}"}}
                for name, content in ((n, _content_type(n)) for n in schemas)
            },
            "schemas": {name: _payload(schema, name) for name, schema in schemas.items()},
        },
    }


def _content_type(message: str) -> str:
    return "application/cloudevents+json" if message == "event" else "application/json"
