"""Wrong input is refused, in words, before anything is sent."""

import copy
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.described_action import described_action
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe
from modulex_mem0.conformance.promises import broken_promises
from modulex_mem0.json_schema import json_types, resolve

__all__ = ["broken_inputs"]


@probe("Wrong input is refused with `invalid_input` before anything is sent.")
async def broken_inputs(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Break the example in one place after another."""
    for occasion, value in _broken(described_action(action).input_schema, bench.input_of(action)):
        observed = await bench.call(action, value)
        for problem in broken_promises(action, observed, occasion):
            yield problem
        if observed.requests:
            yield error(
                f"actions.{action.name}",
                f"With {occasion} a request is sent all the same.",
                "Declare the parameter's type and bounds, so that it is refused at once.",
            )
        elif observed.code != "invalid_input":
            yield error(
                f"actions.{action.name}",
                f"With {occasion} the answer is {observed.code or 'success'}, not invalid_input.",
                "Refuse it with invalid_input.",
            )


def _broken(schema: Mapping[str, Any], good: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in schema.get("required", ()):
        yield f"`{name}` left out", {key: value for key, value in good.items() if key != name}
        yield f"`{name}` = null", {**good, name: None}
    for name, value in schema.get("properties", {}).items():
        for occasion, wrong in _wrong(value, schema):
            yield f"`{name}` = {occasion}", {**copy.deepcopy(dict(good)), name: wrong}


def _wrong(schema: Any, root: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - a schema may be true
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
