"""`actions`: the palette of an integration, or one action in full."""

from collections.abc import Iterator
from shlex import quote
from textwrap import fill
from typing import Any

import click

from modulex_mem0.cli import options
from modulex_mem0.cli.files import json_line, json_text
from modulex_mem0.cli.hint_words import hint_words
from modulex_mem0.cli.installed import find_integration, manifest_of, no_such_action
from modulex_mem0.cli.output import text_width
from modulex_mem0.cli.parameter import Parameter, parameters
from modulex_mem0.contract import ActionManifest, IntegrationManifest
from modulex_mem0.runtime import UnknownActionError, discover

__all__ = ["command"]


@click.command()
@click.argument("name", required=False)
@options.integration
@options.as_json
def command(*, name: str | None, integration: str, as_json: bool) -> None:
    """List an integration's actions, or describe one.

    With NAME: its parameters and the JSON Schema of its output. Exits 2 for a name that is no action.
    """
    manifest = manifest_of(find_integration(discover(), integration))
    if name is None:
        data: object = {"integration": manifest.name, "actions": [_summary(action) for action in manifest.actions]}
        click.echo(json_text(data) if as_json else "\n\n".join(_palette(manifest)))
        return
    found = {action.name: action for action in manifest.actions}
    if name not in found:
        raise no_such_action(UnknownActionError(integration, name, found))
    click.echo(json_text(_data(found[name])) if as_json else "\n\n".join(_description(integration, found[name])))


def _summary(action: ActionManifest) -> dict[str, Any]:
    return action.model_dump(mode="json", include={"name", "title", "description", "hints"})


def _palette(manifest: IntegrationManifest) -> Iterator[str]:
    for action in manifest.actions:
        yield _heading(action)


def _data(action: ActionManifest) -> dict[str, Any]:
    data = action.model_dump(mode="json")
    schemas = {key: data.pop(key) for key in ("input_schema", "output_schema", "example")}
    return data | {"parameters": [parameter.as_data() for parameter in parameters(action.input_schema)]} | schemas


def _description(integration: str, action: ActionManifest) -> Iterator[str]:
    yield _heading(action)
    yield "Parameters:\n" + "\n".join(_parameter(parameter) for parameter in parameters(action.input_schema))
    if action.example is not None:
        chosen = "" if integration == options.DEFAULT_INTEGRATION else f" --integration {integration}"
        example = quote(json_line(action.example.input))
        yield f"Example:\n  modulex-mem0 call {action.name}{chosen} --input {example}"
    yield f"Output, as JSON Schema:\n{json_text(action.output_schema)}"


def _heading(action: ActionManifest) -> str:
    return f"{action.name} - {action.title} ({hint_words(action.hints)})\n{_indented(action.description, 4)}"


def _parameter(parameter: Parameter) -> str:
    traits = [parameter.type]
    if parameter.required:
        traits.append("required")
    if parameter.has_default:
        traits.append(f"default {json_line(parameter.default)}")
    if parameter.advanced:
        traits.append("advanced")
    return f"  {parameter.name}: {', '.join(traits)}\n{_indented(parameter.description, 6)}"


def _indented(text: str, spaces: int) -> str:
    return fill(text, text_width(), initial_indent=" " * spaces, subsequent_indent=" " * spaces)
