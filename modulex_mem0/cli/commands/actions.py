"""`actions`: an integration's actions, or one action in full."""

from collections.abc import Iterator, Mapping
from shlex import quote
from typing import Any

import click

from modulex_mem0.cli import options
from modulex_mem0.cli.output import hint_words, json_line, json_text, wrapped
from modulex_mem0.contract import ADVANCED, ActionManifest
from modulex_mem0.json_schema import type_summary
from modulex_mem0.runtime import UnknownActionError, discover

__all__ = ["command", "parameters"]


@click.command()
@click.argument("name", required=False)
@options.integration
@options.as_json
def command(*, name: str | None, integration: str, as_json: bool) -> None:
    """List an integration's actions, or describe one.

    With NAME, prints the action's parameters and the JSON Schema of its output. Exits 2 if there is no such action.
    """
    manifest = options.manifest_of(options.find_integration(discover(), integration))
    actions = {action.name: action for action in manifest.actions}
    if name is None:
        data = {"integration": manifest.name, "actions": [_summary(action) for action in actions.values()]}
        click.echo(json_text(data) if as_json else "\n\n".join(_heading(action) for action in actions.values()))
    elif name not in actions:
        raise options.unknown_action(UnknownActionError(integration, name, actions))
    elif as_json:
        click.echo(json_text(_data(actions[name])))
    else:
        click.echo("\n\n".join(_paragraphs(integration, actions[name])))


def parameters(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parameters of an input schema, in its order.

    Returns:
        For each its `name`; its `type` in words, such as `integer 1..200`; whether it is `required`; its `default`, if
        the schema has one; whether it is `advanced`; and its `description`.
    """
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "type": type_summary(part, schema),
            "required": name in required,
            **({"default": part["default"]} if "default" in part else {}),
            "advanced": ADVANCED.items() <= part.items(),
            "description": part.get("description", ""),
        }
        for name, part in schema.get("properties", {}).items()
    ]


def _summary(action: ActionManifest) -> dict[str, Any]:
    return action.model_dump(mode="json", include={"name", "title", "description", "hints"})


def _data(action: ActionManifest) -> dict[str, Any]:
    data = action.model_dump(mode="json")
    schemas = {key: data.pop(key) for key in ("input_schema", "output_schema", "example")}
    return data | {"parameters": parameters(action.input_schema)} | schemas


def _paragraphs(integration: str, action: ActionManifest) -> Iterator[str]:
    yield _heading(action)
    yield "Parameters:\n" + "\n".join(_parameter_lines(parameter) for parameter in parameters(action.input_schema))
    if action.example is not None:
        option = "" if integration == options.own_integration() else f" --integration {integration}"
        example = quote(json_line(action.example.input))
        yield f"Example:\n  modulex-mem0 call {action.name}{option} --input {example}"
    yield f"Output, as JSON Schema:\n{json_text(action.output_schema)}"


def _heading(action: ActionManifest) -> str:
    return f"{action.name} - {action.title} ({hint_words(action.hints)})\n{wrapped(action.description, '    ')}"


def _parameter_lines(parameter: Mapping[str, Any]) -> str:
    traits = [parameter["type"]]
    if parameter["required"]:
        traits.append("required")
    if "default" in parameter:
        traits.append(f"default {json_line(parameter['default'])}")
    if parameter["advanced"]:
        traits.append("advanced")
    return f"  {parameter['name']}: {', '.join(traits)}\n{wrapped(parameter['description'], '      ')}"
