"""The types of an action's parameters in words, as `actions` prints them."""

from typing import Any

import pytest

from modulex_mem0.cli.commands.actions import parameters
from modulex_mem0.json_schema import type_summary


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 200}, "integer 1..200"),
        ({"type": "number", "minimum": 0}, "number 0.."),
        ({"type": "array", "items": {"type": "object"}}, "array of objects"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "array of (a or b)"),
        ({"type": "array"}, "array of any type"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"const": "x"}, "x"),
        ({"enum": [1, "a"]}, "1 or a"),
        ({"anyOf": [{"type": "string"}, True]}, "string or any"),
        ({}, "any"),
        (True, "any"),
        (False, "any"),
    ],
)
def test_types_in_words(schema: object, words: str) -> None:
    assert type_summary(schema, {}) == words


DEFINITIONS: dict[str, Any] = {
    "$defs": {"Tags": {"type": "array", "items": {"type": "string"}}},
    "definitions": {"Count": {"type": "integer", "minimum": 1, "maximum": 200}},
}
REFERRING: dict[str, Any] = {
    "into_defs": {"$ref": "#/$defs/Tags"},
    "into_definitions": {"$ref": "#/definitions/Count"},
    "to_a_property": {"anyOf": [{"$ref": "#/properties/into_definitions"}, {"type": "null"}]},
    "to_a_choice": {"$ref": "#/properties/to_a_property/anyOf/1"},
    "list_of_them": {"type": "array", "items": {"$ref": "#/definitions/Count"}},
    "beside_a_bound": {"$ref": "#/definitions/Count", "maximum": 5},
    "one_of_them": {"anyOf": [{"$ref": "#/$defs/Tags"}, {"type": "null"}]},
    "nowhere": {"$ref": "#/$defs/Nowhere"},
    "anchor": {"$ref": "#Tags"},
    "elsewhere": {"$ref": "other.json#/$defs/Tags"},
}


def test_a_parameters_type_is_found_through_references() -> None:
    words = {parameter["name"]: parameter["type"] for parameter in parameters({"properties": REFERRING, **DEFINITIONS})}
    assert words == {
        "into_defs": "array of strings",
        "into_definitions": "integer 1..200",
        "to_a_property": "integer 1..200 or null",
        "to_a_choice": "null",
        "list_of_them": "array of (integer 1..200)",
        "beside_a_bound": "integer 1..5",
        "one_of_them": "array of strings or null",
        "nowhere": "any",
        "anchor": "any",
        "elsewhere": "any",
    }


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ({"$ref": "#/$defs/Loop"}, "any"),
        ({"anyOf": [{"$ref": "#/$defs/Loop"}]}, "any"),
        ({"type": "array", "items": {"$ref": "#/$defs/Loop"}}, "array of (array of (array of (array of any type)))"),
    ],
    ids=str,
)
def test_a_recursive_schema_is_cut_off(definition: dict[str, Any], words: str) -> None:
    assert type_summary({"$ref": "#/$defs/Loop"}, {"$defs": {"Loop": definition}}) == words
