"""Sample inputs made from a schema alone, for actions that declare no example."""

from collections.abc import Mapping
from typing import Any

from modulex_mem0.contract import ActionManifest
from modulex_mem0.json_schema import json_types, resolve

__all__ = ["sample_input", "sample_value"]

_FORMATS = {
    "date": "2026-01-15",
    "date-time": "2026-01-15T10:30:00Z",
    "email": "someone@example.com",
    "time": "10:30:00Z",
    "uri": "https://example.com/",
    "uuid": "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11",
}
_DEEPEST = 6


def sample_input(action: ActionManifest) -> dict[str, Any]:
    """The example's input, or the required parameters with values that their schemas suggest."""
    if action.example is not None:
        return dict(action.example.input)
    value = sample_value(action.input_schema, action.input_schema)
    return value if isinstance(value, dict) else {}


def sample_value(schema: Any, root: Mapping[str, Any], depth: int = 0) -> Any:  # noqa: ANN401 - any JSON value
    """A value that a schema is likely to accept; it may still be refused for what a schema cannot say."""
    schema = resolve(schema, root)
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return "sample"
    for key in ("default", "const"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum", "anyOf", "oneOf"):
        if schema.get(key):
            first = schema[key][0]
            return sample_value(first, root, depth + 1) if key.endswith("Of") else first
    kinds = json_types(schema, root)
    if "string" in kinds:
        return _FORMATS.get(schema.get("format", ""), "sample").ljust(schema.get("minLength", 0), "x")
    if kinds & {"integer", "number"}:
        return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    if "object" in kinds:
        properties = schema.get("properties", {})
        return {name: sample_value(properties.get(name, {}), root, depth + 1) for name in schema.get("required", ())}
    if "array" in kinds:
        return [sample_value(schema.get("items", {}), root, depth + 1)] * schema.get("minItems", 1)
    return "boolean" in kinds or None
