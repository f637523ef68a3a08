"""The parameters of an action, as its page lists them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from modulex_mem0.conformance.page.markdown import prose
from modulex_mem0.conformance.page.shown_schema import type_words
from modulex_mem0.contract import ADVANCED
from modulex_mem0.json_schema import resolve

__all__ = ["parameter_lists"]

_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "matching `{}`",
}


def parameter_lists(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A heading and a list for the parameters, and another for the advanced ones where there are any."""
    parameters = {name: _shown(value, schema) for name, value in schema.get("properties", {}).items()}
    required = schema.get("required", ())
    for heading, wanted in (("Parameters", False), ("Advanced parameters", True)):
        chosen = [
            _item(name, value, schema, required=name in required)
            for name, value in parameters.items()
            if (ADVANCED.items() <= value.items()) is wanted
        ]
        if chosen:
            yield heading, "\n".join(chosen)
        elif not wanted:
            yield heading, "None." if not parameters else "None that a simple form shows."


def _shown(value: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ANN401 - a schema may be true or false
    found = resolve(value, root)
    return found if isinstance(found, Mapping) else {}


def _item(name: str, value: Mapping[str, Any], root: Mapping[str, Any], *, required: bool) -> str:
    traits = [f"*{type_words(value, root)}*"]
    if required:
        traits.append("*required*")
    bounds = [words.format(value[key]) for key, words in _BOUNDS.items() if key in value]
    if "enum" in value:
        bounds.append("one of " + ", ".join(f"`{json.dumps(choice)}`" for choice in value["enum"]))
    default = f" (Default: {json.dumps(value['default'])})" if "default" in value else ""
    description = prose(f"{value.get('description', '')}{default}".strip())
    allowed = f"\n\n    Allowed: {', '.join(bounds)}." if bounds else ""
    return f"- `{name}` {' '.join(traits)}\n\n    {description or '-'}{allowed}\n"
