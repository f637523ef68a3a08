"""Changes that break what was built on a release are found; others are not."""

import copy
from typing import Any

import pytest

from modulex_mem0.conformance.compatibility import breaking_changes, is_new_major
from modulex_mem0.contract import IntegrationManifest

BEFORE: dict[str, Any] = {
    "name": "shelf",
    "display_name": "Shelf",
    "description": "Lends books.",
    "version": "1.4.0",
    "author": "x",
    "auth_schemes": [
        {
            "type": "api_key",
            "display_name": "Key",
            "description": "A key.",
            "fields": [
                {
                    "name": "key",
                    "display_name": "Key",
                    "description": "A key.",
                    "environment_variable": "SHELF_KEY",
                    "sensitive": True,
                },
                {
                    "name": "region",
                    "display_name": "Region",
                    "description": "A region.",
                    "environment_variable": "SHELF_REGION",
                    "required": False,
                    "default": "eu",
                },
            ],
        }
    ],
    "actions": [
        {
            "name": "find",
            "title": "Find",
            "description": "Finds books.",
            "hints": {"read_only": True, "idempotent": True},
            "input_schema": {
                "type": "object",
                "additionalProperties": False,
                "required": ["words"],
                "properties": {
                    "words": {"type": "string"},
                    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10},
                    "order": {"enum": ["title", "year"]},
                    "tags": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "near": {"anyOf": [{"type": "number"}, {"type": "null"}]},
                    "shelf": {"$ref": "#/$defs/Shelf"},
                },
                "$defs": {"Shelf": {"type": "object", "properties": {"row": {"type": "integer"}}}},
            },
            "output_schema": {
                "type": "object",
                "additionalProperties": False,
                "required": ["success"],
                "properties": {
                    "success": {"type": "boolean"},
                    "error": {"type": ["string", "null"]},
                    "books": {"type": "array", "items": {"$ref": "#/$defs/Book"}},
                    "state": {"enum": ["open", "shut"]},
                },
                "$defs": {"Book": {"type": "object", "properties": {"id": {"type": "string"}}}},
            },
        }
    ],
}
ACTION = ("actions", 0)
INPUT = (*ACTION, "input_schema", "properties")
OUTPUT = (*ACTION, "output_schema", "properties")
FIELDS = ("auth_schemes", 0, "fields")
GONE = object()


def changes(*places: tuple[tuple[Any, ...], Any]) -> list[str]:
    """The breaking changes of a manifest in which some places were changed."""
    after = copy.deepcopy(BEFORE)
    for place, value in places:
        part = after
        for step in place[:-1]:
            part = part[step]
        if value is GONE:
            del part[place[-1]]
        else:
            part[place[-1]] = value
    old, new = (IntegrationManifest.model_validate(data) for data in (BEFORE, after))
    return [f"{where}: {what}" for where, what in breaking_changes(old, new)]


BREAKING: dict[str, tuple[tuple[Any, ...], Any, str]] = {
    "name": (("name",), "rack", "is now called 'rack'"),
    "action gone": (("actions",), [], "actions.find: The action is gone"),
    "scheme gone": (("auth_schemes",), [], "is gone"),
    "field gone": ((*FIELDS, 1), GONE, "The credential field is gone"),
    "field required": (
        (*FIELDS, 1),
        BEFORE["auth_schemes"][0]["fields"][1] | {"required": True, "default": None},
        "now required",
    ),
    "field's variable": ((*FIELDS, 0, "environment_variable"), "KEY", "another environment variable"),
    "field's default": ((*FIELDS, 1, "default"), "us", "from 'eu' to 'us'"),
    "parameter gone": ((*INPUT, "order"), GONE, "find.input.order: The parameter is gone"),
    "parameter required": ((*ACTION, "input_schema", "required"), ["words", "limit"], "now required"),
    "type narrowed": ((*INPUT, "words"), {"type": "integer"}, "string is refused now"),
    "number to integer": ((*INPUT, "near", "anyOf", 0, "type"), "integer", "number is refused now"),
    "null refused": ((*INPUT, "near"), {"type": "number"}, "null is refused now"),
    "items narrowed": ((*INPUT, "tags", "items", "type"), "string", "tags.items: The type was narrowed"),
    "minimum": ((*INPUT, "limit", "minimum"), 2, "minimum is now 2"),
    "maximum": ((*INPUT, "limit", "maximum"), 50, "maximum is now 50"),
    "new bound": ((*INPUT, "words", "maxLength"), 9, "maxLength is now 9"),
    "pattern": ((*INPUT, "words", "pattern"), "^a", "pattern is now '^a'"),
    "default": ((*INPUT, "limit", "default"), 20, "default changed from 10 to 20"),
    "default gone": ((*INPUT, "limit", "default"), GONE, "default changed from 10"),
    "choice gone": ((*INPUT, "order", "enum"), ["title"], "Choices are gone: 'year'"),
    "inside a definition": (
        (*ACTION, "input_schema", "$defs", "Shelf", "properties", "row", "type"),
        "string",
        "shelf.row: The type was narrowed",
    ),
    "output gone": ((*OUTPUT, "books"), GONE, "find.output.books: The field is gone"),
    "output's items": (
        (*ACTION, "output_schema", "$defs", "Book", "properties"),
        {"isbn": {"type": "string"}},
        "books.items.id: The field is gone",
    ),
    "output widened": ((*OUTPUT, "books", "type"), ["array", "null"], "it may be null now"),
    "output's values": ((*OUTPUT, "state", "enum"), ["open", "shut", "lost"], "values that it never had"),
    "read-only": ((*ACTION, "hints"), {"idempotent": True}, "no longer read_only"),
    "destructive": ((*ACTION, "hints"), {"destructive": True}, "is now destructive"),
}


@pytest.mark.parametrize("change", BREAKING)
def test_a_breaking_change_is_found(change: str) -> None:
    place, value, expected = BREAKING[change]
    found = changes((place, value))
    assert [line for line in found if expected in line], found


def test_an_added_required_parameter_is_found() -> None:
    found = changes(((*INPUT, "shelf_id"), {"type": "string"}), ((*ACTION, "input_schema", "required"), ["shelf_id"]))
    assert found == ["actions.find.input.shelf_id: A required parameter was added"]


HARMLESS: dict[str, tuple[tuple[Any, ...], Any]] = {
    "nothing": (("version",), "1.4.1"),
    "description": ((*ACTION, "description"), "Finds many books."),
    "optional parameter": ((*INPUT, "year"), {"type": "integer", "default": 0}),
    "wider type": ((*INPUT, "words"), {"type": ["string", "integer"]}),
    "integer to number": ((*INPUT, "limit", "type"), "number"),
    "wider bound": ((*INPUT, "limit", "maximum"), 500),
    "further choice": ((*INPUT, "order", "enum"), ["title", "year", "author"]),
    "no longer required": ((*ACTION, "input_schema", "required"), []),
    "further output": ((*OUTPUT, "count"), {"type": "integer"}),
    "fewer values": ((*OUTPUT, "state", "enum"), ["open"]),
    "safer": ((*ACTION, "hints"), {"read_only": True, "idempotent": True, "destructive": False}),
    "optional field": (
        (*FIELDS, 1),
        BEFORE["auth_schemes"][0]["fields"][1] | {"description": "The region of the shelf."},
    ),
}


@pytest.mark.parametrize("change", HARMLESS)
def test_a_harmless_change_is_not_found(change: str) -> None:
    assert changes(HARMLESS[change]) == []


@pytest.mark.parametrize(
    ("before", "now", "new"),
    [
        ("1.4.0", "2.0.0", True),
        ("1.4.0", "1.5.0", False),
        ("1.4.0", "1.4.0", False),
        ("2.0.0", "1.0.0", False),
        ("0.4.0", "0.5.0", True),
        ("0.4.0", "0.4.1", False),
        ("1.4.0-rc1", "2.0.0-rc1+build", True),
    ],
)
def test_a_major_version_may_break(before: str, now: str, new: bool) -> None:
    assert is_new_major(before, now) is new
