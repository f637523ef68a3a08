"""What makes a manifest invalid as data, beyond what its models already refuse."""

from collections.abc import Iterator

from jsonschema import Draft202012Validator, SchemaError

from modulex_mem0.cli.manifest_files import manifest_schema
from modulex_mem0.contract import IntegrationManifest

__all__ = ["defects"]


def defects(manifest: IntegrationManifest) -> Iterator[str]:
    """A line for each thing that is wrong.

    The manifest has to satisfy the manifests' own JSON Schema, as any program that reads it without these models would
    check it; each action's schemas have to be JSON Schemas of draft 2020-12.
    """
    schema = manifest_schema()
    Draft202012Validator.check_schema(schema)
    for error in Draft202012Validator(schema).iter_errors(manifest.model_dump(mode="json")):
        yield f"{error.json_path}: {error.message:.200}"
    for action in manifest.actions:
        for name, part in (("input_schema", action.input_schema), ("output_schema", action.output_schema)):
            try:
                Draft202012Validator.check_schema(part)
            except SchemaError as error:
                yield f"{action.name}.{name}: {error.json_path}: {error.message:.200}"
