"""The parameters of an action in words, as `actions` prints them."""

from typing import Any

from modulex_mem0.cli.commands.actions import parameters

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
