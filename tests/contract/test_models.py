"""The base classes of inputs, and the JSON Schemas that a form is made of."""

from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import Field, RootModel, ValidationError, create_model

from modulex_mem0.contract import NULLABLE, ActionInput, advanced, input_schema


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
    made: list[str] = Field(default_factory=list)
    made_or_null: list[str] | None = Field(default_factory=list)


@pytest.fixture
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
        ("made", {"type": "array", "items": {"type": "string"}}),
        ("made_or_null", {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]}),
    ],
)
def test_an_optional_parameter_is_declared_without_its_null(
    properties: dict[str, Any], name: str, expected: dict[str, Any]
) -> None:
    declared = {key: value for key, value in properties[name].items() if key != "title" or "title" in expected}
    assert declared == expected


def test_the_model_takes_what_the_schema_allows() -> None:
    schema = input_schema(Wide)
    given = {"required": "a", "required_or_null": None, "clearing": None, "either": "x", "model": {"x": 1}}
    Draft202012Validator(schema).validate(given)
    assert Wide.model_validate(given).model_fields_set == set(given)


def test_a_null_is_left_out_unless_its_parameter_takes_or_needs_it() -> None:
    given = dict.fromkeys(("required_or_null", "plain", "optional", "made", "made_or_null", "anything"))
    read = Wide.model_validate({"required": "a", **given})
    assert read.model_fields_set == {"required", "required_or_null", "optional", "made_or_null", "anything"}
    assert (read.plain, read.made, read.made_or_null) == (7, [], None)
    with pytest.raises(ValidationError, match=r"required\n +Input should be a valid string"):
        Wide.model_validate({"required": None, "required_or_null": None})


def test_a_model_that_is_a_mapping_has_no_parameters_to_list() -> None:
    schema = input_schema(RootModel[dict[str, int]])
    assert (schema["type"], schema["properties"]) == ("object", {})


class Titled(ActionInput):
    """Parameters with and without a title of their own."""

    rerank: bool = advanced("Whether to rerank the results.", default=False)
    memory_ids: list[str] = Field(description="Which.")
    base_url: str = Field(default="", description="Where.")
    top_k: int = advanced("How many.", default=5, title="Limit", ge=1)


def test_a_title_is_derived_from_the_name_unless_it_is_given() -> None:
    properties = input_schema(Titled)["properties"]
    titles = {name: value["title"] for name, value in properties.items()}
    assert titles == {"memory_ids": "Memory IDs", "base_url": "Base URL", "rerank": "Rerank", "top_k": "Limit"}


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("limit", "Limit"),
        ("top_k", "Top k"),
        ("memory_ids", "Memory IDs"),
        ("base_url", "Base URL"),
        ("html", "HTML"),
        ("json_api_id", "JSON API ID"),
        ("x", "X"),
    ],
)
def test_a_derived_title_is_words_with_initialisms_in_capitals(name: str, title: str) -> None:
    fields: dict[str, Any] = {name: (str, "")}
    model = create_model("Named", __base__=ActionInput, **fields)
    assert input_schema(model)["properties"][name]["title"] == title


def test_an_advanced_parameter_is_declared_in_one_line() -> None:
    class Advanced(ActionInput):
        rerank: bool = advanced("Whether to rerank.", default=False)
        note: str | None = advanced("A note.", max_length=5)
        top_k: int = advanced("How many.", default=5, title="Results", ge=1)

    assert input_schema(Advanced)["properties"] == {
        "rerank": {
            "type": "boolean",
            "title": "Rerank",
            "description": "Whether to rerank.",
            "default": False,
            "x-advanced": True,
        },
        "note": {"type": "string", "title": "Note", "description": "A note.", "maxLength": 5, "x-advanced": True},
        "top_k": {
            "type": "integer",
            "title": "Results",
            "description": "How many.",
            "default": 5,
            "minimum": 1,
            "x-advanced": True,
        },
    }
    assert Advanced().model_dump() == {"rerank": False, "note": None, "top_k": 5}


def test_advanced_parameters_are_optional_marked_and_stand_last() -> None:
    schema = input_schema(Titled)
    assert schema["required"] == ["memory_ids"]
    assert list(schema["properties"]) == ["memory_ids", "base_url", "rerank", "top_k"]
    assert schema["properties"]["top_k"] == {
        "type": "integer",
        "title": "Limit",
        "description": "How many.",
        "default": 5,
        "minimum": 1,
        "x-advanced": True,
    }
    assert "x-advanced" not in schema["properties"]["base_url"]


def test_a_handler_cannot_change_what_it_was_asked() -> None:
    asked: Any = Inner(x=1)
    with pytest.raises(ValidationError, match="frozen"):
        asked.x = 2
