"""The OpenAPI document: one operation for each action of each installed integration, with the manifest's schemas."""

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from modulex_mem0 import __version__
from modulex_mem0.contract import ActionManifest, IntegrationManifest
from modulex_mem0.json_schema import subschemas
from modulex_mem0.server.requests import CREDENTIAL_HEADER, TIMEOUT_HEADER, field_header

__all__ = ["openapi_document"]

JsonObject = dict[str, Any]

_ERROR_STATUSES = {
    "400": "The connection ended before the body.",
    "401": "The server's token, or the credential for the service, is missing or not accepted.",
    "402": "The quota of the service's plan is used up.",
    "403": "The credential is valid but not allowed to do this; or the request comes from another site.",
    "404": "Nothing with that name or id exists for this caller.",
    "408": "The body did not arrive in time.",
    "413": "The body is too large.",
    "422": "The input is not valid; the error names the field.",
    "429": "The service limits the rate; see Retry-After.",
    "500": "A defect; or the outcome of a change is not known (see Modulex-Error-Code).",
    "501": "The service does not offer this.",
    "502": "The service failed, or could not be reached.",
    "504": "The service did not answer in time.",
}
_TEXT: JsonObject = {"type": "string"}
_NULLABLE_TEXT: JsonObject = {"type": ["string", "null"]}
_ERROR: JsonObject = {
    "type": "object",
    "properties": {"success": {"type": "boolean"}, "error": _NULLABLE_TEXT},
    "required": ["success", "error"],
}
_CREDENTIAL: JsonObject = {
    "type": "object",
    "properties": {
        "name": _TEXT,
        "integration": _TEXT,
        "scheme": _NULLABLE_TEXT,
        "fields": {"type": "array", "items": _TEXT},
        "default": {"type": "boolean"},
        "saved_at": _NULLABLE_TEXT,
        "tested_at": _NULLABLE_TEXT,
        "test_passed": {"type": ["boolean", "null"]},
        "temporary": {"type": "boolean"},
    },
    "required": ["name", "integration", "fields", "default", "temporary"],
}
_RUN: JsonObject = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "started_at": _TEXT,
        "integration": _TEXT,
        "action": _TEXT,
        "duration_ms": {"type": "number"},
        "outcome": {"type": "string", "description": "`success`, `cancelled` or the error's code."},
        "credential": _NULLABLE_TEXT,
        "source": _TEXT,
        "input": {"type": ["object", "null"]},
    },
    "required": ["id", "started_at", "integration", "action", "duration_ms", "outcome", "source"],
}
_LISTED: JsonObject = {
    "type": "object",
    "properties": {"name": _TEXT, "distribution": _TEXT, "loaded": {"type": "boolean"}},
    "required": ["name", "distribution", "loaded"],
}
_FAILURE: JsonObject = {
    "type": "object",
    "properties": {"name": _TEXT, "distribution": _TEXT, "reason": _TEXT},
    "required": ["name", "distribution", "reason"],
}
_HEADERS: JsonObject = {
    "Modulex-Error-Code": {"description": "The error's code, by which programs decide.", "schema": _TEXT},
    "Modulex-Advice": {"description": "What the caller does next, in a sentence.", "schema": _TEXT},
    "Modulex-Retryable": {
        "description": "Whether the same call may succeed later and a repeat does no harm.",
        "schema": {"type": "string", "enum": ["true", "false"]},
    },
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
}
_COMPONENTS = "#/components/"
_REFERENCES: JsonObject = {name: {"$ref": f"{_COMPONENTS}headers/{name}"} for name in _HEADERS}
_RESULT_HEADERS = {name: reference for name, reference in _REFERENCES.items() if name != "Retry-After"}


def openapi_document(manifests: Iterable[IntegrationManifest], *, url: str = "/") -> JsonObject:
    """The document, OpenAPI 3.1.

    Args:
        manifests: Of the integrations to describe.
        url: Where the API is served.
    """
    schemas: JsonObject = {
        "Error": _ERROR, "Credential": _CREDENTIAL, "Run": _RUN, "ListedIntegration": _LISTED, "LoadFailure": _FAILURE,
    }  # fmt: skip
    paths = _fixed_paths()
    used: set[str] = set()
    for manifest in manifests:
        for action in manifest.actions:
            operation = _action(manifest, action, schemas)
            # `a_b` + `c` and `a` + `b_c` would give the same id.
            if operation["operationId"] in used:
                operation["operationId"] = f"{manifest.name}__{action.name}"
            used.add(operation["operationId"])
            paths[f"/v1/integrations/{manifest.name}/actions/{action.name}"] = {"post": operation}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "modulex-mem0",
            "version": __version__,
            "description": "Calls the actions of the installed integrations. A failed call's body is the action's"
            " output too, with `success` false and the error in a line; its status follows the error's code.",
        },
        "servers": [{"url": url}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "headers": _HEADERS,
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "The server's token."}},
        },
    }


def _action(manifest: IntegrationManifest, action: ActionManifest, schemas: JsonObject) -> JsonObject:
    stem = _pascal(manifest.name) + _pascal(action.name)
    body = _add_schema(schemas, f"{stem}Input", action.input_schema)
    output = _add_schema(schemas, f"{stem}Output", action.output_schema)
    content: JsonObject = {"schema": output}
    media: JsonObject = {"schema": body}
    if action.example is not None:
        media["example"] = action.example.input
        content["example"] = action.example.output
    fields = {field.name: field for scheme in manifest.auth_schemes for field in scheme.fields}
    parameters = [
        _header(CREDENTIAL_HEADER, "The name of a stored credential, instead of the default one."),
        *(
            _header(field_header(name), f"{field.display_name}: {field.description}. For a call with its own key.")
            for name, field in fields.items()
        ),
        _header(TIMEOUT_HEADER, "Seconds for the whole call.", {"type": "number", "exclusiveMinimum": 0}),
    ]
    return {
        "operationId": f"{manifest.name}_{action.name}",
        "tags": [manifest.display_name],
        "summary": action.title,
        "description": action.description,
        "parameters": parameters,
        # A body may be missing where no parameter is required: it counts as an empty object.
        "requestBody": {"required": bool(action.input_schema.get("required")), "content": {"application/json": media}},
        "responses": {
            "200": {"description": "The action's output.", "content": {"application/json": content}},
            **_errors(output),
        },
        "x-modulex-hints": action.hints.model_dump(),
    }


def _errors(schema: JsonObject, *statuses: str) -> JsonObject:
    """The replies to requests that fail; for all statuses unless some are named."""
    return {
        status: {
            "description": _ERROR_STATUSES[status],
            "headers": _REFERENCES if status == "429" else _RESULT_HEADERS,
            "content": {"application/json": {"schema": schema}},
        }
        for status in statuses or _ERROR_STATUSES
    }


def _add_schema(schemas: JsonObject, name: str, schema: Mapping[str, Any]) -> JsonObject:
    """Add a schema and its definitions as components; returns the reference to it."""
    copied: JsonObject = deepcopy(dict(schema))
    # `$schema` and `$id` would change what the references in it are relative to.
    copied.pop("$schema", None)
    copied.pop("$id", None)
    for _, part in list(subschemas(copied, "")):
        reference = part.get("$ref")
        # The same part may stand in two places.
        if isinstance(reference, str) and reference.startswith("#") and not reference.startswith(_COMPONENTS):
            part["$ref"] = _moved(reference, name)
    definitions = copied.pop("$defs", {})
    added = {name + _component(key): definition for key, definition in definitions.items()} | {name: copied}
    for component in added.values():
        # Generators name classes by the title, and two actions may have one `Record` each.
        if isinstance(component, dict):
            component.pop("title", None)
    schemas.update(added)
    return {"$ref": f"#/components/schemas/{name}"}


def _moved(reference: str, name: str) -> str:
    definition = re.fullmatch(r"#/\$defs/([^/]+)(/.*)?", reference)
    if definition is not None:
        return f"#/components/schemas/{name}{_component(definition[1])}{definition[2] or ''}"
    return f"#/components/schemas/{name}{reference[1:]}"


def _component(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", key)


def _pascal(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def _header(name: str, description: str, schema: JsonObject | None = None) -> JsonObject:
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema or _TEXT}


def _reference(name: str) -> JsonObject:
    return {"$ref": f"#/components/schemas/{name}"}


def _reply(description: str, schema: JsonObject) -> JsonObject:
    return {"200": {"description": description, "content": {"application/json": {"schema": schema}}}}


def _object(**properties: JsonObject) -> JsonObject:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _path(name: str, description: str) -> JsonObject:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": _TEXT}


def _query(name: str, description: str, schema: JsonObject) -> JsonObject:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def _list_of(name: str) -> JsonObject:
    return {"type": "array", "items": _reference(name)}


def _fixed_paths() -> JsonObject:
    error = _reference("Error")
    refused = _errors(error, "401", "403")
    values: JsonObject = {"type": "object", "additionalProperties": _TEXT, "description": "By credential field."}
    integration = _path("integration", "The name of an installed integration.")
    credential = _path("name", "The name of a stored credential.")
    positive: JsonObject = {"type": "integer", "minimum": 1}
    return {
        "/health": {
            "get": {
                "operationId": "health",
                "summary": "Whether the server is up",
                "security": [],
                "responses": _reply("It is up.", _object(status=_TEXT, version=_TEXT)) | _errors(error, "403"),
            }
        },
        "/v1/integrations": {
            "get": {
                "operationId": "list_integrations",
                "summary": "What is installed, and what failed to load",
                "responses": _reply(
                    "The integrations.",
                    _object(integrations=_list_of("ListedIntegration"), failures=_list_of("LoadFailure")),
                )
                | refused,
            }
        },
        "/v1/integrations/{integration}": {
            "get": {
                "operationId": "get_integration",
                "summary": "An integration's manifest",
                "parameters": [integration],
                "responses": _reply("The manifest.", {"type": "object"}) | refused | _errors(error, "404", "500"),
            }
        },
        "/v1/integrations/{integration}/test": {
            "post": {
                "operationId": "test_credential",
                "summary": "Ask the service whether a credential works",
                "parameters": [integration],
                "requestBody": {
                    "required": False,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {"credential": _TEXT, "values": values},
                                "additionalProperties": False,
                            }
                        }
                    },
                },
                "responses": _reply("The service accepts it.", error) | _errors(error),
            }
        },
        "/v1/credentials": {
            "get": {
                "operationId": "list_credentials",
                "summary": "The stored credentials, without their values",
                "responses": _reply("The credentials.", _object(credentials=_list_of("Credential")))
                | refused
                | _errors(error, "500"),
            }
        },
        "/v1/credentials/{name}": {
            "get": {
                "operationId": "get_credential",
                "summary": "A stored credential, without its values",
                "parameters": [credential],
                "responses": _reply("The credential.", _reference("Credential"))
                | refused
                | _errors(error, "404", "500"),
            },
            "put": {
                "operationId": "put_credential",
                "summary": "Store a credential, or replace it",
                "parameters": [credential],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "integration": _TEXT,
                                    "values": values,
                                    "default": {
                                        "type": "boolean",
                                        "description": "Whether calls that name no credential use it.",
                                    },
                                },
                                "required": ["integration", "values"],
                                "additionalProperties": False,
                            }
                        }
                    },
                },
                "responses": _reply("It is stored.", _reference("Credential"))
                | _errors(error)
                | {
                    "409": {
                        "description": "The name is taken by a credential of another integration.",
                        "content": {"application/json": {"schema": error}},
                    }
                },
            },
            "delete": {
                "operationId": "delete_credential",
                "summary": "Remove a stored credential",
                "parameters": [credential],
                "responses": _reply("It is removed.", error) | refused | _errors(error, "404", "500"),
            },
        },
        "/v1/runs": {
            "get": {
                "operationId": "list_runs",
                "summary": "Recent calls, the last one first",
                "parameters": [
                    _query("limit", "At most so many.", {**positive, "maximum": 1000, "default": 100}),
                    _query("before", "Only calls before the one of this id.", positive),
                    _query("integration", "Only calls of this integration.", _TEXT),
                ],
                "responses": _reply("The calls.", _object(runs=_list_of("Run"))) | refused | _errors(error, "422"),
            }
        },
    }
