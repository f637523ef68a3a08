"""Integrations that bring JSON Schemas and no models."""

import copy
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modulex_mem0.contract import Action, Context, ErrorCode
from modulex_mem0.runtime import BrokenIntegrationError, Runtime
from tests.helpers.calls import call, failure
from tests.helpers.tiny_integration import KEY, plugin

INPUT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "user_id": {"type": "string", "minLength": 1},
        "limit": {"type": "integer", "minimum": 1, "default": 10},
        "tags": {"type": "array", "items": {"type": "string"}, "default": []},
        "expires": {"type": ["string", "null"]},
        "inner": {"$ref": "#/$defs/Inner"},
    },
    "required": ["user_id"],
    "additionalProperties": False,
    "$defs": {"Inner": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}},
}
OUTPUT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "success": {"type": "boolean"},
        "error": {"type": ["string", "null"], "default": None},
        "input": {"type": ["object", "null"], "default": None},
        "when": {"type": "string"},
    },
    "required": ["success"],
    "additionalProperties": False,
}


async def _echo(context: Context, input: dict[str, Any]) -> dict[str, Any]:
    seen = copy.deepcopy(input)
    # A handler may use its input as it likes.
    input["tags"].append("used")
    return {"success": True, "input": seen}


def _action(**changes: Any) -> Action[Any, Any]:
    declared: dict[str, Any] = {
        "name": "echo",
        "title": "Echo",
        "description": "Gives back the input.",
        "input": INPUT,
        "output": OUTPUT,
        "handler": _echo,
    }
    return Action(**(declared | changes))


@pytest.fixture
async def echoing() -> AsyncIterator[Runtime]:
    async with Runtime(plugins=[plugin(_action())]) as runtime:
        yield runtime


async def test_defaults_are_filled_in_and_fresh_for_each_call(echoing: Runtime) -> None:
    for _ in range(2):
        result = await call(echoing, "echo", {"user_id": "a"})
        assert result.output == {"success": True, "error": None, "input": {"user_id": "a", "limit": 10, "tags": []}}


async def test_null_is_left_out_unless_the_schema_has_one(echoing: Runtime) -> None:
    given_input = {"user_id": "a", "limit": None, "tags": None, "inner": None, "expires": None}
    result = await call(echoing, "echo", given_input)
    assert result.output["input"] == {"user_id": "a", "limit": 10, "tags": [], "expires": None}


@pytest.mark.parametrize(
    ("input", "message"),
    [
        ({}, "user_id: is required"),
        ({"user_id": None}, "user_id: None is not of type 'string'"),
        ({"user_id": ""}, "user_id: '' should be non-empty"),
        ({"user_id": "a", "limit": "x"}, "limit: 'x' is not of type 'integer'"),
        ({"user_id": "a", "limit": 0}, "limit: 0 is less than the minimum of 1"),
        ({"user_id": "a", "limit": "x" * 5000}, f"limit: '{'x' * 60}'… is not of type 'integer'"),
        ({"user_id": "a", "tags": ["b", 1]}, "tags[1]: 1 is not of type 'string'"),
        ({"user_id": "a", "tags": {"b": "c"}}, "tags: a value of type dict is not of type 'array'"),
        ({"user_id": "a", "inner": {}}, "inner.a: is required"),
        ({"user_id": "a", "Limit": 1}, "Limit: is not a parameter; did you mean 'limit'?"),
    ],
)
async def test_a_refusal_names_the_field_and_the_mend(echoing: Runtime, input: dict[str, Any], message: str) -> None:
    assert failure(await call(echoing, "echo", input)).line == f"invalid_input: {message}"


@pytest.mark.parametrize(
    "output",
    [
        None,
        [],
        {},
        {"success": "yes"},
        {"success": True, "surprise": 1},
        {"success": True, "input": "text"},
        {"success": True, "when": object()},
        {"success": True, "input": {"a": {object()}}},
    ],
)
async def test_an_output_that_does_not_fit_is_the_integrations_defect(output: Any) -> None:
    async def handler(context: Context, input: dict[str, Any]) -> Any:
        return output

    async with Runtime(plugins=[plugin(_action(handler=handler))]) as runtime:
        assert failure(await call(runtime, "echo", {"user_id": "a"})).code is ErrorCode.INTERNAL


async def test_an_output_is_made_ready_for_json() -> None:
    async def handler(context: Context, input: dict[str, Any]) -> dict[str, Any]:
        return {"success": True, "when": datetime(2026, 1, 2, tzinfo=UTC), "input": {"a": ("b",)}}

    async with Runtime(plugins=[plugin(_action(handler=handler))]) as runtime:
        output = (await call(runtime, "echo", {"user_id": "a"})).output
    assert (output["when"], output["input"]) == ("2026-01-02T00:00:00Z", {"a": ["b"]})


@pytest.mark.parametrize(
    "changes",
    [
        {"input": {"type": "objekt"}},
        {"output": {"type": "object", "properties": {"success": {"type": 7}}}},
        {"output": OUTPUT | {"required": ["success", "input"]}},
        {"output": {"type": "object", "properties": {"success": {"const": True}}}},
    ],
)
async def test_schemas_that_cannot_work_are_told_at_the_first_call(changes: dict[str, Any]) -> None:
    async with Runtime(plugins=[plugin(_action(**changes))]) as runtime:
        with pytest.raises(BrokenIntegrationError, match="echo"):
            await runtime.call("tiny", "echo", {"user_id": "a"}, credential={"api_key": KEY})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(input=st.dictionaries(st.sampled_from([*INPUT["properties"], "Limit"]) | st.text(), VALUES, max_size=5))
async def test_any_input_has_an_answer(input: dict[str, Any]) -> None:
    async with Runtime(plugins=[plugin(_action())]) as runtime:
        result = await call(runtime, "echo", {"user_id": "a"} | input)
    assert result.success or failure(result).code is ErrorCode.INVALID_INPUT
