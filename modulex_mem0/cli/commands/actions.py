"""`actions`: an integration's actions, or one action in full."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from modulex_mem0.cli import completion, options
from modulex_mem0.cli.output import call_command, hint_words, json_line, json_text, table, wrapped
from modulex_mem0.contract import ADVANCED, ActionManifest
from modulex_mem0.json_schema import resolve, type_summary

__all__ = ["command", "outputs", "parameters"]

# How many levels of an output the table shows.
_DEEPEST = 4


@click.command()
@click.argument("name", required=False, shell_complete=completion.actions)
@options.integration
@click.option("--schema", "as_schema", is_flag=True, help="With NAME: print the JSON Schemas of its input and output.")
@options.as_json
def command(*, name: str | None, integration: str, as_schema: bool, as_json: bool) -> None:
    """List an integration's actions, or describe one.

    With NAME, prints the action's parameters and the fields of its output. --schema prints the JSON Schemas of both
    instead, and --json everything, for programs. Exits 2 if there is no such action.
    """
    if as_schema and name is None:
        raise click.UsageError("--schema needs the NAME of an action")
    registry = options.discovered()
    manifest = options.manifest_of(options.find_integration(registry, integration))
    actions = {action.name: action for action in manifest.actions}
    if name is None:
        data = {"integration": manifest.name, "actions": [_summary(action) for action in actions.values()]}
        click.echo(json_text(data) if as_json else "\n\n".join(_heading(action) for action in actions.values()))
    elif name not in actions:
        raise options.unknown_action(integration, name, actions, registry)
    elif as_schema:
        click.echo(json_text({key: getattr(actions[name], key) for key in ("input_schema", "output_schema")}))
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


def outputs(schema: Mapping[str, Any]) -> list[dict[str, str]]:
    """The fields of an output schema, each followed by the fields inside it, down to a depth of four.

    Returns:
        For each its `name`, such as `memories[].user_id`; its `type` in words; and its `description`.
    """
    return list(_fields(schema, schema, ""))


def _fields(schema: object, root: Mapping[str, Any], prefix: str) -> Iterator[dict[str, str]]:
    schema = _resolved(schema, root)
    for name, part in schema.get("properties", {}).items():
        place = f"{prefix}{name}"
        described = _resolved(part, root)
        yield {"name": place, "type": type_summary(part, root), "description": described.get("description", "")}
        if place.count(".") < _DEEPEST - 1:
            # A union's choices are mostly an object and null.
            for choice in (described, *described.get("anyOf", ()), *described.get("oneOf", ())):
                chosen = _resolved(choice, root)
                yield from _fields(chosen, root, f"{place}.")
                yield from _fields(chosen.get("items"), root, f"{place}[].")


def _resolved(schema: object, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind a reference; an empty one for what says nothing about fields."""
    try:
        schema = resolve(schema, root)
    except LookupError:
        return {}
    return schema if isinstance(schema, Mapping) else {}


def _summary(action: ActionManifest) -> dict[str, Any]:
    return action.model_dump(mode="json", include={"name", "title", "description", "hints"})


def _data(action: ActionManifest) -> dict[str, Any]:
    data = action.model_dump(mode="json")
    schemas = {key: data.pop(key) for key in ("input_schema", "output_schema", "example")}
    return data | {"parameters": parameters(action.input_schema), "outputs": outputs(action.output_schema)} | schemas


def _paragraphs(integration: str, action: ActionManifest) -> Iterator[str]:
    yield _heading(action)
    yield "Parameters:\n" + "\n".join(_parameter_lines(parameter) for parameter in parameters(action.input_schema))
    if action.example is not None:
        yield f"Example:\n  {call_command(integration, action.name, action.example.input)}"
    rows = [(field["name"], field["type"], field["description"]) for field in outputs(action.output_schema)]
    yield f"Output:\n{table(('FIELD', 'TYPE', 'DESCRIPTION'), rows, margin=2)}"
    yield "(--schema prints the JSON Schemas of the input and the output.)"


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
