"""The types that a schema admits, in words too, and where its references lead."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modulex_mem0.conformance.docs_page import type_words
from modulex_mem0.conformance.samples import sample_value
from modulex_mem0.json_schema import EVERY_TYPE, json_types, resolve, type_of, type_summary

ROOT: dict[str, Any] = {
    "type": "object",
    "$defs": {
        "Tags": {"type": "array", "items": {"type": "string"}},
        "Alias": {"$ref": "#/$defs/Tags"},
        "Loop": {"$ref": "#/$defs/Loop"},
        "There": {"$ref": "#/$defs/AndBack"},
        "AndBack": {"$ref": "#/$defs/There"},
        "Union": {"anyOf": [{"$ref": "#/$defs/Union"}, {"type": "string"}]},
        "Ring": {"oneOf": [{"$ref": "#/$defs/Ring"}]},
        "Tree": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
        "Json": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/$defs/Json"}}]},
        "Wide": {"anyOf": [{"anyOf": [{"$ref": "#/$defs/Wide"}] * 9}, {"type": "null"}]},
        "Anything": True,
        "a/b~c d": {"type": "boolean"},
    },
    "definitions": {"Count": {"type": "integer", "minimum": 1}},
    "properties": {
        "share": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "nested": {"type": "object", "properties": {"inner": {"type": "boolean"}}},
    },
}

CASES: dict[str, tuple[object, set[str]]] = {
    "one type": ({"type": "integer"}, {"integer"}),
    "a list of types": ({"type": ["string", "null"]}, {"string", "null"}),
    "nothing said": ({}, set(EVERY_TYPE)),
    "only a description": ({"description": "Anything."}, set(EVERY_TYPE)),
    "true": (True, set(EVERY_TYPE)),
    "false": (False, set(EVERY_TYPE)),
    "a choice that is true": ({"anyOf": [{"type": "string"}, True]}, set(EVERY_TYPE)),
    "optional": ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"string", "null"}),
    "a union in a union": ({"oneOf": [{"anyOf": [{"type": "string"}, {"type": "array"}]}, {"const": 1}]},
                           {"string", "array", "integer"}),
    "the same choice twice": ({"anyOf": [{"$ref": "#/$defs/Tags"}] * 2}, {"array"}),
    "const": ({"const": "x"}, {"string"}),
    "const null": ({"const": None}, {"null"}),
    "const true is no integer": ({"const": True}, {"boolean"}),
    "enum": ({"enum": ["a", 1, 1.5, None, False, [], {}]}, set(EVERY_TYPE)),
    "enum of two types": ({"enum": ["1", 1]}, {"string", "integer"}),
    "a type beside an enum": ({"type": "string", "enum": ["a"]}, {"string"}),
    "into $defs": ({"$ref": "#/$defs/Tags"}, {"array"}),
    "to what refers further": ({"$ref": "#/$defs/Alias"}, {"array"}),
    "to true": ({"$ref": "#/$defs/Anything"}, set(EVERY_TYPE)),
    "into definitions": ({"$ref": "#/definitions/Count"}, {"integer"}),
    "to a property": ({"$ref": "#/properties/share"}, {"number", "null"}),
    "to a property's property": ({"$ref": "#/properties/nested/properties/inner"}, {"boolean"}),
    "to a choice": ({"$ref": "#/properties/share/anyOf/0"}, {"number"}),
    "to the document": ({"$ref": "#"}, {"object"}),
    "to an escaped name": ({"$ref": "#/$defs/a~1b~0c%20d"}, {"boolean"}),
    "in a union": ({"anyOf": [{"$ref": "#/definitions/Count"}, {"type": "null"}]}, {"integer", "null"}),
    "beside a description": ({"$ref": "#/definitions/Count", "description": "How many."}, {"integer"}),
    "beside a type, which wins": ({"$ref": "#/definitions/Count", "type": "string"}, {"string"}),
    "to true, beside a type": ({"$ref": "#/$defs/Anything", "type": "string"}, {"string"}),
    "to nowhere": ({"$ref": "#/$defs/Nowhere"}, set(EVERY_TYPE)),
    "to the name of a definition elsewhere": ({"$ref": "#/elsewhere/Tags"}, set(EVERY_TYPE)),
    "out of the document": ({"$ref": "other.json#/$defs/Tags"}, set(EVERY_TYPE)),
    "to an anchor": ({"$ref": "#Tags"}, set(EVERY_TYPE)),
    "to nowhere, in a union": ({"anyOf": [{"type": "string"}, {"$ref": "#/$defs/Nowhere"}]}, set(EVERY_TYPE)),
    "to itself": ({"$ref": "#/$defs/Loop"}, set(EVERY_TYPE)),
    "there and back": ({"$ref": "#/$defs/There"}, set(EVERY_TYPE)),
    "a union with itself": ({"$ref": "#/$defs/Union"}, {"string"}),
    "a union of nothing but itself": ({"$ref": "#/$defs/Ring"}, set(EVERY_TYPE)),
    "a list of itself": ({"$ref": "#/$defs/Tree"}, {"array"}),
    "a type of any depth": ({"$ref": "#/$defs/Json"}, {"string", "array"}),
    "many ways back to itself": ({"$ref": "#/$defs/Wide"}, {"null"}),
}  # fmt: skip


@pytest.mark.parametrize(("schema", "types"), CASES.values(), ids=CASES)
def test_the_types_that_a_schema_admits(schema: object, types: set[str]) -> None:
    assert json_types(schema, ROOT) == types


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just([]) | st.just({}))
def test_a_value_has_the_type_of_the_schema_that_it_is_the_only_value_of(value: Any) -> None:
    assert json_types({"const": value}, {}) == json_types({"enum": [value]}, {}) == {type_of(value)}


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        ({"type": "string"}, {"type": "string"}),
        (True, True),
        (False, False),
        ({"$ref": "#/$defs/Alias"}, ROOT["$defs"]["Tags"]),
        ({"$ref": "#/$defs/Anything"}, True),
        ({"$ref": "#/$defs/Anything", "title": "Any"}, {"title": "Any"}),
        ({"$ref": "#/properties/share/anyOf/1"}, {"type": "null"}),
        ({"$ref": "#/definitions/Count", "minimum": 5}, {"type": "integer", "minimum": 5}),
        ({"$ref": "#"}, ROOT),
    ],
    ids=str,
)
def test_a_reference_is_replaced_by_what_it_refers_to(schema: object, found: object) -> None:
    assert resolve(schema, ROOT) == found


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("#/$defs/Nowhere", "leads nowhere"),
        ("#/$defs/Tags/type/0", "leads to no schema"),
        ("#/properties/share/anyOf/2", "leads nowhere"),
        ("#Tags", "leads nowhere"),
        ("Tags", "no reference into the same document"),
        ("", "no reference into the same document"),
        ("https://example.com/schema.json", "no reference into the same document"),
        ("#/$defs/Loop", "round in circles"),
        ("#/$defs/There", "round in circles"),
    ],
)
def test_a_reference_that_cannot_be_followed_is_explained(reference: str, message: str) -> None:
    with pytest.raises(LookupError, match=message):
        resolve({"$ref": reference}, ROOT)


@pytest.mark.parametrize(
    ("schema", "words", "sample"),
    [
        ({"$ref": "#/$defs/Alias"}, "array", ["sample"]),
        ({"$ref": "#/definitions/Count"}, "integer", 1),
        ({"$ref": "#/properties/share"}, "number or null", 1),
        ({"$ref": "#/properties/share/anyOf/0"}, "number", 1),
        ({"$ref": "#/$defs/Union"}, "string", "sample"),
        ({"$ref": "#/$defs/Json"}, "string or array", "sample"),
        ({"anyOf": [{"$ref": "#/$defs/Tags"}, {"type": "null"}]}, "array or null", ["sample"]),
        ({"type": ["boolean", "null"]}, "boolean or null", True),
        ({"const": 2}, "integer", 2),
        ({"enum": ["a", 1]}, "string or integer", "a"),
        (True, "any", "sample"),
    ],
    ids=str,
)
def test_pages_and_samples_go_by_the_same_types(schema: object, words: str, sample: object) -> None:
    assert type_words(schema, ROOT) == words
    assert sample_value(schema, ROOT) == sample


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
