"""Probes of inputs: the example works, and what is wrong is refused before anything is sent."""

import copy
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from modulex_mem0.conformance.findings import Finding, error
from modulex_mem0.conformance.invariants import broken_invariants
from modulex_mem0.conformance.probes.probe import probe
from modulex_mem0.conformance.testbed import AnyAction, Testbed, described_action
from modulex_mem0.json_schema import json_types, resolve

__all__ = ["broken_inputs", "example_works", "unknown_parameters"]


@probe("The example of an action is accepted, and succeeds where the service's reply to it is known.")
async def example_works(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Call the action with its example."""
    place = f"actions.{action.name}"
    record = await testbed.call(action)
    for finding in broken_invariants(action, record, "its own example"):
        yield finding
    failure = record.result.error.line[:200] if record.result and record.result.error else "no result"
    if action.example is not None and record.code == "invalid_input" and not record.requests:
        yield error(f"{place}.example", f"The example is refused: {failure}.", "Give one that works.")
    elif record.code == "timeout":
        yield error(
            place, "The action runs until its deadline, though it has its reply.", "Return once the reply is read."
        )
    elif action.name in testbed.service.replies and not record.succeeded:
        yield error(
            place,
            f"With its example and a good reply the action fails: {failure}.",
            "Correct the reply in the ServiceFixture, or the action.",
        )


@probe("Wrong input is refused with `invalid_input` before anything is sent.")
async def broken_inputs(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Break the example in one place after another."""
    for occasion, value in _broken(described_action(action).input_schema, testbed.input_of(action)):
        record = await testbed.call(action, value)
        for finding in broken_invariants(action, record, occasion):
            yield finding
        if record.requests:
            yield error(
                f"actions.{action.name}",
                f"With {occasion} a request is sent all the same.",
                "Declare the parameter's type and bounds, so that it is refused at once.",
            )
        elif record.code != "invalid_input":
            yield error(
                f"actions.{action.name}",
                f"With {occasion} the result is {record.code or 'success'}, not invalid_input.",
                "Refuse it with invalid_input.",
            )


def _broken(schema: Mapping[str, Any], good: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in schema.get("required", ()):
        yield f"`{name}` left out", {key: value for key, value in good.items() if key != name}
        yield f"`{name}` = null", {**good, name: None}
    for name, value in schema.get("properties", {}).items():
        for occasion, wrong in _wrong_values(value, schema):
            yield f"`{name}` = {occasion}", {**copy.deepcopy(dict(good)), name: wrong}


def _wrong_values(schema: Any, root: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - it may be true
    """Values that a schema refuses, and that no lenient reading could take for right ones."""
    schema = resolve(schema, root)
    if not isinstance(schema, Mapping):
        return
    kinds = json_types(schema, root)
    if "object" not in kinds:
        yield "an object", {"unexpected": [1]}
    elif not kinds & {"integer", "number"}:
        yield "a number", 12.5
    if not kinds & {"array", "string", "object"}:
        yield "a list", [[]]
    if kinds == {"boolean"}:
        yield "an odd word", "perhaps"
    if "enum" in schema:
        yield "no such choice", "no_such_choice"
    for key, off in (("minimum", -1), ("exclusiveMinimum", 0), ("maximum", 1), ("exclusiveMaximum", 0)):
        if key in schema:
            yield f"{schema[key] + off}, beyond its {key}", schema[key] + off


@probe("A parameter that does not exist is refused with `invalid_input` before anything is sent.")
async def unknown_parameters(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Add a parameter to the example: one that is misspelt must not be dropped silently."""
    for extra in ("no_such_parameter", "__class__", "model_config", ""):
        record = await testbed.call(action, {**testbed.input_of(action), extra: 1})
        occasion = f"the unknown parameter {extra!r}"
        for finding in broken_invariants(action, record, occasion):
            yield finding
        if record.code != "invalid_input" or record.requests:
            yield error(
                f"actions.{action.name}.input",
                f"With {occasion} the call goes on as if it were not there.",
                "Derive the input from ActionInput, or set additionalProperties to false.",
            )
