"""The JSON Schemas of input and output models, as a form wants them."""

from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import Field

from modulex_mem0.contract import NULLABLE, ActionInput, input_schema


class Inner(ActionInput):
    x: int


class Wide(ActionInput):
    """Many kinds of fields."""

    required: str
    required_or_null: str | None
    plain: int = 7
    optional: str | None = None
    limited: Annotated[int, Field(ge=1)] | None = Field(default=None, description="Outer words.")
    worded: Annotated[str, Field(description="Inner words.", title="Inner")] | None = Field(
        default=None, description="Outer words.", title="Outer"
    )
    choice: Literal["a", "b"] | None = None
    either: int | str | None = None
    model: Inner | None = None
    models: list[Inner] | None = None
    clearing: str | None = Field(default=None, json_schema_extra=NULLABLE)
    anything: Any = None


@pytest.fixture(scope="module")
def properties() -> dict[str, Any]:
    schema = input_schema(Wide)
    Draft202012Validator.check_schema(schema)
    assert schema["required"] == ["required", "required_or_null"]
    assert schema["additionalProperties"] is False
    properties: dict[str, Any] = schema["properties"]
    return properties


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("required", {"type": "string"}),
        ("required_or_null", {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ("plain", {"type": "integer", "default": 7}),
        ("optional", {"type": "string"}),
        ("limited", {"type": "integer", "minimum": 1, "description": "Outer words."}),
        ("worded", {"type": "string", "description": "Outer words.", "title": "Outer"}),
        ("choice", {"type": "string", "enum": ["a", "b"]}),
        ("either", {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        ("model", {"$ref": "#/$defs/Inner"}),
        ("models", {"type": "array", "items": {"$ref": "#/$defs/Inner"}}),
        ("clearing", {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}),
        ("anything", {}),
    ],
)
def test_an_optional_parameter_is_told_without_its_null(
    properties: dict[str, Any], name: str, expected: dict[str, Any]
) -> None:
    told = {key: value for key, value in properties[name].items() if key != "title" or "title" in expected}
    assert told == expected


def test_what_the_schema_allows_the_model_takes() -> None:
    schema = input_schema(Wide)
    given = {"required": "a", "required_or_null": None, "clearing": None, "either": "x", "model": {"x": 1}}
    Draft202012Validator(schema).validate(given)
    assert Wide.model_validate(given).model_fields_set == set(given)
