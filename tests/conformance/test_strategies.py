"""Generated values satisfy their schemas, whichever keywords of draft 2020-12 these use."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from modulex_mem0.conformance.strategies import from_schema

TREE = {"$ref": "#/$defs/Node", "$defs": {"Node": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}}
SCHEMAS: dict[str, Any] = {
    "anything": {},
    "true": True,
    "types": {"type": ["string", "null", "boolean"]},
    "integer": {"type": "integer", "exclusiveMinimum": 0, "maximum": 9, "multipleOf": 3},
    "number": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
    "text": {"type": "string", "minLength": 2, "maxLength": 3},
    "pattern": {"type": "string", "pattern": "^[a-z]{2,4}$"},
    "date": {"type": "string", "format": "date"},
    "choice": {"enum": ["a", 1, None]},
    "constant": {"const": {"a": [1]}},
    "union": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    "one of": {"oneOf": [{"type": "integer", "minimum": 5}, {"type": "string"}]},
    "array": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 3},
    "tuple": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
    "long tuple": {"type": "array", "prefixItems": [{"type": "integer"}], "minItems": 3},
    "unique": {"type": "array", "items": {"type": "integer"}, "uniqueItems": True},
    "object": {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
        "required": ["a"],
        "additionalProperties": False,
    },
    "map": {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1},
    "tree": TREE,
    "both": {"type": "string", "allOf": [{"minLength": 1}, {"maxLength": 20}]},
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_generated_values_satisfy_the_schema(name: str) -> None:
    schema = SCHEMAS[name]
    root = schema if isinstance(schema, dict) else {}
    seen: list[str] = []

    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(from_schema(schema, root))
    def attempt(value: Any) -> None:
        Draft202012Validator(schema).validate(value)
        seen.append(repr(value))

    attempt()
    # More than one value, unless there is just one.
    assert len(set(seen)) > 1 or name == "constant"
