"""The input of a call, put together from `--input` and from `-p name=value`."""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from modulex_mem0.cli.files import JsonTextError, read_object, read_text
from modulex_mem0.cli.input_file import read_file
from modulex_mem0.json_schema import json_types, type_of

__all__ = ["input_object", "with_parameters"]

_OPTION = "--input"


def input_object(source: str | None) -> dict[str, Any]:
    """The object that `--input` stands for.

    Args:
        source: JSON; `@FILE` for a file of JSON; `-` for standard input; None for no parameters.

    Raises:
        click.BadParameter: It cannot be read, or is not a JSON object; the message says where it is broken.
    """
    if source is None:
        return {}
    origin = "the text" if source[:1] not in "@-" else "standard input" if source == "-" else source[1:]
    try:
        if source == "-":
            text = read_text(sys.stdin.buffer.read())
        else:
            text = read_file(Path(source[1:]), _OPTION) if source.startswith("@") else source
        return read_object(text)
    except JsonTextError as error:
        raise click.BadParameter(f"{origin} {error}", param_hint=_OPTION) from None


def with_parameters(values: Mapping[str, Any], assignments: Iterable[str], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Add the parameters that were given one by one; they win over the object's.

    Args:
        values: From `--input`.
        assignments: Each `name=value`.
        schema: The action's input schema, which tells whether `5` is a number or a text.

    Raises:
        click.BadParameter: One is not of this form, or a name comes twice.
    """
    given: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{assignment!r} is not of the form name=value", param_hint="-p")
        if name in given:
            raise click.BadParameter(f"{name} is given twice", param_hint="-p")
        given[name] = _value(text, schema.get("properties", {}).get(name, True), schema)
    return {**values, **given}


def _value(text: str, schema: object, root: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    """The JSON value that the text spells, where the schema wants one of its type; otherwise the text."""
    try:
        value = json.loads(text, parse_constant=_not_json)
    except (ValueError, RecursionError):
        return text
    wanted, kind = json_types(schema, root), type_of(value)
    if kind == "string":
        # Quotes around a text are the caller's, who may have meant them.
        return text
    return value if kind in wanted or (kind in ("integer", "number") and wanted & {"integer", "number"}) else text


def _not_json(name: str) -> float:
    raise ValueError(name)
