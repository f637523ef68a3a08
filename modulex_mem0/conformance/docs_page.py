"""Pages in Markdown that are derived from declarations: an integration's own, and the table of error codes."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from modulex_mem0.contract import ADVANCED, ActionManifest, AuthScheme, ErrorCode, Hints, IntegrationManifest
from modulex_mem0.json_schema import json_types, resolve

__all__ = ["connector_page", "markdown_cell", "markdown_text", "type_words", "update_error_code_table"]

_HINTS = {
    "read_only": "reads only",
    "idempotent": "can be repeated",
    "destructive": "may delete or overwrite",
    "cross_user": "reaches beyond one user",
}
_SCHEMES = {
    "api_key": "API Key",
    "basic": "Basic",
    "bearer_token": "Bearer Token",
    "custom": "Custom",
    "none": "None",
    "oauth2": "OAuth2",
    "platform_key": "Platform Key",
}


def connector_page(manifest: IntegrationManifest) -> str:
    """The page of an integration, ending with a newline: overview, authentication, actions, limits."""
    return "\n\n".join(_blocks(manifest)) + "\n"


def _blocks(manifest: IntegrationManifest) -> Iterator[str]:
    yield f"<!-- Derived from the declarations by `modulex-mem0 docs {manifest.name}`; edit those. -->"
    yield f"# {markdown_text(manifest.display_name)}"
    yield "## Overview"
    yield markdown_text(manifest.description)
    yield _facts(manifest)
    yield from _authentication(manifest.auth_schemes)
    yield "## Available Actions"
    for action in manifest.actions:
        yield from _action(action)
    yield "## Limits & Quotas"
    yield "\n".join(f"- {markdown_text(limit)}" for limit in manifest.limits) or "None are declared."


def _facts(manifest: IntegrationManifest) -> str:
    auth = ", ".join(dict.fromkeys(_SCHEMES.get(scheme.type, scheme.type) for scheme in manifest.auth_schemes))
    facts = [f"Categories: {' · '.join(manifest.categories)}"] if manifest.categories else []
    return markdown_text(" · ".join([*facts, f"Auth: {auth or 'None'}", f"Actions: {len(manifest.actions)}"]))


def _authentication(schemes: tuple[AuthScheme, ...]) -> Iterator[str]:
    yield "## Authentication"
    if not schemes:
        yield "None is needed."
    for scheme in schemes:
        yield f"### {markdown_text(scheme.display_name)}"
        yield markdown_text(scheme.description)
        if scheme.setup_steps:
            yield "\n".join(f"{number}. {markdown_text(step)}" for number, step in enumerate(scheme.setup_steps, 1))
        if scheme.fields:
            yield from _credential_fields(scheme)
        if scheme.oauth2 is not None and scheme.oauth2.scopes:
            yield f"Asks the user for: {', '.join(f'`{scope}`' for scope in scheme.oauth2.scopes)}."
        if scheme.connection_test is not None:
            yield f"Connection test: {markdown_text(scheme.connection_test.description)}"


def _credential_fields(scheme: AuthScheme) -> Iterator[str]:
    yield "#### Required Credentials"
    yield _table(
        ("Field", "Description", "Required", "Format"),
        [
            (
                markdown_cell(field.display_name),
                markdown_cell(field.description),
                "Yes" if field.required else "No",
                markdown_cell(field.format or "-"),
            )
            for field in scheme.fields
        ],
    )
    variables = ", ".join(f"`{field.environment_variable}`" for field in scheme.fields if not field.application)
    yield f"A call without a credential reads these environment variables: {variables}."


def _action(action: ActionManifest) -> Iterator[str]:
    yield f"### {markdown_text(action.title)}"
    yield f"`{action.name}` — {_behaviour(action.hints)}"
    yield markdown_text(action.description)
    for heading, parameters in _parameter_lists(action.input_schema):
        yield f"#### {heading}"
        yield parameters.rstrip("\n")
    if action.example is not None:
        yield "#### Example"
        yield _json_block(action.example.input)
    yield "#### Response"
    yield _json_block(_ordered(action.output_schema))


def _behaviour(hints: Hints) -> str:
    return ", ".join(words for name, words in _HINTS.items() if getattr(hints, name)) or "changes data"


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


def _parameter_lists(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A heading and a list for the parameters, and another for the advanced ones where there are any."""
    parameters = {name: _object_schema(value, schema) for name, value in schema.get("properties", {}).items()}
    required = schema.get("required", ())
    for heading, wanted in (("Parameters", False), ("Advanced parameters", True)):
        chosen = [
            _parameter(name, value, schema, required=name in required)
            for name, value in parameters.items()
            if (ADVANCED.items() <= value.items()) is wanted
        ]
        if chosen:
            yield heading, "\n".join(chosen)
        elif not wanted:
            yield heading, "None." if not parameters else "None that a simple form shows."


def _object_schema(value: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ANN401 - it may be true or false
    found = resolve(value, root)
    return found if isinstance(found, Mapping) else {}


def _parameter(name: str, value: Mapping[str, Any], root: Mapping[str, Any], *, required: bool) -> str:
    traits = [f"*{type_words(value, root)}*"]
    if required:
        traits.append("*required*")
    bounds = [words.format(value[key]) for key, words in _BOUNDS.items() if key in value]
    if "enum" in value:
        bounds.append("one of " + ", ".join(f"`{json.dumps(choice)}`" for choice in value["enum"]))
    default = f" (Default: {json.dumps(value['default'])})" if "default" in value else ""
    description = markdown_text(f"{value.get('description', '')}{default}".strip())
    allowed = f"\n\n    Allowed: {', '.join(bounds)}." if bounds else ""
    return f"- `{name}` {' '.join(traits)}\n\n    {description or '-'}{allowed}\n"


_TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")


def type_words(schema: Any, root: Mapping[str, Any]) -> str:  # noqa: ANN401 - a schema may be true or false
    """The JSON types that a parameter takes, such as `string or integer`."""
    kinds = json_types(schema, root)
    if "number" in kinds:
        kinds -= {"integer"}
    return "any" if len(kinds) >= len(_TYPES) - 1 else " or ".join(kind for kind in _TYPES if kind in kinds)


_MAPS_OF_SCHEMAS = frozenset({"properties", "patternProperties", "$defs"})


def _ordered(schema: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The schema with its keywords in alphabetical order, and the names of properties as declared."""
    if isinstance(schema, list):
        return [_ordered(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        key: {name: _ordered(value) for name, value in inner.items()}
        if key in _MAPS_OF_SCHEMAS and isinstance(inner, Mapping)
        else _ordered(inner)
        for key, inner in sorted(schema.items())
    }


_BEGIN = "<!-- Derived from ErrorCode.advice by `modulex-mem0 docs --error-codes`. -->"
_END = "<!-- End of what is derived. -->"


def update_error_code_table(page: str) -> str:
    """The page with the current table of error codes between its two marks; the rest is left as it is.

    Raises:
        ValueError: The page lacks the marks.
    """
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"it lacks the lines {_BEGIN} and {_END}")
    table = _table(("Code", "What to do next"), [(f"`{code}`", code.advice) for code in ErrorCode])
    return f"{before}{_BEGIN}\n\n{table}\n\n{_END}{after}"


# Characters that would begin emphasis, a tag, an image or a link. Quoted code in backticks stays code.
_SPECIAL = re.compile(r"([*<\[\]])")
_BEGINNING = re.compile(r"^(#{1,6} |[-+>] |\d+[.)] )")


def markdown_text(text: str) -> str:
    """A Markdown paragraph, on one line, that shows a text as it was written."""
    line = " ".join(text.split())
    parts = line.split("`")
    # Between a pair of backticks nothing is special; a lone backtick is text.
    if len(parts) % 2 == 0:
        parts = [line.replace("`", "\\`")]
    shown = "`".join(part if number % 2 else _SPECIAL.sub(r"\\\1", part) for number, part in enumerate(parts))
    return _BEGINNING.sub(lambda found: "\\" + found[0], shown)


def markdown_cell(text: str) -> str:
    """The content of a cell of a Markdown table."""
    return markdown_text(text).replace("|", "\\|") or "-"


def _table(headers: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; the cells are Markdown already."""
    names = list(headers)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _json_block(value: Mapping[str, Any]) -> str:
    """A JSON object as a block of code."""
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```"
