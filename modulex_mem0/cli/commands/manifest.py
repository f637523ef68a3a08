"""`manifest`: an integration as data, written to files or compared with them."""

import json
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import Any

import click
from jsonschema import Draft202012Validator, SchemaError

from modulex_mem0.cli import completion, options
from modulex_mem0.cli.files import update_files
from modulex_mem0.cli.streams import foreign_code
from modulex_mem0.contract import IntegrationManifest
from modulex_mem0.runtime import BrokenIntegrationError

__all__ = ["command", "manifest_files"]

_DIRECTORY = Path("manifests")
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


@click.command()
@click.argument("name", default=options.default_integration, shell_complete=completion.integrations)
@click.option("--check", is_flag=True, help="Write nothing; show what differs on disk, and exit 1 if anything does.")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=_DIRECTORY,
    show_default=True,
    help="Where the files are.",
)
def command(*, name: str, check: bool, directory: Path) -> None:
    """Write the manifest of an integration to files, or check those files.

    NAME is an installed integration; by default the one that comes with this command. NAME.json is its manifest,
    derived from its declarations; manifest.schema.json, beside it, is the JSON Schema (draft 2020-12) of all manifests.

    In either case the manifest is validated against that schema, and the schemas of each action against the draft.
    Exits 1 if one is invalid, a file cannot be written or, with --check, a file is out of date.
    """
    found = options.find_integration(options.discovered(), name, hint="NAME")
    try:
        with foreign_code():
            manifest = found.describe()
    except Exception as error:
        raise click.ClickException(str(BrokenIntegrationError(name, "the manifest", error))) from error
    defects = "\n".join(f"  {defect}" for defect in _defects(manifest))
    if defects:
        raise click.ClickException(f"the manifest is not valid:\n{defects}")
    update_files(
        {directory / file: text for file, text in manifest_files(manifest).items()},
        check=check,
        advice=f"Update them with: {_update_command(name, directory)}",
    )


def _update_command(name: str, directory: Path) -> str:
    given = [] if name == options.own_integration() else [quote(name)]
    given += [] if directory == _DIRECTORY else ["--directory", quote(str(directory))]
    return " ".join(("modulex-mem0 manifest", *given))


def manifest_files(manifest: IntegrationManifest) -> dict[str, str]:
    """The content of each file, by its name. Keys are in the order of the models."""
    return {
        f"{manifest.name}.json": _file(manifest.model_dump(mode="json")),
        "manifest.schema.json": _file(_manifest_schema()),
    }


def _file(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _manifest_schema() -> dict[str, Any]:
    """The JSON Schema of every integration's manifest."""
    schema = IntegrationManifest.model_json_schema()
    return {"$schema": _DRAFT, "title": "Manifest of a modulex integration"} | {
        key: value for key, value in schema.items() if key != "title"
    }


def _defects(manifest: IntegrationManifest) -> Iterator[str]:
    """A line for each thing that is invalid as data, beyond what the models already refuse.

    The manifest is checked against the manifests' own JSON Schema, as a program without these models would check it;
    each action's schemas have to be JSON Schemas of draft 2020-12.
    """
    schema = _manifest_schema()
    Draft202012Validator.check_schema(schema)
    for error in Draft202012Validator(schema).iter_errors(manifest.model_dump(mode="json")):
        yield f"{error.json_path}: {error.message:.200}"
    for action in manifest.actions:
        for name, part in (("input_schema", action.input_schema), ("output_schema", action.output_schema)):
            try:
                Draft202012Validator.check_schema(part)
            except SchemaError as error:
                yield f"{action.name}.{name}: {error.json_path}: {error.message:.200}"
