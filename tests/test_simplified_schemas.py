"""Schemas rewritten for simple readers, for OpenAI's strict mode, and in outline."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modulex_mem0.json_schema import outline, read_strict, simplify, strict, subschemas

PARAMETERS = {
    "type": "object",
    "title": "Input",
    "description": "What to do.",
    "additionalProperties": False,
    "$defs": {
        "Any": {},
        "Turn": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"text": {"type": "string"}, "note": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
            "required": ["text"],
        },
        "Tree": {"type": "object", "properties": {"inner": {"$ref": "#/$defs/Tree"}}},
    },
    "definitions": {"Old": {"type": "boolean"}},
    "properties": {
        "turns": {"type": "array", "items": {"$ref": "#/$defs/Turn"}, "description": "Turns.", "x-advanced": True},
        "day": {"anyOf": [{"type": "null"}, {"type": "string"}], "default": None, "title": "Day"},
        "size": {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10, "default": 5},
        "share": {"type": ["number", "null"], "exclusiveMinimum": 0.5},
        "kind": {"enum": ["a", "b", None]},
        "one": {"const": 1},
        "either": {"oneOf": [{"const": "x"}, {"const": "y"}]},
        "free": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Any"}},
        "any": True,
        "list_of_any": {"type": "array"},
        "tree": {"$ref": "#/$defs/Tree"},
        "old": {"$ref": "#/definitions/Old"},
        "merged": {"allOf": [{"type": "string", "pattern": "^a"}, {"maxLength": 3}], "description": "Merged."},
    },
    "required": ["turns", "merged"],
}


def test_a_simplified_schema_has_one_plain_type_for_everything() -> None:
    simple = simplify(PARAMETERS)
    assert set(simple) == {"type", "properties", "required"}
    assert simple["required"] == ["turns", "merged"]
    turn = {
        "type": "object",
        "properties": {"text": {"type": "string"}, "note": {"type": "string"}},
        "required": ["text"],
    }
    assert simple["properties"] == {
        "turns": {"type": "array", "description": "Turns.", "items": turn},
        "day": {"type": "string", "description": "Day."},
        "size": {"type": "integer", "minimum": 1, "maximum": 9, "default": 5, "description": "Size."},
        "share": {"type": "number", "minimum": 0.5, "description": "Share."},
        "kind": {"type": "string", "enum": ["a", "b"], "description": "Kind."},
        "one": {"type": "integer", "enum": [1], "description": "One."},
        "either": {"type": "string", "enum": ["x", "y"], "description": "Either."},
        "free": {"type": "object", "description": "Free."},
        "any": {"type": "object", "description": "Any."},
        "list_of_any": {"type": "array", "items": {"type": "object"}, "description": "List of any."},
        "tree": {
            "type": "object",
            "description": "Tree.",
            "properties": {"inner": {"type": "object"}},
        },
        "old": {"type": "boolean", "description": "Old."},
        "merged": {"type": "string", "pattern": "^a", "maxLength": 3, "description": "Merged."},
    }


def test_the_strict_form_requires_everything_and_leaves_no_object_open() -> None:
    form = strict(simplify(PARAMETERS))
    assert form["required"] == list(PARAMETERS["properties"])  # type: ignore[call-overload]
    for place, schema in subschemas(form, "form"):
        if "object" in schema["type"]:
            assert schema["additionalProperties"] is False, place
            assert schema["required"] == list(schema["properties"]), place
        assert "default" not in schema
    properties = form["properties"]
    assert properties["day"] == {"type": ["string", "null"], "description": "Day."}
    assert properties["size"]["description"] == "Size. Null means 5."
    assert properties["kind"] == {"type": ["string", "null"], "enum": ["a", "b", None], "description": "Kind."}
    assert properties["free"] == {"type": ["string", "null"], "description": "Free. Write a JSON object as text."}
    assert properties["list_of_any"]["description"] == "List of any. Write a JSON list as text."
    assert properties["turns"]["type"] == "array"
    assert properties["turns"]["items"]["properties"]["note"]["type"] == ["string", "null"]


def test_the_simplified_and_the_strict_form_stay_as_they_are() -> None:
    simple = simplify(PARAMETERS)
    assert simplify(simple) == simple
    before = deepcopy(simple)
    strict(simple)
    assert simple == before


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"day": None, "turns": [{"text": "x", "note": None}]}, {"turns": [{"text": "x"}]}),
        ({"free": '{"a": null}'}, {"free": {"a": None}}),
        ({"free": "{a"}, {"free": "{a"}),
        ({"free": {"a": None}}, {"free": {"a": None}}),
        ({"list_of_any": '[{"a": 1}]'}, {"list_of_any": [{"a": 1}]}),
        ({"day": '{"a": 1}'}, {"day": '{"a": 1}'}),
        ({"merged": None}, {"merged": None}),
        ({"unknown": None}, {"unknown": None}),
        ("text", "text"),
    ],
    ids=str,
)
def test_what_a_model_sends_for_the_strict_form_is_read(sent: Any, read: Any) -> None:
    assert read_strict(sent, simplify(PARAMETERS)) == read


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
LEAVES = st.fixed_dictionaries(
    {}, optional={"type": st.sampled_from(["string", "integer", "null", ["null", "number"]]), "title": st.text()}
)
SCHEMAS = st.recursive(
    st.booleans() | LEAVES,
    lambda inner: (
        st.fixed_dictionaries({"type": st.just("array")}, optional={"items": inner})
        | st.fixed_dictionaries(
            {"type": st.just("object")},
            optional={
                "properties": st.dictionaries(st.text(max_size=3), inner, max_size=3),
                "additionalProperties": inner,
            },
        )
        | st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"enum": st.lists(JSON, min_size=1, max_size=3)})
        | st.just({"$ref": "#/$defs/it"})
    ),
    max_leaves=8,
)


@given(SCHEMAS, SCHEMAS, JSON)
def test_any_schema_can_be_simplified_and_made_strict(schema: Any, definition: Any, value: Any) -> None:
    whole = {"type": "object", "properties": {"it": schema}, "$defs": {"it": definition}, "required": ["it"]}
    simple = simplify(whole)
    for _, part in subschemas(simple, ""):
        assert isinstance(part["type"], str)
        assert not {"$ref", "$defs", "anyOf", "title", "additionalProperties"} & set(part)
        assert part["type"] != "array" or "type" in part["items"]
    for _, part in subschemas(strict(simple), ""):
        assert part["type"] != "object" or part["required"] == list(part["properties"])
    read_strict({"it": value}, simple)


def test_an_outline_has_the_types_of_an_output_and_not_its_records() -> None:
    schema = {
        "type": "object",
        "$defs": {"Record": {"type": "object", "properties": {"id": {"type": "string"}}}},
        "properties": {
            "success": {"type": "boolean", "title": "Success"},
            "error": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            "records": {"type": "array", "items": {"$ref": "#/$defs/Record"}},
            "first": {"anyOf": [{"$ref": "#/$defs/Record"}, {"type": "null"}]},
            "score": {"type": ["number", "integer"]},
            "value": {},
        },
        "required": ["success"],
    }
    assert outline(schema) == {
        "type": "object",
        "properties": {
            "success": {"type": "boolean"},
            "error": {"type": ["string", "null"]},
            "records": {"type": "array", "items": {"type": "object"}},
            "first": {"type": ["object", "null"]},
            "score": {"type": "number"},
            "value": {},
        },
        "required": ["success"],
    }
