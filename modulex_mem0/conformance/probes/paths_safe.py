"""No value of a caller leads a request to another address than the one that the action means."""

import re
from collections.abc import AsyncIterator
from urllib.parse import quote, unquote

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.described_action import described_action
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe
from modulex_mem0.conformance.promises import broken_promises
from modulex_mem0.json_schema import json_types

__all__ = ["paths_safe"]

_HOSTILE = (
    "..",
    ".",
    "../../admin",
    "a/b",
    "a/../b",
    "%2e%2e",
    "%2e%2e%2fadmin",
    "..\\..",
    "//127.0.0.2:9/",
    "http://127.0.0.2:9/",
    "@127.0.0.2:9/",
    "a?all=true",
    "a#b",
    "a b",
    "a\r\nx-injected: 1",
    "a\x00b",
    "\u202e\u0301\U0001f600",
    "\ud800",
    "x" * 9000,
)


@probe("No text of a caller changes the address of a request, climbs out of its place or adds a header.")
async def paths_safe(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Put hostile texts into each parameter that takes text, and compare the paths of the requests."""
    schema = described_action(action).input_schema
    good = bench.input_of(action)
    for name, value in schema.get("properties", {}).items():
        if "string" not in json_types(value, schema) or not isinstance(good.get(name, ""), str):
            continue
        usual = good.get(name) or "benign"
        benign = await bench.call(action, {**good, name: usual})
        expected = {_pattern(request.path, usual) for request in benign.requests}
        for text in _HOSTILE:
            observed = await bench.call(action, {**good, name: text})
            for problem in broken_promises(action, observed, f"`{name}` = {text[:30]!r}"):
                yield problem
            for request in observed.requests:
                strayed = expected and not any(re.fullmatch(pattern, request.path) for pattern in expected)
                if strayed or _climbs(request.path) or "x-injected" in request.headers:
                    yield error(
                        f"actions.{action.name}.input.{name}",
                        f"With {text[:30]!r} a request goes to {request.target[:80]!r}.",
                        "Refuse what is no id, and percent-encode what becomes a part of a path.",
                    )


def _pattern(path: str, value: str) -> str:
    """A pattern of the paths that are the same as one but for the value in it."""
    pattern = re.escape(path)
    for form in {value, quote(value, safe=""), quote(value)}:
        pattern = pattern.replace(re.escape(form), "[^/]+")
    return pattern


def _climbs(path: str) -> bool:
    """Whether a path holds a step upwards once a server has decoded it."""
    return bool({".", ".."} & set(unquote(path).replace("\\", "/").split("/")))
